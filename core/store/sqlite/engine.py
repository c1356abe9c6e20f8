"""SQLite, the embedded default: one file."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url

from core.store import versions
from core.store.connection import DatabaseConnection, Engine
from core.store.errors import DatabaseMissing, DatabaseOlder, TemporaryFault
from core.store.sqlite.connection import SqliteConnection
from core.store.sqlite.locks import FileLocks
from core.store.wake import Wake

_STATEMENTS_CACHED: Final = 128
_CACHE_KIB: Final = 65_536
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA cache_size=-{_CACHE_KIB}",
)


class SqliteEngine(Engine):
    """The file of a `sqlite+aiosqlite:///…` URL. `busy_timeout_s` is how long it waits for another process's lock."""

    def __init__(self, url: str, busy_timeout_s: float) -> None:
        self.path = Path(make_url(url).database or "")
        self._busy_timeout_s = busy_timeout_s

    def connect(self) -> SqliteConnection:
        raw = sqlite3.connect(
            self.path,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            cached_statements=_STATEMENTS_CACHED,
            check_same_thread=False,  # one thread at a time: it is opened in one and used in another
        )
        try:
            for pragma in _PRAGMAS:
                raw.execute(pragma)
        except sqlite3.DatabaseError as error:
            raw.close()
            raise TemporaryFault(f"database: {self.path}: {error}") from error
        # IMMEDIATE: a transaction that reads first and writes later could otherwise fail in its middle, when another
        # process wrote in between.
        return SqliteConnection(raw, "BEGIN IMMEDIATE")

    def connect_read_only(self) -> SqliteConnection:
        uri = f"file:{quote(str(self.path.absolute()))}?mode=ro"
        try:
            raw = sqlite3.connect(
                uri, uri=True, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False
            )
        except sqlite3.DatabaseError as error:
            raise TemporaryFault(f"database: {self.path}: {error}") from error
        # Text that is no UTF-8 any more was damaged: it has to be found and named, not to stop the finding.
        raw.text_factory = lambda octets: octets.decode(errors="replace")
        return SqliteConnection(raw, "BEGIN")

    def book_locks(self, connection: DatabaseConnection) -> FileLocks:  # noqa: ARG002  # the file beside it is enough
        return FileLocks(self.path)

    async def listen(self, heard: Callable[[Wake], None]) -> None:
        """Nobody tells anything here: one machine, few processes, each looks every second."""

    def check_version(self) -> None:
        if not self.path.exists():
            raise DatabaseMissing(f"database: {self.path} does not exist; run: izinhatti db upgrade")
        try:
            with closing(sqlite3.connect(self.path, timeout=self._busy_timeout_s)) as raw:
                is_there = raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchone()
                found = raw.execute("SELECT version_num FROM alembic_version").fetchone() if is_there else None
        except sqlite3.DatabaseError as error:
            raise TemporaryFault(f"database: {self.path}: {error}") from error
        versions.compare(str(self.path), found[0] if found else None)

    def upgrade(self) -> None:
        if self.path.exists():
            with suppress(DatabaseMissing, DatabaseOlder):  # exactly what an upgrade mends
                self.check_version()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # The driver by itself begins no transaction before it changes tables: an upgrade that ended in its middle would
        # leave half of it.
        engine = create_engine(f"sqlite:///{self.path}", connect_args={"isolation_level": None})
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        try:
            with engine.begin() as connection:
                versions.migrate(connection)
        finally:
            engine.dispose()
