"""Messages set aside for a person: seen, and resolved with an answer to the citizen."""

from typing import Any, Final, Literal, NamedTuple

from core.conversation.answers import ReviewResult, Texts
from core.domain.clock import HOUR_MS, Instant
from core.domain.ids import Ids
from core.outbox import outbox
from core.outbox.outbox import OutboxClass
from core.registry.citizens import Citizens
from core.store.queries.evidence import ANSWERS_OF_REQUEST, OPEN_REVIEWS, REQUEST_OF_RECEIPT, RESOLVE_REVIEW, REVIEW
from core.store.transaction import Transaction

TEXT_LETTERS_MAX: Final = 400

_RESULT_LIFE_MS: Final = 72 * HOUR_MS


class NoReview(LookupError):
    """No message that was set aside has this id."""


class AlreadyResolved(RuntimeError):
    """A person has resolved it: the citizen was answered."""


class Review(NamedTuple):
    """A message set aside. `recipient` is None where the network gave no number: nobody can be answered then. `raw` are
    the octets as they came, None once they were removed."""

    id: int
    receipt: str
    recipient: str | None
    door: str
    origin: str
    received_at: Instant
    state: Literal["open", "resolved"]
    text: str | None
    raw: bytes | None


def open_reviews(transaction: Transaction) -> list[Review]:
    """The oldest first."""
    return [_review_of(row) for row in transaction.rows(OPEN_REVIEWS)]


def review(transaction: Transaction, review_id: int) -> Review:
    """Raises `NoReview`."""
    found = transaction.rows(REVIEW, wanted=review_id)
    if not found:
        raise NoReview("no message set aside has this id")
    return _review_of(found[0])


def id_of_receipt(transaction: Transaction, receipt: str) -> int:
    """Raises `NoReview`."""
    found = transaction.rows(REQUEST_OF_RECEIPT, wanted=receipt)
    if not found:
        raise NoReview("no message set aside has this id")
    request_id: int = found[0][0]
    return request_id


def answers_of(transaction: Transaction, review_id: int) -> list[str]:
    """Texts that the citizen was told, in order."""
    return [text for text, *_ in transaction.rows(ANSWERS_OF_REQUEST, of_request=review_id)]


def resolve(transaction: Transaction, review_id: int, words: str, texts: Texts, ids: Ids, now: Instant) -> bool:
    """Note that a person has dealt with it, and put that person's words into the outbox.

    False where nobody is told: the network gave no number, or the line was closed since and the number may be somebody
    else's. Raises `NoReview`, `AlreadyResolved`.
    """
    known = review(transaction, review_id)
    if not transaction.run(RESOLVE_REVIEW, of_recipient=known.recipient or "", of_id=review_id):
        raise AlreadyResolved("the message is resolved already")
    if known.recipient is None or "@" in known.recipient:
        return False
    conversation = Citizens(transaction, (), (known.recipient,)).conversation(known.recipient)
    if conversation.subscribed_at is not None and known.received_at <= conversation.subscribed_at:
        return False
    text = texts(ReviewResult(known.receipt, words), conversation.language)
    row = outbox.row(
        ids.next(), review_id, known.recipient, text, known.origin, now, OutboxClass.ANSWER, _RESULT_LIFE_MS
    )
    outbox.put(transaction, [row])
    return True


def _review_of(row: tuple[Any, ...]) -> Review:
    one = Review(*row)
    return one._replace(recipient=one.recipient or None)
