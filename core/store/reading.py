"""A read-only look at the database, as it is at one moment: no writer waits for it, and it cannot write."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from core.store.database import check_version, sqlite_path
from core.store.errors import TemporaryFault
from core.store.transaction import Transaction


@contextmanager
def reading(url: str, busy_timeout_s: float) -> Iterator[Transaction]:
    """Rows read through the transaction belong to one snapshot. For the command line: it blocks its thread.

    Raises `DatabaseMissing`, `DatabaseOlder`, `DatabaseNewer`, `TemporaryFault`.
    """
    path = sqlite_path(url)
    try:
        check_version(path)
        with closing(connect_read_only(path, busy_timeout_s)) as connection:
            connection.execute("BEGIN")
            yield Transaction(connection)
    except sqlite3.DatabaseError as error:
        raise TemporaryFault(f"database: {path}: {error}") from error


def connect_read_only(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """Raises sqlite3.DatabaseError."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=busy_timeout_s, isolation_level=None)
    # Text that is no UTF-8 any more was damaged: it has to be found and named, not to stop the finding.
    connection.text_factory = lambda octets: octets.decode(errors="replace")
    return connection
