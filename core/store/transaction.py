"""One transaction, used in the database thread by a function that reads, decides and writes in one go."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from core.store.queries import Query


class Transaction:
    """Runs queries. `undo` takes back what a function changed in memory if the transaction is rolled back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._undos: list[Callable[[], object]] = []

    def rows(self, query: Query, **values: object) -> list[Any]:
        """Every row of the result, as tuples."""
        return self._connection.execute(query.sql, query.bind(values)).fetchall()

    def run(self, query: Query, **values: object) -> int:
        """Execute once; how many rows it touched."""
        return self._connection.execute(query.sql, query.bind(values)).rowcount

    def run_many(self, query: Query, rows: Sequence[tuple[object, ...]]) -> None:
        """Execute for each row, given in the order of `query.parameters`."""
        if rows:
            self._connection.executemany(query.sql, rows)

    def undo(self, take_back: Callable[[], object]) -> None:
        self._undos.append(take_back)

    def begin(self) -> None:
        # IMMEDIATE: a transaction that reads first and writes later could otherwise fail in its middle, when another
        # process wrote in between.
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        # synchronous=FULL: when this returns, the WAL frames of the transaction have been fsynced. A kill before it
        # returns leaves all or nothing of them; only what happens after it may be told to anybody.
        self._connection.execute("COMMIT")

    def roll_back(self) -> None:
        for take_back in reversed(self._undos):
            take_back()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
