"""A read-only look at the database, as it is at one moment: no writer waits for it, and it cannot write."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from core.store.engines import engine_of
from core.store.transaction import Transaction


@contextmanager
def reading(url: str, busy_timeout_s: float) -> Iterator[Transaction]:
    """Rows read through the transaction belong to one snapshot. For the command line: it blocks its thread.

    Raises `DatabaseMissing`, `DatabaseOlder`, `DatabaseNewer`, `TemporaryFault`.
    """
    engine = engine_of(url, busy_timeout_s)
    engine.check_version()
    with closing(engine.connect_read_only()) as connection:
        transaction = Transaction(connection)
        transaction.begin()
        yield transaction
