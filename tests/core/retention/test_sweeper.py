"""The sweeper goes by slices that are whole or not at all: stopped anywhere, run again, run twice at once."""

import asyncio
import random
from typing import Any, Final

import orjson
import pytest

from core.domain.ids import Ids
from core.ledger.anchors import Signer
from core.ledger.stored import verify_stored
from core.retention import sweeper
from core.retention.counts import Removed
from core.retention.sweeper import Sweeper
from core.store.bulk_pacing import Pace
from core.store.errors import TemporaryFault
from core.store.queries.connections import ADD_REDELIVERY
from core.store.queries.evidence import ADD_RAW, ADD_REQUEST
from core.store.queries.notices import ADD_TOKEN
from core.store.transaction import Transaction
from tests.container import Container, FakeClock, numbers, opened
from tests.core.conversation.decisions.scenes import DAY_MS
from tests.core.retention.sweeping import SPANS, TEXT_MS, count, sweep

ROWS: Final = 250
BOOKS: Final = 3


def ages() -> list[int]:
    """In milliseconds, the oldest first, some at the very border."""
    drawn = random.Random(20261123)
    border = [TEXT_MS + n for n in (-2, -1, 0, 1, 2)]
    return sorted([drawn.randrange(2 * TEXT_MS) for _ in range(ROWS - len(border))] + border, reverse=True)


async def fill(container: Container) -> None:
    """Messages that were no act, in the books of several processes; links and redeliveries that ended or did not."""
    now, ids, people = container.clock.now, [Ids(book) for book in range(1, BOOKS + 1)], numbers(ROWS)
    requests, raws, tokens, redeliveries = [], [], [], []
    for n, age in enumerate(ages()):
        row_id, who, at = ids[n % BOOKS].next(), people[n * 7 % ROWS].reveal(), now - age
        unsaid = (None, "not-understood", None, None, None, b"hash", None, None, None)
        requests.append((row_id, who, "sms", "a", 0, b"key", at, at, at, *unsaid))
        raws.append((row_id, who, b"raw", "text"))
        tokens.append((n.to_bytes(32), n, at + TEXT_MS))
        redeliveries.append((who, row_id, b"key", at + TEXT_MS))

    def work(transaction: Transaction) -> None:
        transaction.run_many(ADD_REQUEST, requests)
        transaction.run_many(ADD_RAW, raws)
        transaction.run_many(ADD_TOKEN, tokens)
        transaction.run_many(ADD_REDELIVERY, redeliveries)

    await container.database.transact(work)


OVER: Final = sum(age >= TEXT_MS for age in ages())
ALL: Final = Removed(texts=OVER, messages=OVER, links=OVER, redeliveries=OVER)


async def counted(container: Container) -> Removed:
    """What the ledger says was removed."""
    total = Removed()
    for (body,) in await container.rows("SELECT body FROM ledger ORDER BY book, entry"):
        intent: dict[str, Any] = orjson.loads(body)
        assert intent.pop("kind") == "retention"
        del intent["decidedAt"]
        total = total.plus(Removed(**intent))
    return total


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "ROWS_FIRST", 20)
    monkeypatch.setattr(sweeper, "rows_next", lambda rows, took_s, aim_s: rows)


async def test_all_that_is_over_goes_and_nothing_younger_and_the_ledger_counts_it(container: Container) -> None:
    await fill(container)
    young = {container.clock.now - age for age in ages() if age < TEXT_MS}

    removed = await sweep(container)

    assert removed == ALL == await counted(container)
    assert set(await container.column("SELECT decided_at FROM request")) == young
    assert [await count(container, table) for table in ("request", "raw", "token", "redelivery")] == [ROWS - OVER] * 4


async def test_a_second_run_removes_nothing_and_writes_nothing(container: Container) -> None:
    await fill(container)
    await sweep(container)
    before = await container.everything()

    assert await sweep(container) == Removed()

    assert await container.everything() == before


@pytest.mark.parametrize("good_slices", [0, 1, 20, 40])
async def test_a_run_that_ends_in_its_middle_loses_nothing_and_the_next_one_does_the_rest(
    container: Container, monkeypatch: pytest.MonkeyPatch, good_slices: int
) -> None:
    await fill(container)
    commit, commits = Transaction.commit, 0

    def failing(transaction: Transaction) -> None:
        nonlocal commits
        commits += 1
        if commits > good_slices:
            raise TemporaryFault("killed before the commit")
        commit(transaction)

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "commit", failing)
        with pytest.raises(TemporaryFault):
            await sweep(container)
    gone = [ROWS - await count(container, table) for table in ("raw", "request", "token", "redelivery")]
    first = await counted(container)
    assert [first.texts, first.messages, first.links, first.redeliveries] == gone

    second = await sweep(container)

    assert first.plus(second) == ALL == await counted(container)
    report = await container.database.transact(lambda transaction: verify_stored(transaction, (), None))
    assert report.ok


async def test_two_runs_at_once_share_the_work(
    container: Container, url: str, clock: FakeClock, signer: Signer
) -> None:
    await fill(container)
    async with opened(url, clock, signer, writes=False) as other:
        one, two = await asyncio.gather(sweep(container), sweep(other))

    assert one.plus(two) == ALL == await counted(container)
    assert await count(container, "request") == ROWS - OVER


async def test_beside_another_process_it_pauses_as_long_as_each_slice_took(
    container: Container, url: str, clock: FakeClock, signer: Signer
) -> None:
    await fill(container)
    slept: list[float] = []
    ticks = iter(n * 0.25 for n in range(1000))

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    slices = 0

    async def on_slice(name: str, removed: Removed) -> None:
        nonlocal slices
        slices += 1

    async with opened(url, clock, signer, writes=False) as other:
        pace = Pace(lambda: next(ticks), sleep)
        await Sweeper(other.database, other.book, clock, SPANS, pace=pace).run(on_slice)

    assert slept == [0.25] * slices
    assert slices > 2 * ROWS / 20


async def test_what_becomes_over_while_it_runs_is_left_to_the_next_run(container: Container, clock: FakeClock) -> None:
    await fill(container)

    async def on_slice(name: str, removed: Removed) -> None:
        clock.pass_ms(DAY_MS)

    removed = await Sweeper(container.database, container.book, clock, SPANS).run(on_slice)

    assert removed == ALL
