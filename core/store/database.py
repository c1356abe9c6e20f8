"""The database: where it is, whether its version is ours, and the thread in which all of its work is done."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import aiosqlite
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from core.store.errors import DatabaseMissing, DatabaseNewer, DatabaseOlder, TemporaryFault
from core.store.transaction import Transaction

T = TypeVar("T")

_STATEMENTS_CACHED: Final = 128
_CACHE_KIB: Final = 65_536
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA cache_size=-{_CACHE_KIB}",
)


class Database:
    """One SQLite file. Functions given to `transact` run one at a time, in one thread, each in one transaction."""

    def __init__(self, path: Path, connection: aiosqlite.Connection, raw: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._raw = raw

    @classmethod
    async def open(cls, url: str, busy_timeout_s: float) -> "Database":
        """Open a database of this program's version; `busy_timeout_s` is how long it waits for another process's lock.

        Raises `DatabaseMissing`, `DatabaseOlder`, `DatabaseNewer`, `TemporaryFault` where the file cannot be read.
        """
        path = sqlite_path(url)
        await asyncio.to_thread(check_version, path)
        opened: list[sqlite3.Connection] = []

        def connect() -> sqlite3.Connection:
            raw = sqlite3.connect(
                path, timeout=busy_timeout_s, isolation_level=None, cached_statements=_STATEMENTS_CACHED
            )
            for pragma in _PRAGMAS:
                raw.execute(pragma)
            opened.append(raw)
            return raw

        connection = await aiosqlite.Connection(connect, iter_chunk_size=64)
        return cls(path, connection, opened[0])

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run the work in one transaction and commit it.

        Raises `TemporaryFault` or `DataFault` after a roll-back, and whatever else the work raises.
        """
        # aiosqlite has no public call that runs a whole function in its thread; a hop for each statement would cost
        # more than the statements.
        return await self._connection._execute(_transact, self._raw, work)  # type: ignore[no-any-return, no-untyped-call]

    async def close(self) -> None:
        await self._connection.close()


def sqlite_path(url: str) -> Path:
    """The file of a `sqlite+aiosqlite:///…` URL."""
    return Path(make_url(url).database or "")


def upgrade(url: str) -> None:
    """Create the database or migrate it to this version. Raises `DatabaseNewer`, `TemporaryFault`."""
    path = sqlite_path(url)
    if path.exists():
        with suppress(DatabaseMissing, DatabaseOlder):  # exactly what an upgrade mends
            check_version(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(_alembic(path), "head")


def _transact(raw: sqlite3.Connection, work: Callable[[Transaction], T]) -> T:
    transaction = Transaction(raw)
    try:
        transaction.begin()
        result = work(transaction)
        transaction.commit()
    except BaseException:
        transaction.roll_back()
        raise
    return result


def _alembic(path: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{path}".replace("%", "%%"))
    return config


def check_version(path: Path) -> None:
    if not path.exists():
        raise DatabaseMissing(f"database: {path} does not exist; run: izinhatti db upgrade")
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise TemporaryFault(f"database: {path}: {error.orig}") from error
    finally:
        engine.dispose()
    script = ScriptDirectory.from_config(_alembic(path))
    if found is None:
        raise DatabaseMissing(f"database: {path} has no tables; run: izinhatti db upgrade")
    if found == script.get_current_head():
        return
    if found in {revision.revision for revision in script.walk_revisions()}:
        raise DatabaseOlder(f"database: {path} is of the older version {found}; run: izinhatti db upgrade")
    raise DatabaseNewer(f"database: {path} is of version {found}, which this program does not know")
