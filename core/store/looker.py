"""Looks into the database for a service: read-only, in a thread of its own, so that no look waits for a commit."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from core.store.database import sqlite_path
from core.store.errors import TemporaryFault
from core.store.reading import connect_read_only
from core.store.transaction import Transaction

T = TypeVar("T")

LOOKS_MAX: Final = 10_000


class Looker:
    """One reading connection. What a look sees is what was committed before it began."""

    def __init__(self, url: str, busy_timeout_s: float) -> None:
        self._path = sqlite_path(url)
        self._busy_timeout_s = busy_timeout_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="looker")
        self._connection: sqlite3.Connection | None = None
        self._waiting = 0

    async def look(self, work: Callable[[Transaction], T]) -> T:
        """Run the work over one snapshot. Raises `TemporaryFault`, also when `LOOKS_MAX` wait."""
        if self._waiting >= LOOKS_MAX:
            raise TemporaryFault("database: too many looks wait")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._look, work)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    def _look(self, work: Callable[[Transaction], T]) -> T:
        try:
            if self._connection is None:
                self._connection = connect_read_only(self._path, self._busy_timeout_s)
            self._connection.execute("BEGIN")
            try:
                return work(Transaction(self._connection))
            finally:
                self._connection.execute("ROLLBACK")
        except TemporaryFault:
            self._disconnect()  # what is wrong may be this connection's own: the next look opens another
            raise
        except sqlite3.DatabaseError as error:
            self._disconnect()
            raise TemporaryFault(f"database: {error}") from error

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
