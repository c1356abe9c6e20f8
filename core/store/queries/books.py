"""Books of the ledger, their entries and signed heads."""

from typing import Final

from sqlalchemy import bindparam, insert, literal_column, select, update

from core.store.query import Query, insert_into
from core.store.schema import anchor, book, ledger

OPEN_BOOK: Final = Query(insert(book).values(opened_at=bindparam("opening_at")).returning(book.c.id))
OPEN_BOOKS: Final = Query(select(book.c.id).where(book.c.closed_at.is_(None)).order_by(book.c.id))
CLOSE_BOOK: Final = Query(
    update(book).where(book.c.id == bindparam("of_book"), book.c.closed_at.is_(None)).values(closed_at=bindparam("at"))
)
ADD_ENTRY: Final = insert_into(ledger)
ENTRIES_AFTER: Final = Query(
    select(ledger.c.entry, ledger.c.hash, ledger.c.body)
    .where(ledger.c.book == bindparam("of_book"), ledger.c.entry > bindparam("after"))
    .order_by(ledger.c.entry)
    .limit(bindparam("limit"))
)
ENTRY: Final = Query(
    select(ledger.c.entry, ledger.c.hash, ledger.c.body).where(
        ledger.c.book == bindparam("of_book"), ledger.c.entry == bindparam("of_entry")
    )
)
LAST_ENTRY: Final = Query(
    select(ledger.c.entry, ledger.c.hash)
    .where(ledger.c.book == bindparam("of_book"))
    .order_by(ledger.c.entry.desc())
    .limit(literal_column("1"))
)
LATEST_ENTRIES: Final = Query(
    select(ledger.c.book, ledger.c.entry, ledger.c.body)
    .order_by(ledger.c.book.desc(), ledger.c.entry.desc())
    .limit(bindparam("limit"))
)
LEDGER_BOOKS: Final = Query(select(ledger.c.book).distinct().order_by(ledger.c.book))
ADD_ANCHOR: Final = insert_into(anchor)
ANCHORS: Final = Query(select(*anchor.c).order_by(anchor.c.book, anchor.c.entry))

ANCHOR_OF: Final = Query(
    select(anchor.c.entry).where(anchor.c.book == bindparam("of_book"), anchor.c.entry == bindparam("of_entry"))
)
