"""`consents import`: a first load of consents from a CSV file."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from channels.imports.progress import progress_bar
from channels.imports.rejects import Rejects
from channels.imports.table import Table
from channels.own_book import own_book
from channels.sections import Settings
from core.clock import system_clock
from core.feed import COLUMNS, Rejected, read_act
from core.load import Counts, Loader, Row

_ANCHOR_S: Final = 1.0


async def import_consents(settings: Settings, path: Path) -> Counts:
    """Take the file's rows. Raises `BadTable`, StoreError, OSError or ValueError with one line that says why."""
    with Table(path, COLUMNS) as table:
        async with own_book(settings) as own:
            with Rejects(path, table.header) as rejects, progress_bar(path.name, table.octets) as show:
                anchored_at = time.monotonic()

                async def on_slice() -> None:
                    nonlocal anchored_at
                    show(table.done)
                    if time.monotonic() - anchored_at >= _ANCHOR_S:
                        await own.anchor()
                        anchored_at = time.monotonic()

                counts = await Loader(own.database, own.book, table.hash, system_clock).load(
                    _rows(table),
                    lambda row, reason: rejects.add(row.line, reason, row.fields),
                    on_slice,
                )
            await own.seal()
    return counts


def _rows(table: Table) -> Iterator[Row]:
    for record in table.records():
        read = Rejected(record.broken) if record.fields is None else read_act(record.fields, system_clock())
        yield Row(record.line, record.original, read)
