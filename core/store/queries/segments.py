"""Parts of long messages."""

from typing import Final

from sqlalchemy import and_, bindparam, delete, select

from core.store.query import Query, insert_into
from core.store.schema import raw, segment

ADD_SEGMENT: Final = insert_into(segment)
_segment_sets = and_(
    segment.c.recipient == bindparam("recipient"),
    segment.c.origin == bindparam("origin"),
    segment.c.destination == bindparam("destination"),
    segment.c.reference == bindparam("reference"),
    segment.c.total == bindparam("total"),
)
_segment_set = and_(_segment_sets, segment.c.first == bindparam("of_first"))
SEGMENTS_OF_SETS: Final = Query(
    select(segment.c.first, segment.c.number, segment.c.octets, segment.c.key)
    .where(_segment_sets)
    .order_by(segment.c.first, segment.c.number)
)
SEGMENTS_OF_SET: Final = Query(
    select(segment.c.number, segment.c.octets, segment.c.received_at, raw.c.octets)
    .outerjoin(raw, and_(raw.c.recipient == segment.c.recipient, raw.c.request == segment.c.request))
    .where(_segment_set)
    .order_by(segment.c.number)
)
DROP_SET: Final = Query(delete(segment).where(_segment_set))
OVERDUE_SETS: Final = Query(
    select(
        *(
            segment.c.recipient,
            segment.c.origin,
            segment.c.destination,
            segment.c.reference,
            segment.c.total,
            segment.c.first,
        ),
    )
    .where(segment.c.received_at <= bindparam("before"), segment.c.request == segment.c.first)
    .order_by(segment.c.received_at)
    .limit(bindparam("limit"))
)
DROP_SEGMENTS_OF: Final = Query(delete(segment).where(segment.c.recipient == bindparam("of_recipient")))
