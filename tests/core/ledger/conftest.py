"""A ledger of two books in a real database, with its signed heads."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.clock import Instant
from core.ledger.anchors import Anchor, Signer
from core.ledger.book import Book
from core.ledger.chain import canonical
from core.starts import store_anchor
from core.store.database import upgrade
from core.store.reading import reading
from core.store.sqlite.connection import SqliteConnection
from core.store.transaction import Transaction

T = TypeVar("T")

BOOKS = {1: 6, 2: 3}
"""The books and how many entries each has; a head of every second entry and of the last is signed."""


class Kept:
    """The database of a ledger and the heads kept outside of it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "line.db"
        self.url = f"sqlite+aiosqlite:///{self.path}"
        self.signer = Signer(Ed25519PrivateKey.generate())
        self.local: list[Anchor] = []
        upgrade(self.url)
        self.write(self._fill)

    def write(self, work: Callable[[Transaction], None]) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            transaction = Transaction(SqliteConnection(connection, "BEGIN"))
            transaction.begin()
            work(transaction)
            transaction.commit()

    def damage(self, sql: str) -> None:
        """Change the database behind the program's back; it must have changed something."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            before = connection.total_changes
            connection.executescript(sql)
            assert connection.total_changes > before

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
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)
