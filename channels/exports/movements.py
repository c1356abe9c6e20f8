"""`movements export`: the daily report to senders, as a CSV file."""

import csv
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from channels.exports.whole_file import whole_file
from core.movements import MOVEMENT_COLUMNS, Movement

_SHOWN_EACH: Final = 1000
_CACHE_KIB: Final = 16_384
_COLUMNS: Final = ", ".join(f'"{column}"' for column in MOVEMENT_COLUMNS)
_ORDER: Final = ", ".join(MOVEMENT_COLUMNS[-2:])
_PLACES: Final = ", ".join("?" * len(MOVEMENT_COLUMNS))


def write_movements(path: Path, movements: Iterable[Movement], show: Callable[[int], None]) -> int:
    """Write them by creationDate and transactionId, as İYS sorts its own daily file; how many there were. `show` is
    told now and then how many were read.

    A day may have more than memory holds: they are sorted in a file that SQLite makes for itself, which has no name
    that others could open it by, and is gone when this ends, however it ends. Raises OSError or ValueError.
    """
    with whole_file(path) as file, closing(sqlite3.connect("", isolation_level=None)) as sorter:
        sorter.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        sorter.execute(f"CREATE TABLE movement ({_COLUMNS})")
        sorter.execute("BEGIN")
        try:
            sorter.executemany(f"INSERT INTO movement VALUES ({_PLACES})", _counted(movements, show))  # noqa: S608  # all ours
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(MOVEMENT_COLUMNS)
            writer.writerows(sorter.execute(f"SELECT * FROM movement ORDER BY {_ORDER}"))  # noqa: S608  # all ours
            [(count,)] = sorter.execute("SELECT count(*) FROM movement")
        except sqlite3.OperationalError as error:
            raise OSError(f"no room to sort: {error}") from error
    return int(count)


def _counted(movements: Iterable[Movement], show: Callable[[int], None]) -> Iterator[Movement]:
    for count, movement in enumerate(movements, 1):
        yield movement
        if count % _SHOWN_EACH == 0:
            show(count)
