"""The one writer of this process: takes what waits, in the order acts, sending, and commits it together."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

import structlog

from core.domain.metrics import COMMIT_SECONDS
from core.ledger.book import Book
from core.store.database import Database
from core.store.errors import BookLost, StoreError, TemporaryFault
from core.store.transaction import Transaction

T = TypeVar("T")

FAULT_PAUSE_S: Final = 0.05

_ERRANDS_MAX: Final = 1000
_log = structlog.get_logger(component="writer")


class Job(Protocol):
    """Part of a transaction. `run` in the database thread; then, in the event loop, one of the other two."""

    def run(self, transaction: Transaction) -> None: ...

    def committed(self) -> None: ...

    def failed(self, error: Exception, /) -> None: ...


class Participant(Protocol):
    """Who has something to write now and then, and is asked for it before each transaction."""

    def next_job(self) -> Job | None: ...


class Writer:
    """Group commit: all participants' jobs go into one transaction; if it fails, each is tried in one of its own."""

    def __init__(self, database: Database, book: Book) -> None:
        self._database = database
        self._book = book
        self._participants: list[Participant] = []
        self._awake = asyncio.Event()
        self._errands: deque[tuple[Callable[[Transaction], object], asyncio.Future[object]]] = deque()
        self._stopping = False
        self._failing = False
        self._begun_at: float | None = None
        self._blocked_since: float | None = None
        self._blocked_at = 0.0

    def join(self, participant: Participant) -> None:
        """Ask this one too, after those that joined before it."""
        self._participants.append(participant)

    def wake(self) -> None:
        """There may be something to write."""
        self._awake.set()

    async def errand(self, work: Callable[[Transaction], T]) -> T:
        """Run the work in a transaction of its own, after what waits now.

        Raises `TemporaryFault` when it fails for a passing cause or too many wait.
        """
        if len(self._errands) >= _ERRANDS_MAX or self._stopping:
            raise TemporaryFault("database: too much waits to be written")
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._errands.append((work, future))
        self.wake()
        return await future  # type: ignore[return-value]  # the future is this work's own

    async def run(self) -> None:
        """Write until `stop`. Raises `BookLost`: nothing that this process decides can be written any more."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            errands = [self._errands.popleft() for _ in range(len(self._errands))]
            jobs = [job for participant in self._participants if (job := participant.next_job())]
            if jobs:
                await self._write(jobs)
                self.wake()
                if self._blocked_since is not None:
                    # What could not be written still waits: a full disk would be tried thousands of times a second.
                    await asyncio.sleep(FAULT_PAUSE_S)
            for work, future in errands:
                await self._run_errand(work, future)
            if self._stopping and not jobs and not self._errands:
                return

    @property
    def blocked_s(self) -> float:
        """For how many seconds writes have failed, from the first to the last of them; 0 once one succeeds."""
        return 0.0 if self._blocked_since is None else self._blocked_at - self._blocked_since

    @property
    def busy_s(self) -> float:
        """For how many seconds it has been at the transaction of now; 0 between them."""
        return 0.0 if self._begun_at is None else asyncio.get_running_loop().time() - self._begun_at

    def stop(self) -> None:
        """Let `run` end once nothing waits."""
        self._stopping = True
        self.wake()

    async def _write(self, jobs: list[Job]) -> None:
        if len(jobs) > 1:
            error = await self._try(jobs)
            if error is None:
                return
        for job in jobs:
            error = await self._try([job])
            if error is not None:
                self._say_failed(error)
                job.failed(error)

    async def _try(self, jobs: list[Job]) -> Exception | None:
        def work(transaction: Transaction) -> None:
            for job in jobs:
                job.run(transaction)

        try:
            with COMMIT_SECONDS.time():
                await self._transact(work)
        except BookLost:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a job raises is handed to that job, which decides
            return error
        if self._failing:
            self._failing = False
            _log.info("the database takes writes again")
        for job in jobs:
            job.committed()
        return None

    async def _run_errand(self, work: Callable[[Transaction], object], future: "asyncio.Future[object]") -> None:
        try:
            result = await self._transact(work)
        except Exception as error:  # noqa: BLE001  # it belongs to whoever waits for the future
            if not future.done():
                future.set_exception(error)
            return
        if not future.done():
            future.set_result(result)

    async def _transact(self, work: Callable[[Transaction], T]) -> T:
        has_written = False

        def noting(transaction: Transaction) -> T:
            nonlocal has_written
            result = work(transaction)
            has_written = transaction.has_written
            return result

        now = asyncio.get_running_loop().time
        self._begun_at = now()
        try:
            result = await self._database.transact(noting)
        except TemporaryFault:
            self._blocked_at = now()
            if self._blocked_since is None:
                self._blocked_since = self._blocked_at
            raise
        finally:
            self._begun_at = None
        if has_written:
            self._blocked_since = None
        self._book.keep()
        return result

    def _say_failed(self, error: Exception) -> None:
        # Once for each run of failures: a full disk must not fill what is left of it with our log.
        if not self._failing:
            self._failing = True
            _log.error(
                "a transaction was rolled back",
                reason=str(error) if isinstance(error, StoreError) else repr(type(error)),
            )
