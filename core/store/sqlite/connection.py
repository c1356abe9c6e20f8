"""A connection to a SQLite file."""

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from core.store.connection import DatabaseConnection
from core.store.errors import DataFault, StoreError, TemporaryFault
from core.store.query import Insert, Query
from core.store.wake import Wake

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


class SqliteConnection(DatabaseConnection):
    """Begins with the statement given: what is to be written is locked from its first moment."""

    names_max = sys.maxsize
    bulk_s = 0.02  # every other writer waits: it leaves room in their 50 ms for a slow fsync or a checkpoint

    def __init__(self, raw: sqlite3.Connection, begin: str) -> None:
        self._raw = raw
        self._begin = begin

    @_translated
    def begin(self) -> None:
        self._raw.execute(self._begin)

    @_translated
    def commit(self, wake: Wake | None = None) -> None:  # noqa: ARG002  # nobody could hear it
        # synchronous=FULL: when this returns, the WAL frames of the transaction have been fsynced. A kill before it
        # returns leaves all or nothing of them.
        self._raw.execute("COMMIT")

    @_translated
    def roll_back(self) -> None:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    @_translated
    def rows(self, query: Query, values: dict[str, object]) -> list[tuple[Any, ...]]:
        form = query.sqlite
        return self._raw.execute(form.sql, form.bind(values)).fetchall()

    def stream(self, query: Query, values: dict[str, object]) -> Iterator[tuple[Any, ...]]:
        form = query.sqlite
        try:
            yield from self._raw.execute(form.sql, form.bind(values))
        except sqlite3.Error as error:
            raise _fault(error) from error

    @_translated
    def run(self, query: Query, values: dict[str, object]) -> int:
        form = query.sqlite
        return self._raw.execute(form.sql, form.bind(values)).rowcount

    @_translated
    def run_many(self, query: Query, rows: Sequence[tuple[object, ...]]) -> None:
        self._raw.executemany(query.sqlite.sql, rows)

    def add_many(self, query: Insert, rows: Sequence[tuple[object, ...]]) -> None:
        self.run_many(query, rows)

    def lock(self, names: Iterable[str]) -> None:
        """A transaction that writes is alone with the whole file."""

    def try_lock(self, _name: str) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()
