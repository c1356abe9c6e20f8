"""Rows to be sorted, of which there may be more than memory holds."""

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Final, Self

_CACHE_KIB: Final = 16_384


class ExternalSort:
    """Rows of `width` columns, in a file that SQLite makes for itself: it has no name that others could open it by, and
    is gone when this ends, however it ends. Used as a context manager. Raises OSError where there is no room."""

    def __init__(self, width: int) -> None:
        self._names = ", ".join(f"c{n}" for n in range(width))
        self._places = ", ".join("?" * width)
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        self._file.execute(f"CREATE TABLE spilled ({self._names})")
        self._file.execute("BEGIN")  # one for all: nothing here has to outlive the process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, rows: Iterable[tuple[object, ...]]) -> None:
        try:
            self._file.executemany(f"INSERT INTO spilled VALUES ({self._places})", rows)  # noqa: S608  # all ours
        except sqlite3.OperationalError as error:
            raise OSError(f"no room to sort: {error}") from error

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Every different row once, in the order of its columns."""
        try:
            before = None
            for row in self._file.execute(f"SELECT * FROM spilled ORDER BY {self._names}"):  # noqa: S608  # all ours
                if row != before:
                    yield row
                before = row
        except sqlite3.OperationalError as error:
            raise OSError(f"no room to sort: {error}") from error
