"""The ledger as the database holds it: its entries, its signed heads, and whether they agree."""

from collections.abc import Iterable, Iterator
from typing import Final

from core.ledger.anchors import Anchor
from core.ledger.chain import Entry
from core.ledger.verify import Report, verify
from core.store.queries.books import ANCHORS, ENTRIES_AFTER, LAST_ENTRY, LEDGER_BOOKS
from core.store.transaction import Transaction

_PAGE_ENTRIES: Final = 1000


def stored_entries(transaction: Transaction) -> Iterator[Entry]:
    """Every entry by book and number, read in pages."""
    for book in stored_books(transaction):
        after = -1
        while page := transaction.rows(ENTRIES_AFTER, of_book=book, after=after, limit=_PAGE_ENTRIES):
            yield from (Entry(book, *row) for row in page)
            after = page[-1][0]


def stored_books(transaction: Transaction) -> list[int]:
    """The books that have entries."""
    return [book for (book,) in transaction.rows(LEDGER_BOOKS)]


def stored_anchors(transaction: Transaction) -> list[Anchor]:
    return [Anchor(*row) for row in transaction.rows(ANCHORS)]


def last_entries(transaction: Transaction) -> Iterator[Entry]:
    """The newest entry of each book, without its body."""
    for book in stored_books(transaction):
        for entry, hash_ in transaction.rows(LAST_ENTRY, of_book=book):
            yield Entry(book, entry, hash_, "")


def verify_stored(transaction: Transaction, local: Iterable[Anchor], trusted_key: bytes | None) -> Report:
    """Check all books against the heads kept outside the database (`local`, read before this transaction began) and
    those in it. A book that has none outside is named: whoever changes the database can take those in it away."""
    local, inside = set(local), stored_anchors(transaction)
    report = verify(stored_entries(transaction), local.union(inside), trusted_key)
    if not report.ok:
        return report
    books = set(stored_books(transaction)) - {anchor.book for anchor in local}
    anchored = {anchor.book for anchor in inside}
    reasons = [
        _named(books & anchored, "has no local heads: checked against those in the database only"),
        _named(books - anchored, "has no signed head yet"),
    ]
    return report._replace(reason="; ".join(filter(None, reasons)) or None)


def _named(books: set[int], what: str) -> str:
    return f"book {', '.join(map(str, sorted(books)))} {what}" if books else ""
