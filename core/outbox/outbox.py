"""Messages waiting to be sent: leased, sent, accepted, tried again.

A row's life: `ready` → `sent` → `accepted` → `delivered`, back to `ready` for another try, or `dead`. `sent` is durable
before the octets leave, so that after a kill every message whose fate is open is known: it is *unknown*, and sent again
once. What comes after `accepted` is told by the network's receipts (`core.outbox.deliveries`).
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple, Protocol

import orjson
import structlog

from core.domain.clock import HOUR_MS, Clock, Instant
from core.domain.metrics import OUTBOX_DEAD, SUBMIT_UNKNOWN
from core.domain.text import storable
from core.domain.tokens import PLACE, draw_token, token_hash, with_token
from core.store.errors import DataFault
from core.store.queries.notices import ADD_TOKEN
from core.store.queries.outbox import (
    ACCEPT,
    ACCEPT_LATE,
    ADD_OUTBOX,
    DEAD_LETTER,
    EXPIRE_OUTBOX,
    LEASE,
    OLDEST_READY,
    RETRY,
    UNKNOWN,
    UNKNOWN_LAPSED,
)
from core.store.transaction import Transaction
from core.store.wake import Wake

ANSWER_LIFE_MS: Final = 24 * 3600 * 1000
"""An answer that could not be sent for a day is told to nobody any more."""

ATTEMPTS_MAX: Final = 10

KEPT_DELAY_MS: Final = 5_000  # the first pause of what the network does not take now; each one is twice the last
KEPT_DELAY_MS_MAX: Final = 120_000
REFUSALS_MAX: Final = 100_000  # rows of which it is known how often they were refused; others begin anew

_DOUBLINGS_MAX: Final = 16

_log = structlog.get_logger(component="outbox")


class OutboxClass(IntEnum):
    """Who goes first."""

    CODE = 0
    ANSWER = 1
    NOTICE = 2
    MAIL = 3  # by e-mail; the others by SMS


class OutboxMessage(NamedTuple):
    """A leased row: `sent` is durable, the octets may leave. `source` is the number that was texted, None for the
    line's own."""

    id: int
    recipient: str
    text: str
    attempts: int
    expires_at: Instant
    unknowns: int
    lease_until: Instant
    source: str | None = None


class Swept(NamedTuple):
    """Rows that a sweep found: of unknown fate, and to be given up."""

    unknown: int
    dead: int


class Transport(Protocol):
    """The way of messages to the network."""

    def capacity(self) -> int:
        """The number of messages that may leave now."""
        ...

    def send(self, outbox_messages: Sequence[OutboxMessage]) -> None: ...


def row(
    row_id: int,
    request_id: int | None,
    recipient: str,
    text: str,
    origin: str,
    now: Instant,
    rank: OutboxClass = OutboxClass.ANSWER,
    life_ms: int = ANSWER_LIFE_MS,
    source: str = "",
) -> tuple[object, ...]:
    """A new row, for `put`. `origin` is the operator that the message being answered came from, `source` the number
    that it was sent to."""
    unsent = (None, None, 0, None, None, None, None, source or None)
    return (
        *(row_id, request_id, recipient, rank._value_, storable(text), origin),
        *("ready", 0, now, now + life_ms, 0),  # at once, also by a clock that is behind this one
        *unsent,
    )


def put(transaction: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    """Put new rows into the outbox, and wake who sends them."""
    transaction.run_many(ADD_OUTBOX, rows)
    if rows:
        transaction.wake(Wake.OUTBOX)


class _Marks:
    """Fates of sent messages since the last transaction."""

    def __init__(self) -> None:
        self.accepted: list[tuple[object, ...]] = []
        self.retried: list[tuple[object, ...]] = []
        self.dead_lettered: list[tuple[object, ...]] = []
        self.unknown: list[tuple[object, ...]] = []
        self.accepted_late: list[tuple[object, ...]] = []

    def __bool__(self) -> bool:
        return bool(self.accepted or self.retried or self.dead_lettered or self.unknown or self.accepted_late)

    def add(self, other: "_Marks") -> None:
        self.accepted += other.accepted
        self.retried += other.retried
        self.dead_lettered += other.dead_lettered
        self.unknown += other.unknown
        self.accepted_late += other.accepted_late

    def halves(self) -> "list[_Marks]":
        """The same marks in two, none when there is but one."""
        lists = {name: list(marks) for name, marks in vars(self).items()}
        entries = [(name, mark) for name, marks in lists.items() for mark in marks]
        if len(entries) <= 1:
            return []
        middle = len(entries) // 2
        return [_Marks.of(entries[:middle]), _Marks.of(entries[middle:])]

    @classmethod
    def of(cls, entries: Sequence[tuple[str, tuple[object, ...]]]) -> "_Marks":
        marks = cls()
        lists = vars(marks)
        for name, mark in entries:
            lists[name].append(mark)
        return marks

    def without_id(self) -> "_Marks":
        """The one mark without the network's id where it has one; empty where there is nothing to leave out."""
        marks = _Marks()
        for kept, given in ((marks.accepted, self.accepted), (marks.accepted_late, self.accepted_late)):
            kept += [(operator, "", *rest) for operator, message_id, *rest in given if message_id]
        return marks

    def write(self, transaction: Transaction) -> None:
        transaction.run_many(ACCEPT, self.accepted)
        transaction.run_many(RETRY, self.retried)
        transaction.run_many(DEAD_LETTER, self.dead_lettered)
        transaction.run_many(UNKNOWN, self.unknown)
        transaction.run_many(ACCEPT_LATE, self.accepted_late)


BY_SMS: Final = (OutboxClass.CODE, OutboxClass.NOTICE)
BY_MAIL: Final = (OutboxClass.MAIL, OutboxClass.MAIL)


class Outbox:
    """This process's share of the outbox, for the classes of one transport. A participant of the writer, after the
    desk: what the desk puts in with a transaction can be leased in that same transaction.

    `served_by_others` names the operators that send the answers to their own messages themselves: those are left to
    them.
    """

    def __init__(
        self,
        book: int,
        clock: Clock,
        lease_ms: int,
        *,
        classes: tuple[OutboxClass, OutboxClass] = BY_SMS,
        token_life_ms: int = 90 * 24 * HOUR_MS,
    ) -> None:
        self._classes = classes
        self._token_life_ms = token_life_ms
        self._book = book
        self._clock = clock
        self._lease_ms = lease_ms
        self._marks = _Marks()
        self._suspects: deque[_Marks] = deque()
        self._refusals: OrderedDict[int, int] = OrderedDict()
        self._expecting = True
        self.transport: Transport | None = None
        self.served_by_others: Callable[[], Sequence[str]] = tuple

    def expect(self) -> None:
        """There may be rows to lease."""
        self._expecting = True

    def accepted(self, outbox_id: int, operator: str, message_id: str) -> None:
        self._refusals.pop(outbox_id, None)
        self._marks.accepted.append((operator, message_id, self._clock(), outbox_id, self._book))

    def accepted_late(self, outbox_id: int, operator: str, message_id: str) -> None:
        """The network took what had become unknown: that counts while it has not left again."""
        self._marks.accepted_late.append((operator, message_id, self._clock(), outbox_id, self._book))

    def retry(self, outbox_message: OutboxMessage, delay_ms: int, reason: str) -> None:
        """The network did not take it now; it is tried again, `ATTEMPTS_MAX` times in all."""
        if outbox_message.attempts >= ATTEMPTS_MAX:
            self.dead_letter(outbox_message.id, reason)
        else:
            self.release(outbox_message, delay_ms, reason, was_attempt=True)

    def release(self, outbox_message: OutboxMessage, delay_ms: int, reason: str, *, was_attempt: bool = False) -> None:
        """Nothing was wrong with it: it is tried again until it expires."""
        untried = int(not was_attempt)
        self._marks.retried.append((untried, self._clock() + delay_ms, reason, outbox_message.id, self._book))

    def keep(self, outbox_message: OutboxMessage, reason: str) -> None:
        """The network did not take it, for a cause that is not the message's own: it is tried again, after pauses that
        grow, until it expires."""
        refusals = self._refusals.pop(outbox_message.id, 0)
        while len(self._refusals) >= REFUSALS_MAX:
            self._refusals.popitem(last=False)
        self._refusals[outbox_message.id] = refusals + 1
        delay_ms = min(KEPT_DELAY_MS << min(refusals, _DOUBLINGS_MAX), KEPT_DELAY_MS_MAX)
        self.release(outbox_message, delay_ms, reason)

    def dead_letter(self, outbox_id: int, reason: str) -> None:
        """The network will never take it."""
        OUTBOX_DEAD.inc()
        self._refusals.pop(outbox_id, None)
        self._marks.dead_lettered.append((reason, self._clock(), outbox_id, self._book))

    def unknown(self, outbox_message: OutboxMessage) -> None:
        """It left, and nobody said what became of it: it is sent again, but only once."""
        SUBMIT_UNKNOWN.inc()
        OUTBOX_DEAD.inc(outbox_message.unknowns)
        self._expecting = True
        self._marks.unknown.append((self._clock(), outbox_message.id, self._book))

    def next_job(self) -> "_OutboxJob | None":
        if self._suspects:
            return _OutboxJob(self, self._suspects.popleft(), 0)
        capacity = self.transport.capacity() if self.transport and self._expecting else 0
        if not capacity and not self._marks:
            return None
        marks, self._marks = self._marks, _Marks()
        return _OutboxJob(self, marks, capacity)


class _OutboxJob:
    """The outbox's part of one transaction."""

    def __init__(self, outbox: Outbox, marks: _Marks, capacity: int) -> None:
        self._outbox = outbox
        self._marks = marks
        self._capacity = capacity
        self._served_by_others = orjson.dumps(outbox.served_by_others()).decode() if capacity else ""
        self._outbox_messages: list[OutboxMessage] = []

    def run(self, transaction: Transaction) -> None:
        self._marks.write(transaction)
        self._outbox_messages = []
        if self._capacity:
            outbox = self._outbox
            # The time of now, not of when the job was made: what the desk put in a moment ago is due.
            now = outbox._clock()
            leased = transaction.rows(
                LEASE,
                first_class=outbox._classes[0]._value_,
                last_class=outbox._classes[1]._value_,
                keys=self._served_by_others,
                due=now,
                limit=self._capacity,
                lease=now + outbox._lease_ms,
                by_sender=outbox._book,
            )
            # RETURNING gives no order: answers leave in the order in which they were committed.
            self._outbox_messages = self._with_links(transaction, sorted(map(OutboxMessage._make, leased)), now)

    def _with_links(
        self, transaction: Transaction, outbox_messages: list[OutboxMessage], now: Instant
    ) -> list[OutboxMessage]:
        """Draw the secret part of each link as it leaves: what is stored is its hash alone. Another try draws another
        one, and both lead to the same page."""
        ends_at = now + self._outbox._token_life_ms
        leaving, tokens = [], []
        for outbox_message in outbox_messages:
            if PLACE in outbox_message.text:
                token = draw_token()
                tokens.append((token_hash(token), outbox_message.id, ends_at))
                outbox_message = outbox_message._replace(text=with_token(outbox_message.text, token))
            leaving.append(outbox_message)
        transaction.run_many(ADD_TOKEN, tokens)
        return leaving

    def committed(self) -> None:
        outbox = self._outbox
        if self._capacity and len(self._outbox_messages) < self._capacity:
            outbox._expecting = False
        if self._outbox_messages and outbox.transport:
            outbox.transport.send(self._outbox_messages)

    def failed(self, error: Exception) -> None:
        """Nothing was leased; what became of earlier messages is written with the next transaction. Where the data is
        at fault, that is by halves until the offender stands alone."""
        if isinstance(error, DataFault) and self._marks:
            self._divide(error)
            return
        self._marks.add(self._outbox._marks)
        self._outbox._marks = self._marks

    def _divide(self, error: DataFault) -> None:
        suspects = self._marks.halves()
        if not suspects:
            _log.error("what became of a message cannot be stored", reason=str(error))
            # The network's own id may be what the store refuses: without it, receipts are lost, and no citizen reads
            # the same twice.
            suspects = [marks] if (marks := self._marks.without_id()) else []
        self._outbox._suspects.extendleft(reversed(suspects))


def oldest_waiting(transaction: Transaction, now: Instant, rank: OutboxClass) -> float:
    """For how many seconds the oldest message of a class has waited to be sent; 0 when none waits."""
    found = transaction.rows(OLDEST_READY, of_class=rank._value_)
    return (now - found[0][0]) / 1000 if found else 0.0


def sweep(transaction: Transaction, now: Instant) -> Swept:
    """An errand, each second: end what is over, take back what a dead sender held."""
    expired = transaction.run(EXPIRE_OUTBOX, now=now)
    states = [state for (state,) in transaction.rows(UNKNOWN_LAPSED, at=now)]
    return Swept(unknown=len(states), dead=expired + states.count("dead"))
