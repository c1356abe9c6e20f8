"""PostgreSQL, for lines of several processes and machines."""

import asyncio
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Final

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from core.store import versions
from core.store.connection import DatabaseConnection, Engine
from core.store.errors import DatabaseMissing, DatabaseOlder, TemporaryFault
from core.store.postgresql.connection import FAULTS, PostgresqlConnection, fault_of
from core.store.postgresql.listener import listen
from core.store.postgresql.locks import SessionLocks
from core.store.wake import Wake

_TURN_S: Final = 600  # for another upgrade to end
_LOCK_S: Final = 5
_UPGRADES: Final = 2  # the first number of the lock by which upgrades take turns; `BOOKS` is 1


class PostgresqlEngine(Engine):
    """The database of a `postgresql+asyncpg://…` URL. `timeout_s` bounds each statement."""

    def __init__(self, url: str, timeout_s: float) -> None:
        parsed = make_url(url)
        self._dsn = "postgresql" + url.removeprefix("postgresql+asyncpg")
        self._name = parsed.database or parsed.username or ""
        self._timeout_s = timeout_s

    def connect(self) -> PostgresqlConnection:
        return PostgresqlConnection(self._dsn, self._timeout_s)

    def connect_read_only(self) -> PostgresqlConnection:
        return PostgresqlConnection(self._dsn, self._timeout_s, read_only=True)

    def book_locks(self, connection: DatabaseConnection) -> SessionLocks:
        assert isinstance(connection, PostgresqlConnection), "made by `connect`"
        return SessionLocks(connection)

    async def listen(self, heard: Callable[[Wake], None]) -> None:
        await listen(self._dsn, self._timeout_s, heard)

    def check_version(self) -> None:
        with closing(self.connect_read_only()) as connection:
            try:
                connection.begin()
            except TemporaryFault as error:
                if isinstance(error.__cause__, asyncpg.InvalidCatalogNameError):
                    raise DatabaseMissing(
                        f"database: {self._name} does not exist; run: izinhatti db upgrade"
                    ) from error
                raise
            found = connection.version()
            connection.roll_back()
        versions.compare(self._name, found)

    def upgrade(self) -> None:
        with suppress(DatabaseMissing, DatabaseOlder):  # exactly what an upgrade mends
            self.check_version()
        try:
            asyncio.run(self._upgrade())
        except FAULTS as error:
            raise fault_of(error) from error
        except DBAPIError as error:
            cause = error.orig and error.orig.__cause__  # asyncpg's own, under two coats
            raise fault_of(cause if isinstance(cause, Exception) else error) from error

    async def _upgrade(self) -> None:
        await self._create()

        # Only for alembic, which wants SQLAlchemy's connection; the connecting stays asyncpg's own.
        from sqlalchemy.ext.asyncio import create_async_engine

        async def connect() -> asyncpg.Connection:
            return await asyncpg.connect(self._dsn, server_settings={"lock_timeout": f"{_TURN_S}s"})

        engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                await connection.exec_driver_sql(f"SELECT pg_advisory_lock({_UPGRADES}, 0)")
                # Who waits for a table makes everybody wait behind it: rather give up, and be run again.
                await connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_S}s'")
                await connection.commit()
                await connection.run_sync(versions.migrate)  # a transaction for each version
        finally:
            await engine.dispose()

    async def _create(self) -> None:
        """Make the database where the role may and it is not there; else it is found missing."""
        try:
            session = await asyncpg.connect(self._dsn)
        except asyncpg.InvalidCatalogNameError:
            session = await asyncpg.connect(self._dsn, database="postgres")
            quoted = self._name.replace('"', '""')
            await session.execute(f'CREATE DATABASE "{quoted}"')
        await session.close()
