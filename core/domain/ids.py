"""Numbers for rows, unique without asking the database: the book of a process start, and a count within it."""

from itertools import count
from typing import Final

COUNT_BITS: Final = 36  # 68 thousand million rows a start, 134 million starts in 63 bits


class Ids:
    """Hands out row numbers of one book. Used in the database thread only."""

    def __init__(self, book: int) -> None:
        self._numbers = count((book << COUNT_BITS) + 1)

    def next(self) -> int:
        return next(self._numbers)


def book_of(row_id: int) -> int:
    """The book whose process made this row."""
    return row_id >> COUNT_BITS


def ids_of(book: int) -> range:
    """Every row number that a book can hand out."""
    return range(book << COUNT_BITS, (book + 1) << COUNT_BITS)
