"""PostgreSQL's own: lost connections, commits whose answer is lost, processes that write at the same time."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from core.conversation.answers import Committed, Outcome, RetAnswer, Silence, Temporary
from core.conversation.requests import Request
from core.domain.clock import Instant
from core.ledger.anchors import Signer
from core.outbox.outbox import row
from core.store import versions
from core.store.database import Database, upgrade
from core.store.errors import BookLost, TemporaryFault
from core.store.looker import Looker
from core.store.queries.books import OPEN_BOOKS
from core.store.queries.outbox import ADD_OUTBOX, LEASE
from core.store.schema import metadata
from core.store.transaction import Transaction
from tests.container import NUMBER, PATIENCE_S, Container, FakeClock, execute, opened, until
from tests.postgresql import Server

CUT: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'izinhatti' AND pid <> pg_backend_pid()
"""


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    url = postgresql.fresh()
    yield url
    postgresql.give_back(url)


class Proxy:
    """Stands before the server. What it does with the next COMMIT: `pass` it, lose its `answer`, lose the `commit`."""

    def __init__(self, server: Path, folder: Path) -> None:
        self.folder = folder
        self._socket = server / ".s.PGSQL.5432"
        self.commit = "pass"
        self.lets_in = True

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.folder / ".s.PGSQL.5432")

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.lets_in:
            writer.close()
            return
        upstream, up = await asyncio.open_unix_connection(self._socket)
        losing = asyncio.Event()

        async def answer() -> None:
            while (octets := await upstream.read(65_536)) and not losing.is_set():
                writer.write(octets)
            for end in (up, writer):
                end.close()

        answering = asyncio.create_task(answer())
        while octets := await reader.read(65_536):
            if b"COMMIT\0" in octets and self.commit != "pass":
                fate, self.commit = self.commit, "pass"
                if fate == "commit":
                    break
                losing.set()
            up.write(octets)
        for end in (up, writer):
            end.close()
        await answering


@pytest.fixture
async def proxy(postgresql: Server, tmp_path: Path) -> AsyncIterator[Proxy]:
    proxy = Proxy(postgresql.folder, tmp_path)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
def through(url: str, postgresql: Server, proxy: Proxy) -> str:
    return url.replace(str(postgresql.folder), str(proxy.folder))


async def handle(container: Container, request: Request) -> Outcome:
    async with asyncio.timeout(PATIENCE_S):
        return await container.desk.handle(request)


async def cut(url: str) -> None:
    """End every session of this database, as a firewall does."""
    database = await Database.open(url, 5)
    await database.transact(lambda transaction: execute(transaction, CUT))
    await database.close()


async def test_a_lost_connection_is_a_temporary_answer_and_then_heals(url: str, container: Container) -> None:
    await container.allow(NUMBER)
    await cut(url)

    lost = await handle(container, container.request())
    healed = await handle(container, container.request())

    assert isinstance(lost, Temporary)
    assert isinstance(healed, Committed)
    assert await container.column("SELECT count(*) FROM request") == [1]
    assert await container.column("SELECT id FROM book") == [container.book.number]


@pytest.mark.parametrize(
    "error",
    [asyncpg.InternalClientError("cannot switch to state 11"), ConnectionResetError(), TimeoutError()],
    ids=repr,
)
async def test_whatever_is_said_of_a_lost_session_is_a_fault_of_the_moment(
    url: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """What asyncpg says depends on whether its socket or its caller is first."""

    async def lost(*_: object, **__: object) -> None:
        raise error

    database = await Database.open(url, 5)
    before = await database.transact(lambda transaction: execute(transaction, "SELECT pg_backend_pid()"))
    with monkeypatch.context() as then:
        then.setattr(asyncpg.Connection, "_execute", lost)
        with pytest.raises(TemporaryFault):
            await database.transact(lambda transaction: transaction.rows(OPEN_BOOKS))

    after = await database.transact(lambda transaction: execute(transaction, "SELECT pg_backend_pid()"))
    await database.close()

    assert after != before


async def test_a_commit_whose_answer_is_lost_is_found_to_be_done(
    through: str, proxy: Proxy, clock: FakeClock, signer: Signer
) -> None:
    async with opened(through, clock, signer) as container:
        await container.allow(NUMBER)
        proxy.commit = "answer"

        outcome = await handle(container, container.request())
        after = await handle(container, container.request(key=b"other"))

        assert isinstance(outcome, Committed)
        assert isinstance(outcome.answer, RetAnswer)
        assert isinstance(after, Committed)
        assert await container.column("SELECT count(*) FROM request") == [2]
        assert await container.column("SELECT entry FROM ledger ORDER BY entry") == [1, 2]


async def test_a_commit_that_never_arrived_is_found_to_be_none(
    through: str, proxy: Proxy, clock: FakeClock, signer: Signer
) -> None:
    async with opened(through, clock, signer) as container:
        await container.allow(NUMBER)
        proxy.commit = "commit"

        outcome = await handle(container, container.request())
        after = await handle(container, container.request())

        assert isinstance(outcome, Temporary)
        assert isinstance(after, Committed)
        assert await container.column("SELECT count(*) FROM request") == [1]
        assert await container.column("SELECT entry FROM ledger ORDER BY entry") == [1]


async def test_a_process_that_learns_of_its_commit_too_late_ends(
    through: str, proxy: Proxy, clock: FakeClock, signer: Signer
) -> None:
    """It has told the network that nothing was done: what it holds in memory is not what was committed."""
    async with opened(through, clock, signer, writes=False) as container:
        container.database._connection._timeout_s = 0.2  # type: ignore[attr-defined]  # of PostgreSQL's own
        proxy.commit, proxy.lets_in = "answer", False

        with pytest.raises(TemporaryFault):
            await container.database.transact(lambda transaction: container.book.append(transaction, ["a"]))
        with pytest.raises(TemporaryFault):
            await container.database.transact(lambda transaction: container.book.append(transaction, ["b"]))
        proxy.lets_in = True
        for _ in range(2):  # also for those who did not hear of it first
            with pytest.raises(BookLost, match="committed after it had been given up"):
                await settled(container)


async def settled(container: Container) -> None:
    """Write until it is known what became of the doubtful commit: the server may still take the lost session for
    alive."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(TemporaryFault):
                await container.database.transact(lambda transaction: container.book.append(transaction, ["b"]))
                return


@pytest.mark.parametrize("fate", ["answer", "commit"])
@pytest.mark.parametrize("is_named", [True, False], ids=["by its own id", "by its lost link"])
async def test_after_a_commit_of_unknown_fate_the_message_brought_again_acts_once(
    url: str, through: str, proxy: Proxy, clock: FakeClock, signer: Signer, fate: str, is_named: bool
) -> None:
    """The commit arrived and its answer did not, or it never arrived; the process ends before it learns which."""
    async with opened(through, clock, signer) as cut_off:
        cut_off.database._connection._timeout_s = 0.2  # type: ignore[attr-defined]  # of PostgreSQL's own
        await cut_off.allow(NUMBER)
        connection = await cut_off.open_link()
        request = cut_off.request(connection=0 if is_named else connection.id, is_named=is_named)
        proxy.commit, proxy.lets_in = fate, False
        outcome = await handle(cut_off, request)
    async with opened(url, clock, signer) as successor:
        again = await handle(successor, request)
        acts = await successor.column("SELECT count(*) FROM request WHERE outcome = 'ret'")
        statuses = await successor.column("SELECT status FROM consent")

    assert isinstance(outcome, Temporary)
    assert isinstance(again, Committed)
    assert isinstance(again.answer, Silence) is (fate == "answer")
    assert (acts, statuses) == ([1], ["RET"])


async def test_a_process_whose_book_was_taken_over_ends_and_writes_nothing(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    async with opened(url, clock, signer, writes=False) as cut_off:
        running = asyncio.create_task(cut_off.writer.run())
        await cut(url)
        async with opened(url, clock, signer) as successor:
            waiting = asyncio.create_task(cut_off.desk.handle(cut_off.request()))
            async with asyncio.timeout(PATIENCE_S):
                while not running.done():
                    await asyncio.sleep(0.01)
                    if waiting.done():  # turned away when the loss was found
                        waiting = asyncio.create_task(cut_off.desk.handle(cut_off.request()))
            waiting.cancel()

            with pytest.raises(BookLost, match=rf"book {cut_off.book.number} was taken over"):
                running.result()
            assert await successor.column("SELECT count(*) FROM request") == [0]


async def test_a_statement_that_takes_too_long_is_a_fault_of_the_moment(url: str) -> None:
    database = await Database.open(url, 0.2)

    with pytest.raises(TemporaryFault, match="statement timeout"):
        await database.transact(lambda transaction: execute(transaction, "SELECT pg_sleep(10)"))

    assert await database.transact(lambda transaction: transaction.rows(OPEN_BOOKS)) == []
    await database.close()


async def test_a_server_killed_and_started_again_is_found_again(
    url: str, postgresql: Server, container: Container
) -> None:
    await container.allow(NUMBER)
    assert isinstance(await handle(container, container.request()), Committed)

    await asyncio.to_thread(postgresql.kill)
    away = [await handle(container, container.request(key=b"away")) for _ in range(2)]
    await asyncio.to_thread(postgresql.start)
    back = await handle(container, container.request(key=b"back"))

    assert all(isinstance(one, Temporary) for one in away)
    assert isinstance(back, Committed)
    assert await container.column("SELECT key FROM request ORDER BY id") == [b"key", b"back"]


@pytest.mark.parametrize("has_record", [True, False], ids=["with a record", "without one"])
async def test_two_processes_decide_for_one_citizen_one_after_the_other(
    url: str, clock: FakeClock, signer: Signer, has_record: bool
) -> None:
    async with opened(url, clock, signer) as one, opened(url, clock, signer) as other:
        if has_record:
            await one.allow(NUMBER)
        deciding, go_on = threading.Event(), threading.Event()

        def slowly(_answer: object) -> str:
            deciding.set()
            assert go_on.wait(PATIENCE_S)
            return "text"

        one.texts = slowly
        first = asyncio.create_task(one.desk.handle(one.request(key=b"one")))
        await until(deciding.is_set)
        second = asyncio.create_task(other.desk.handle(other.request(key=b"other")))
        served_by_others = await can_look(url)
        waited = not second.done()
        go_on.set()
        outcomes = [await first, await second]

        assert waited
        assert served_by_others
        assert [bool(answer_of(outcome).ended) for outcome in outcomes] == [has_record, False]
        bodies = await one.column("SELECT body FROM ledger ORDER BY book, entry")
        acts = [orjson.loads(body)["acts"][0] for body in bodies]
        assert [act["after"] != act["before"] for act in acts] == [True, False]
        assert acts[1]["before"] == acts[0]["after"]
        assert await one.column("SELECT count(DISTINCT receipt) FROM request") == [2]


async def can_look(url: str) -> bool:
    """Whether what concerns nobody of those who wait can be read meanwhile."""
    async with asyncio.timeout(PATIENCE_S):
        looker = Looker(url, 5)
        found = await looker.look(lambda transaction: transaction.rows(OPEN_BOOKS))
        await looker.close()
    return len(found) == 2


def answer_of(outcome: object) -> RetAnswer:
    assert isinstance(outcome, Committed)
    assert isinstance(outcome.answer, RetAnswer)
    return outcome.answer


async def test_what_another_process_leases_at_this_moment_is_left_to_it(url: str) -> None:
    one, other = await Database.open(url, 5), await Database.open(url, 5)
    rows = [row(number, None, "+905321234567", "text", "a", Instant(0)) for number in range(1, 6)]
    await one.transact(lambda transaction: transaction.run_many(ADD_OUTBOX, rows))
    leased, go_on = threading.Event(), threading.Event()

    def lease(transaction: Transaction, limit: int, sender: int) -> list[int]:
        given = {"first_class": 0, "last_class": 2, "keys": "[]", "due": 1, "lease": 100}
        return sorted(r[0] for r in transaction.rows(LEASE, **given, limit=limit, by_sender=sender))

    def lease_and_wait(transaction: Transaction) -> list[int]:
        found = lease(transaction, 2, 1)
        leased.set()
        assert go_on.wait(PATIENCE_S)
        return found

    first = asyncio.create_task(one.transact(lease_and_wait))
    await until(leased.is_set)
    async with asyncio.timeout(PATIENCE_S):
        second = await other.transact(lambda transaction: lease(transaction, 9, 2))
    go_on.set()

    assert await first == [1, 2]
    assert second == [3, 4, 5]
    await one.close()
    await other.close()


async def test_looks_do_not_wait_for_each_other(url: str) -> None:
    looker = Looker(url, 5, connections=2)
    both = threading.Barrier(2, timeout=PATIENCE_S)

    def look(transaction: Transaction) -> int:
        transaction.rows(OPEN_BOOKS)
        return both.wait()

    assert sorted(await asyncio.gather(looker.look(look), looker.look(look))) == [0, 1]
    await looker.close()


ONLY_HERE: Final = ("consent_imported", "import_log_created", "request_decided")


def is_in_schema(name: str | None, kind: str, _parents: object) -> bool:
    """Parts of a divided table, and indexes for what SQLite reads whole, are PostgreSQL's alone."""
    return not (kind == "table" and re.fullmatch(r".*_\d\d", name or "")) and name not in ONLY_HERE


def test_the_migrations_make_the_tables_of_the_schema(url: str) -> None:
    async def compare() -> object:
        dsn = url.replace("+asyncpg", "")
        engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn))
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(
                    lambda sync: compare_metadata(
                        MigrationContext.configure(sync, opts={"include_name": is_in_schema}), metadata
                    )
                )
        finally:
            await engine.dispose()

    assert asyncio.run(compare()) == []


async def test_an_upgrade_gives_up_where_it_would_make_everybody_wait(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.postgresql.engine._LOCK_S", 1)
    url = postgresql.url("upgraded")
    with monkeypatch.context() as then:
        then.setattr(versions, "migrate", partial(versions.migrate, revision="0006"))
        await asyncio.to_thread(upgrade, url)
    reader = await asyncpg.connect(url.replace("+asyncpg", ""))
    await reader.execute("BEGIN; LOCK TABLE consent IN ACCESS SHARE MODE")

    with pytest.raises(TemporaryFault, match=r"^database: canceling statement due to lock timeout$"):
        await asyncio.to_thread(upgrade, url)
    version = await reader.fetchval("SELECT version_num FROM alembic_version")
    await reader.close()
    await asyncio.to_thread(upgrade, url)

    assert version == "0006"
    await (await Database.open(url, 5)).close()
