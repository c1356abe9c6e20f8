"""Bulk work in slices so short that nobody has to wait for them (design, Back-pressure)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from core.store.queries.books import OPEN_BOOKS
from core.store.transaction import Transaction

ROWS_FIRST: Final = 100
_ROWS_MIN: Final = 20
_ROWS_MAX: Final = 5000


class Pace(NamedTuple):
    """The clock of slices and the wait between them, both in seconds; a test brings its own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


REAL_PACE: Final = Pace()


def rows_next(rows: int, took_s: float, aim_s: float) -> int:
    """The rows that the next slice takes, when this many took so long: at most twice as many, within bounds."""
    aim = round(rows * aim_s / took_s) if took_s > 0 else _ROWS_MAX
    return max(_ROWS_MIN, min(aim, 2 * rows, _ROWS_MAX))


def others_write(transaction: Transaction, book: int) -> bool:
    """True if processes beside that of this book write. Between processes SQLite hands the lock to whoever asks first:
    stepping back for as long as a slice took is the only courtesy."""
    return any(other != book for (other,) in transaction.rows(OPEN_BOOKS))
