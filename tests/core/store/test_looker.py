"""A service's looks at its database: beside the writer, read-only, bounded."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.store import looker as looker_module
from core.store.database import Database
from core.store.errors import DataFault, TemporaryFault
from core.store.looker import Looker
from core.store.queries.brands import BRANDS_SINCE, CLOSE_BRAND, PUT_BRAND
from core.store.queries.consents import CONVERSATIONS_OF
from core.store.transaction import Transaction
from tests.container import PATIENCE_S, sqlite_path
from tests.container_fixtures import on_sqlite


@pytest.fixture
async def looker(url: str) -> AsyncIterator[Looker]:
    looker = Looker(url, 1)
    yield looker
    await looker.close()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url, busy_timeout_s=1)
    yield database
    await database.close()


def brands(transaction: Transaction) -> int:
    return len(transaction.rows(BRANDS_SINCE, seen=0))


def add_brand(transaction: Transaction) -> None:
    transaction.run_many(PUT_BRAND, [("1", "MIGROS", "", "", "", None, None, 1)])


async def test_a_look_sees_what_was_committed_before_it_began(looker: Looker, database: Database) -> None:
    assert await looker.look(brands) == 0
    await database.transact(add_brand)

    assert await looker.look(brands) == 1


async def test_a_look_sees_one_moment_and_waits_for_no_writer(looker: Looker, database: Database) -> None:
    began, written = threading.Event(), threading.Event()

    def work(transaction: Transaction) -> tuple[int, int]:
        before = brands(transaction)
        began.set()
        assert written.wait(PATIENCE_S)
        return before, brands(transaction)

    looking = asyncio.create_task(looker.look(work))
    assert await asyncio.to_thread(began.wait, PATIENCE_S)
    await database.transact(add_brand)
    written.set()

    assert await looking == (0, 0)


async def test_a_look_does_not_wait_for_a_transaction_that_is_open(looker: Looker, database: Database) -> None:
    looked = threading.Event()

    def write(transaction: Transaction) -> bool:
        add_brand(transaction)
        return looked.wait(PATIENCE_S)

    writing = asyncio.create_task(database.transact(write))
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert await looker.look(brands) == 0
    finally:
        looked.set()
    assert await writing


async def test_a_look_cannot_write_and_the_next_one_works(looker: Looker) -> None:
    def write(transaction: Transaction) -> None:
        transaction.run(CLOSE_BRAND, of_code="1", closing_at=0, new_version=1)

    with pytest.raises(TemporaryFault, match=r"read-?only"):
        await looker.look(write)

    assert await looker.look(brands) == 0


async def test_an_error_of_the_work_is_raised_as_it_is_and_the_next_look_works(looker: Looker) -> None:
    def fail(transaction: Transaction) -> None:
        brands(transaction)
        raise KeyError

    with pytest.raises(KeyError):
        await looker.look(fail)
    with pytest.raises(DataFault):
        await looker.look(lambda transaction: transaction.rows(CONVERSATIONS_OF, keys="\ud800"))

    assert await looker.look(brands) == 0


@on_sqlite
async def test_a_database_that_went_and_came_back_is_a_fault_of_the_moment(url: str, tmp_path: Path) -> None:
    path, away = sqlite_path(url), tmp_path / "away.db"
    path.rename(away)
    looker = Looker(url, 1)
    try:
        with pytest.raises(TemporaryFault, match=r"^database: "):
            await looker.look(brands)
        away.rename(path)

        assert await looker.look(brands) == 0
    finally:
        await looker.close()


@on_sqlite
async def test_a_database_damaged_under_an_open_look_is_opened_anew(url: str, tmp_path: Path) -> None:
    path = sqlite_path(url)
    whole = path.read_bytes()
    looker = Looker(url, 1)
    try:
        assert await looker.look(brands) == 0
        path.write_bytes(b"no database any more" * 1000)
        with pytest.raises(TemporaryFault):
            await looker.look(brands)
        path.unlink()
        path.write_bytes(whole)  # another file, as a restored backup is

        assert await looker.look(brands) == 0
    finally:
        await looker.close()


async def test_a_file_that_is_no_database_is_a_fault_of_the_moment(tmp_path: Path) -> None:
    (tmp_path / "noise.db").write_bytes(bytes(range(256)) * 40)
    looker = Looker(f"sqlite+aiosqlite:///{tmp_path}/noise.db", 1)

    with pytest.raises(TemporaryFault, match="not a database"):
        await looker.look(brands)

    await looker.close()


@pytest.mark.parametrize(
    ("asked", "turned_away"),
    [pytest.param(2, 0, id="below"), pytest.param(3, 0, id="at"), pytest.param(5, 2, id="above")],
)
async def test_no_more_looks_wait_than_the_bound(
    looker: Looker, asked: int, turned_away: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looker_module, "LOOKS_MAX", 3)

    found = await asyncio.gather(*(looker.look(brands) for _ in range(asked)), return_exceptions=True)

    assert [type(one) for one in found].count(TemporaryFault) == turned_away
    assert await looker.look(brands) == 0
