"""What a commit tells other processes, and that hearing it outlives lost sessions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import asyncpg
import pytest
from structlog.testing import capture_logs

from core.domain.clock import Instant
from core.outbox.outbox import put, row
from core.store.database import Database
from core.store.postgresql import listener
from core.store.postgresql.connection import CHANNEL
from core.store.postgresql.listener import NAME
from core.store.transaction import Transaction
from core.store.wake import Wake
from tests.container import PATIENCE_S, execute, until
from tests.container_fixtures import on_postgresql, on_sqlite

END: Final = "end"
LISTENERS: Final = f"FROM pg_stat_activity WHERE application_name = '{NAME}' AND datname = current_database()"
ROWS: Final = [row(number, None, "+905321234567", "text", "a", Instant(0)) for number in range(1, 101)]

Work = Callable[[Transaction], None]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "_PAUSE_S_FIRST", 0.001)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url, 5)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def hearing(database: Database) -> AsyncIterator[list[Wake]]:
    heard: list[Wake] = []
    listening = asyncio.create_task(database.listen(heard.append))
    try:
        await until(lambda: bool(heard))
        heard.clear()
        yield heard
        assert not listening.done()
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


@asynccontextmanager
async def telling(url: str) -> AsyncIterator[list[str]]:
    """Whatever is told meanwhile; complete at the end."""
    told: list[str] = []
    session = await asyncpg.connect(url.replace("+asyncpg", ""))
    await session.add_listener(CHANNEL, lambda *heard: told.append(heard[-1]))
    yield told
    await session.execute(f"NOTIFY {CHANNEL}, '{END}'")
    await until(lambda: END in told)
    told.remove(END)
    await session.close()


def put_rows(transaction: Transaction) -> None:
    for one in ROWS[:50]:
        put(transaction, [one])
    put(transaction, ROWS[50:])


def put_none(transaction: Transaction) -> None:
    put(transaction, [])


def put_rows_after_notices(transaction: Transaction) -> None:
    transaction.wake(Wake.NOTICES)
    put_rows(transaction)


def only_wake(transaction: Transaction) -> None:
    transaction.wake(Wake.NOTICES)


def put_and_fail(transaction: Transaction) -> None:
    put_rows(transaction)
    raise ZeroDivisionError


@on_postgresql
@pytest.mark.parametrize(
    ("work", "sends_itself", "told"),
    [
        pytest.param(put_rows, False, ["outbox"], id="many rows are told once"),
        pytest.param(put_rows, True, [], id="who sends them itself tells nobody"),
        pytest.param(put_rows_after_notices, False, ["notices"], id="the greater news is told, once"),
        pytest.param(only_wake, False, ["notices"], id="news without a row"),
        pytest.param(put_none, False, [], id="no row, no news"),
        pytest.param(put_and_fail, False, [], id="what is rolled back is not told"),
    ],
)
async def test_what_a_commit_tells(url: str, work: Work, sends_itself: bool, told: list[str]) -> None:
    async with opened(url) as database, telling(url) as heard:
        database.sends_itself = lambda: sends_itself

        with suppress(ZeroDivisionError):
            await database.transact(work)

    assert heard == told


@on_postgresql
async def test_another_process_hears_of_a_commit(url: str) -> None:
    async with opened(url) as one, opened(url) as other, hearing(one) as heard:
        await other.transact(put_rows)
        await until(lambda: bool(heard))
        await other.transact(only_wake)
        await until(lambda: len(heard) == 2)

    assert heard == [Wake.OUTBOX, Wake.NOTICES]


@on_postgresql
async def test_what_a_later_version_tells_is_taken_for_all_there_is(url: str) -> None:
    async with opened(url) as database, hearing(database) as heard:
        await database.transact(lambda transaction: execute(transaction, f"NOTIFY {CHANNEL}, 'unheard-of'"))
        await until(lambda: bool(heard))

    assert heard == [Wake.NOTICES]


@on_postgresql
async def test_a_lost_session_is_made_anew_and_what_was_told_meanwhile_is_looked_for(url: str) -> None:
    async with opened(url) as database, hearing(database) as heard:
        with capture_logs() as logs:
            await database.transact(lambda t: execute(t, f"SELECT pg_terminate_backend(pid, 5000) {LISTENERS}"))
            await until(lambda: bool(heard))
        await database.transact(put_rows)
        await until(lambda: len(heard) == 2)

    assert [log["event"] for log in logs] == ["other processes are not heard"]
    assert heard == [Wake.NOTICES, Wake.OUTBOX]


@on_postgresql
async def test_a_server_that_hangs_is_found_out(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes from it, and it ends nothing."""
    monkeypatch.setattr(listener, "_PROBE_S", 0.001)
    probes: list[str] = []
    execute_really = asyncpg.Connection.execute

    async def hang(session: asyncpg.Connection, query: str) -> object:
        if query != "SELECT 1" or probes:
            return await execute_really(session, query)
        probes.append(query)
        raise TimeoutError

    async with opened(url) as database, hearing(database) as heard:
        monkeypatch.setattr(asyncpg.Connection, "execute", hang)
        await until(lambda: heard == [Wake.NOTICES])


@on_postgresql
async def test_a_server_that_is_away_is_asked_more_and_more_seldom(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "_PAUSE_S_MOST", 0.004)
    away = url.replace("/test", "/no-such")
    with capture_logs() as logs:
        listening = asyncio.create_task(listener.listen(away.replace("+asyncpg", ""), 5, lambda _: None))
        await until(lambda: len(logs) == 5)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening

    assert [log["retry_s"] for log in logs] == [0.001, 0.002, 0.004, 0.004, 0.004]


@on_postgresql
async def test_nothing_is_left_of_it_on_the_server(url: str) -> None:
    async with opened(url) as database:
        async with hearing(database):
            pass

        async with asyncio.timeout(PATIENCE_S):
            while await database.transact(lambda t: execute(t, f"SELECT 1 {LISTENERS}")):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@on_sqlite
async def test_on_sqlite_nothing_is_told(url: str) -> None:
    async with opened(url) as database:
        async with asyncio.timeout(PATIENCE_S):
            await database.listen(lambda _: None)
        await database.transact(put_rows)

        assert await database.transact(lambda transaction: execute(transaction, "SELECT count(*) FROM outbox")) == [
            (100,)
        ]
