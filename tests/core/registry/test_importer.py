"""The loader steps back for other writers, and only for them; as a sender's feed it notes who is to be told."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Final

import pytest

from core.conversation.consent_state import Change, ConsentState
from core.conversation.conversation import Conversation, dump
from core.domain.calendar import Calendar
from core.domain.clock import Clock, Instant
from core.domain.consent import ConsentType, Objection, RecipientType, Record, Source, Status
from core.domain.ids import Ids
from core.ledger.book import Book
from core.registry.import_row import ImportRow
from core.registry.importer import Counts, Importer, Row, SenderFeed, entered_by
from core.registry.notices import Entered, Kind, NoticeWriter, OpenHours
from core.store.bulk_pacing import Pace
from core.store.database import Database
from core.store.postgresql.connection import PostgresqlConnection
from core.store.queries.books import OPEN_BOOK
from core.store.queries.brands import PUT_BRAND
from core.store.queries.consents import PUT_CONVERSATION, PUT_OBJECTION
from tests.container import PATIENCE_S, execute, until
from tests.container_fixtures import on_postgresql
from tests.core.conversation.decisions.scenes import (
    AT,
    DAY_MS,
    MESAJ,
    MIGROS,
    NOW,
    NUMBER,
    ONAY,
    RET,
    objection,
    record,
)


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

    async def on_slice(_counts: Counts) -> None:
        nonlocal slices
        slices += 1

    loader = Importer(database, Book(1), b"file", lambda: Instant(0), pace=Pace(lambda: next(ticks), sleep))
    rows = [Row(number, (), _act(number)) for number in range(count)]
    try:
        return await loader.load(rows, lambda row, reason: None, on_slice), slept, slices
    finally:
        await database.close()


def _act(number: int) -> ImportRow:
    bireysel, web = RecipientType.BIREYSEL, Source.HS_WEB
    return ImportRow(f"+90532{number:07}", "600100", ConsentType.MESAJ, bireysel, Status.ONAY, web, Instant(0))


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


ONAY_NOW: Final = ImportRow(NUMBER.reveal(), MIGROS.code, MESAJ, RecipientType.BIREYSEL, ONAY, Source.HS_WEB, AT)
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
    standing = ConsentState.of(
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


async def feed(
    database: Database, *acts: ImportRow, is_feed: bool = True, clock: Clock = lambda: NOW, book: int | None = None
) -> Counts:
    if book is None:
        [(book,)] = await database.transact(lambda transaction: transaction.rows(OPEN_BOOK, opening_at=0))
    notices = NoticeWriter(Ids(book), book, OpenHours(0, 1440))
    loader = Importer(database, Book(book), b"file", clock, feed=SenderFeed(Calendar(), notices) if is_feed else None)

    async def on_slice(_counts: Counts) -> None:
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
    row = (NUMBER.reveal(), dump(Conversation(subscribed_at=closed_at)), closed_at)
    await database.transact(lambda transaction: transaction.run_many(PUT_CONVERSATION, [row]))

    await feed(database, ONAY_NOW)

    assert await kinds(database) == ["given"]


CODE: Final = MIGROS.code
OLDER: Final = Instant(AT - DAY_MS)


async def taken(database: Database) -> list[tuple[str, int, str | None, int | None]]:
    found = await database.transact(
        lambda transaction: execute(
            transaction, "SELECT status, consent_at, source, created_at FROM import_log ORDER BY consent_at, status"
        )
    )
    return [tuple(row) for row in found]


async def test_what_equals_a_record_of_no_import_is_remembered_without_a_source(
    database: Database,
) -> None:
    """By them the day's movements are told apart from what only stood already."""
    await feed(database, ONAY_NOW._replace(at=OLDER), is_feed=False)
    await database.transact(lambda transaction: execute(transaction, "UPDATE consent SET imported_at = NULL"))

    counts = await feed(database, ONAY_NOW._replace(at=OLDER), ONAY_NOW, is_feed=False)

    assert counts == Counts(imported=1, unchanged=1)
    assert await taken(database) == [("ONAY", OLDER, None, None)]


async def test_a_permission_that_an_objection_ended_is_remembered_with_the_refusal(database: Database) -> None:
    intent = Objection(NUMBER.reveal(), CODE, MESAJ, Source.IYS_KISAMESAJ, AT, "K7M4Q2XS")
    row = (*intent[:2], intent.type.value, intent.source.value, *intent[4:])
    await database.transact(lambda transaction: transaction.run_many(PUT_OBJECTION, [row]))

    counts = await feed(database, ONAY_NOW._replace(at=OLDER), is_feed=False)

    assert counts == Counts(imported=1)
    assert await taken(database) == [("ONAY", OLDER, "HS_WEB", NOW), ("RET", AT, "IYS_KISAMESAJ", NOW)]


@pytest.mark.parametrize(
    ("acts", "counts", "stands", "replaced"),
    [
        pytest.param([ONAY_NOW, ONAY_NOW], Counts(1, 1), ("ONAY", AT), 0, id="the same act twice"),
        pytest.param(
            [ONAY_NOW, ONAY_NOW._replace(source=Source.HS_MOBIL)], Counts(1, 1), ("ONAY", AT), 0, id="by two sources"
        ),
        pytest.param(
            [ONAY_NOW._replace(at=OLDER), ONAY_NOW._replace(status=RET)], Counts(2), ("RET", AT), 1, id="given, ended"
        ),
        pytest.param(
            [ONAY_NOW, ONAY_NOW._replace(at=OLDER)], Counts(1, 0, 1), ("ONAY", AT), 0, id="the newer before the older"
        ),
        pytest.param([ONAY_NOW, ONAY_NOW._replace(status=RET)], Counts(2), ("RET", AT), 1, id="both in one second"),
    ],
)
async def test_acts_of_one_record_in_one_slice_leave_one_record(
    database: Database, acts: list[ImportRow], counts: Counts, stands: tuple[str, int], replaced: int
) -> None:
    assert await feed(database, *acts, is_feed=False) == counts

    records = await database.transact(
        lambda transaction: execute(transaction, "SELECT status, consent_at FROM consent")
    )
    assert [tuple(row) for row in records] == [stands]
    assert len(await taken(database)) == replaced
    assert await feed(database, *acts[: counts.imported], is_feed=False) == Counts(unchanged=counts.imported)


async def test_a_file_that_another_process_is_reading_too_is_taken_once(url: str, database: Database) -> None:
    """The second waits for the citizens of the first's slice, and then finds its acts."""
    other = await Database.open(url, PATIENCE_S)
    deciding, go_on, decided = threading.Event(), threading.Event(), threading.Event()

    def slowly() -> Instant:
        deciding.set()
        assert go_on.wait(PATIENCE_S)
        return NOW

    def at_once() -> Instant:
        decided.set()
        return NOW

    first = asyncio.create_task(feed(database, ONAY_NOW, is_feed=False, clock=slowly))
    await until(deciding.is_set)
    second = asyncio.create_task(feed(other, ONAY_NOW, is_feed=False, clock=at_once, book=9))
    await asyncio.sleep(0.05)  # enough for it to decide, if nothing held it
    waited = not decided.is_set()
    go_on.set()

    assert [await first, await second] == [Counts(imported=1), Counts(unchanged=1)]
    assert waited
    await other.close()
