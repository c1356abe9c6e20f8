"""The thread in which all of a process's writing is done."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from core.store.connection import BookLocks, DatabaseConnection, Engine
from core.store.engines import engine_of
from core.store.transaction import Transaction
from core.store.wake import Wake

T = TypeVar("T")


class Database:
    """One writing connection. Functions given to `transact` run one at a time, in one thread, each in one transaction.

    A thread that waits for each statement, and no event loop: a function decides between its statements as if they
    were calls, and a hop for each of them would cost more than the statements.
    """

    def __init__(self, engine: Engine, connection: DatabaseConnection, thread: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._connection = connection
        self._thread = thread
        self.sends_itself: Callable[[], bool] = lambda: False
        """True if this process sends what it puts into the outbox: then it wakes nobody else for it."""

    @classmethod
    async def open(cls, url: str, busy_timeout_s: float) -> "Database":
        """Open a database of this program's version; `busy_timeout_s` is how long it may let one statement wait.

        Raises `DatabaseMissing`, `DatabaseOlder`, `DatabaseNewer`, `TemporaryFault` where it cannot be read.
        """
        engine = engine_of(url, busy_timeout_s)
        thread = ThreadPoolExecutor(1, thread_name_prefix="database")

        def connect() -> DatabaseConnection:
            engine.check_version()
            return engine.connect()

        try:
            return cls(engine, await asyncio.get_running_loop().run_in_executor(thread, connect), thread)
        except BaseException:
            thread.shutdown(wait=False)
            raise

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run the work in one transaction and commit it.

        Raises `TemporaryFault` or `DataFault` after a roll-back, and whatever else the work raises.
        """
        wakes = not self.sends_itself()
        return await asyncio.get_running_loop().run_in_executor(self._thread, _transact, self._connection, work, wakes)

    async def listen(self, heard: Callable[[Wake], None]) -> None:
        """Hear what other processes' commits tell, as `Engine.listen`."""
        await self._engine.listen(heard)

    @property
    def names_max(self) -> int:
        """The most names that one transaction may lock."""
        return self._connection.names_max

    @property
    def bulk_s(self) -> float:
        """The time that a transaction of bulk work aims to last, in seconds."""
        return self._connection.bulk_s

    def book_locks(self) -> BookLocks:
        """To be used by functions given to `transact`."""
        return self._engine.book_locks(self._connection)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()


def upgrade(url: str) -> None:
    """Create the database or migrate it to this version. Raises `DatabaseNewer`, `TemporaryFault`."""
    engine_of(url, 5.0).upgrade()


def _transact(connection: DatabaseConnection, work: Callable[[Transaction], T], wakes: bool) -> T:
    transaction = Transaction(connection, wakes=wakes)
    try:
        transaction.begin()
        result = work(transaction)
        transaction.commit()
    except BaseException:
        transaction.roll_back()
        raise
    return result
