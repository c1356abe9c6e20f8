"""Versions of the database: which one this program's migrations lead to, and what a database of another one is."""

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from core.store.errors import DatabaseMissing, DatabaseNewer, DatabaseOlder


def compare(place: str, found: str | None) -> None:
    """Raises `DatabaseMissing`, `DatabaseOlder` or `DatabaseNewer` if the version found at the place is not ours."""
    script = ScriptDirectory.from_config(alembic_config())
    if found is None:
        raise DatabaseMissing(f"database: {place} has no tables; run: izinhatti db upgrade")
    if found == script.get_current_head():
        return
    if found in {revision.revision for revision in script.walk_revisions()}:
        raise DatabaseOlder(f"database: {place} is of the older version {found}; run: izinhatti db upgrade")
    raise DatabaseNewer(f"database: {place} is of version {found}, which this program does not know")


def migrate(connection: sqlalchemy.Connection, revision: str = "head") -> None:
    """Run the migrations up to this one: in the connection's transaction, or else in one each."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
