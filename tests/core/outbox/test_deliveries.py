"""What receipts do to rows of the outbox."""

import asyncio

import pytest

from core.conversation.answers import Temporary
from core.outbox import deliveries as module
from core.outbox.deliveries import EARLY_MS, UNDELIVERED_DELAY_MS, UNDELIVERED_TRIES_MAX, Deliveries, Delivery, Fate
from core.outbox.outbox import OutboxMessage
from core.store.queries.outbox import OF_MESSAGE_ID
from tests.container import NUMBER, PATIENCE_S, Container
from tests.container_fixtures import on_sqlite
from tests.core.outbox.test_outbox import FakeTransport, put, turn


def receipt(
    message_id: str = "id-1", fate: Fate = Fate.DELIVERED, *forms: str, party: str = NUMBER.reveal()
) -> Delivery:
    return Delivery("operator-a", (message_id, *forms), (party,), fate, "receipt X")


@pytest.fixture
def transport(container: Container) -> FakeTransport:
    container.outbox.transport = transport = FakeTransport()
    return transport


async def sent(container: Container, transport: FakeTransport) -> OutboxMessage:
    await put(container)
    await turn(container)
    return transport.carried[-1]


def accept(container: Container, outbox_message: OutboxMessage, message_id: str = "id-1") -> None:
    container.outbox.accepted(outbox_message.id, "operator-a", message_id)
    container.deliveries.accepted("operator-a", message_id)


async def take(container: Container, delivery: Delivery) -> Temporary | None:
    future: asyncio.Future[Temporary | None] = asyncio.get_running_loop().create_future()
    container.deliveries.submit(delivery, future.set_result)
    async with asyncio.timeout(PATIENCE_S):
        return await future


async def fates(container: Container) -> list[tuple[str, str | None]]:
    return await container.rows("SELECT state, reason FROM outbox ORDER BY id")


async def test_a_delivered_message_is_delivered(container: Container, transport: FakeTransport) -> None:
    accept(container, await sent(container, transport))
    container.clock.pass_ms(7)

    assert await take(container, receipt()) is None

    assert await container.rows("SELECT state, settled_at FROM outbox") == [("delivered", container.clock())]


async def test_a_receipt_says_nothing_of_other_messages(container: Container, transport: FakeTransport) -> None:
    accept(container, await sent(container, transport), "id-1")
    accept(container, await sent(container, transport), "id-2")

    await take(container, receipt("id-2"))
    await take(container, receipt("id-1")._replace(operator="operator-b"))

    assert [state for state, _ in await fates(container)] == ["accepted", "delivered"]


async def test_of_two_messages_with_one_id_the_newer_is_meant(container: Container, transport: FakeTransport) -> None:
    accept(container, await sent(container, transport))
    accept(container, await sent(container, transport))

    await take(container, receipt())

    assert [state for state, _ in await fates(container)] == ["accepted", "delivered"]


async def test_an_undelivered_message_is_tried_again_later_and_given_up_in_the_end(
    container: Container, transport: FakeTransport
) -> None:
    await sent(container, transport)
    for attempt in range(1, UNDELIVERED_TRIES_MAX):
        accept(container, transport.carried[-1], f"id-{attempt}")
        await take(container, receipt(f"id-{attempt}", Fate.UNDELIVERED))
        assert await fates(container) == [("ready", "receipt X")]
        container.clock.pass_ms(UNDELIVERED_DELAY_MS * attempt - 1)
        await turn(container)
        assert len(transport.carried) == attempt
        container.clock.pass_ms(1)
        await turn(container)
        assert len(transport.carried) == attempt + 1

    accept(container, transport.carried[-1], "id-last")
    await take(container, receipt("id-last", Fate.UNDELIVERED))

    assert await fates(container) == [("dead", "receipt X")]


async def test_a_message_that_the_network_ended_is_given_up(container: Container, transport: FakeTransport) -> None:
    accept(container, await sent(container, transport))

    await take(container, receipt(fate=Fate.ENDED))

    assert await fates(container) == [("dead", "receipt X")]


@pytest.mark.parametrize("second", list(Fate))
async def test_the_first_receipt_counts(container: Container, transport: FakeTransport, second: Fate) -> None:
    accept(container, await sent(container, transport))
    await take(container, receipt())

    assert await take(container, receipt(fate=second)) is None

    assert await fates(container) == [("delivered", "receipt X")]


@pytest.mark.parametrize(
    ("party", "state"),
    [
        pytest.param(NUMBER.reveal(), "delivered", id="the same citizen"),
        pytest.param("+905329999999", "accepted", id="another citizen"),
    ],
)
async def test_another_spelling_of_the_id_counts_for_its_own_citizen_only(
    container: Container, transport: FakeTransport, party: str, state: str
) -> None:
    accept(container, await sent(container, transport), "1a2b")

    await take(container, receipt("6699", Fate.DELIVERED, "1a2b", party=party))

    assert [found for found, _ in await fates(container)] == [state]


async def test_the_receipts_own_spelling_goes_before_the_other(container: Container, transport: FakeTransport) -> None:
    accept(container, await sent(container, transport), "1234")
    accept(container, await sent(container, transport), "4d2")  # 1234 in hexadecimal

    await take(container, receipt("1234", Fate.DELIVERED, "4d2"))

    assert [state for state, _ in await fates(container)] == ["delivered", "accepted"]


async def test_a_receipt_before_the_answer_to_its_submit_waits_for_it(
    container: Container, transport: FakeTransport
) -> None:
    outbox_message = await sent(container, transport)
    assert await take(container, receipt("6699", Fate.DELIVERED, "id-1")) is None
    assert [state for state, _ in await fates(container)] == ["sent"]

    accept(container, outbox_message)
    await turn(container)

    assert [state for state, _ in await fates(container)] == ["delivered"]


async def test_an_answer_that_comes_while_its_receipt_is_looked_up_is_not_missed(
    container: Container, transport: FakeTransport
) -> None:
    outbox_message = await sent(container, transport)
    container.deliveries.submit(receipt(), lambda _: None)
    job = container.deliveries.next_job()
    assert job is not None
    await container.database.transact(job.run)

    accept(container, outbox_message)
    job.committed()
    await turn(container)

    assert [state for state, _ in await fates(container)] == ["delivered"]


@pytest.mark.parametrize(
    ("passed_ms", "state"),
    [pytest.param(EARLY_MS - 1, "delivered", id="last moment"), pytest.param(EARLY_MS, "accepted", id="over")],
)
async def test_an_early_receipt_waits_for_its_time(
    container: Container, transport: FakeTransport, passed_ms: int, state: str
) -> None:
    outbox_message = await sent(container, transport)
    await take(container, receipt())
    container.clock.pass_ms(passed_ms)
    await turn(container)

    accept(container, outbox_message)
    await turn(container)

    assert [found for found, _ in await fates(container)] == [state]
    assert not container.deliveries._early_ids


@pytest.mark.parametrize(
    ("later", "state"),
    [
        pytest.param(1, "delivered", id="below"),
        pytest.param(2, "delivered", id="at"),
        pytest.param(3, "accepted", id="above"),
    ],
)
async def test_a_bounded_number_of_early_receipts_waits(
    container: Container, transport: FakeTransport, monkeypatch: pytest.MonkeyPatch, later: int, state: str
) -> None:
    monkeypatch.setattr(module, "EARLY_MAX", 3)
    outbox_message = await sent(container, transport)
    await take(container, receipt())
    for number in range(later):
        await take(container, receipt(f"other-{number}"))

    accept(container, outbox_message)
    await turn(container)

    assert [found for found, _ in await fates(container)] == [state]


async def test_a_receipt_that_cannot_be_written_is_left_to_the_network(
    container: Container, transport: FakeTransport
) -> None:
    accept(container, await sent(container, transport))
    await turn(container)
    await container.take_no_writes()

    assert isinstance(await take(container, receipt()), Temporary)

    await container.take_writes()
    await take(container, receipt())
    assert [state for state, _ in await fates(container)] == ["delivered"]


@pytest.mark.parametrize(
    ("waiting", "taken"),
    [pytest.param(1, True, id="below"), pytest.param(2, False, id="at"), pytest.param(3, False, id="above")],
)
async def test_a_bounded_number_of_receipts_waits_for_the_store(
    container: Container, monkeypatch: pytest.MonkeyPatch, waiting: int, taken: bool
) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 2)
    deliveries = Deliveries(container.clock, lambda: None)
    told: list[Temporary | None] = []
    for number in range(waiting):
        deliveries.submit(receipt(str(number)), lambda _: None)

    deliveries.submit(receipt(), told.append)

    assert (told == []) is taken


async def test_a_batch_is_bounded(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_MAX", 2)
    deliveries = Deliveries(container.clock, lambda: None)
    for number in range(3):
        deliveries.submit(receipt(str(number)), lambda _: None)

    sizes = [len(job._batch) for _ in range(3) if (job := deliveries.next_job())]

    assert sizes == [2, 1]


@on_sqlite
async def test_the_look_up_is_by_an_index(container: Container) -> None:
    plan = await container.rows(f"EXPLAIN QUERY PLAN {OF_MESSAGE_ID.sqlite.sql}", *("a", '["1"]'))

    assert any("outbox_message (operator=? AND message_id=?)" in row[3] for row in plan)


async def test_a_receipt_may_come_over_another_entry_of_the_settings(
    container: Container, transport: FakeTransport
) -> None:
    container.deliveries._operators = ("receiver", "operator-a")
    accept(container, await sent(container, transport))

    await take(container, receipt()._replace(operator="receiver"))

    assert [state for state, _ in await fates(container)] == ["delivered"]


async def test_over_another_entry_the_recipient_has_to_be_the_same(
    container: Container, transport: FakeTransport
) -> None:
    container.deliveries._operators = ("receiver", "operator-a")
    accept(container, await sent(container, transport))

    await take(container, receipt(party="+905550000000")._replace(operator="receiver"))

    assert [state for state, _ in await fates(container)] == ["accepted"]


async def test_delivered_after_undelivered_wins_while_the_row_has_not_left_again(
    container: Container, transport: FakeTransport
) -> None:
    accept(container, await sent(container, transport))
    await take(container, receipt(fate=Fate.UNDELIVERED))
    assert [state for state, _ in await fates(container)] == ["ready"]

    await take(container, receipt())

    assert [state for state, _ in await fates(container)] == ["delivered"]
