"""The round in which one process seals the books of all: what is sealed, when, by whom, and what a failure leaves."""

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import pytest

from core.domain.clock import Instant
from core.intake.process_book import close_book as end_book
from core.ledger import sealing
from core.ledger.anchors import Signer
from core.ledger.chain import Head
from core.ledger.sealing import Round, seal_books
from core.ledger.seals import Seal
from core.ledger.stored import stored_seals
from core.store.transaction import Transaction
from tests.container import Container, FakeClock, opened
from tests.container_fixtures import on_postgresql

ROUND_MS: Final = 10_000


@pytest.fixture
async def other(url: str, clock: FakeClock, signer: Signer) -> AsyncIterator[Container]:
    """Another process on the same database."""
    async with opened(url, clock, signer) as other:
        yield other


@pytest.fixture
def round_of(signer: Signer, clock: FakeClock) -> "Rounds":
    return Rounds(signer, clock)


class Rounds:
    """Rounds of processes, in the order in which they are called."""

    def __init__(self, signer: Signer, clock: FakeClock) -> None:
        self.signer = signer
        self.clock = clock

    async def __call__(self, container: Container, *, at_once: bool = False) -> Round | None:
        work = partial(seal_books, signer=self.signer, now=self.clock(), at_once=at_once)
        return await container.writer.errand(work)


async def write(container: Container, entries: int = 1) -> Head:
    """Entries into the process's book; its head."""
    await container.writer.errand(lambda transaction: container.book.append(transaction, ["{}"] * entries))
    return container.book.committed


async def end(container: Container) -> None:
    await container.writer.errand(lambda transaction: end_book(transaction, container.book, container.clock()))


async def seals(container: Container) -> list[Seal]:
    return await container.writer.errand(lambda transaction: list(stored_seals(transaction)))


async def test_the_heads_of_all_books_that_have_grown_are_sealed(
    container: Container, other: Container, round_of: Rounds, clock: FakeClock
) -> None:
    heads = [await write(container, 3), await write(other, 2)]
    await round_of(container)
    clock.pass_ms(ROUND_MS)
    later = await write(other)
    found = await round_of(container)

    first, second = await seals(container)
    assert first.heads == tuple(heads)
    assert second.heads == (later,)
    assert (second.number, second.previous, second.at) == (2, first.hash, clock())
    assert found == Round(second, clock())
    assert [seal.fault(round_of.signer.public_key) for seal in (first, second)] == [None, None]


async def test_nothing_is_sealed_where_nothing_has_grown(
    container: Container, round_of: Rounds, clock: FakeClock
) -> None:
    empty = await round_of(container)
    await write(container)
    await round_of(container, at_once=True)
    [only] = await seals(container)
    clock.pass_ms(ROUND_MS)

    idle = await round_of(container)

    assert empty == Round(None, Instant(clock() - ROUND_MS))
    assert idle == Round(only, clock())
    assert await seals(container) == [only]


@pytest.mark.parametrize(
    ("passed_ms", "count"),
    [
        pytest.param(0, 1, id="the same moment"),
        pytest.param(8_999, 1, id="fresh still"),
        pytest.param(9_000, 2, id="fresh no more"),
        pytest.param(-8_999, 1, id="a clock a little behind"),
        pytest.param(-9_000, 2, id="a clock set back by a round"),
        pytest.param(-3_600_000, 2, id="a clock set back by an hour"),
    ],
)
async def test_a_seal_is_made_once_a_round_whatever_the_clock_does(
    container: Container, other: Container, round_of: Rounds, clock: FakeClock, passed_ms: int, count: int
) -> None:
    await write(container)
    await round_of(container)
    await write(container)
    clock.pass_ms(passed_ms)

    await round_of(other)

    assert [seal.number for seal in await seals(container)] == list(range(1, count + 1))


async def test_at_its_end_a_process_does_not_wait_for_the_next_round(container: Container, round_of: Rounds) -> None:
    await write(container)
    await round_of(container)
    head = await write(container)

    await round_of(container, at_once=True)

    assert [seal.heads for seal in await seals(container)][1:] == [(head,)]


@pytest.mark.parametrize("at_once", [False, True], ids=["a round", "the end"])
async def test_two_processes_at_once_make_one_seal(
    container: Container, other: Container, round_of: Rounds, at_once: bool
) -> None:
    heads = (await write(container), await write(other))

    await asyncio.gather(*(round_of(each, at_once=at_once) for each in (container, other) for _ in range(5)))

    assert [seal.heads for seal in await seals(container)] == [heads]


@on_postgresql
async def test_nobody_waits_for_the_one_that_seals(
    container: Container, other: Container, round_of: Rounds, clock: FakeClock
) -> None:
    await write(container)
    has_sealed, may_commit = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        seal_books(transaction, round_of.signer, clock())
        has_sealed.set()
        assert may_commit.wait(10)

    sealing = asyncio.create_task(container.writer.errand(slow))
    await asyncio.to_thread(has_sealed.wait, 10)

    found = await round_of(other)

    may_commit.set()
    await sealing
    assert found is None
    assert len(await seals(other)) == 1


async def test_a_seal_that_is_rolled_back_leaves_nothing(
    container: Container, round_of: Rounds, clock: FakeClock
) -> None:
    head = await write(container)
    before = await container.everything()

    def fail(transaction: Transaction) -> None:
        assert seal_books(transaction, round_of.signer, clock()) is not None
        raise OverflowError

    with pytest.raises(OverflowError):
        await container.writer.errand(fail)
    after = await container.everything()
    await round_of(container)

    assert after == before
    assert [(seal.number, seal.heads) for seal in await seals(container)] == [(1, (head,))]


async def test_a_book_that_has_ended_is_sealed_once_more_and_then_looked_at_no_more(
    container: Container, other: Container, round_of: Rounds, clock: FakeClock
) -> None:
    await write(other)
    await round_of(container)
    clock.pass_ms(ROUND_MS)
    last = await write(other)
    await end(other)

    await round_of(container)

    assert [seal.heads for seal in await seals(container)][1:] == [(last,)]
    assert await container.rows("SELECT id, last_seal FROM book ORDER BY id") == [
        (container.book.number, None),
        (other.book.number, 2),
    ]


async def test_a_book_that_ends_with_nothing_new_needs_no_seal(
    container: Container, other: Container, round_of: Rounds, clock: FakeClock
) -> None:
    await end(other)

    await round_of(container)

    assert await seals(container) == []
    assert await container.column("SELECT last_seal FROM book ORDER BY id") == [None, 0]


async def test_the_book_of_a_process_that_died_is_sealed_by_another(
    url: str, container: Container, round_of: Rounds, clock: FakeClock
) -> None:
    async with opened(url, clock, round_of.signer) as dying:
        head = await write(dying, 2)

    await round_of(container)
    async with opened(url, clock, round_of.signer) as successor:
        clock.pass_ms(ROUND_MS)
        await round_of(successor)

    assert [seal.heads for seal in await seals(container)] == [(head,)]
    assert await container.column("SELECT last_seal FROM book ORDER BY id") == [None, 1, None]


@pytest.mark.parametrize("books", [1, 2, 3, 5])
async def test_a_long_past_is_sealed_by_and_by(
    container: Container, round_of: Rounds, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, books: int
) -> None:
    monkeypatch.setattr(sealing, "BOOKS_MAX", 2)
    for number in range(101, 101 + books):
        await container.rows("INSERT INTO book (id, opened_at, closed_at) VALUES (?, 1, 1)", number)
        await container.rows("INSERT INTO ledger (book, entry, hash, body) VALUES (?, 1, ?, '{}')", number, bytes(32))

    for _ in range(4):
        await round_of(container)
        clock.pass_ms(ROUND_MS)

    sizes = [len(seal.heads) for seal in await seals(container)]
    assert sizes == [2] * (books // 2) + [1] * (books % 2)
    assert await container.column("SELECT id FROM book WHERE last_seal IS NULL") == [container.book.number]
