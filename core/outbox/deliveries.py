"""Delivery receipts: what networks say became of messages that they accepted.

`accepted` → `delivered`, or back to `ready` for another try, or `dead`. A receipt that comes before the answer to its
submit waits for that, for a while.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from enum import Enum
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple

import orjson

from core.conversation.answers import Temporary
from core.domain.clock import MINUTE_MS, Clock, Instant
from core.domain.metrics import DELIVERIES, OUTBOX_DEAD
from core.store.errors import TemporaryFault
from core.store.queries.outbox import DELIVER, OF_MESSAGE_ID, SETTLE
from core.store.transaction import Transaction

BATCH_MAX: Final = 200
WAITING_MAX: Final = 10_000
EARLY_MAX: Final = 10_000
EARLY_MS: Final = MINUTE_MS  # longer than any response timeout that is of use

UNDELIVERED_TRIES_MAX: Final = 3
UNDELIVERED_DELAY_MS: Final = 5 * MINUTE_MS  # times the number of attempts


class Fate(Enum):
    """The end of the network's own attempts."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"  # another try may do better
    ENDED = "ended"  # and another try would end the same way


class Delivery(NamedTuple):
    """One receipt. `ids` are the forms in which the operator may have given the message's id, the one that the receipt
    itself has first; `parties` the numbers that the receipt names; `reason` its own word."""

    operator: str
    ids: tuple[str, ...]
    parties: tuple[str, ...]
    fate: Fate
    reason: str


Done = Callable[[Temporary | None], None]


class _Waiting(NamedTuple):
    delivery: Delivery
    done: Done | None  # None once the receipt was acknowledged


class Deliveries:
    """A participant of the writer, after the outboxes: an answer to a submit counts before the receipt."""

    def __init__(self, clock: Clock, wake: Callable[[], None], operators: Sequence[str] = ()) -> None:
        """`operators` are all entries of the settings: a receipt may come over another one than its message left by."""
        self._operators = tuple(operators)
        self._clock = clock
        self._wake = wake
        self._waiting: deque[_Waiting] = deque()
        self._early: OrderedDict[Delivery, Instant] = OrderedDict()
        self._early_ids: dict[tuple[str, str], Delivery] = {}
        self._accepted_meanwhile: set[tuple[str, str]] = set()

    def submit(self, delivery: Delivery, done: Done) -> None:
        """Take a receipt; `done` is called, in the event loop, with None once it is safe to acknowledge it, or with
        why it could not be taken now."""
        if len(self._waiting) >= WAITING_MAX:
            done(Temporary("too many receipts wait"))
            return
        self._waiting.append(_Waiting(delivery, done))
        self._wake()

    def accepted(self, operator: str, message_id: str) -> None:
        """The operator gave a message this id; it is marked so with the next transaction."""
        found = (self._early_ids.get((one, message_id)) for one in self.entries(operator))
        early = next(filter(None, found), None)
        if early is not None:
            self._forget(early)
            self._waiting.append(_Waiting(early, None))
        else:
            self._accepted_meanwhile.update((one, message_id) for one in self.entries(operator))

    def entries(self, operator: str) -> list[str]:
        """Where a receipt of this one may belong: itself, then the others."""
        return [operator, *(one for one in self._operators if one != operator)]

    def next_job(self) -> "_Sorting | None":
        before = Instant(self._clock() - EARLY_MS)
        while self._early and next(iter(self._early.values())) <= before:
            self._forget(next(iter(self._early)))
            DELIVERIES.labels("unmatched").inc()
        self._accepted_meanwhile.clear()
        if not self._waiting:
            return None
        batch = list(islice(self._waiting, BATCH_MAX))
        for _ in batch:
            self._waiting.popleft()
        return _Sorting(self, batch)

    def _keep_early(self, delivery: Delivery) -> None:
        if any((delivery.operator, one) in self._accepted_meanwhile for one in delivery.ids):
            self._waiting.append(_Waiting(delivery, None))
            return
        self._forget(delivery)
        while len(self._early) >= EARLY_MAX:
            self._forget(next(iter(self._early)))
            DELIVERIES.labels("unmatched").inc()
        self._early[delivery] = self._clock()
        self._early_ids.update(((delivery.operator, one), delivery) for one in delivery.ids)

    def _forget(self, delivery: Delivery) -> None:
        self._early.pop(delivery, None)
        for one in delivery.ids:
            if self._early_ids.get((delivery.operator, one)) == delivery:
                del self._early_ids[delivery.operator, one]


class _Sorting:
    """The receipts' part of one transaction."""

    def __init__(self, deliveries: Deliveries, batch: list[_Waiting]) -> None:
        self._deliveries = deliveries
        self._batch = batch
        self._unmatched: list[Delivery] = []
        self._dead = 0

    def run(self, transaction: Transaction) -> None:
        self._unmatched, self._dead = [], 0
        matched: list[tuple[int, int, Delivery]] = []
        for delivery, _ in self._batch:
            found = _message_of(transaction, delivery, self._deliveries.entries(delivery.operator))
            if found is None:
                self._unmatched.append(delivery)
            else:
                matched.append((*found, delivery))
        # In one order for everybody: networks bring receipts twice, and to several processes.
        for row_id, attempts, delivery in sorted(matched, key=itemgetter(0)):
            self._settle(transaction, delivery, row_id, attempts)

    def _settle(self, transaction: Transaction, delivery: Delivery, row_id: int, attempts: int) -> None:
        now = self._deliveries._clock()
        due, reason = now, delivery.reason
        settled_at: Instant | None = now
        if delivery.fate is Fate.DELIVERED:
            transaction.run(DELIVER, of_id=row_id, given_reason=reason, at=now)
            return
        if delivery.fate is Fate.UNDELIVERED and attempts < UNDELIVERED_TRIES_MAX:
            state, due, settled_at = "ready", Instant(now + UNDELIVERED_DELAY_MS * attempts), None
        else:
            state = "dead"
        changed = transaction.run(SETTLE, of_id=row_id, new_state=state, due=due, given_reason=reason, at=settled_at)
        self._dead += changed * (state == "dead")

    def committed(self) -> None:
        OUTBOX_DEAD.inc(self._dead)
        for delivery, done in self._batch:
            if done is not None:
                DELIVERIES.labels(delivery.fate._value_).inc()
                done(None)
        for delivery in self._unmatched:
            self._deliveries._keep_early(delivery)

    def failed(self, error: Exception) -> None:
        """The network brings its receipts again; those that it will not are tried with the next ones."""
        reason = Temporary(str(error) if isinstance(error, TemporaryFault) else type(error).__name__)
        for waiting in self._batch:
            if waiting.done is not None:
                waiting.done(reason)
            else:
                self._deliveries._waiting.append(waiting)


def _message_of(transaction: Transaction, delivery: Delivery, entries: Sequence[str]) -> tuple[int, int] | None:
    """The id and attempts of the outbox row that a receipt is about: one to the same recipient, by any form of the id,
    over the receipt's own entry or another of the settings; else one that has the receipt's own form over its own
    entry.

    Other forms and entries count with the recipient alone: what one operator writes in decimals is another message's
    id in hexadecimal.
    """
    keys = orjson.dumps(delivery.ids).decode()
    own: list[tuple[int, str, str, int]] = []
    for entry in entries:
        rows = transaction.rows(OF_MESSAGE_ID, of_operator=entry, keys=keys)
        rows.sort(reverse=True)  # the newest first: an operator may begin its ids anew
        own = own if entry != delivery.operator else rows
        for form in delivery.ids:
            for row_id, message_id, recipient, attempts in rows:
                if message_id == form and recipient in delivery.parties:
                    return row_id, attempts
    return next(((row_id, attempts) for row_id, given, _, attempts in own if given == delivery.ids[0]), None)
