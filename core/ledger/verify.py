"""Recomputes books against their signed heads and names the first entry that is wrong."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from core.ledger.anchors import Anchor
from core.ledger.chain import GENESIS, Entry, Head, entry_hash
from core.store.external_sort import ExternalSort


class Report(NamedTuple):
    """The result of a check. `book` and `entry` name the first fault; `reason` says what it is, or how far the proof
    goes."""

    ok: bool
    entries: int
    book: int | None = None
    entry: int | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return self._asdict()


class _Fault(Exception):
    def __init__(self, book: int, entry: int, reason: str) -> None:
        super().__init__(reason)
        self.book, self.entry, self.reason = book, entry, reason


def verify(
    entries: Iterable[Entry],
    anchors: Iterable[Anchor],
    trusted_key: bytes | None = None,
    sealed: Iterable[Head] = (),
) -> Report:
    """Check entries, ordered by book and entry, against all heads known for their books, in whatever order those come.

    With `trusted_key` (32 octets, Ed25519) each of the `anchors` must be signed by it. The `sealed` ones are those of
    seals that were found genuine. A ledger signs a head each second for years: neither they nor the entries are ever in
    memory all together.
    """
    checked = 0
    with ExternalSort(len(Anchor._fields)) as known:
        known.add(anchors)
        known.add((*head, None, None, None) for head in sealed)
        heads = _Heads(known, trusted_key)
        try:
            for book, entries_of_book in groupby(entries, key=lambda e: e.book):
                _check_missing(heads.before(book))
                for _ in _check_book(book, entries_of_book, heads):
                    checked += 1
            _check_missing(heads.before(None))
        except _Fault as fault:
            return Report(False, checked, fault.book, fault.entry, fault.reason)
    return Report(True, checked)


class _Heads:
    """Heads by book and entry, each checked when its turn comes."""

    def __init__(self, known: Iterable[tuple[Any, ...]], trusted_key: bytes | None) -> None:
        self._rows = iter(known)
        self._row = next(self._rows, None)
        self._trusted_key = trusted_key

    def before(self, book: int | None) -> Iterator[Head]:
        """Those of books before this one; where it is None, all that are left."""
        while self._row is not None and (book is None or self._row[0] < book):
            yield self._take(self._row)

    def through(self, book: int, entry: int | None = None) -> Iterator[Head]:
        """The next ones of this book: up to this entry, or all that are left of it."""
        while self._row is not None and self._row[0] == book and (entry is None or self._row[1] <= entry):
            yield self._take(self._row)

    def _take(self, row: tuple[Any, ...]) -> Head:
        self._row = next(self._rows, None)
        anchor = Anchor(*row)
        if anchor.signature is not None:  # a seal's heads have none of their own
            _check_signature(anchor, self._trusted_key)
        return Head(*row[:3])


def _check_signature(anchor: Anchor, trusted_key: bytes | None) -> None:
    if not anchor.is_genuine():
        raise _Fault(anchor.book, anchor.entry, "the signature of this entry's head is wrong")
    if trusted_key is not None and anchor.public_key != trusted_key:
        raise _Fault(anchor.book, anchor.entry, "this entry's head is signed by another key")


def _check_book(book: int, entries: Iterable[Entry], heads: _Heads) -> Iterator[None]:
    previous, last = GENESIS, 0
    for entry in entries:
        if entry.entry != last + 1:
            raise _Fault(book, last + 1, "the entry is missing")
        if entry_hash(previous, book, entry.entry, entry.body) != entry.hash:
            raise _Fault(book, entry.entry, "the entry was changed or moved: its hash does not fit")
        previous, last = entry.hash, entry.entry
        for head in heads.through(book, last):
            if head.entry == last and head.hash != previous:
                raise _Fault(book, last, "the entry is not the one whose head was signed")
        yield
    newest = last
    for head in heads.through(book):
        newest = head.entry
    if newest > last:
        reason = f"the entry is missing: the book was cut off, a head of entry {newest} was signed"
        raise _Fault(book, last + 1, reason)


def _check_missing(heads: Iterable[Head]) -> None:
    """These are of books without entries."""
    for head in heads:
        if head.entry:
            raise _Fault(head.book, 1, "the book is missing, but a head of it was signed")
