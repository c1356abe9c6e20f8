"""Parts of long messages."""

from typing import Final

from sqlalchemy import and_, bindparam, delete, select

from core.store.query import Query, insert_into
from core.store.schema import piece, raw

ADD_PIECE: Final = insert_into(piece)
_piece_sets = and_(
    piece.c.recipient == bindparam("recipient"),
    piece.c.origin == bindparam("origin"),
    piece.c.destination == bindparam("destination"),
    piece.c.reference == bindparam("reference"),
    piece.c.total == bindparam("total"),
)
_piece_set = and_(_piece_sets, piece.c.first == bindparam("of_first"))
PIECES_OF_SETS: Final = Query(
    select(piece.c.first, piece.c.number, piece.c.octets, piece.c.key)
    .where(_piece_sets)
    .order_by(piece.c.first, piece.c.number)
)
PIECES_OF_SET: Final = Query(
    select(piece.c.number, piece.c.octets, piece.c.received_at, raw.c.octets)
    .outerjoin(raw, and_(raw.c.recipient == piece.c.recipient, raw.c.request == piece.c.request))
    .where(_piece_set)
    .order_by(piece.c.number)
)
DROP_SET: Final = Query(delete(piece).where(_piece_set))
OVERDUE_SETS: Final = Query(
    select(
        *(piece.c.recipient, piece.c.origin, piece.c.destination, piece.c.reference, piece.c.total, piece.c.first),
    )
    .where(piece.c.received_at <= bindparam("before"), piece.c.request == piece.c.first)
    .order_by(piece.c.received_at)
    .limit(bindparam("limit"))
)
DROP_PIECES_OF: Final = Query(delete(piece).where(piece.c.recipient == bindparam("of_recipient")))
