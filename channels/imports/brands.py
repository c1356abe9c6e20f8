"""`brands import`: the brand directory from a CSV file."""

import asyncio
import time
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from channels.imports.progress import progress_bar
from channels.imports.rejects import Rejects
from channels.imports.table import Record, Table
from channels.settings.sections import Settings
from core.brands.brand import Brand
from core.registry.brand_feed import BRAND_COLUMNS, BrandWriter, read_brand
from core.registry.import_row import Rejected
from core.registry.importer import Counts
from core.store.database import Database

_SLICE_ROWS: Final = 500


async def import_brands(settings: Settings, path: Path) -> Counts:
    """Add and update the file's brands. Raises `BadTable`, StoreError or OSError with one line that says why."""
    database = await Database.open(settings.database.url, settings.database.statement_timeout_s)
    try:
        with Table(path, BRAND_COLUMNS) as table:
            return await _import(database, path, table)
    finally:
        await database.close()


async def _import(database: Database, path: Path, table: Table) -> Counts:
    counts, writer, waiting = Counts(), BrandWriter(), table.records()
    with Rejects(path, table.header) as rejects, progress_bar(path.name, table.octets) as show:
        while part := list(islice(waiting, _SLICE_ROWS)):
            brands: list[Brand] = []
            for record in part:
                read = _read(record)
                if isinstance(read, Brand):
                    brands.append(read)
                else:
                    rejects.add(record.line, read.reason, record.original)
            started = time.monotonic()
            changed = await database.transact(partial(writer.put, brands=brands))
            took_s = time.monotonic() - started
            counts = counts.plus(Counts(changed, len(brands) - changed, len(part) - len(brands)))
            show(table.done, sum(counts))
            await asyncio.sleep(took_s)
    return counts


def _read(record: Record) -> Brand | Rejected:
    return Rejected(record.broken) if record.fields is None else read_brand(record.fields)
