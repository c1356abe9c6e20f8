"""One transaction, used in the database thread by a function that reads, decides and writes in one go.

Its methods raise `TemporaryFault` or `DataFault`.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from core.store.errors import DataFault, StoreError, TemporaryFault
from core.store.queries import Query

P = ParamSpec("P")
T = TypeVar("T")

# What sqlite3 raises because of a row; its other errors (lock, disk, damage) are of the moment.
_OF_THE_DATA: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    OverflowError,
    UnicodeEncodeError,
)


def _translated(method: Callable[P, T]) -> Callable[P, T]:
    """Let the database's errors come out as ours, so that nobody takes a full disk for a message that breaks things."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except (sqlite3.Error, *_OF_THE_DATA) as error:
            raise _fault(error) from error

    return call


def _fault(error: Exception) -> StoreError:
    if isinstance(error, _OF_THE_DATA):
        return DataFault(f"database: {type(error).__name__}")  # its own words may repeat the row
    return TemporaryFault(f"database: {error}")


class Transaction:
    """Runs queries. `undo` takes back what a function changed in memory if the transaction is rolled back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._changes_before = connection.total_changes
        self._undos: list[Callable[[], object]] = []

    @property
    def has_written(self) -> bool:
        """Whether any row was touched: what only looked proves nothing about a full disk."""
        return self._connection.total_changes != self._changes_before

    @_translated
    def rows(self, query: Query, **values: object) -> list[Any]:
        """Every row of the result, as tuples."""
        return self._connection.execute(query.sql, query.bind(values)).fetchall()

    @_translated
    def run(self, query: Query, **values: object) -> int:
        """Execute once; how many rows it touched."""
        return self._connection.execute(query.sql, query.bind(values)).rowcount

    @_translated
    def run_many(self, query: Query, rows: Sequence[tuple[object, ...]]) -> None:
        """Execute for each row, given in the order of `query.parameters`."""
        if rows:
            self._connection.executemany(query.sql, rows)

    def undo(self, take_back: Callable[[], object]) -> None:
        self._undos.append(take_back)

    @_translated
    def begin(self) -> None:
        # IMMEDIATE: a transaction that reads first and writes later could otherwise fail in its middle, when another
        # process wrote in between.
        self._connection.execute("BEGIN IMMEDIATE")

    @_translated
    def commit(self) -> None:
        # synchronous=FULL: when this returns, the WAL frames of the transaction have been fsynced. A kill before it
        # returns leaves all or nothing of them; only what happens after it may be told to anybody.
        self._connection.execute("COMMIT")

    def roll_back(self) -> None:
        for take_back in reversed(self._undos):
            take_back()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
