"""`movements export`: the daily report to senders, as a CSV file."""

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from channels.exports.whole_file import whole_file
from core.registry.movements import MOVEMENT_COLUMNS, Movement
from core.store.external_sort import ExternalSort

_SHOWN_EACH: Final = 1000


def write_movements(path: Path, movements: Iterable[Movement], show: Callable[[int], None]) -> int:
    """Write them by creationDate and transactionId, as İYS sorts its own daily file; how many there were. `show` is
    told now and then how many were read. Raises OSError or ValueError."""
    count = 0
    with whole_file(path) as file, ExternalSort(len(MOVEMENT_COLUMNS)) as spilled:
        spilled.add((one.created, one.transaction_id, *one[:-2]) for one in _counted(movements, show))
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(MOVEMENT_COLUMNS)
        for created, transaction_id, *rest in spilled:
            writer.writerow((*rest, created, transaction_id))
            count += 1
    return count


def _counted(movements: Iterable[Movement], show: Callable[[int], None]) -> Iterator[Movement]:
    for count, movement in enumerate(movements, 1):
        yield movement
        if count % _SHOWN_EACH == 0:
            show(count)
