"""deploy/postgresql/roles.sql on a real server: each role can do what its work needs, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from core.store.database import upgrade
from core.store.queries import books, retention, seals
from core.store.query import Query
from core.store.schema import PARTITIONED, metadata
from sms.smpp.simulator import Simulator
from tests.core.store.test_queries import QUERIES
from tests.postgresql import Server
from tests.system.doors import Line

SCRIPT: Final = Path(__file__).parents[2] / "deploy/postgresql/roles.sql"
NUMBER: Final = "+905320000001"
MIGROS: Final = "600100,MIGROS,MIGROS,500100,Migros Örnek A.Ş."
CONSENT: Final = f"{NUMBER},MESAJ,ONAY,HS_WEB,2026-01-02 03:04:05,BIREYSEL,600100"
LIMIT_S: Final = 30.0
PROVEN: Final = ("ledger", "anchor", "request", "raw", "receipt")
"""What nobody but the owner changes, and only retention deletes, if anybody."""


@pytest.fixture(scope="module")
def url(postgresql: Server) -> str:
    """Of a database with its roles; that of a superuser."""
    url = postgresql.url("roles")
    upgrade(url)
    for _ in range(2):
        run_script(postgresql)
    return url


@asynccontextmanager
async def session_of(url: str, role: str) -> AsyncIterator[asyncpg.Connection]:
    session = await asyncpg.connect(as_role(url, role).replace("+asyncpg", ""))
    try:
        yield session
    finally:
        await session.close()


def as_role(url: str, role: str) -> str:
    return url.replace("postgres@", f"izinhatti_{role}@")


async def is_refused(session: asyncpg.Connection, sql: str) -> bool:
    """Whether the server says 42501, insufficient_privilege; any other fault is the test's."""
    transaction = session.transaction()
    await transaction.start()
    try:
        await session.execute(sql)
    except asyncpg.InsufficientPrivilegeError:
        return True
    finally:
        await transaction.rollback()
    return False


REFUSED: Final = {
    "service": {
        *("PUT_BRAND", "CLOSE_BRAND", "IMPORT_LOG_OF_BRAND", "PUT_NOTICE", "RESOLVE_REVIEW"),
        *("IMPORT_LOG_WITHIN", "TEXTS_OF_COMPLAINT", "SET_COMPLAINT"),
    },
    "clerk": {
        *(
            "ADD_CONNECTION",
            "DROP_REDELIVERY",
            "DROP_EXPIRED_REDELIVERIES",
            "ADD_TOKEN",
            "NOTICE_OF_TOKEN",
            "ADD_SEGMENT",
        ),
        *("ADD_COMPLAINT", "ADD_COMPLAINT_TEXT"),
    },
}
"""The program's statements, but for those of retention, that a role cannot run: those that its commands never run."""
OF_RETENTION: Final = {name for name, query in vars(retention).items() if isinstance(query, Query)}
RETENTION_RUNS: Final = {*OF_RETENTION, "PUT_CONVERSATION", "CONVERSATIONS_OF"} | {
    name for module in (books, seals) for name, query in vars(module).items() if isinstance(query, Query)
}


@pytest.mark.parametrize("role", REFUSED)
async def test_a_role_can_run_the_statements_of_its_work_and_no_others(url: str, role: str) -> None:
    refused = await refused_of(url, role, QUERIES.keys() - OF_RETENTION)

    assert sorted(refused) == sorted(REFUSED[role])


async def test_retention_can_run_its_statements(url: str) -> None:
    assert await refused_of(url, "retention", RETENTION_RUNS) == []


async def refused_of(url: str, role: str, names: Iterable[str]) -> list[str]:
    async with session_of(url, role) as session:
        # What is only explained is checked all the same, and needs no values.
        explained = {name: f"EXPLAIN (GENERIC_PLAN) {QUERIES[name].postgresql.sql}" for name in names}
        return [name for name, sql in explained.items() if await is_refused(session, sql)]


FORBIDDEN: Final = [
    *((role, f"UPDATE {name} SET {column} = {column}") for role in ("service", "clerk", "retention")
      for name, column in (("ledger", "body"), ("anchor", "hash"), ("raw", "octets"), ("receipt", "request"),
                           ("request", "outcome"), ("book", "opened_at"), ("consent", "status"))
      if (role, name) not in {("service", "consent"), ("clerk", "consent")}),
    *((role, f"DELETE FROM {name}") for role in ("service", "clerk") for name in (*PROVEN, "consent", "outbox")),
    *(("retention", f"DELETE FROM {name}") for name in ("ledger", "anchor", "consent", "objection", "book", "brand")),
    *((role, f"TRUNCATE {name}") for role in ("service", "clerk", "retention") for name in (*PROVEN, "outbox")),
    *((role, f"SELECT FROM {name}_00") for role in ("service", "clerk", "retention") for name in PARTITIONED),
    *((role, f"DELETE FROM {name}_07") for role in ("service", "clerk", "retention") for name in ("request", "raw")),
    *(("monitor", f'SELECT FROM public."{name}"') for name in metadata.tables),
    ("service", "UPDATE request SET review = 'resolved'"),
    ("retention", "UPDATE request SET review = 'resolved'"),
    ("service", "UPDATE brand SET name = ''"),
    *((role, sql) for role in ("service", "clerk", "retention", "monitor") for sql in (
        "CREATE TABLE public.mine ()", "CREATE TEMPORARY TABLE mine ()", "CREATE SCHEMA mine",
        "DROP TABLE public.ledger", "ALTER TABLE public.ledger DISABLE TRIGGER ALL", "SET ROLE izinhatti_owner",
        "CREATE ROLE mine",
        "UPDATE public.alembic_version SET version_num = ''", "COPY public.brand TO PROGRAM 'cat'",
    )),
]  # fmt: skip


@pytest.mark.parametrize("role", ["service", "clerk", "retention", "monitor"])
async def test_what_a_role_must_not_do_is_refused(url: str, role: str) -> None:
    statements = [sql for who, sql in FORBIDDEN if who == role]
    async with session_of(url, role) as session:
        done = [sql for sql in statements if not await is_refused(session, sql)]

    assert statements
    assert done == []


DELETED: Final = (
    *("raw", "request", "receipt", "import_log", "conversation", "token", "redelivery", "segment", "outbox", "notice"),
    *("complaint", "complaint_text", "connection"),
)


async def test_retention_may_delete_what_is_over_and_no_more(url: str) -> None:
    async with session_of(url, "retention") as session:
        can = [name for name in metadata.tables if not await is_refused(session, f'DELETE FROM "{name}" WHERE false')]

    assert sorted(can) == sorted(DELETED)


async def test_nobody_else_comes_in(url: str) -> None:
    async with session_of(url, "service") as session:
        grants = await session.fetchval(
            "SELECT count(*) FROM pg_class, aclexplode(relacl) AS granted"
            " WHERE relnamespace = 'public'::regnamespace AND grantee = 0"
        )
        rights = [
            await session.fetchval(f"SELECT has_database_privilege('pg_database_owner', current_database(), '{right}')")
            for right in ("CONNECT", "TEMPORARY", "CREATE")
        ]
        owners = await session.fetch(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        )

    assert grants == 0
    assert rights == [False, False, False]
    assert [owner for (owner,) in owners] == ["izinhatti_owner"]


@pytest.mark.parametrize(
    ("role", "limits"),
    [
        pytest.param("owner", ("0", "5s", "1min"), id="owner"),
        pytest.param("service", ("5s", "4s", "5s"), id="service"),
        pytest.param("clerk", ("1min", "4s", "10s"), id="clerk"),
        pytest.param("retention", ("1min", "1s", "10s"), id="retention"),
        pytest.param("monitor", ("10s", "1s", "10s"), id="monitor"),
    ],
)
async def test_whoever_comes_by_psql_has_limits(url: str, role: str, limits: tuple[str, ...]) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    async with session_of(url, role) as session:
        found = tuple([await session.fetchval(f"SHOW {name}") for name in names])

    assert found == limits


async def test_the_monitor_sees_other_sessions(url: str) -> None:
    async with session_of(url, "service"), session_of(url, "monitor") as session:
        seen = await session.fetch("SELECT query FROM pg_stat_activity WHERE usename = 'izinhatti_service'")

    assert "<insufficient privilege>" not in {query for (query,) in seen}
    assert seen


async def test_a_later_table_is_nobodys_until_the_script_knows_it(url: str, postgresql: Server) -> None:
    async with session_of(url, "owner") as owner, session_of(url, "service") as service:
        await owner.execute("CREATE TABLE later ()")
        refused = await is_refused(service, "SELECT FROM later")
        with pytest.raises(AssertionError, match="does not know who may do what with: later"):
            await asyncio.to_thread(run_script, postgresql)
        await owner.execute("DROP TABLE later")

    assert refused


def run_script(postgresql: Server) -> None:
    with SCRIPT.open("rb") as script:
        postgresql.call("psql", "-d", "roles", stdin=script)


async def test_the_line_works_by_its_roles(url: str, tmp_path: Path) -> None:
    """`db upgrade` as the owner, `serve` as the service, `retention run` as its own, all else as the clerk."""
    simulator = Simulator()
    port, texts = await simulator.start("127.0.0.1"), list[str]()
    simulator.on_text = lambda _number, text: texts.append(text)
    roles = ("owner", "service", "clerk", "retention")
    owner, service, clerk, sweeper = (Line(tmp_path, as_role(url, role), role) for role in roles)
    await owner.command("db", "upgrade")
    await clerk.take("brands", MIGROS)
    await clerk.take("consents", CONSENT)

    async with service.sms("sms", port) as sms:
        await sms.until_missing()
        assert await simulator.deliver(NUMBER, "RET MIGROS", dest="3338") == 0
        await until_count(texts, 1)
        assert await simulator.deliver(NUMBER, "ŞİKAYET MIGROS", dest="3338") == 0
        await until_count(texts, 2)
        reports = await clerk.command("complaints", "list")
        await clerk.command("complaints", "close", reports.split()[0], "--outcome", "Gönderen uyarıldı.")
        await until_count(texts, 3)
        lines = await clerk.command("lines", "close", NUMBER)
        await sweeper.command("retention", "run")
        ended = await sms.stop()
    await simulator.stop()

    assert "izniniz kaldırıldı" in texts[0]
    assert "Gönderen uyarıldı." in texts[2]
    assert lines.startswith("ended=")
    assert ended == 0
    await clerk.command("evidence", "show", lines.rpartition("receipt=")[2])
    await clerk.command("movements", "export", "--day", "2026-01-02", "movements.csv")
    await clerk.command("ledger", "verify")


async def until_count(texts: list[str], count: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while len(texts) < count:  # noqa: ASYNC110  # the simulator raises no event here
            await asyncio.sleep(0.02)
