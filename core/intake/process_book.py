"""The start of a process: a book of its own, and what dead processes left open taken over."""

from typing import Final, NamedTuple

from core.domain.clock import Clock, Instant
from core.domain.ids import ids_of
from core.ledger.anchors import Anchor, Signer
from core.ledger.book import Book
from core.ledger.chain import Head
from core.outbox.connections import close_connection
from core.store.connection import BookLocks
from core.store.queries.books import ADD_ANCHOR, ANCHOR_OF, CLOSE_BOOK, LAST_ENTRY, OPEN_BOOK, OPEN_BOOKS
from core.store.queries.connections import OPEN_CONNECTIONS
from core.store.queries.outbox import LAPSE_SENDER
from core.store.transaction import Transaction

_STARTS: Final = ("starts",)


class ProcessStart(NamedTuple):
    """The beginning of a process. `anchors` are the heads of the dead books, to be appended to the anchor file."""

    book: Book
    anchors: list[Anchor]


def begin(transaction: Transaction, locks: BookLocks, signer: Signer, clock: Clock, redelivery_ms: int) -> ProcessStart:
    """Open this process's book. The books of processes that died are closed: their last head is signed, their
    connections are closed, and what they had sent without hearing of it becomes unknown."""
    now = clock()
    transaction.lock(_STARTS)  # two starts at once would take over the same books
    [(number,)] = transaction.rows(OPEN_BOOK, opening_at=now)
    if not locks.hold(number):
        raise RuntimeError(f"book {number} is new, yet another process holds it")
    transaction.undo(lambda: locks.let_go(number))
    anchors = []
    for (dead,) in transaction.rows(OPEN_BOOKS):
        if dead != number and locks.hold(dead):
            anchors += _take_over(transaction, dead, signer, now, redelivery_ms)
            locks.let_go(dead)
    return ProcessStart(Book(number), anchors)


def close_book(transaction: Transaction, book: Book, now: Instant) -> None:
    """The orderly end of this process's book."""
    transaction.run(CLOSE_BOOK, at=now, of_book=book.number)


def store_anchor(transaction: Transaction, anchor: Anchor) -> None:
    transaction.run_many(ADD_ANCHOR, [anchor])


def _take_over(transaction: Transaction, book: int, signer: Signer, now: Instant, redelivery_ms: int) -> list[Anchor]:
    transaction.run(LAPSE_SENDER, of_sender=book)
    for connection_id, delivered_through in transaction.rows(OPEN_CONNECTIONS):
        if connection_id in ids_of(book):
            close_connection(transaction, connection_id, delivered_through, now, redelivery_ms)
    transaction.run(CLOSE_BOOK, at=now, of_book=book)
    last = transaction.rows(LAST_ENTRY, of_book=book)
    if not last or transaction.rows(ANCHOR_OF, of_book=book, of_entry=last[0][0]):
        return []
    anchor = signer.sign(Head(book, *last[0]), now)
    store_anchor(transaction, anchor)
    return [anchor]
