"""A database that has grown is upgraded with all that it holds."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core.store.database import upgrade
from core.store.reading import reading
from core.store.versions import migrate
from tests.container import execute
from tests.postgresql import Server

ALI, VELI = "+905320000001", "ali@örnek.example"

OLD: Final[dict[str, list[dict[str, object]]]] = {
    "consent": [
        {
            "recipient": who,
            "brand_code": "600100",
            "type": kind,
            "recipient_type": "BIREYSEL",
            "status": status,
            "source": "HS_WEB",
            "consent_at": 1_773_136_800_000,
            "refused_at": refused_at,
            "receipt": receipt,
        }
        for who, kind, status, refused_at, receipt in (
            (ALI, "MESAJ", "ONAY", None, None),
            (ALI, "ARAMA", "RET", 1_773_136_800_001, "K7M4Q2XS"),
            (VELI, "EPOSTA", "ONAY", None, None),
        )
    ],
    "taken": [
        {
            "recipient": ALI,
            "brand_code": "600100",
            "type": "MESAJ",
            "recipient_type": "BIREYSEL",
            "consent_at": at,
            "status": "ONAY",
        }
        for at in (1_773_136_700_000, 1_773_136_800_000)
    ],
    "objection": [
        {"recipient": ALI, "brand_code": "600101", "type": "MESAJ", "source": "IYS_CM", "at": 7, "receipt": "A000001X"}
    ],
    "talk": [{"recipient": ALI, "state": '{"a":"ğ"}', "changed_at": 8}],
    "request": [
        {
            "id": number,
            "recipient": who,
            "door": "sms",
            "origin": "a",
            "link": 1,
            "key": b"k\0",
            "received_at": 1,
            "decided_at": 2,
            "registered_at": 3,
            "registry_id": None,
            "outcome": "ret",
            "receipt": receipt,
            "entry": 4,
            "salt": b"s",
            "raw_hash": b"h",
            "repeat_of": None,
            "review": review,
        }
        for number, who, receipt, review in (
            ((5 << 40) + 1, ALI, "K7M4Q2XS", None),
            ((5 << 40) + 2, None, "B000001X", "open"),
            ((5 << 40) + 3, VELI, None, None),
        )
    ],
    "raw": [
        {"request": (5 << 40) + number, "octets": b"\xff", "text": text} for number, text in ((1, "İPTAL"), (2, None))
    ],
    "receipt": [
        {"receipt": receipt, "request": (5 << 40) + number} for number, receipt in ((1, "K7M4Q2XS"), (2, "B000001X"))
    ],
}
"""Rows of version 0006; a request of nobody has an answer's receipt all the same."""


LATER: Final = {"taken": "import_log", "talk": "conversation"}


def rows_after() -> dict[str, list[dict[str, object]]]:
    """The same rows as 0007 has them: it names the recipient wherever it is known, and '' where it is not."""
    whose = {row["id"]: row["recipient"] or "" for row in OLD["request"]}
    named = {"raw": "request", "receipt": "request", "request": "id"}
    after = {table: [dict(row) for row in rows] for table, rows in OLD.items()}
    for table, column in named.items():
        for row in after[table]:
            row["recipient"] = whose[row[column]]
    for row in after["taken"]:
        row |= {"source": None, "created_at": None}
    for row in after["request"]:  # and 0012 by their later names
        row["connection"] = row.pop("link")
    return {LATER.get(table, table): rows for table, rows in after.items()}


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of version 0006 that holds `OLD`."""
    if request.param == "sqlite":
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'old.db'}")
        with engine.begin() as connection:
            _fill(connection)
        engine.dispose()
        yield f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    asyncio.run(_on_server(server, "CREATE DATABASE old"))
    url = server.url("old")
    asyncio.run(_fill_on_server(url))
    yield url
    asyncio.run(_on_server(server, "DROP DATABASE old WITH (FORCE)"))


def _fill(connection: sa.Connection) -> None:
    migrate(connection, "0006")
    for name, rows in OLD.items():
        table = sa.table(name, *map(sa.column, rows[0]))
        for row in rows:
            connection.execute(sa.insert(table).values(row))


async def _on_server(server: Server, sql: str) -> None:
    session = await asyncpg.connect(_dsn(server.url("postgres")))
    await session.execute(sql)
    await session.close()


async def _fill_on_server(url: str) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(_dsn(url)), poolclass=NullPool
    )
    async with engine.begin() as connection:
        await connection.run_sync(_fill)
    await engine.dispose()


def _dsn(url: str) -> str:
    return url.replace("+asyncpg", "")


def _held(url: str) -> dict[str, list[dict[str, Any]]]:
    found = {}
    with reading(url, 5) as transaction:
        for name, rows in rows_after().items():
            columns = list(rows[0])
            held = execute(transaction, f"SELECT {', '.join(columns)} FROM {name}")
            found[name] = [dict(zip(columns, row, strict=True)) for row in held]
    return found


def _sorted(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {name: sorted(repr(sorted(row.items())) for row in held) for name, held in rows.items()}


def test_the_division_by_recipient_keeps_every_row(old: str) -> None:
    upgrade(old)

    assert _sorted(_held(old)) == _sorted(rows_after())
