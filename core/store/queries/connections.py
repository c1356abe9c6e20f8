"""Connections, and what the network may bring again."""

from typing import Final

from sqlalchemy import bindparam, delete, literal_column, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.store.query import Query, insert_into, of_keys
from core.store.schema import connection, redelivery
from core.store.schema import request as request_table

ADD_CONNECTION: Final = insert_into(connection)
SET_DELIVERED: Final = Query(
    update(connection)
    .where(connection.c.id == bindparam("of_connection"))
    .values(delivered_through=bindparam("through"))
)
CLOSE_CONNECTION: Final = Query(
    update(connection)
    .where(connection.c.id == bindparam("of_connection"), connection.c.closed_at.is_(None))
    .values(closed_at=bindparam("closing_at"))
)
OPEN_CONNECTIONS: Final = Query(
    select(connection.c.id, connection.c.delivered_through).where(connection.c.closed_at.is_(None))
)
ADD_REDELIVERY: Final = insert_into(redelivery)
# One of a message with a name of its own stands already.
ADD_REDELIVERIES: Final = Query(
    upsert(redelivery)
    .from_select(
        ["recipient", "request", "key", "expires_at"],
        select(
            request_table.c.recipient,
            request_table.c.id,
            request_table.c.key,
            request_table.c.received_at + bindparam("redelivery_ms"),
        ).where(
            request_table.c.id > bindparam("delivered_through"),
            request_table.c.id < bindparam("book_end"),
            request_table.c.connection == bindparam("of_connection"),
            request_table.c.recipient != literal_column("''"),
        ),
    )
    .on_conflict_do_nothing()
)
REDELIVERIES_OF: Final = Query(
    of_keys(
        redelivery,
        redelivery.c.recipient,
        redelivery.c.request,
        redelivery.c.key,
        only=redelivery.c.expires_at > bindparam("now"),
    ).order_by(redelivery.c.request)
)
DROP_REDELIVERY: Final = Query(
    delete(redelivery).where(
        redelivery.c.recipient == bindparam("of_recipient"), redelivery.c.request == bindparam("of_request")
    )
)
_expired = (
    select(redelivery.c.recipient, redelivery.c.request)
    .where(redelivery.c.expires_at <= bindparam("now"))
    .with_for_update(skip_locked=True)  # a sweep that waited for others could wait in a ring
)
DROP_EXPIRED_REDELIVERIES: Final = Query(
    delete(redelivery).where(tuple_(redelivery.c.recipient, redelivery.c.request).in_(_expired))
)
