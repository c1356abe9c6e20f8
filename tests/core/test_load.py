"""The loader steps back for other writers, and only for them; as a sender's feed it notes who is to be told."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

import pytest

from core.calendar import Calendar
from core.clock import Instant
from core.consent import ConsentType, Objection, RecipientType, Record, Source, Status
from core.feed import Act
from core.ids import Ids
from core.ledger.book import Book
from core.load import Counts, Feed, Loader, Pace, Row, entered_by
from core.notices import Entered, Kind, NoticeWriter, OpenHours
from core.standing import Change, Standing
from core.store.database import Database
from core.store.postgresql.connection import PostgresqlConnection
from core.store.queries.books import OPEN_BOOK
from core.store.queries.brands import PUT_BRAND
from core.store.queries.consents import PUT_TALK
from core.talk import Talk, dump
from tests.core.decisions.scenes import AT, DAY_MS, MESAJ, MIGROS, NOW, NUMBER, ONAY, RET, objection, record
from tests.counter import execute
from tests.counter_fixtures import on_postgresql


async def load(url: str, *, others: int, count: int = 120, slice_s: float = 0.02) -> tuple[Counts, list[float], int]:
    """Load rows while each slice takes as long as given, 120 rows in two slices of 0.02 s; how long the loader slept
    after each, and how many slices there were."""
    database = await Database.open(url, 5)
    await database.transact(
        lambda transaction: transaction.run_many(PUT_BRAND, [("600100", "MIGROS", "", "", "", None, None, 1)])
    )
    for _ in range(1 + others):
        await database.transact(lambda transaction: transaction.rows(OPEN_BOOK, opening_at=0))
    slept: list[float] = []
    ticks = iter(number * slice_s for number in range(1000))

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds, 6))

    slices = 0

    async def on_slice() -> None:
        nonlocal slices
        slices += 1

    loader = Loader(database, Book(1), b"file", lambda: Instant(0), pace=Pace(lambda: next(ticks), sleep))
    rows = [Row(number, (), _act(number)) for number in range(count)]
    try:
        return await loader.load(rows, lambda row, reason: None, on_slice), slept, slices
    finally:
        await database.close()


def _act(number: int) -> Act:
    bireysel, web = RecipientType.BIREYSEL, Source.HS_WEB
    return Act(f"+90532{number:07}", "600100", ConsentType.MESAJ, bireysel, Status.ONAY, web, Instant(0))


async def test_an_import_beside_another_process_pauses_as_long_as_each_slice_took(url: str) -> None:
    counts, slept, _ = await load(url, others=1)

    assert counts == Counts(imported=120)
    assert slept == [0.02, 0.02]


async def test_an_import_on_its_own_does_not_pause(url: str) -> None:
    counts, slept, _ = await load(url, others=0)

    assert counts == Counts(imported=120)
    assert slept == []


@on_postgresql
async def test_a_slice_locks_no_more_citizens_than_the_server_has_room_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresqlConnection, "names_max", 150)

    counts, _, slices = await load(url, others=0, count=700, slice_s=0.0)

    assert counts == Counts(imported=700)
    assert slices == 6  # 100, as many while they are written, and then 150 each


ONAY_NOW: Final = Act(NUMBER.reveal(), MIGROS.code, MESAJ, RecipientType.BIREYSEL, ONAY, Source.HS_WEB, AT)
GIVEN: Final = record(MIGROS, days_ago=0)


@pytest.mark.parametrize(
    ("rows", "after", "expected"),
    [
        pytest.param([], GIVEN, "given", id="nothing before"),
        pytest.param([record(MIGROS)], GIVEN, "given", id="renewed"),
        pytest.param([record(MIGROS, status=RET)], GIVEN, "again", id="refused before"),
        pytest.param([objection(MIGROS, at=Instant(AT - 1))], GIVEN, "again", id="objected before"),
        pytest.param([objection(MIGROS)], record(MIGROS, status=RET, days_ago=0), "ended", id="met by an objection"),
    ],
)
def test_what_is_told_of_a_permission_that_entered(
    rows: Sequence[Record | Objection], after: Record, expected: Kind
) -> None:
    standing = Standing.of(
        [row for row in rows if isinstance(row, Record)], [row for row in rows if isinstance(row, Objection)]
    )

    entered = entered_by(ONAY_NOW, Change(None, after), standing)

    assert entered == Entered(NUMBER.reveal(), MIGROS.code, MESAJ, expected, AT)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url, 1)
    await database.transact(
        lambda transaction: transaction.run_many(PUT_BRAND, [("600100", "MIGROS", "", "", "", None, None, 1)])
    )
    yield database
    await database.close()


async def feed(database: Database, *acts: Act, is_feed: bool = True) -> Counts:
    [(book,)] = await database.transact(lambda transaction: transaction.rows(OPEN_BOOK, opening_at=0))
    notices = NoticeWriter(Ids(book), book, OpenHours(0, 1440))
    loader = Loader(database, Book(book), b"file", lambda: NOW, feed=Feed(Calendar(), notices) if is_feed else None)

    async def on_slice() -> None:
        pass

    return await loader.load([Row(n, (), act) for n, act in enumerate(acts)], lambda row, reason: None, on_slice)


async def kinds(database: Database) -> list[str]:
    found = await database.transact(lambda transaction: execute(transaction, "SELECT kind FROM notice"))
    return [kind for (kind,) in found]


async def test_a_first_load_tells_nobody_and_takes_what_is_old(database: Database) -> None:
    old = ONAY_NOW._replace(at=Instant(AT - 400 * DAY_MS))

    assert await feed(database, ONAY_NOW, old._replace(type=ConsentType.ARAMA), is_feed=False) == Counts(imported=2)
    assert await kinds(database) == []


async def test_a_feed_tells_of_permissions_only(database: Database) -> None:
    later = ONAY_NOW._replace(at=Instant(AT - 1000))

    assert await feed(database, later, ONAY_NOW._replace(status=RET)) == Counts(imported=2)
    assert await kinds(database) == ["given"]


async def test_a_permission_that_follows_a_refusal_in_the_same_slice_says_so(database: Database) -> None:
    acts = [ONAY_NOW._replace(at=Instant(AT - n * 1000)) for n in (3, 2, 1)]
    acts[1] = acts[1]._replace(status=RET)

    await feed(database, *acts)

    assert await kinds(database) == ["again"]


async def test_what_somebody_else_refused_who_had_the_number_is_not_told(database: Database) -> None:
    closed_at = Instant(AT - DAY_MS)
    await feed(database, ONAY_NOW._replace(at=Instant(AT - 2 * DAY_MS)), is_feed=False)
    await feed(database, ONAY_NOW._replace(at=Instant(closed_at - 1000), status=RET), is_feed=False)
    row = (NUMBER.reveal(), dump(Talk(subscribed_at=closed_at)), closed_at)
    await database.transact(lambda transaction: transaction.run_many(PUT_TALK, [row]))

    await feed(database, ONAY_NOW)

    assert await kinds(database) == ["given"]
