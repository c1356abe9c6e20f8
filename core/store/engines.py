"""Which database a URL means."""

from core.store.connection import Engine
from core.store.postgresql.engine import PostgresqlEngine
from core.store.sqlite.engine import SqliteEngine


def engine_of(url: str, timeout_s: float) -> Engine:
    """The database of a `sqlite+aiosqlite` or `postgresql+asyncpg` URL; `timeout_s` bounds each wait for it."""
    if url.startswith("postgresql"):
        return PostgresqlEngine(url, timeout_s)
    return SqliteEngine(url, timeout_s)
