"""Versions of the database: which one this program's migrations lead to, and what a database of another one is.

Alembic is imported where it migrates: it takes longer to come than most commands take to run.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.store.errors import DatabaseMissing, DatabaseNewer, DatabaseOlder

if TYPE_CHECKING:
    import sqlalchemy
    from alembic.config import Config

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


@cache
def known() -> tuple[str, ...]:
    """Every version, the newest last: a migration's file begins with the four digits of its own."""
    return tuple(sorted(path.name[:4] for path in (_MIGRATIONS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")))


def compare(place: str, found: str | None) -> None:
    """Raises `DatabaseMissing`, `DatabaseOlder` or `DatabaseNewer` if the version found at the place is not ours."""
    if found is None:
        raise DatabaseMissing(f"database: {place} has no tables; run: izinhatti db upgrade")
    if found not in known():
        raise DatabaseNewer(f"database: {place} is of version {found}, which this program does not know")
    if found != known()[-1]:
        raise DatabaseOlder(f"database: {place} is of the older version {found}; run: izinhatti db upgrade")


def migrate(connection: "sqlalchemy.Connection", revision: str = "head") -> None:
    """Run the migrations up to this one: in the connection's transaction, or else in one each."""
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def alembic_config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
