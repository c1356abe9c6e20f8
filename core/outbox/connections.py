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
        self._answered: deque[tuple[Instant, int]] = deque()
        self.delivered_through = 0
        self.stored_through = 0

    def answered(self, request_id: int, at: Instant) -> None:
        """The acknowledgement of this request was written to the connection, by the steady clock."""
        self._answered.append((at, request_id))

    def deliver_all(self) -> None:
        """The other side ended the connection in order, after it had read everything."""
        while self._answered:
            self.delivered_through = max(self.delivered_through, self._answered.popleft()[1])

    def settle(self, before: Instant) -> bool:
        """Count what was written before this moment as delivered; whether that is news for the store."""
        answered = self._answered
        while answered and answered[0][0] <= before:
            self.delivered_through = max(self.delivered_through, answered.popleft()[1])
        return self.delivered_through > self.stored_through


class Connections:
    """The connections of this process. An acknowledgement counts as delivered once its connection has outlived it by
    `response_timeout_ms` by the `steady` clock, whatever the other one is set to meanwhile."""

    def __init__(self, ids: Ids, clock: Clock, steady: Clock, response_timeout_ms: int, redelivery_ms: int) -> None:
        self._ids = ids
        self._clock = clock
        self._steady = steady
        self._response_timeout_ms = response_timeout_ms
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
        connection.settle(self._outlived())
        close_connection(transaction, connection.id, connection.delivered_through, self._clock(), self._redelivery_ms)
        self._links.pop(connection.id, None)

    def answered(self, connection: Connection, request_id: int) -> None:
        """The acknowledgement of this request was written to the connection."""
        connection.answered(request_id, self._steady())

    def news(self) -> list[Connection]:
        """Links whose acknowledgements were delivered further than the store knows."""
        before = self._outlived()
        return [connection for connection in self._links.values() if connection.settle(before)]

    def _outlived(self) -> Instant:
        """What was written before this moment was delivered, where its connection still stands."""
        return Instant(self._steady() - self._response_timeout_ms)


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
