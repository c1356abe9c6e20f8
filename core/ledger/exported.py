"""The ledger as a file: JSON lines, an entry each in order, then a signed head each. It proves itself."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from core.ledger.anchors import Anchor, BadAnchor
from core.ledger.chain import Entry
from core.ledger.verify import Report, verify


class _BadLine(Exception):
    """A line that is neither entry nor head; `book` and `entry` name what it is or should have been."""

    def __init__(self, book: int | None, entry: int | None, reason: str) -> None:
        super().__init__(reason)
        self.book, self.entry, self.reason = book, entry, reason


class _Place(NamedTuple):
    """Where in the file the reader stands: the line, and the entry that was read last."""

    line: int
    book: int | None
    entry: int


def exported(entries: Iterable[Entry], anchors: Iterable[Anchor]) -> Iterator[bytes]:
    """The lines of the file."""
    for book, entry, hash_, body in entries:
        yield _line({"book": book, "entry": entry, "hash": hash_.hex(), "body": body})
    for anchor in anchors:
        yield _line(anchor.as_json())


def verify_file(path: Path) -> Report:
    """Check an exported file by nothing but itself. Each book must end with an entry whose head is signed: so a file
    that was cut off is found. Raises OSError."""
    read = _Counted()
    try:
        report = verify(read.entries(path), read.anchors(path))
    except _BadLine as bad:
        return Report(False, read.count, bad.book, bad.entry, bad.reason)
    if not report.ok:
        return report
    for book, last in read.last.items():
        signed = read.signed.get(book, 0)
        if signed < last:
            reason = "no signed head covers this entry: the file was cut off"
            return Report(False, report.entries, book, signed + 1, reason)
    return report


class _Counted:
    """The entries of a file, with their count and the last of each book so far; and the newest signed head of each."""

    def __init__(self) -> None:
        self.count = 0
        self.last: dict[int, int] = {}
        self.signed: dict[int, int] = {}

    def anchors(self, path: Path) -> Iterator[Anchor]:
        for item in _read(path):
            if isinstance(item, Anchor):
                yield item
                self.signed[item.book] = max(item.entry, self.signed.get(item.book, 0))

    def entries(self, path: Path) -> Iterator[Entry]:
        for item in _read(path):
            if isinstance(item, Entry):
                yield item
                self.count += 1
                self.last[item.book] = item.entry


def _read(path: Path) -> Iterator[Entry | Anchor]:
    place = _Place(0, None, 0)
    with path.open("rb") as file:
        for line, octets in enumerate(file, 1):
            place = place._replace(line=line)
            item = _item(octets, place)
            if isinstance(item, Entry):
                place = _Place(line, item.book, item.entry)
            yield item


def _item(octets: bytes, place: _Place) -> Entry | Anchor:
    try:
        value = orjson.loads(octets)
    except orjson.JSONDecodeError as error:
        raise _bad({}, place) from error
    if not isinstance(value, dict):
        raise _bad({}, place)
    try:
        return Anchor.from_json(value) if "signature" in value else _entry(value)
    except (BadAnchor, KeyError, TypeError, ValueError) as error:
        raise _bad(value, place) from error


def _entry(value: dict[str, Any]) -> Entry:
    book, entry, body = value["book"], value["entry"], value["body"]
    if not (type(book) is type(entry) is int and isinstance(body, str)):
        raise TypeError("no entry")
    return Entry(book, entry, bytes.fromhex(value["hash"]), body)


def _bad(value: dict[str, Any], place: _Place) -> _BadLine:
    """Name the line by its own numbers where they can be read, else by those that should follow."""
    book, entry = value.get("book"), value.get("entry")
    if not type(book) is type(entry) is int:
        book, entry = place.book, place.entry + 1
    return _BadLine(book, entry, f"line {place.line} is damaged: neither an entry nor a signed head")


def _line(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
