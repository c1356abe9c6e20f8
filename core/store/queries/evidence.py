"""Requests, what proves them, and those that wait for a person."""

from typing import Final

from sqlalchemy import and_, bindparam, func, literal_column, select, update

from core.store.query import Query, insert_into
from core.store.schema import outbox, raw, receipt
from core.store.schema import request as request_table

raw_of_request = and_(raw.c.recipient == request_table.c.recipient, raw.c.request == request_table.c.id)
ADD_REQUEST: Final = insert_into(request_table)
ADD_RAW: Final = insert_into(raw)
ADD_RECEIPT: Final = insert_into(receipt)
REQUEST_OF_RECEIPT: Final = Query(
    select(*request_table.c, raw.c.octets, raw.c.text)
    .join(receipt, and_(receipt.c.recipient == request_table.c.recipient, receipt.c.request == request_table.c.id))
    .outerjoin(raw, raw_of_request)
    .where(receipt.c.receipt == bindparam("wanted"))
)
ANSWERS_OF_REQUEST: Final = Query(
    select(outbox.c.text, outbox.c.state, outbox.c.settled_at)
    .where(outbox.c.request == bindparam("of_request"))
    .order_by(outbox.c.id)
)
_message = select(
    request_table.c.id,
    request_table.c.recipient,
    request_table.c.door,
    request_table.c.origin,
    request_table.c.received_at,
    request_table.c.outcome,
    request_table.c.receipt,
    request_table.c.silence,
    raw.c.text,
).outerjoin(raw, raw_of_request)
MESSAGE: Final = Query(_message.where(request_table.c.id == bindparam("wanted")))
MESSAGES_OF: Final = Query(
    _message.where(request_table.c.recipient == bindparam("of_recipient"))
    .order_by(request_table.c.id.desc())
    .limit(bindparam("limit"))
)
RECEIPT: Final = Query(select(receipt.c.request).where(receipt.c.receipt == bindparam("wanted")))
SENT_FOR_REQUEST: Final = Query(
    select(
        *(outbox.c.id, outbox.c.state, outbox.c.reason, outbox.c.attempts, outbox.c.operator),
        *(outbox.c.created_at, outbox.c.settled_at, outbox.c.text),
    )
    .where(outbox.c.request == bindparam("of_request"))
    .order_by(outbox.c.id)
)
_review = (
    select(
        request_table.c.id,
        request_table.c.receipt,
        request_table.c.recipient,
        request_table.c.door,
        request_table.c.origin,
        request_table.c.received_at,
        request_table.c.review,
        raw.c.text,
        raw.c.octets,
    )
    .select_from(request_table)
    .outerjoin(raw, raw_of_request)
)
OPEN_REVIEWS: Final = Query(
    _review.where(request_table.c.review == literal_column("'open'")).order_by(
        request_table.c.received_at, request_table.c.id
    )
)
REVIEW: Final = Query(_review.where(request_table.c.id == bindparam("wanted"), request_table.c.review.is_not(None)))
RESOLVE_REVIEW: Final = Query(
    update(request_table)
    .where(
        request_table.c.recipient == bindparam("of_recipient"),
        request_table.c.id == bindparam("of_id"),
        request_table.c.review == literal_column("'open'"),
    )
    .values(review=literal_column("'resolved'"))
)
OLDEST_REVIEW: Final = Query(
    select(func.min(request_table.c.received_at)).where(request_table.c.review == literal_column("'open'"))
)
