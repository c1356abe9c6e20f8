"""Upgrades of PostgreSQL that end in their middle, by the program's death or the server's: nothing is half done, and
the next run goes through. Each migration there is, is interrupted, in a normal run in one of the two ways."""

import asyncio
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

import asyncpg
import pytest
import sqlalchemy
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from core.store.database import upgrade
from core.store.errors import TemporaryFault
from core.store.versions import alembic_config, migrate
from tests.postgresql import Server
from tests.system.launcher import context

SEED: Final = 7
PATIENCE_S: Final = 30.0
NAME: Final = "interrupted"
REVISIONS: Final = tuple(
    reversed([one.revision for one in ScriptDirectory.from_config(alembic_config()).walk_revisions()])
)
ROW: Final = (
    "INSERT INTO consent VALUES ('+905321234567', '600100', 'MESAJ', 'BIREYSEL', 'ONAY', 'HS_WEB', 1, NULL, NULL)"
)
# Every column, key and index, but for the note of the version.
SHAPE: Final = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes
WHERE schemaname = 'public' AND tablename <> 'alembic_version'
ORDER BY 1, 2
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "revision" in metafunc.fixturenames:
        newest_first = REVISIONS[::-1]
        some = newest_first[::2] if "program" in metafunc.definition.name else newest_first[1::2]
        metafunc.parametrize("revision", REVISIONS if metafunc.config.getoption("--long") else some)


class Stage(NamedTuple):
    """What a database is at one version; None before the first."""

    version: str | None
    shape: list[tuple[Any, ...]]


def found(server: Server) -> Stage:
    """What the interrupted upgrade left, once its session has ended."""

    async def look() -> Stage:
        session = await asyncpg.connect(dsn_of(server))
        async with asyncio.timeout(PATIENCE_S):
            others = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
            while await session.fetchval(others, NAME):  # noqa: ASYNC110  # raises no event
                await asyncio.sleep(0.01)
        version = None
        if await session.fetchval("SELECT to_regclass('alembic_version')"):
            version = await session.fetchval("SELECT version_num FROM alembic_version")
        shape = [tuple(row) for row in await session.fetch(SHAPE)]
        await session.close()
        return Stage(version, shape)

    return asyncio.run(look())


def consents(server: Server) -> list[str]:
    async def look() -> list[str]:
        session = await asyncpg.connect(dsn_of(server))
        rows = await session.fetch("SELECT recipient FROM consent")
        await session.close()
        return [recipient for (recipient,) in rows]

    return asyncio.run(look())


def dsn_of(server: Server) -> str:
    return server.url(NAME).replace("+asyncpg", "")


def on_statement(see: Callable[[str], None]) -> Callable[..., None]:
    """Show each statement of every engine to a function, before it is executed."""

    def before(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        see(statement)

    event.listen(sqlalchemy.Engine, "before_cursor_execute", before)
    return before


def at_statement(number: int, act: Callable[[], None]) -> Callable[..., None]:
    seen = 0

    def see(_statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            act()

    return on_statement(see)


def upgrade_and_die(url: str, number: int) -> None:
    at_statement(number, lambda: os.kill(os.getpid(), signal.SIGKILL))
    upgrade(url)


@pytest.fixture(scope="module")
def database(postgresql: Server) -> Iterator[Callable[[], str]]:
    """Makes the name of a database free, and is called again for each test."""

    def drop() -> str:
        postgresql._execute("postgres", f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        return postgresql.url(NAME)

    yield drop
    drop()


@pytest.fixture(scope="module")
def stages(postgresql: Server, database: Callable[[], str]) -> dict[str | None, Stage]:
    """What a database is at each version when nothing goes wrong."""
    database()
    postgresql._execute("postgres", f"CREATE DATABASE {NAME}")
    at: dict[str | None, Stage] = {None: found(postgresql)}

    async def step(revision: str) -> None:
        engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn_of(postgresql)))
        async with engine.begin() as connection:
            await connection.run_sync(migrate, revision)
        await engine.dispose()

    for revision in REVISIONS:
        asyncio.run(step(revision))
        at[revision] = found(postgresql)
    return at


@pytest.fixture(scope="module")
def ends(database: Callable[[], str]) -> list[int]:
    """By how many statements each migration has ended, the first at position 1; before it are those that prepare."""
    statements: list[str] = []
    seeing = on_statement(statements.append)
    try:
        upgrade(database())
    finally:
        event.remove(sqlalchemy.Engine, "before_cursor_execute", seeing)
    noted = [
        number for number, sql in enumerate(statements, 1) if sql.startswith(("INSERT INTO alembic", "UPDATE ale"))
    ]
    assert len(noted) == len(REVISIONS)
    first = next(number for number, sql in enumerate(statements, 1) if sql.lstrip().startswith("CREATE TABLE brand"))
    return [first, *noted]


def middle_of(revision: str, ends: list[int]) -> int:
    """A statement of this migration that is not its first."""
    begin, end = list(pairwise(ends))[REVISIONS.index(revision)]
    return random.Random(f"{SEED} {revision}").randint(begin + 1, end)


def before(revision: str) -> str | None:
    return (None, *REVISIONS)[REVISIONS.index(revision)]


def check_again(server: Server, stages: dict[str | None, Stage], revision: str) -> None:
    """What stands is the version before, whole; run again, the upgrade goes through and keeps what was there."""
    assert found(server) == stages[before(revision)]
    if before(revision) is not None:
        server._execute(NAME, ROW)
        server._leave(NAME)

    upgrade(server.url(NAME))

    assert found(server) == stages[REVISIONS[-1]]
    assert consents(server) == ["+905321234567"] * (before(revision) is not None)


def test_the_program_killed_in_the_middle_of_an_upgrade(
    postgresql: Server, database: Callable[[], str], stages: dict[str | None, Stage], ends: list[int], revision: str
) -> None:
    process = context().Process(target=upgrade_and_die, args=(database(), middle_of(revision, ends)))
    process.start()
    process.join(PATIENCE_S)

    assert process.exitcode == -signal.SIGKILL
    check_again(postgresql, stages, revision)


def test_the_server_killed_in_the_middle_of_an_upgrade(
    postgresql: Server, database: Callable[[], str], stages: dict[str | None, Stage], ends: list[int], revision: str
) -> None:
    def kill() -> None:
        killing = threading.Thread(target=postgresql.kill)  # which runs a loop of its own
        killing.start()
        killing.join(PATIENCE_S)

    url = database()
    killer = at_statement(middle_of(revision, ends), kill)
    try:
        with pytest.raises(TemporaryFault):
            upgrade(url)
    finally:
        event.remove(sqlalchemy.Engine, "before_cursor_execute", killer)
        postgresql.start()

    check_again(postgresql, stages, revision)
