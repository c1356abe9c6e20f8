"""Processes that write the same rows at the same time: nobody waits in a ring, and who is chosen as a deadlock's victim
loses nothing."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import pytest

from core.conversation.answers import Committed, Temporary
from core.domain.clock import Instant
from core.domain.recipients import Msisdn
from core.intake.process_book import begin
from core.ledger.anchors import Signer
from core.outbox.deliveries import Delivery, Fate
from core.outbox.outbox import row, sweep
from core.store.database import Database
from core.store.postgresql.connection import _lock_keys
from core.store.queries.connections import ADD_REDELIVERY, DROP_EXPIRED_REDELIVERIES
from core.store.queries.outbox import ACCEPT, ADD_OUTBOX
from core.store.transaction import Transaction
from tests.container import NUMBER, PATIENCE_S, REDELIVERY_MS, Container, FakeClock, opened
from tests.postgresql import Server

OPERATOR: Final = "operator-a"
WAITING: Final = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    url = postgresql.fresh()
    yield url
    postgresql.give_back(url)


class Bystander:
    """A session of somebody else, which holds rows and sees who waits."""

    def __init__(self, session: asyncpg.Connection) -> None:
        self._session = session

    async def do(self, sql: str, *values: object) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._session.execute(sql, *values)

    async def until_waiting(self, count: int) -> None:
        """For so many transactions to wait for another one."""
        async with asyncio.timeout(PATIENCE_S):
            while await self._session.fetchval(WAITING) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@asynccontextmanager
async def bystander(url: str) -> AsyncIterator[Bystander]:
    session = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        yield Bystander(session)
    finally:
        await session.close()


@pytest.fixture
async def other(url: str) -> AsyncIterator[Bystander]:
    async with bystander(url) as found:
        yield found


async def put(container: Container, **columns: object) -> list[int]:
    """Three rows of the outbox."""
    ids = [container.ids.next() for _ in range(3)]
    rows = [row(one, None, NUMBER.reveal(), "text", "a", container.clock()) for one in ids]
    await container.database.transact(lambda transaction: transaction.run_many(ADD_OUTBOX, rows))
    for name, value in columns.items():
        await container.rows(f"UPDATE outbox SET {name} = ?", value)
    return ids


async def test_two_processes_settle_the_same_receipts_in_opposite_order(
    url: str, clock: FakeClock, signer: Signer, other: Bystander
) -> None:
    async with opened(url, clock, signer) as one, opened(url, clock, signer) as two:
        first, second, third = await put(one, state="accepted", operator=OPERATOR)
        await one.rows("UPDATE outbox SET message_id = CAST(id AS TEXT)")
        await other.do("BEGIN")
        await other.do("SELECT FROM outbox WHERE id = $1 FOR UPDATE", third)
        ends: list[Temporary | None] = []
        for container, order in ((one, (first, third, second)), (two, (second, third, first))):
            for row_id in order:
                container.deliveries.submit(
                    Delivery(OPERATOR, (str(row_id),), (), Fate.DELIVERED, "DELIVRD"), ends.append
                )

        await other.until_waiting(2)
        await other.do("COMMIT")
        async with asyncio.timeout(PATIENCE_S):
            while len(ends) < 6:  # noqa: ASYNC110  # raises no event
                await asyncio.sleep(0.005)

        assert ends == [None] * 6
        assert await one.column("SELECT state FROM outbox") == ["delivered"] * 3


def expire(transaction: Transaction) -> int:
    return sweep(transaction, Instant(100)).dead


def lapse(transaction: Transaction) -> int:
    return sweep(transaction, Instant(100)).unknown


def forget(transaction: Transaction) -> int:
    return transaction.run(DROP_EXPIRED_REDELIVERIES, now=100)


@pytest.mark.parametrize(
    ("table", "columns", "swept"),
    [
        pytest.param("outbox", {"expires_at": 50}, expire, id="messages that nobody wants any more"),
        pytest.param("outbox", {"state": "sent", "lease_until": 50}, lapse, id="messages of a dead sender"),
        pytest.param("redelivery", {}, forget, id="redeliveries that are over"),
    ],
)
async def test_a_sweep_waits_for_nobody_and_finds_the_rest_next_time(
    url: str,
    container: Container,
    other: Bystander,
    table: str,
    columns: dict[str, object],
    swept: Callable[[Transaction], int],
) -> None:
    await put(container, **columns)
    redeliveries = [(NUMBER.reveal(), number, b"key", 50) for number in range(3)]
    await container.database.transact(lambda transaction: transaction.run_many(ADD_REDELIVERY, redeliveries))
    await other.do("BEGIN")
    await other.do(f"SELECT FROM {table} WHERE ctid = (SELECT max(ctid) FROM {table}) FOR UPDATE")

    async with asyncio.timeout(PATIENCE_S):
        beside = await container.database.transact(swept)
        await other.do("COMMIT")
        after = await container.database.transact(swept)

    assert (beside, after) == (2, 1)


async def test_a_sender_that_marks_while_another_process_sweeps(url: str, clock: FakeClock, signer: Signer) -> None:
    """Its leases have run out, and the answers of the network come after all, in another order than the sweep's."""
    async with opened(url, clock, signer) as sender, opened(url, clock, signer) as sweeper, bystander(url) as other:
        ids = await put(sender, state="sent", lease_until=50, sender=sender.book.number)
        has_one, go_on = threading.Event(), threading.Event()

        def mark(transaction: Transaction) -> None:
            for row_id in reversed(ids):
                transaction.run_many(ACCEPT, [(OPERATOR, "id", 100, row_id, sender.book.number)])
                has_one.set()
                assert go_on.wait(PATIENCE_S)

        async def release(sweeping: "asyncio.Task[object]") -> None:
            while not sweeping.done() and not await waits(other):  # noqa: ASYNC110  # raises no event
                await asyncio.sleep(0.005)
            go_on.set()

        marking = asyncio.create_task(sender.database.transact(mark))
        await asyncio.to_thread(has_one.wait, PATIENCE_S)
        sweeping = asyncio.create_task(sweeper.database.transact(lambda transaction: sweep(transaction, Instant(100))))
        await release(sweeping)
        await marking
        swept = await sweeping

        assert swept.unknown == 2
        assert await sender.column("SELECT state FROM outbox ORDER BY id") == ["ready", "ready", "accepted"]


async def waits(other: Bystander) -> bool:
    return bool(await other._session.fetchval(WAITING))


async def test_a_start_takes_over_while_another_process_sweeps(
    url: str, clock: FakeClock, signer: Signer, other: Bystander
) -> None:
    async with opened(url, clock, signer) as sweeper:
        async with opened(url, clock, signer, writes=False) as dead:
            await put(dead, state="sent", lease_until=50, sender=dead.book.number)
        database = await Database.open(url, 5)
        locks = database.book_locks()
        await other.do("BEGIN")
        await other.do("SELECT FROM outbox WHERE ctid = (SELECT max(ctid) FROM outbox) FOR UPDATE")
        starting = asyncio.create_task(
            database.transact(lambda transaction: begin(transaction, locks, signer, clock, REDELIVERY_MS))
        )
        await other.until_waiting(1)

        async with asyncio.timeout(PATIENCE_S):
            swept = await sweeper.database.transact(lambda transaction: sweep(transaction, Instant(100)))
            await other.do("COMMIT")
            await starting
            after = await sweeper.database.transact(lambda transaction: sweep(transaction, Instant(100)))

        await database.close()
        assert swept.unknown + after.unknown == 3


async def test_the_victim_of_a_deadlock_gets_a_temporary_answer_and_then_acts_once(
    url: str, container: Container, other: Bystander
) -> None:
    await container.allow(NUMBER)
    await other.do("SET deadlock_timeout = '10s'")  # who looks first finds the ring, and is the victim

    await other.do("BEGIN")
    await other.do("SELECT FROM consent FOR UPDATE")
    deciding = asyncio.create_task(container.desk.handle(container.request()))
    async with bystander(url) as watching:
        await watching.until_waiting(1)
        await other.do("SELECT pg_advisory_xact_lock($1)", *_lock_keys({NUMBER.reveal()}))
    await other.do("COMMIT")
    async with asyncio.timeout(PATIENCE_S):
        victim, again = await deciding, await container.desk.handle(container.request())

    assert isinstance(victim, Temporary)
    assert "deadlock" in victim.reason
    assert isinstance(again, Committed)
    assert await container.column("SELECT status FROM consent") == ["RET"]
    assert await container.column("SELECT count(*) FROM request") == [1]
    assert await container.column("SELECT entry FROM ledger") == [1]


async def test_batches_of_the_same_citizens_in_opposite_order_wait_in_no_ring(
    url: str, clock: FakeClock, signer: Signer, other: Bystander
) -> None:
    citizens = sorted((Msisdn(f"+9053200000{n:02}") for n in range(10, 13)), key=lambda one: _lock_keys({one.reveal()}))
    first, second, third = citizens
    async with opened(url, clock, signer) as one, opened(url, clock, signer) as two:
        await one.allow(*citizens)

        await other.do("BEGIN")
        await other.do("SELECT pg_advisory_xact_lock($1)", *_lock_keys({third.reveal()}))
        deciding = [
            asyncio.create_task(container.desk.handle(container.request(recipient=citizen, key=name)))
            for container, name, order in ((one, b"1", (first, third, second)), (two, b"2", (second, third, first)))
            for citizen in order
        ]
        await other.until_waiting(2)
        await other.do("COMMIT")
        async with asyncio.timeout(PATIENCE_S):
            outcomes = await asyncio.gather(*deciding)

        assert all(isinstance(outcome, Committed) for outcome in outcomes), outcomes
        assert await one.column("SELECT count(*) FROM request WHERE outcome = 'ret'") == [6]
