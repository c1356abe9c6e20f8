"""The desk: gathers waiting requests, lets them be decided together, and answers after the commit."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

import structlog

from core.conversation.answers import Committed, Outcome, Temporary, Undecided
from core.conversation.requests import Request
from core.domain.metrics import BATCH, TEMPORARY, WAITING
from core.intake.batch import Batch, Outgoing, Tools, lock_citizens
from core.intake.desk_metrics import DeskMetrics
from core.outbox.connections import Connection, Connections
from core.store.errors import TemporaryFault
from core.store.transaction import Transaction

BATCH_MAX: Final = 200
WAITING_MAX: Final = 10_000

Done = Callable[[Outcome], None]

_log = structlog.get_logger(component="desk")


class _Waiting:
    """A request and who hears its outcome. Until a transaction takes it, who brought it may withdraw it."""

    __slots__ = ("_free", "done", "request", "since")

    def __init__(self, request: Request, done: Done) -> None:
        self.request = request
        self.done = done
        self.since = time.monotonic()
        self._free = [True]

    def seize(self) -> bool:
        """For the first caller alone True, whichever thread it is in: taking an item from a list is atomic."""
        try:
            return self._free.pop()
        except IndexError:
            return False


class Desk:
    """The only way into the registry for citizens' doors. A participant of the writer."""

    def __init__(
        self, tools: Tools, connections: Connections, wake: Callable[[], None], expect_answers: Callable[[], None]
    ) -> None:
        self._tools = tools
        self._links = connections
        self._wake = wake
        self._expect_answers = expect_answers
        self._waiting: deque[_Waiting] = deque()
        self._suspects: deque[_Sitting] = deque()
        self._closed = False
        self.metrics = DeskMetrics()

    def submit(self, request: Request, done: Done) -> None:
        """Take a request; `done` is called with its outcome, in the event loop, once it is committed or turned away.

        More than `WAITING_MAX` at once, or a closed desk, is `Temporary`.
        """
        self._admit(request, done)

    async def handle(self, request: Request) -> Outcome:
        """As `submit`, for a door that waits."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.submit(request, lambda outcome: None if future.done() else future.set_result(outcome))
        return await future

    async def handle_within(self, request: Request, seconds: float) -> Outcome | Undecided:
        """As `handle`, for a door that has to answer in time. A request that no transaction has taken by then is
        withdrawn and `Temporary`: it will never be carried out."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiting = self._admit(request, lambda outcome: None if future.done() else future.set_result(outcome))
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            is_withdrawn = waiting is not None and waiting.seize()
            return Temporary("no transaction in time") if is_withdrawn else Undecided()

    def _admit(self, request: Request, done: Done) -> _Waiting | None:
        if self._closed or len(self._waiting) >= WAITING_MAX:
            TEMPORARY.inc()
            done(Temporary("closed" if self._closed else "too many requests wait"))
            return None
        waiting = _Waiting(request, done)
        self._waiting.append(waiting)
        self._wake()
        return waiting

    def close(self) -> None:
        """Turn new requests away; what waits is still committed."""
        self._closed = True

    def next_job(self) -> "_Sitting | None":
        news = self._links.news()
        if self._suspects:
            job = self._suspects.popleft()
        elif self._waiting or news:
            WAITING.set(len(self._waiting))
            batch = list(islice(self._waiting, BATCH_MAX))
            for _ in batch:
                self._waiting.popleft()
            job = _Sitting(self, batch, news)
        else:
            return None
        self._expect_answers()
        return job


class _Sitting:
    """The desk's part of one transaction."""

    def __init__(
        self,
        desk: Desk,
        batch: list[_Waiting],
        news: Sequence[Connection] = (),
        *,
        seized: bool = False,
        tried: bool = False,
        set_aside: bool = False,
    ) -> None:
        self._desk = desk
        self._batch = batch
        self._seized = seized
        self._news = [(connection, connection.delivered_through) for connection in news]
        self._tried = tried
        self._set_aside = set_aside
        self._decided: list[Outgoing] = []

    def run(self, transaction: Transaction) -> None:
        # Before any is seized: one that waits for another process can still be withdrawn.
        lock_citizens(transaction, (waiting.request for waiting in self._batch))
        if not self._seized:  # else the same sitting is run again, and all of it was still wanted
            self._batch = [waiting for waiting in self._batch if waiting.seize()]
            self._seized = True
        requests = [waiting.request for waiting in self._batch]
        delivered = [(through, connection.id) for connection, through in self._news]
        self._decided = Batch(self._desk._tools, transaction, requests, self._set_aside).run(delivered)

    def committed(self) -> None:
        for connection, through in self._news:
            connection.stored_through = through
        if self._batch:
            BATCH.observe(len(self._batch))
        pairs = zip(self._batch, self._decided, strict=True)
        self._desk.metrics.count((waiting.request, waiting.since, out) for waiting, out in pairs)
        # Only from here on may anybody be told: the transaction is on the disk.
        for waiting, out in zip(self._batch, self._decided, strict=True):
            waiting.done(Committed(out.request_id, out.answer, out.text is not None))

    def failed(self, error: Exception) -> None:
        if isinstance(error, TemporaryFault) or self._set_aside:
            for waiting in self._batch:
                TEMPORARY.inc()
                waiting.done(Temporary(str(error)))
        else:
            self._search_offender()

    def _search_offender(self) -> None:
        """Halve the batch until the offender stands alone, then store it raw. The order of requests is kept.

        One alone is tried once more first: a receipt number drawn twice is no offence.
        """
        desk, batch, middle = self._desk, self._batch, len(self._batch) // 2
        if middle:
            desk._suspects.extendleft(
                [_Sitting(desk, batch[middle:], seized=True), _Sitting(desk, batch[:middle], seized=True)]
            )
        elif not self._tried:
            desk._suspects.appendleft(_Sitting(desk, batch, seized=True, tried=True))
        elif batch:
            _log.error("a message broke the commit and is set aside")
            desk._suspects.appendleft(_Sitting(desk, batch, seized=True, set_aside=True))
