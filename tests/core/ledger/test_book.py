"""The book: entries that hang together, and a head that a roll-back returns."""

import pytest

from core.ledger.book import Book
from core.ledger.chain import GENESIS, Head, canonical, entry_hash, pseudonym
from core.store.transaction import Transaction
from tests.container import Container


async def test_entries_are_numbered_and_hashed_one_on_the_other(container: Container) -> None:
    book = Book(9)

    await container.writer.errand(lambda transaction: book.append(transaction, ["a", "b"]))
    await container.writer.errand(lambda transaction: book.append(transaction, ["c"]))

    first = entry_hash(GENESIS, 9, 1, "a")
    second = entry_hash(first, 9, 2, "b")
    third = entry_hash(second, 9, 3, "c")
    assert await container.rows("SELECT book, entry, hash, body FROM ledger ORDER BY entry") == [
        (9, 1, first, "a"),
        (9, 2, second, "b"),
        (9, 3, third, "c"),
    ]
    assert book.next_entry == 4


async def test_a_roll_back_returns_the_head(container: Container) -> None:
    book = container.book
    await container.writer.errand(lambda transaction: book.append(transaction, ["a"]))
    head = book.committed

    def fail(transaction: Transaction) -> None:
        book.append(transaction, ["lost"])
        book.append(transaction, ["lost too"])
        raise OverflowError

    with pytest.raises(OverflowError):
        await container.writer.errand(fail)
    await container.writer.errand(lambda transaction: book.append(transaction, ["b"]))

    assert head == Head(book.number, 1, entry_hash(GENESIS, book.number, 1, "a"))
    assert book.committed == Head(book.number, 2, entry_hash(head.hash, book.number, 2, "b"))
    assert await container.column("SELECT body FROM ledger ORDER BY entry") == ["a", "b"]


async def test_the_head_may_be_signed_only_after_the_commit(container: Container) -> None:
    book = container.book
    seen: list[Head] = []

    def work(transaction: Transaction) -> None:
        book.append(transaction, ["a"])
        seen.append(book.committed)

    await container.writer.errand(work)

    assert seen == [Head(book.number, 0, GENESIS)]
    assert book.committed.entry == 1


async def test_nothing_to_append_changes_nothing(container: Container) -> None:
    await container.writer.errand(lambda transaction: container.book.append(transaction, []))

    assert container.book.next_entry == 1


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("previous", entry_hash(bytes([1]) * 32, 1, 2, "body")),
        ("book", entry_hash(GENESIS, 2, 2, "body")),
        ("entry", entry_hash(GENESIS, 1, 3, "body")),
        ("body", entry_hash(GENESIS, 1, 2, "Body")),
    ],
)
def test_a_hash_covers_all_that_an_entry_is(label: str, other: bytes) -> None:
    assert entry_hash(GENESIS, 1, 2, "body") != other, label


def test_a_digit_cannot_move_between_book_and_entry() -> None:
    assert entry_hash(GENESIS, 1, 23, "body") != entry_hash(GENESIS, 12, 3, "body")


def test_a_body_is_written_in_one_way_only() -> None:
    assert canonical({"b": 1, "a": ["ş", None]}) == canonical({"a": ["ş", None], "b": 1}) == '{"a":["ş",null],"b":1}'


def test_a_pseudonym_depends_on_its_salt() -> None:
    assert pseudonym("+905321234567", b"a" * 16) != pseudonym("+905321234567", b"b" * 16)
