"""Recomputes books against their signed heads and names the first entry that is wrong."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any, NamedTuple

from core.ledger.anchors import Anchor
from core.ledger.chain import GENESIS, Entry, Head, entry_hash


class Report(NamedTuple):
    """What was found. `book` and `entry` name the first fault; `reason` says what it is, or how far the proof goes."""

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
    """Check entries, ordered by book and entry, against all heads known for their books.

    With `trusted_key` (32 octets, Ed25519) each of the `anchors` must be signed by it. The `sealed` ones are those of
    seals that were found genuine.
    """
    anchors = sorted(anchors)
    by_book = _by_book(chain(anchors, sealed))
    checked = 0
    try:
        for anchor in anchors:
            _check_signature(anchor, trusted_key)
        for book, entries_of_book in groupby(entries, key=lambda e: e.book):
            for _ in _check_book(book, entries_of_book, by_book.pop(book, [])):
                checked += 1
        for book, heads in by_book.items():
            if any(head.entry for head in heads):
                raise _Fault(book, 1, "the book is missing, but a head of it was signed")
    except _Fault as fault:
        return Report(False, checked, fault.book, fault.entry, fault.reason)
    return Report(True, checked)


def _by_book(heads: Iterable[Anchor | Head]) -> dict[int, list[Anchor | Head]]:
    by_book: dict[int, list[Anchor | Head]] = {}
    for head in sorted(heads, key=lambda h: (h.book, h.entry)):
        by_book.setdefault(head.book, []).append(head)
    return by_book


def _check_signature(anchor: Anchor, trusted_key: bytes | None) -> None:
    if not anchor.is_genuine():
        raise _Fault(anchor.book, anchor.entry, "the signature of this entry's head is wrong")
    if trusted_key is not None and anchor.public_key != trusted_key:
        raise _Fault(anchor.book, anchor.entry, "this entry's head is signed by another key")


def _check_book(book: int, entries: Iterable[Entry], heads: list[Anchor | Head]) -> Iterator[None]:
    previous, last, waiting = GENESIS, 0, list(reversed(heads))
    for entry in entries:
        if entry.entry != last + 1:
            raise _Fault(book, last + 1, "the entry is missing")
        if entry_hash(previous, book, entry.entry, entry.body) != entry.hash:
            raise _Fault(book, entry.entry, "the entry was changed or moved: its hash does not fit")
        previous, last = entry.hash, entry.entry
        while waiting and waiting[-1].entry <= last:
            head = waiting.pop()
            if head.entry == last and head.hash != previous:
                raise _Fault(book, last, "the entry is not the one whose head was signed")
        yield
    if waiting:
        raise _Fault(
            book,
            last + 1,
            f"the entry is missing: the book was cut off, a head of entry {waiting[0].entry} was signed",
        )
