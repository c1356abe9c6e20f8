"""Going through a table in the order of its primary key, a page at a time: no index of time is wanted for that."""

from collections.abc import Callable
from typing import Any, NamedTuple

from core.domain.clock import Instant
from core.domain.ids import book_of, ids_of
from core.retention.counts import Removed
from core.retention.terms import Terms
from core.store.query import Query
from core.store.transaction import Transaction

Cursor = tuple[Any, ...]
"""A primary key: what is behind it is still to be looked at."""


class Slice(NamedTuple):
    """The work of one transaction; `cursor` is None at the table's end."""

    cursor: Cursor | None
    removed: Removed = Removed()


class Walk(NamedTuple):
    """One kind of rows: where to begin, and how to take the next ones, at most as many as are given."""

    name: str
    start: Cursor
    take: Callable[[Transaction, Terms, Cursor, int], Slice]


def after(cursor: Cursor) -> dict[str, Any]:
    return _named("after", cursor)


def span(cursor: Cursor, last: Cursor) -> dict[str, Any]:
    return _named("after", cursor) | _named("last", last)


def page_of(transaction: Transaction, query: Query, cursor: Cursor, limit: int) -> tuple[list[Any], Cursor | None]:
    """The next rows, which begin with their key; and the last key, None where there are no more rows."""
    rows = transaction.rows(query, **after(cursor), limit=limit)
    return rows, rows[-1][: len(cursor)] if rows else None


def next_of(cursor: Cursor | None, rows: list[Any], limit: int) -> Cursor | None:
    return cursor if len(rows) == limit else None


def beyond_young(rows: list[tuple[int, Instant]], before: Instant, limit: int) -> Cursor | None:
    """Where to go on among rows whose number grows with time within a book: once one of a book is younger than
    `before`, so are all that follow it, and the next book is due."""
    if len(rows) < limit:
        return None
    book = book_of(rows[-1][0])
    is_young = any(at > before for row_id, at in rows if book_of(row_id) == book)
    return (ids_of(book).stop - 1,) if is_young else (rows[-1][0],)


def _named(prefix: str, cursor: Cursor) -> dict[str, Any]:
    return {f"{prefix}_{n}": value for n, value in enumerate(cursor)}
