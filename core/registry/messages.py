"""Messages as a person looks for them: what came, what became of it, and what went out for it or did not."""

from typing import Final, NamedTuple

from core.domain.clock import Instant
from core.outbox.outbox import ANSWER_LIFE_MS
from core.store.queries.evidence import MESSAGE, MESSAGES_OF, RECEIPT, SENT_FOR_REQUEST
from core.store.queries.outbox import RESEND
from core.store.transaction import Transaction
from core.store.wake import Wake

NEWEST_MAX: Final = 50


class Sent(NamedTuple):
    """A row of the outbox, with the operator or mailer that took it last. Moments in milliseconds."""

    id: int
    state: str
    reason: str | None
    attempts: int
    operator: str | None
    created_at: Instant
    settled_at: Instant | None
    text: str


class Message(NamedTuple):
    """A request as it is stored. `recipient` is empty where the network gave no number; `silence` is why no answer went
    out (`core.conversation.unanswered`); `text` is None where it was none, or is kept no more."""

    id: int
    recipient: str
    door: str
    origin: str
    received_at: Instant
    outcome: str
    receipt: str | None
    silence: str | None
    text: str | None
    sent: tuple[Sent, ...]


def messages_of(transaction: Transaction, recipient: str) -> list[Message]:
    """The newest `NEWEST_MAX` of a citizen, the newest first."""
    return [
        _message(transaction, row) for row in transaction.rows(MESSAGES_OF, of_recipient=recipient, limit=NEWEST_MAX)
    ]


def message(transaction: Transaction, request_id: int) -> Message | None:
    """The message with this id of its request."""
    return next((_message(transaction, row) for row in transaction.rows(MESSAGE, wanted=request_id)), None)


def message_of_receipt(transaction: Transaction, receipt: str) -> Message | None:
    """The message whose answer carried this receipt."""
    return next((message(transaction, number) for (number,) in transaction.rows(RECEIPT, wanted=receipt)), None)


def resend(transaction: Transaction, outbox_id: int, now: Instant) -> bool:
    """True if this row of the outbox was dead, and is sent again with a new life. No code is, and no text that was
    removed."""
    if not transaction.run(RESEND, of_id=outbox_id, until=now + ANSWER_LIFE_MS):
        return False
    transaction.wake(Wake.OUTBOX)
    return True


def _message(transaction: Transaction, row: tuple[object, ...]) -> Message:
    sent = tuple(map(Sent._make, transaction.rows(SENT_FOR_REQUEST, of_request=row[0])))
    return Message._make((*row, sent))
