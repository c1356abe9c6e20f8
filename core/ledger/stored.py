"""The ledger as the database holds it: its entries, its signed heads, its seals, and whether they agree."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any, Final

from core.ledger.anchors import Anchor
from core.ledger.chain import Entry, Head
from core.ledger.seals import Seal, SealsCheck
from core.ledger.verify import Report, verify
from core.store.queries.books import ANCHORS, ENTRIES_AFTER, LAST_ENTRY, LEDGER_BOOKS
from core.store.queries.seals import NEWEST_SEAL, SEALED_HEADS, SEALED_HEADS_OF, SEALS
from core.store.transaction import Transaction

_PAGE_ENTRIES: Final = 1000
_NONE: Final[tuple[float, Iterator[Any]]] = (math.inf, iter(()))


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


def stored_anchors(transaction: Transaction) -> Iterator[Anchor]:
    """Every signed head."""
    return (Anchor(*row) for row in transaction.stream(ANCHORS))


def stored_seals(transaction: Transaction) -> Iterator[Seal]:
    """Every seal, by number."""
    of_seals = groupby(transaction.stream(SEALED_HEADS), key=lambda row: row[0])
    sealed, heads = next(of_seals, _NONE)
    for row in transaction.stream(SEALS):
        number = row[0]
        while sealed < number:
            sealed, heads = next(of_seals, _NONE)
        yield _seal(row, _heads(heads) if sealed == number else ())


def newest_seal(transaction: Transaction) -> Seal | None:
    for row in transaction.rows(NEWEST_SEAL):
        return _seal(row, _heads(transaction.rows(SEALED_HEADS_OF, of_seal=row[0])))
    return None


def last_entries(transaction: Transaction) -> Iterator[Entry]:
    """The newest entry of each book, without its body."""
    for book in stored_books(transaction):
        for entry, hash_ in transaction.rows(LAST_ENTRY, of_book=book):
            yield Entry(book, entry, hash_, "")


def verify_stored(
    transaction: Transaction, local: Iterable[Anchor], trusted_key: bytes | None, local_seals: Iterable[Seal] = ()
) -> Report:
    """Check all books against the heads and seals kept outside the database (`local`, `local_seals`, of before this
    transaction began) and those in it. A book that has no heads outside is named: whoever changes the database can take
    those in it away.

    A wrong entry goes before a wrong seal, which has no entry to name.
    """
    outside_of: set[int] = set()
    inside_of: set[int] = set()
    anchors = chain(_noted(local, outside_of), _noted(stored_anchors(transaction), inside_of))
    seals = SealsCheck(stored_seals(transaction), local_seals, trusted_key)
    report = verify(stored_entries(transaction), anchors, trusted_key, seals.heads())
    if not report.ok:
        return report
    if seals.fault:
        return Report(False, report.entries, reason=seals.fault)
    books = set(stored_books(transaction)) - outside_of
    reasons = [
        _named(books & inside_of, "has no local heads: checked against those in the database only"),
        _named(books - inside_of, "has no signed head yet"),
    ]
    return report._replace(reason="; ".join(filter(None, reasons)) or None)


def _noted(anchors: Iterable[Anchor], books: set[int]) -> Iterator[Anchor]:
    for anchor in anchors:
        books.add(anchor.book)
        yield anchor


def _seal(row: tuple[Any, ...], heads: tuple[Head, ...]) -> Seal:
    number, at, *rest = row
    return Seal(number, at, heads, *rest)


def _heads(rows: Iterable[tuple[Any, ...]]) -> tuple[Head, ...]:
    return tuple(Head(*head) for _, *head in rows)


def _named(books: set[int], what: str) -> str:
    return f"book {', '.join(map(str, sorted(books)))} {what}" if books else ""
