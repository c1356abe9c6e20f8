"""A database of version 0011, in the middle of conversations: upgraded, each goes on where it stood.

`version_0011.sql` was written by that version: a list, a code, RET HEPSİ and a report are open, one part of a long
message waits, answers wait to be sent, and the process that wrote it died with its connection open.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core.conversation.answers import Answer, OnayDone, RetAllDone, RetAnswer, Unspoken
from core.conversation.requests import Segment
from core.domain.clock import Instant
from core.domain.recipients import Msisdn
from core.ledger.anchors import Signer
from core.store.database import upgrade
from core.store.versions import migrate
from sms.reader.read import read
from sms.texts.render import render
from tests.container import NO_LIMITS, Container, FakeClock, opened
from tests.core.conversation.decisions.scenes import DIRECTORY
from tests.core.intake.citizen import Citizen, furnish
from tests.postgresql import Server

DUMP: Final = Path(__file__).with_name("version_0011.sql")
DUMPED_AT: Final = Instant(1_795_431_907_000)
CODE: Final = "179307"


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of the upgraded database."""
    path = tmp_path / "before.db"
    with closing(sqlite3.connect(path)) as before:
        before.executescript(DUMP.read_text("utf-8"))
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{path}"
        upgrade(url)
        yield url
        return
    server: Server = request.getfixturevalue("postgresql")
    url = asyncio.run(_on_postgresql(server, path))
    upgrade(url)
    yield url
    asyncio.run(_run(server, "DROP DATABASE before WITH (FORCE)"))


@pytest.fixture
async def went_on(upgraded: str, signer: Signer) -> AsyncIterator[Container]:
    """A process of this version, some seconds later."""
    clock = FakeClock()
    clock.pass_ms(DUMPED_AT + 5000 - clock.now)
    async with opened(upgraded, clock, signer) as container:
        yield furnish(container, NO_LIMITS, render)


async def _on_postgresql(server: Server, path: Path) -> str:
    await _run(server, "CREATE DATABASE before")
    url = server.url("before")
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(_dsn(url)), poolclass=NullPool
    )
    async with engine.begin() as connection:
        await connection.run_sync(_copy, path)
    await engine.dispose()
    return url


def _copy(target: sa.Connection, path: Path) -> None:
    migrate(target, "0011")
    source = sa.create_engine(f"sqlite:///{path}")
    held, wanted = sa.MetaData(), sa.MetaData()
    held.reflect(source)
    wanted.reflect(target)
    with source.connect() as connection:
        for name, table in held.tables.items():
            rows = [dict(row._mapping) for row in connection.execute(sa.select(table))]
            if rows and name != "alembic_version":
                target.execute(sa.insert(wanted.tables[name]), rows)
    target.execute(sa.text("SELECT setval('book_id_seq', (SELECT max(id) FROM book))"))
    source.dispose()


async def _run(server: Server, sql: str) -> None:
    session = await asyncpg.connect(_dsn(server.url("postgres")))
    await session.execute(sql)
    await session.close()


def _dsn(url: str) -> str:
    return url.replace("+asyncpg", "")


async def says(container: Container, number: int, text: str) -> Answer | Unspoken:
    container.clock.pass_ms(1000)
    return await Citizen(container, Msisdn.parse(f"+90532000000{number}")).say(read(text, DIRECTORY).intent, text)


async def test_every_conversation_goes_on_where_it_stood(went_on: Container) -> None:
    chosen = await says(went_on, 1, "2")
    assert isinstance(chosen, RetAnswer)
    assert chosen.brand.code == "600102"

    assert isinstance(await says(went_on, 3, CODE), OnayDone)

    everything = await says(went_on, 4, "EVET")
    assert isinstance(everything, RetAllDone)

    await says(went_on, 5, "dün 17.30'da iki kere aradılar, numarası 0212 000 00 00")
    assert await went_on.column("SELECT state FROM complaint") == ["open"]

    segment = Segment(7, 2, 2, b"MIGROS", lambda octets: read(b"".join(octets).decode(), DIRECTORY))
    whole = await Citizen(went_on, Msisdn.parse("+905320000006")).say(segment, None)
    assert isinstance(whole, RetAnswer)


async def test_what_the_dead_process_left_is_taken_over(went_on: Container) -> None:
    assert await went_on.column("SELECT count(*) FROM connection WHERE closed_at IS NULL") == [0]
    assert await went_on.column("SELECT count(*) FROM outbox WHERE state = 'ready'") == [6]
    assert await went_on.column("SELECT count(*) FROM book WHERE closed_at IS NULL") == [1]
