"""Which processes live: each holds the advisory lock of its book's number in the session by which it writes.

The server lets go of it when the session ends. A process whose session is lost can write again only by one that holds
the lock, and only while nobody has taken its book over.
"""

from core.store.postgresql.connection import PostgresqlConnection


class SessionLocks:
    """The locks of one writing connection."""

    def __init__(self, connection: PostgresqlConnection) -> None:
        self._connection = connection

    def hold(self, book: int) -> bool:
        return self._connection.hold_book(book)

    def let_go(self, book: int) -> None:
        self._connection.let_go_of_book(book)

    def close(self) -> None:
        """They end with the connection."""
