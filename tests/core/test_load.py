"""The loader steps back for other writers, and only for them."""

from pathlib import Path

from core.clock import Instant
from core.consent import ConsentType, RecipientType, Source, Status
from core.feed import Act
from core.ledger.book import Book
from core.load import Counts, Loader, Pace, Row
from core.store.database import Database, upgrade
from core.store.queries import OPEN_BOOK, PUT_BRAND


async def load(tmp_path: Path, *, others: int) -> tuple[Counts, list[float]]:
    """Load 120 rows, two slices, while each slice takes 0.02 s; how long the loader slept after each."""
    url = f"sqlite+aiosqlite:///{tmp_path}/line.db"
    upgrade(url)
    database = await Database.open(url, 1)
    await database.transact(
        lambda transaction: transaction.run_many(PUT_BRAND, [("600100", "MIGROS", "", "", "", None, None, 1)])
    )
    for _ in range(1 + others):
        await database.transact(lambda transaction: transaction.rows(OPEN_BOOK, opening_at=0))
    slept: list[float] = []
    ticks = iter(number * 0.02 for number in range(100))

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds, 6))

    async def on_slice() -> None:
        pass

    loader = Loader(database, Book(1), b"file", lambda: Instant(0), pace=Pace(lambda: next(ticks), sleep))
    rows = [Row(number, (), _act(number)) for number in range(120)]
    try:
        return await loader.load(rows, lambda row, reason: None, on_slice), slept
    finally:
        await database.close()


def _act(number: int) -> Act:
    bireysel, web = RecipientType.BIREYSEL, Source.HS_WEB
    return Act(f"+90532{number:07}", "600100", ConsentType.MESAJ, bireysel, Status.ONAY, web, Instant(0))


async def test_an_import_beside_another_process_pauses_as_long_as_each_slice_took(tmp_path: Path) -> None:
    counts, slept = await load(tmp_path, others=1)

    assert counts == Counts(imported=120)
    assert slept == [0.02, 0.02]


async def test_an_import_on_its_own_does_not_pause(tmp_path: Path) -> None:
    counts, slept = await load(tmp_path, others=0)

    assert counts == Counts(imported=120)
    assert slept == []
