"""What a test reads and writes in a database beside the program, of either kind.

By a connection of its own in a thread of its own: that of PostgreSQL waits in an event loop, and cannot within another.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, Final, TypeVar

from core.store.connection import DatabaseConnection
from core.store.engines import engine_of
from core.store.query import Query
from core.store.transaction import Transaction
from tests.container import execute

T = TypeVar("T")

_WAIT_S: Final = 30.0


def rows(url: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """What a statement finds, with `?` for each value. It waits for no writer."""
    return _apart(lambda: _transact(engine_of(url, _WAIT_S).connect_read_only(), lambda t: execute(t, sql, *values)))


def column(url: str, sql: str, *values: object) -> list[Any]:
    return [value for (value,) in rows(url, sql, *values)]


def change(url: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Run and commit a statement; what it returns."""
    return write(url, lambda transaction: execute(transaction, sql, *values))


def put(url: str, query: Query, rows: Sequence[tuple[object, ...]]) -> None:
    """Run and commit one of the program's statements for each row."""
    write(url, lambda transaction: transaction.run_many(query, rows))


def write(url: str, work: Callable[[Transaction], T]) -> T:
    """Run and commit a function."""
    return _apart(lambda: _transact(engine_of(url, _WAIT_S).connect(), work))


@contextmanager
def unfinished(url: str, work: Callable[[Transaction], object]) -> Iterator[None]:
    """Another process's transaction that has run the function, and is taken back at the end."""
    with ThreadPoolExecutor(1) as thread:
        connection = engine_of(url, _WAIT_S).connect()
        transaction = Transaction(connection)
        try:
            thread.submit(transaction.begin).result()
            thread.submit(work, transaction).result()
            yield
        finally:
            thread.submit(transaction.roll_back).result()
            thread.submit(connection.close).result()


def _apart(work: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def _transact(connection: DatabaseConnection, work: Callable[[Transaction], T]) -> T:
    with closing(connection):
        transaction = Transaction(connection)
        transaction.begin()
        result = work(transaction)
        transaction.commit()
        return result
