"""Citizens' reports ("şikayet") as clerks work on them: seen, forwarded, closed with a result for the citizen."""

from typing import Final, NamedTuple

from core.brands.brand import Brand
from core.conversation.answers import ComplaintResult, ComplaintState, Texts
from core.domain.clock import HOUR_MS, Instant
from core.domain.ids import Ids
from core.outbox import outbox
from core.outbox.outbox import OutboxClass
from core.registry.citizens import Citizens
from core.store.queries.evidence import REQUEST_OF_RECEIPT
from core.store.queries.reports import COMPLAINT, COMPLAINTS, SET_COMPLAINT, TEXTS_OF_COMPLAINT
from core.store.transaction import Transaction

OUTCOME_LETTERS_MAX: Final = 200

_RESULT_LIFE_MS: Final = 72 * HOUR_MS


class NoComplaint(LookupError):
    """No report has this number."""


class AlreadyClosed(RuntimeError):
    """The report is closed: its result was sent."""


class Complaint(NamedTuple):
    """A report. `name` is the sender's as the citizen typed it, where no brand was recognised."""

    receipt: str
    recipient: str
    brand_code: str | None
    name: str | None
    state: ComplaintState
    opened_at: Instant
    changed_at: Instant
    outcome: str | None


class Evidence(NamedTuple):
    """A message that the citizen sent for a report; None once its text was removed."""

    received_at: Instant
    text: str | None


def complaints(transaction: Transaction) -> list[Complaint]:
    """The oldest first."""
    return [Complaint(*row) for row in transaction.rows(COMPLAINTS)]


def complaint(transaction: Transaction, receipt: str) -> Complaint:
    """Raises `NoComplaint`."""
    found = transaction.rows(COMPLAINT, wanted=receipt)
    if not found:
        raise NoComplaint("no report has this number")
    return Complaint(*found[0])


def texts_of(transaction: Transaction, receipt: str) -> list[Evidence]:
    return [Evidence(*row) for row in transaction.rows(TEXTS_OF_COMPLAINT, wanted=receipt)]


def forward(transaction: Transaction, receipt: str, now: Instant) -> None:
    """Note that the report went to who decides on it. Raises `NoComplaint`, `AlreadyClosed`."""
    known = _open_complaint(transaction, receipt)
    transaction.run(SET_COMPLAINT, of_receipt=receipt, new_state="forwarded", given_outcome=known.outcome, at=now)


def close(
    transaction: Transaction, receipt: str, outcome: str, brand: Brand | None, texts: Texts, ids: Ids, now: Instant
) -> bool:
    """Close the report and put its result into the outbox, in the citizen's language.

    False where nobody is told: the line was closed since, and the number may be somebody else's. Raises `NoComplaint`,
    `AlreadyClosed`.
    """
    known = _open_complaint(transaction, receipt)
    transaction.run(SET_COMPLAINT, of_receipt=receipt, new_state="closed", given_outcome=outcome, at=now)
    conversation = Citizens(transaction, (), (known.recipient,)).conversation(known.recipient)
    if conversation.subscribed_at is not None and known.opened_at <= conversation.subscribed_at:
        return False
    [(request_id, _, _, origin, *_)] = transaction.rows(REQUEST_OF_RECEIPT, wanted=receipt)
    text = texts(ComplaintResult(brand, receipt, outcome, now), conversation.language)
    row = outbox.row(ids.next(), request_id, known.recipient, text, origin, now, OutboxClass.NOTICE, _RESULT_LIFE_MS)
    outbox.put(transaction, [row])
    return True


def _open_complaint(transaction: Transaction, receipt: str) -> Complaint:
    known = complaint(transaction, receipt)
    if known.state == "closed":
        raise AlreadyClosed("the report is closed already")
    return known
