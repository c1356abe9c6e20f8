"""`consents import`: consents from a CSV file, as a first load or as a sender's feed."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from channels.imports.progress import progress_bar
from channels.imports.rejects import Rejects
from channels.imports.table import Table
from channels.service.ledger_session import ledger_session
from channels.settings.sections import Settings
from core.domain.calendar import Calendar
from core.domain.clock import system_clock
from core.domain.ids import Ids
from core.registry.import_row import COLUMNS, Rejected, read_import_row
from core.registry.importer import Counts, Importer, Row, SenderFeed
from core.registry.notices import NoticeWriter, OpenHours
from core.store.wake import Wake

# A slice's rows go by themselves when it is done, so that the collector looks at them for nothing: a tenth of the time.
_ROWS_UNCOLLECTED: Final = 100_000


async def import_consents(settings: Settings, path: Path, *, notify: bool = False) -> Counts:
    """Take the file's rows; with `notify` as a sender's feed.

    Raises `BadTable`, StoreError, OSError or ValueError with one line that says why.
    """
    with Table(path, COLUMNS) as table:
        async with ledger_session(settings) as own:
            with Rejects(path, table.header) as rejects, progress_bar(path.name, table.octets) as show:

                async def on_slice(counts: Counts) -> None:
                    show(table.done, sum(counts))
                    await own.anchor_now_and_then()

                gc.freeze()  # what is here stays: the collector need not walk it again and again
                gc.set_threshold(_ROWS_UNCOLLECTED)
                feed = _feed(settings, own.book.number) if notify else None
                counts = await Importer(own.database, own.book, table.hash, system_clock, feed=feed).load(
                    _rows(table),
                    lambda row, reason: rejects.add(row.line, reason, row.fields),
                    on_slice,
                )
            await own.end()
            if notify:  # what this book took is due from now on
                await own.database.transact(lambda transaction: transaction.wake(Wake.NOTICES))
    return counts


def _feed(settings: Settings, book: int) -> SenderFeed:
    hours = OpenHours(*settings.notices.hours)
    return SenderFeed(Calendar(settings.calendar.bridge_days), NoticeWriter(Ids(book), book, hours))


def _rows(table: Table) -> Iterator[Row]:
    now = system_clock()  # what is later than this did not happen when the file was written
    for line, original, fields, broken in table.records():
        yield Row(line, original, Rejected(broken) if fields is None else read_import_row(fields, now))
