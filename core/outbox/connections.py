"""Connections over which messages come and their acknowledgements go, and what their loss leaves open.

When a connection is lost, the other side may not have seen the last acknowledgements and will bring those messages
again. They become *redeliveries*: each is matched once by an identical message, which then neither acts nor answers.
"""

from collections import deque

from core.domain.clock import Clock, Instant
from core.domain.ids import Ids, book_of, ids_of
from core.store.queries.connections import ADD_CONNECTION, ADD_REDELIVERIES, CLOSE_CONNECTION
from core.store.transaction import Transaction


class Connection:
    """One connection. `id` is stored with every request that came over it."""

    def __init__(self, connection_id: int, origin: str) -> None:
        self.id = connection_id
        self.origin = origin
        self._answered: deque[tuple[int, int]] = deque()
        self.delivered_through = 0
        self.stored_through = 0

    def answered(self, request_id: int, requests_before: int) -> None:
        """The acknowledgement of this request was written to the connection, after so many requests of our own."""
        self._answered.append((requests_before, request_id))

    def deliver_all(self) -> None:
        """The other side ended the connection in order, after it had read everything."""
        while self._answered:
            self.delivered_through = max(self.delivered_through, self._answered.popleft()[1])

    def heard(self, number: int) -> None:
        """The other side responded to our request of this number, counted from 1: what was written before that
        request was read. Time proves nothing: a dead connection may be found after minutes."""
        answered = self._answered
        while answered and answered[0][0] < number:
            self.delivered_through = max(self.delivered_through, answered.popleft()[1])

    @property
    def has_news(self) -> bool:
        """True if acknowledgements were delivered further than the store knows."""
        return self.delivered_through > self.stored_through


class Connections:
    """The connections of this process. An acknowledgement counts as delivered once the other side has responded to a
    request that was written after it."""

    def __init__(self, ids: Ids, clock: Clock, redelivery_ms: int) -> None:
        self._ids = ids
        self._clock = clock
        self._redelivery_ms = redelivery_ms
        self._links: dict[int, Connection] = {}

    def open(self, transaction: Transaction, origin: str) -> Connection:
        """An errand for the writer, before the first message of the connection is taken."""
        connection = Connection(self._ids.next(), origin)
        transaction.run_many(ADD_CONNECTION, [(connection.id, origin, self._clock(), 0, None)])
        self._links[connection.id] = connection
        transaction.undo(lambda: self._links.pop(connection.id))
        return connection

    def close(self, transaction: Transaction, connection: Connection) -> None:
        """An errand for the writer, after the last message of the connection and before the next connection's first."""
        close_connection(transaction, connection.id, connection.delivered_through, self._clock(), self._redelivery_ms)
        self._links.pop(connection.id, None)

    def news(self) -> list[Connection]:
        """Connections whose acknowledgements were delivered further than the store knows."""
        return [connection for connection in self._links.values() if connection.has_news]


def close_connection(
    transaction: Transaction, connection_id: int, delivered_through: int, now: Instant, redelivery_ms: int
) -> None:
    """End a connection, in the store, and note what the network may bring again within `redelivery_ms`."""
    if not transaction.run(CLOSE_CONNECTION, closing_at=now, of_connection=connection_id):
        return
    transaction.run(
        ADD_REDELIVERIES,
        redelivery_ms=redelivery_ms,
        delivered_through=delivered_through,
        book_end=ids_of(book_of(connection_id)).stop,
        of_connection=connection_id,
    )
