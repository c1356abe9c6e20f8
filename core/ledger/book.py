"""The book that this process writes. A book belongs to one start of one process."""

from collections.abc import Sequence

from core.ledger.chain import GENESIS, Head, entry_hash
from core.store.queries.books import ADD_ENTRY
from core.store.transaction import Transaction


class Book:
    """Appends entries in the database thread; `head` is read by the one who signs it, after the commit."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._head = Head(number, 0, GENESIS)
        self.committed = self._head

    @property
    def next_entry(self) -> int:
        return self._head.entry + 1

    def append(self, transaction: Transaction, bodies: Sequence[str]) -> None:
        """Add the bodies, the first as `next_entry`; a roll-back takes them back."""
        if not bodies:
            return
        before = self._head
        transaction.undo(lambda: self._return_to(before))
        previous, rows = before.hash, []
        for entry, body in enumerate(bodies, before.entry + 1):
            previous = entry_hash(previous, self.number, entry, body)
            rows.append((self.number, entry, previous, body))
        self._head = Head(self.number, before.entry + len(bodies), previous)
        transaction.run_many(ADD_ENTRY, rows)

    def keep(self) -> None:
        """Call after a commit: the head may be signed from now on."""
        self.committed = self._head

    def _return_to(self, head: Head) -> None:
        self._head = head
