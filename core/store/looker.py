"""Looks into the database for a service: read-only, in threads of their own, so that no look waits for a commit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from core.store.connection import DatabaseConnection
from core.store.engines import engine_of
from core.store.errors import TemporaryFault
from core.store.transaction import Transaction

T = TypeVar("T")

LOOKS_MAX: Final = 10_000


class Looker:
    """Reading connections, at most as many as are given. What a look sees is what was committed before it began."""

    def __init__(self, url: str, busy_timeout_s: float, connections: int = 1) -> None:
        self._engine = engine_of(url, busy_timeout_s)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="looker")
        self._idle: list[DatabaseConnection] = []
        self._waiting = 0

    async def look(self, work: Callable[[Transaction], T]) -> T:
        """Run the work over one snapshot. Raises `TemporaryFault`, also when `LOOKS_MAX` wait."""
        if self._waiting >= LOOKS_MAX:
            raise TemporaryFault("database: too many looks wait")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._look, work)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _look(self, work: Callable[[Transaction], T]) -> T:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._engine.connect_read_only()
        try:
            connection.begin()
            try:
                result = work(Transaction(connection))
            finally:
                connection.roll_back()
        except TemporaryFault:
            connection.close()  # what is wrong may be this connection's own: the next look opens another
            raise
        except BaseException:
            self._idle.append(connection)
            raise
        self._idle.append(connection)
        return result

    def _close(self) -> None:
        self._threads.shutdown()
        for connection in self._idle:
            connection.close()
