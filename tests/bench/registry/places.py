"""The databases that are measured: where one is, how it is filled fast, and what it holds."""

import os
import re
import sqlite3
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import IO, Final, NamedTuple

from core.store.database import upgrade
from core.store.queries.brands import PUT_BRAND
from core.store.queries.consents import PUT_CONSENT
from tests.bench.registry.machine import cpu_s
from tests.bench.registry.population import FILL, PER_CITIZEN, brands, consents
from tests.postgresql import Server

# As it comes a commit is on the disk when it is answered. What is more than that is the room of a machine of its own.
DURABLE: Final = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "5min",
    "maintenance_work_mem": "256MB",
}
TABLES: Final = ("consent", "import_log", "ledger")

_FILL_CACHE_KIB: Final = 4 << 20
_LONG_S: Final = 1800.0


class Place(ABC):
    """A database of its own, migrated, with all brands and no consent."""

    kind: str
    url: str

    @abstractmethod
    def fill(self, count: int) -> None:
        """Put consents in as if they had come long ago."""

    @abstractmethod
    def number(self, sql: str) -> int:
        """What a statement says that selects one number."""

    @abstractmethod
    def octets(self) -> dict[str, int]:
        """Each of `TABLES` on the disk, with its indexes."""

    @abstractmethod
    def put_bare(self, rows: Iterable[tuple[object, ...]], scratch: Path) -> float:
        """Put rows of `consent` in by the fastest means that the database has; the seconds of that alone."""

    @abstractmethod
    def server_cpu_s(self) -> float:
        """That the database has used outside of our processes."""


class PostgresqlPlace(Place):
    kind = "PostgreSQL"

    def __init__(self, server: Server, name: str) -> None:
        self._server, self._name = server, name
        self.url = server.url(name)
        upgrade(self.url)
        rows = ",".join(
            "(" + ",".join("NULL" if value is None else f"'{value}'" for value in row) + ")" for row in brands()
        )
        self.psql(f"INSERT INTO brand VALUES {rows}")

    def fill(self, count: int) -> None:
        for nth in range(PER_CITIZEN):
            self.psql(FILL.format(citizens=count // PER_CITIZEN, nth=nth))
        self.psql("VACUUM (ANALYZE)", "CHECKPOINT")

    def number(self, sql: str) -> int:
        return int(self.psql(sql))

    def octets(self) -> dict[str, int]:
        parts = "SELECT coalesce(sum(pg_total_relation_size(relid)), 0) FROM pg_partition_tree('{0}') WHERE isleaf"
        size = f"SELECT pg_total_relation_size('{{0}}') + ({parts})"
        return {table: self.number(size.format(table)) for table in TABLES}

    def put_bare(self, rows: Iterable[tuple[object, ...]], scratch: Path) -> float:
        with scratch.open("w") as file:
            file.writelines("\t".join("\\N" if value is None else str(value) for value in row) + "\n" for row in rows)
        with scratch.open("rb") as file:
            started = time.perf_counter()
            self.psql("COPY consent FROM STDIN", stdin=file)
        took_s = time.perf_counter() - started
        scratch.unlink()
        return took_s

    def server_cpu_s(self) -> float:
        return cpu_s(self._server.pid)

    def psql(self, *commands: str, stdin: IO[bytes] | None = None) -> str:
        arguments = [part for command in commands for part in ("-c", command)]
        return self._server.call(
            "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self._name, *arguments, stdin=stdin, patience_s=_LONG_S
        )

    def commits(self, clients: int, seconds: int, scratch: Path) -> float:
        """Durable transactions a second of one row each, as pgbench measures them."""
        self.psql("CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, body text NOT NULL)")
        with scratch.open("wb+") as script:
            script.write(b"INSERT INTO bare (body) VALUES (repeat('x', 300));")
            script.seek(0)
            threads = min(clients, os.cpu_count() or 1)
            intent = self._server.call(
                "pgbench",
                *("-n", "-M", "prepared", "-f", "-"),
                *("-c", str(clients), "-j", str(threads), "-T", str(seconds), self._name),
                stdin=script,
                patience_s=_LONG_S,
            )
        found = re.search(r"^tps = ([0-9.]+)", intent, re.MULTILINE)
        assert found, intent
        return float(found[1])


class SqlitePlace(Place):
    kind = "SQLite"

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self.url = f"sqlite+aiosqlite:///{path}"
        upgrade(self.url)
        with self._opened() as database, database:
            database.executemany(PUT_BRAND.sqlite.sql, brands())

    def fill(self, count: int) -> None:
        with self._opened() as database:
            for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_FILL_CACHE_KIB}"):
                database.execute(f"PRAGMA {pragma}")
            with database:
                database.executemany(PUT_CONSENT.sqlite.sql, consents(count))
        os.sync()

    def number(self, sql: str) -> int:
        with self._opened() as database:
            return int(database.execute(sql).fetchone()[0])

    def octets(self) -> dict[str, int]:
        size = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = '{0}' OR name GLOB 'sqlite_autoindex_{0}_*'"
        return {table: self.number(size.format(table)) for table in TABLES}

    def put_bare(self, rows: Iterable[tuple[object, ...]], scratch: Path) -> float:
        ready = list(rows)
        with self._opened() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            started = time.perf_counter()
            with database:
                database.executemany(f"INSERT INTO consent VALUES ({','.join('?' * len(ready[0]))})", ready)
            return time.perf_counter() - started

    def server_cpu_s(self) -> float:
        return 0.0

    def _opened(self) -> "closing[sqlite3.Connection]":
        return closing(sqlite3.connect(self._path))


class Figure(NamedTuple):
    """A row of the table."""

    name: str
    postgresql: str
    sqlite: str = ""


class Bench(NamedTuple):
    """Where everything of one run lies."""

    server: Server
    folder: Path

    def places(self, name: str) -> tuple[PostgresqlPlace, SqlitePlace]:
        """An empty database of each kind, in the order of the table's columns."""
        return PostgresqlPlace(self.server, name), SqlitePlace(self.folder / name / "izinhatti.db")


def say(text: str) -> None:
    """What is going on, for who waits for the table."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
