"""Periodic work of a process, whatever its doors."""

import asyncio
from typing import NamedTuple

import structlog

from channels.service.container import Container
from channels.service.ledger_session import LedgerSession
from channels.service.sms_door import SmsDoor
from core.domain.clock import system_clock
from core.domain.metrics import (
    BLOCKED,
    NEW_NUMBERS,
    NOTICES_OVERDUE,
    OLDEST_WAITING,
    OUTBOX_DEAD,
    REVIEW_OLDEST,
    SUBMIT_UNKNOWN,
)
from core.outbox.outbox import OutboxClass, Swept, oldest_waiting, sweep
from core.registry.notifier import overdue
from core.store.queries.connections import DROP_EXPIRED_REDELIVERIES
from core.store.queries.evidence import OLDEST_REVIEW
from core.store.transaction import Transaction
from core.store.wake import Wake

_log = structlog.get_logger(component="service")


class Waiting(NamedTuple):
    """Seconds that the oldest one has waited; 0 for none."""

    review_s: float
    answer_s: float
    notice_s: float


class Periodic:
    """`sms` is None where that door is not open. `notices_due`, once set, lets `queue_notices` come before its time."""

    def __init__(self, own: LedgerSession, container: Container, sms: SmsDoor | None) -> None:
        self._own = own
        self._container = container
        self._sms = sms
        self.notices_due = asyncio.Event()

    async def each_second(self) -> None:
        writer = self._container.writer
        await self._own.anchor()
        await self.sweep()
        if self._sms is not None:
            expired_sets = self._sms.expired_sets
            expired_sets.hand_in(await writer.errand(expired_sets.find))
        self._look_into_outbox()

    async def queue_notices(self) -> None:
        """Where anything is sent: put those that are due into the outbox."""
        await self._container.writer.errand(self._container.notifier.queue)
        self._look_into_outbox()

    def heard(self, wake: Wake) -> None:
        """Another process put something there: it leaves at once, and not when it would be found."""
        if wake is Wake.NOTICES:
            self.notices_due.set()
        else:
            self._look_into_outbox()

    async def measure(self) -> None:
        """Each second too, also while the database does not answer."""
        BLOCKED.set(self._container.writer.blocked_s)
        NEW_NUMBERS.set(self._container.desk.metrics.spoof_monitor.largest(system_clock()))
        for operator in self._sms.operators if self._sms is not None else ():
            operator.measure()

    async def each_round(self) -> None:
        """Every `ROUND_S`."""
        await self._own.seal_books(self._container.writer.errand)

    async def each_minute(self) -> None:
        count = await self._container.writer.errand(lambda transaction: overdue(transaction, system_clock()))
        NOTICES_OVERDUE.set(count)
        if count:
            _log.error("approval notices are unsent and their day ends", count=count)

    async def sweep(self) -> None:
        """End in the outbox what is over, and take back what a dead process held."""
        swept, waiting = await self._container.writer.errand(_sweep)
        OUTBOX_DEAD.inc(swept.dead)
        SUBMIT_UNKNOWN.inc(swept.unknown)
        if swept.unknown:
            _log.warning("messages of unknown fate were found", count=swept.unknown)
        REVIEW_OLDEST.set(waiting.review_s)
        OLDEST_WAITING.labels("answer").set(waiting.answer_s)
        OLDEST_WAITING.labels("notice").set(waiting.notice_s)

    def _look_into_outbox(self) -> None:
        self._container.outboxes.expect()
        self._container.writer.wake()


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
