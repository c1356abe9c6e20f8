"""Seals over the books of all processes, and the heads that each binds."""

from typing import Final

from sqlalchemy import and_, bindparam, func, literal_column, or_, select, update

from core.store.query import Query, insert_into
from core.store.schema import book, ledger, seal, sealed_head

ADD_SEAL: Final = insert_into(seal)
ADD_SEALED_HEAD: Final = insert_into(sealed_head)
NEWEST_SEAL: Final = Query(select(*seal.c).order_by(seal.c.number.desc()).limit(literal_column("1")))
SEALS: Final = Query(select(*seal.c).order_by(seal.c.number))
SEALED_HEADS: Final = Query(select(*sealed_head.c).order_by(sealed_head.c.seal, sealed_head.c.book))
SEALED_HEADS_OF: Final = Query(
    select(*sealed_head.c).where(sealed_head.c.seal == bindparam("of_seal")).order_by(sealed_head.c.book)
)
# By the index of books that are open or whose end no seal has seen: however many there have been, it holds few.
_unfinished = (
    select(
        book.c.id,
        book.c.closed_at,
        select(func.max(ledger.c.entry)).where(ledger.c.book == book.c.id).scalar_subquery().label("entry"),
        select(func.max(sealed_head.c.entry)).where(sealed_head.c.book == book.c.id).scalar_subquery().label("through"),
    )
    .where(book.c.last_seal.is_(None))
    .subquery("unfinished")
)
_has_grown = _unfinished.c.entry > func.coalesce(_unfinished.c.through, literal_column("0"))
GROWN_OR_ENDED: Final = Query(
    select(
        _unfinished.c.id,
        _unfinished.c.entry,
        ledger.c.hash,
        _has_grown.label("has_grown"),
        _unfinished.c.closed_at.is_not(None).label("has_ended"),
    )
    .select_from(
        _unfinished.outerjoin(ledger, and_(ledger.c.book == _unfinished.c.id, ledger.c.entry == _unfinished.c.entry))
    )
    .where(or_(_unfinished.c.closed_at.is_not(None), _has_grown))
    .order_by(_unfinished.c.id)
    .limit(bindparam("limit"))
)
SET_LAST_SEAL: Final = Query(
    update(book).where(book.c.id == bindparam("of_book")).values(last_seal=bindparam("number"))
)
