"""One transaction, used in the database thread by a function that reads, decides and writes in one go.

Its methods raise `TemporaryFault` or `DataFault`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from core.store.connection import DatabaseConnection
from core.store.query import Insert, Query
from core.store.wake import Wake


class Transaction:
    """Runs queries. `undo` takes back what a function changed in memory if the transaction is rolled back.

    Without `wakes`, `wake` is of no effect.
    """

    def __init__(self, connection: DatabaseConnection, *, wakes: bool = True) -> None:
        self._connection = connection
        self._wakes = wakes
        self._has_written = False
        self._wake: Wake | None = None
        self._undos: list[Callable[[], object]] = []

    @property
    def has_written(self) -> bool:
        """True if any row was touched: what only looked proves nothing about a full disk."""
        return self._has_written

    def rows(self, query: Query, **values: object) -> list[Any]:
        """Every row of the result, as tuples."""
        return self._connection.rows(query, values)

    def stream(self, query: Query, **values: object) -> Iterator[Any]:
        """The same for a result larger than memory; to be read to its end."""
        return self._connection.stream(query, values)

    def run(self, query: Query, **values: object) -> int:
        """Execute once; how many rows it touched."""
        touched = self._connection.run(query, values)
        self._has_written = self._has_written or touched > 0
        return touched

    def run_many(self, query: Query, rows: Sequence[tuple[object, ...]]) -> None:
        """Execute for each row, given in the order of `query.parameters`."""
        if rows:
            self._connection.run_many(query, rows)
            self._has_written = True

    def add_many(self, query: Insert, rows: Sequence[tuple[object, ...]]) -> None:
        """As `run_many`, in the way that is quickest for hundreds of rows."""
        if rows:
            self._connection.add_many(query, rows)
            self._has_written = True

    def lock(self, names: Iterable[str]) -> None:
        """Until this transaction ends, no other one that locks any of these names goes on, in whatever process.

        To be called before what the names stand for is read.
        """
        self._connection.lock(names)

    def try_lock(self, name: str) -> bool:
        """As `lock`, without waiting: False while another transaction has it."""
        return self._connection.try_lock(name)

    def wake(self, wake: Wake) -> None:
        """Tell the processes that send, once this is committed. However often it is called, they are told once."""
        if self._wake is not Wake.NOTICES:  # which is more
            self._wake = wake

    def undo(self, take_back: Callable[[], object]) -> None:
        self._undos.append(take_back)

    def begin(self) -> None:
        self._connection.begin()

    def commit(self) -> None:
        self._connection.commit(self._wake if self._wakes else None)

    def roll_back(self) -> None:
        try:
            self._connection.roll_back()
        finally:
            for take_back in reversed(self._undos):
                take_back()
