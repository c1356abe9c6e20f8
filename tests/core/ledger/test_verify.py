"""Whatever is done to a ledger is found, and named with book and entry: in the database and in an exported file."""

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.ledger.anchors import Anchor, Signer
from core.ledger.book import Book
from core.ledger.chain import GENESIS, Entry, Head, entry_hash
from core.ledger.exported import exported, verify_file
from core.ledger.stored import stored_anchors, stored_entries, verify_stored
from core.ledger.verify import Report, verify
from tests import outside
from tests.container_fixtures import on_sqlite
from tests.core.ledger.conftest import BOOKS, Kept

ENTRIES = sum(BOOKS.values())
MANY = 20_000


def check(kept: Kept) -> Report:
    return kept.read(lambda transaction: verify_stored(transaction, kept.local, kept.signer.public_key))


def test_a_ledger_as_it_was_written_is_right(kept: Kept) -> None:
    assert check(kept) == Report(True, ENTRIES)


class Damage(NamedTuple):
    label: str
    sql: str
    book: int
    entry: int
    reason: str
    values: tuple[bytes, ...] = ()


def swap(first: int, second: int) -> str:
    return (
        "UPDATE ledger SET hash = other.hash, body = other.body FROM ledger AS other"
        f" WHERE ledger.book = 1 AND ledger.entry IN ({first}, {second})"
        f" AND other.book = 1 AND other.entry = {first + second} - ledger.entry"
    )


DAMAGES = [
    Damage(
        "one byte of a body",
        "UPDATE ledger SET body = replace(body, 'K3', 'K4') WHERE book = 1 AND entry = 3",
        1,
        3,
        "changed or moved",
    ),
    Damage(
        "one byte of a hash",
        "UPDATE ledger SET hash = ? || substr(hash, 2) WHERE book = 1 AND entry = 6",
        1,
        6,
        "changed or moved",
        (b"\0",),
    ),
    Damage("a removed entry", "DELETE FROM ledger WHERE book = 1 AND entry = 4", 1, 4, "missing"),
    Damage("the first entry removed", "DELETE FROM ledger WHERE book = 2 AND entry = 1", 2, 1, "missing"),
    Damage("a tail cut off", "DELETE FROM ledger WHERE book = 1 AND entry > 3", 1, 4, "cut off"),
    Damage("the last entry cut off", "DELETE FROM ledger WHERE book = 2 AND entry = 3", 2, 3, "cut off"),
    Damage("a whole book removed", "DELETE FROM ledger WHERE book = 2", 2, 1, "the book is missing"),
    Damage("two entries swapped", swap(2, 3), 1, 2, "changed or moved"),
    Damage("the two last entries swapped", swap(5, 6), 1, 5, "changed or moved"),
    Damage("an entry number changed", "UPDATE ledger SET entry = 9 WHERE book = 1 AND entry = 6", 1, 6, "is missing"),
    Damage(
        "a signature in the database",
        "UPDATE anchor SET signature = ? WHERE book = 1 AND entry = 4",
        1,
        4,
        "signature",
        (bytes(64),),
    ),
    Damage(
        "a time that no calendar has",
        "UPDATE anchor SET at = 4611686018427387904 WHERE book = 1 AND entry = 4",
        1,
        4,
        "signature",
    ),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=[d.label for d in DAMAGES])
def test_damage_in_the_database_is_named(kept: Kept, damage: Damage) -> None:
    kept.damage(damage.sql, *damage.values)

    report = check(kept)

    assert not report.ok
    assert (report.book, report.entry) == (damage.book, damage.entry)
    assert damage.reason in (report.reason or "")


@on_sqlite
def test_a_body_that_is_no_utf_8_any_more_is_named(kept: Kept) -> None:
    """PostgreSQL's text holds none."""
    kept.damage("UPDATE ledger SET body = CAST(x'7b22ff227d' AS TEXT) WHERE book = 2 AND entry = 2")

    report = check(kept)

    assert (report.ok, report.book, report.entry) == (False, 2, 2)
    assert "changed or moved" in (report.reason or "")


def test_a_book_rewritten_whole_is_found_by_the_heads_outside(kept: Kept) -> None:
    kept.damage("DELETE FROM ledger WHERE book = 1")
    kept.damage("DELETE FROM anchor WHERE book = 1")
    outside.write(
        kept.url, lambda transaction: Book(1).append(transaction, [f'{{"receipt":"X{n}"}}' for n in range(BOOKS[1])])
    )

    report = check(kept)

    assert (report.ok, report.book, report.entry) == (False, 1, 2)
    assert "not the one whose head was signed" in (report.reason or "")


def test_a_head_of_another_key_is_named(kept: Kept) -> None:
    stranger = Signer(Ed25519PrivateKey.generate())

    report = kept.read(lambda transaction: verify_stored(transaction, kept.local, stranger.public_key))

    assert (report.ok, report.book, report.entry) == (False, 1, 2)
    assert "another key" in (report.reason or "")


def test_a_book_without_local_heads_is_checked_against_those_in_the_database_and_named_so(kept: Kept) -> None:
    kept.local = [anchor for anchor in kept.local if anchor.book != 2]

    assert check(kept) == Report(
        True, ENTRIES, reason="book 2 has no local heads: checked against those in the database only"
    )

    kept.damage("DELETE FROM ledger WHERE book = 2 AND entry = 3")
    assert (check(kept).book, check(kept).entry) == (2, 3)


def test_a_book_without_any_head_is_named_so(kept: Kept) -> None:
    kept.local = [anchor for anchor in kept.local if anchor.book != 2]
    kept.damage("DELETE FROM anchor WHERE book = 2")

    assert check(kept) == Report(True, ENTRIES, reason="book 2 has no signed head yet")


def test_heads_of_years_are_never_in_memory_all_together() -> None:
    def entries() -> Iterator[Entry]:
        previous = GENESIS
        for entry in range(1, MANY + 1):
            previous = entry_hash(previous, 1, entry, "{}")
            yield Entry(1, entry, previous, "{}")

    tracemalloc.start()
    try:
        report = verify(entries(), (), None, (Head(*entry[:3]) for entry in entries()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert report == Report(True, MANY)
    assert peak < 10 * MANY  # octets: a head takes twenty times as many


Lines = list[bytes]


class FileDamage(NamedTuple):
    """What is done to the lines: entries of book 1 at 0 to 5, of book 2 at 6 to 8, then heads 1.2 1.4 1.6 2.2 2.3."""

    label: str
    change: Callable[[Lines], Lines]
    book: int | None
    entry: int | None
    reason: str


def replaced(place: int, old: bytes, new: bytes) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        assert old in lines[place]
        return [*lines[:place], lines[place].replace(old, new, 1), *lines[place + 1 :]]

    return change


def without(*places: int) -> Callable[[Lines], Lines]:
    return lambda lines: [line for place, line in enumerate(lines) if place not in places]


def swapped(first: int) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[:first], lines[first + 1], lines[first], *lines[first + 2 :]]


FILE_DAMAGES = [
    FileDamage("one byte of a body", replaced(2, b"K3", b"K4"), 1, 3, "changed or moved"),
    FileDamage("a Turkish letter of a body", replaced(7, "İ".encode(), b"I"), 2, 2, "changed or moved"),
    FileDamage("one byte of a hash", replaced(5, b'"hash":"', b'"hash":"0'), 1, 6, "damaged"),
    FileDamage("an entry number", replaced(5, b'"entry":6', b'"entry":9'), 1, 6, "missing"),
    FileDamage("a removed entry", without(3), 1, 4, "missing"),
    FileDamage("a book's last entry removed", without(5), 1, 6, "cut off"),
    FileDamage("all heads cut off", without(*range(9, 14)), 1, 1, "no signed head"),
    FileDamage("the last head cut off", without(13), 2, 3, "no signed head"),
    FileDamage("the heads of one book cut off", without(12, 13), 2, 1, "no signed head"),
    FileDamage("two entries swapped", swapped(1), 1, 2, "missing"),
    FileDamage("books interleaved", swapped(5), 1, 6, "missing"),
    FileDamage("a line that is no JSON", replaced(4, b"{", b"("), 1, 5, "line 5 is damaged"),
    FileDamage("the first line no JSON", replaced(0, b"{", b"("), None, 1, "line 1 is damaged"),
    FileDamage("a line that is a list", lambda lines: [*lines[:4], b"[]\n", *lines[5:]], 1, 5, "line 5 is damaged"),
    FileDamage("a line without body", replaced(4, b'"body"', b'"bod"'), 1, 5, "line 5 is damaged"),
    FileDamage("a body that is no text", replaced(4, b'"body":"', b'"body":1,"x":"'), 1, 5, "line 5 is damaged"),
    FileDamage("a line that is no UTF-8", replaced(4, b"K5", b"K\xff"), 1, 5, "line 5 is damaged"),
    FileDamage("half a line at the end", lambda lines: [*lines[:-1], lines[-1][:40]], 2, 4, "line 14 is damaged"),
    FileDamage("a head that is damaged", replaced(11, b'"hash":"', b'"hash":"zz'), 1, 6, "line 12 is damaged"),
    FileDamage("a head of a time that no calendar has", replaced(11, b'"at":1', b'"at":1000001'), 1, 6, "signature"),
    FileDamage(
        "a head of an entry beyond all numbers",
        replaced(11, b'"entry":6', b'"entry":9999999999999999999'),
        1,
        9_999_999_999_999_999_999,
        "line 12 is damaged",
    ),
    FileDamage("a head with another date", replaced(11, b'"at":1', b'"at":2'), 1, 6, "signature"),
]


@pytest.fixture
def lines(kept: Kept) -> Lines:
    return kept.read(lambda transaction: list(exported(stored_entries(transaction), stored_anchors(transaction))))


def test_an_exported_file_proves_itself(lines: Lines, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join(lines))

    assert verify_file(file) == Report(True, ENTRIES)
    assert [sorted(orjson.loads(line)) for line in lines[:ENTRIES]] == [["body", "book", "entry", "hash"]] * ENTRIES
    assert all(Anchor.from_json(orjson.loads(line)).is_genuine() for line in lines[ENTRIES:])


@pytest.mark.parametrize("damage", FILE_DAMAGES, ids=[d.label for d in FILE_DAMAGES])
def test_damage_in_a_file_is_named(lines: Lines, tmp_path: Path, damage: FileDamage) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join(damage.change(lines)))

    report = verify_file(file)

    assert not report.ok
    assert (report.book, report.entry) == (damage.book, damage.entry), report
    assert damage.reason in (report.reason or "")
