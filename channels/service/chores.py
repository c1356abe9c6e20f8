"""What a process does each second, each minute and between, whatever its doors."""

from typing import NamedTuple

import structlog

from channels.own_book import OwnBook
from channels.service.counter import Counter
from channels.service.sms_door import SmsDoor
from core.clock import system_clock
from core.metrics import (
    BLOCKED,
    NEW_NUMBERS,
    NOTICES_OVERDUE,
    OLDEST_WAITING,
    OUTBOX_DEAD,
    REVIEW_OLDEST,
    SUBMIT_UNKNOWN,
)
from core.notifier import overdue
from core.outbox import OutboxClass, Swept, oldest_waiting, sweep
from core.store.queries.evidence import OLDEST_REVIEW
from core.store.queries.links import DROP_EXPIRED_REDELIVERIES
from core.store.transaction import Transaction

_log = structlog.get_logger(component="service")


class Waiting(NamedTuple):
    """Seconds that the oldest one has waited; 0 for none."""

    review_s: float
    answer_s: float
    notice_s: float


class Chores(NamedTuple):
    """`sms` is None where that door is not open."""

    own: OwnBook
    counter: Counter
    sms: SmsDoor | None

    async def each_second(self) -> None:
        writer = self.counter.writer
        await self.own.anchor()
        await self.sweep()
        if self.sms is not None:
            leftovers = self.sms.leftovers
            leftovers.hand_in(await writer.errand(leftovers.find))
        if self.sms is not None or self.counter.mailer:
            await writer.errand(self.counter.notifier.queue)
        self.counter.outboxes.expect()
        writer.wake()

    async def measure(self) -> None:
        """Each second too, also while the database does not answer."""
        BLOCKED.set(self.counter.writer.blocked_s)
        NEW_NUMBERS.set(self.counter.desk.tally.chorus.largest(system_clock()))
        for operator in self.sms.operators if self.sms is not None else ():
            operator.measure()

    async def each_round(self) -> None:
        """Every `ROUND_S`."""
        await self.own.seal_books(self.counter.writer.errand)

    async def each_minute(self) -> None:
        count = await self.counter.writer.errand(lambda transaction: overdue(transaction, system_clock()))
        NOTICES_OVERDUE.set(count)
        if count:
            _log.error("approval notices are unsent and their day ends", count=count)

    async def sweep(self) -> None:
        """End in the outbox what is over, and take back what a dead process held."""
        swept, waiting = await self.counter.writer.errand(_sweep)
        OUTBOX_DEAD.inc(swept.dead)
        SUBMIT_UNKNOWN.inc(swept.unknown)
        if swept.unknown:
            _log.warning("messages of unknown fate were found", count=swept.unknown)
        REVIEW_OLDEST.set(waiting.review_s)
        OLDEST_WAITING.labels("answer").set(waiting.answer_s)
        OLDEST_WAITING.labels("notice").set(waiting.notice_s)


def _sweep(transaction: Transaction) -> tuple[Swept, Waiting]:
    now = system_clock()
    transaction.run(DROP_EXPIRED_REDELIVERIES, now=now)
    swept = sweep(transaction, now)
    [(oldest,)] = transaction.rows(OLDEST_REVIEW)
    waiting = Waiting(
        review_s=(now - oldest) / 1000 if oldest is not None else 0.0,
        answer_s=oldest_waiting(transaction, now, OutboxClass.ANSWER),
        notice_s=oldest_waiting(transaction, now, OutboxClass.NOTICE),
    )
    return swept, waiting
