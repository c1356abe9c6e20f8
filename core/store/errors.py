"""The errors of the store.

StoreError
├── DatabaseMissing, DatabaseOlder, DatabaseNewer    the command line's exit code 3
├── BookLost           this process can write no more: it has to start anew
├── TemporaryFault     lock, disk, connection: the same work may succeed later
└── DataFault          the work itself cannot be stored
"""


class StoreError(Exception):
    """Something the database did not do. Messages name the database, never a citizen's data."""


class DatabaseMissing(StoreError):
    """There is no database, or one without our tables: `izinhatti db upgrade` makes it."""


class DatabaseOlder(StoreError):
    """The database is from an earlier version: `izinhatti db upgrade` migrates it."""


class DatabaseNewer(StoreError):
    """The database is from a later version of the program."""


class BookLost(StoreError):
    """While this process had no connection, its ledger book went on without it or was taken over."""


class TemporaryFault(StoreError):
    """The transaction was rolled back for a cause that may pass."""


class DataFault(StoreError):
    """The transaction was rolled back because of what it tried to store."""
