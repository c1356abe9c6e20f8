"""A ledger of two books in a real database, with its signed heads."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.domain.clock import Instant
from core.intake.process_book import store_anchor
from core.ledger.anchors import Anchor, Signer
from core.ledger.book import Book
from core.ledger.chain import canonical
from core.store.reading import reading
from core.store.transaction import Transaction
from tests import outside

T = TypeVar("T")

BOOKS = {1: 6, 2: 3}
"""The books and how many entries each has; a head of every second entry and of the last is signed."""


class Kept:
    """The database of a ledger and the heads kept outside of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.signer = Signer(Ed25519PrivateKey.generate())
        self.local: list[Anchor] = []
        outside.write(url, self._fill)

    def damage(self, sql: str, *values: object) -> None:
        """Change the database behind the program's back; it must have changed something."""
        assert outside.change(self.url, f"{sql} RETURNING 1", *values)

    def read(self, work: Callable[[Transaction], T]) -> T:
        with reading(self.url, 1) as transaction:
            return work(transaction)

    def _fill(self, transaction: Transaction) -> None:
        for number, entries in BOOKS.items():
            book = Book(number)
            for entry in range(1, entries + 1):
                book.append(transaction, [canonical({"receipt": f"K{entry}", "text": "İPTAL"})])
                book.keep()
                if entry % 2 == 0 or entry == entries:
                    anchor = self.signer.sign(book.committed, Instant(1_760_000_000_000 + entry))
                    store_anchor(transaction, anchor)
                    self.local.append(anchor)


@pytest.fixture
def kept(url: str) -> Kept:
    return Kept(url)
