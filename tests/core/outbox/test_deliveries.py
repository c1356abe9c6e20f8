"""What receipts do to rows of the outbox."""

import asyncio

import pytest

from core.conversation.answers import Temporary
from core.outbox import deliveries as module
from core.outbox.deliveries import EARLY_MS, UNDELIVERED_DELAY_MS, UNDELIVERED_TRIES_MAX, Deliveries, Delivery, Fate
from core.outbox.outbox import Parcel
from core.store.queries.outbox import OF_MESSAGE_ID
from tests.core.outbox.test_outbox import FakeCarrier, put, turn
from tests.counter import NUMBER, PATIENCE_S, Counter
from tests.counter_fixtures import on_sqlite


def receipt(
    message_id: str = "id-1", fate: Fate = Fate.DELIVERED, *forms: str, party: str = NUMBER.reveal()
) -> Delivery:
    return Delivery("operator-a", (message_id, *forms), (party,), fate, "receipt X")


@pytest.fixture
def carrier(counter: Counter) -> FakeCarrier:
    counter.outbox.carrier = carrier = FakeCarrier()
    return carrier


async def sent(counter: Counter, carrier: FakeCarrier) -> Parcel:
    await put(counter)
    await turn(counter)
    return carrier.carried[-1]


def accept(counter: Counter, parcel: Parcel, message_id: str = "id-1") -> None:
    counter.outbox.accepted(parcel.id, "operator-a", message_id)
    counter.deliveries.accepted("operator-a", message_id)


async def take(counter: Counter, delivery: Delivery) -> Temporary | None:
    future: asyncio.Future[Temporary | None] = asyncio.get_running_loop().create_future()
    counter.deliveries.submit(delivery, future.set_result)
    async with asyncio.timeout(PATIENCE_S):
        return await future


async def fates(counter: Counter) -> list[tuple[str, str | None]]:
    return await counter.rows("SELECT state, reason FROM outbox ORDER BY id")


async def test_a_delivered_message_is_delivered(counter: Counter, carrier: FakeCarrier) -> None:
    accept(counter, await sent(counter, carrier))
    counter.clock.pass_ms(7)

    assert await take(counter, receipt()) is None

    assert await counter.rows("SELECT state, settled_at FROM outbox") == [("delivered", counter.clock())]


async def test_a_receipt_says_nothing_of_other_messages(counter: Counter, carrier: FakeCarrier) -> None:
    accept(counter, await sent(counter, carrier), "id-1")
    accept(counter, await sent(counter, carrier), "id-2")

    await take(counter, receipt("id-2"))
    await take(counter, receipt("id-1")._replace(operator="operator-b"))

    assert [state for state, _ in await fates(counter)] == ["accepted", "delivered"]


async def test_of_two_messages_with_one_id_the_newer_is_meant(counter: Counter, carrier: FakeCarrier) -> None:
    accept(counter, await sent(counter, carrier))
    accept(counter, await sent(counter, carrier))

    await take(counter, receipt())

    assert [state for state, _ in await fates(counter)] == ["accepted", "delivered"]


async def test_an_undelivered_message_is_tried_again_later_and_given_up_in_the_end(
    counter: Counter, carrier: FakeCarrier
) -> None:
    await sent(counter, carrier)
    for attempt in range(1, UNDELIVERED_TRIES_MAX):
        accept(counter, carrier.carried[-1], f"id-{attempt}")
        await take(counter, receipt(f"id-{attempt}", Fate.UNDELIVERED))
        assert await fates(counter) == [("ready", "receipt X")]
        counter.clock.pass_ms(UNDELIVERED_DELAY_MS * attempt - 1)
        await turn(counter)
        assert len(carrier.carried) == attempt
        counter.clock.pass_ms(1)
        await turn(counter)
        assert len(carrier.carried) == attempt + 1

    accept(counter, carrier.carried[-1], "id-last")
    await take(counter, receipt("id-last", Fate.UNDELIVERED))

    assert await fates(counter) == [("dead", "receipt X")]


async def test_a_message_that_the_network_ended_is_given_up(counter: Counter, carrier: FakeCarrier) -> None:
    accept(counter, await sent(counter, carrier))

    await take(counter, receipt(fate=Fate.ENDED))

    assert await fates(counter) == [("dead", "receipt X")]


@pytest.mark.parametrize("second", list(Fate))
async def test_the_first_receipt_counts(counter: Counter, carrier: FakeCarrier, second: Fate) -> None:
    accept(counter, await sent(counter, carrier))
    await take(counter, receipt())

    assert await take(counter, receipt(fate=second)) is None

    assert await fates(counter) == [("delivered", "receipt X")]


@pytest.mark.parametrize(
    ("party", "state"),
    [
        pytest.param(NUMBER.reveal(), "delivered", id="the same citizen"),
        pytest.param("+905329999999", "accepted", id="another citizen"),
    ],
)
async def test_another_spelling_of_the_id_counts_for_its_own_citizen_only(
    counter: Counter, carrier: FakeCarrier, party: str, state: str
) -> None:
    accept(counter, await sent(counter, carrier), "1a2b")

    await take(counter, receipt("6699", Fate.DELIVERED, "1a2b", party=party))

    assert [found for found, _ in await fates(counter)] == [state]


async def test_the_receipts_own_spelling_goes_before_the_other(counter: Counter, carrier: FakeCarrier) -> None:
    accept(counter, await sent(counter, carrier), "1234")
    accept(counter, await sent(counter, carrier), "4d2")  # 1234 in hexadecimal

    await take(counter, receipt("1234", Fate.DELIVERED, "4d2"))

    assert [state for state, _ in await fates(counter)] == ["delivered", "accepted"]


async def test_a_receipt_before_the_answer_to_its_submit_waits_for_it(counter: Counter, carrier: FakeCarrier) -> None:
    parcel = await sent(counter, carrier)
    assert await take(counter, receipt("6699", Fate.DELIVERED, "id-1")) is None
    assert [state for state, _ in await fates(counter)] == ["sent"]

    accept(counter, parcel)
    await turn(counter)

    assert [state for state, _ in await fates(counter)] == ["delivered"]


async def test_an_answer_that_comes_while_its_receipt_is_looked_up_is_not_missed(
    counter: Counter, carrier: FakeCarrier
) -> None:
    parcel = await sent(counter, carrier)
    counter.deliveries.submit(receipt(), lambda _: None)
    job = counter.deliveries.next_job()
    assert job is not None
    await counter.database.transact(job.run)

    accept(counter, parcel)
    job.committed()
    await turn(counter)

    assert [state for state, _ in await fates(counter)] == ["delivered"]


@pytest.mark.parametrize(
    ("passed_ms", "state"),
    [pytest.param(EARLY_MS - 1, "delivered", id="last moment"), pytest.param(EARLY_MS, "accepted", id="over")],
)
async def test_an_early_receipt_waits_for_its_time(
    counter: Counter, carrier: FakeCarrier, passed_ms: int, state: str
) -> None:
    parcel = await sent(counter, carrier)
    await take(counter, receipt())
    counter.clock.pass_ms(passed_ms)
    await turn(counter)

    accept(counter, parcel)
    await turn(counter)

    assert [found for found, _ in await fates(counter)] == [state]
    assert not counter.deliveries._early_ids


@pytest.mark.parametrize(
    ("later", "state"),
    [
        pytest.param(1, "delivered", id="below"),
        pytest.param(2, "delivered", id="at"),
        pytest.param(3, "accepted", id="above"),
    ],
)
async def test_a_bounded_number_of_early_receipts_waits(
    counter: Counter, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch, later: int, state: str
) -> None:
    monkeypatch.setattr(module, "EARLY_MAX", 3)
    parcel = await sent(counter, carrier)
    await take(counter, receipt())
    for number in range(later):
        await take(counter, receipt(f"other-{number}"))

    accept(counter, parcel)
    await turn(counter)

    assert [found for found, _ in await fates(counter)] == [state]


async def test_a_receipt_that_cannot_be_written_is_left_to_the_network(counter: Counter, carrier: FakeCarrier) -> None:
    accept(counter, await sent(counter, carrier))
    await turn(counter)
    await counter.take_no_writes()

    assert isinstance(await take(counter, receipt()), Temporary)

    await counter.take_writes()
    await take(counter, receipt())
    assert [state for state, _ in await fates(counter)] == ["delivered"]


@pytest.mark.parametrize(
    ("waiting", "taken"),
    [pytest.param(1, True, id="below"), pytest.param(2, False, id="at"), pytest.param(3, False, id="above")],
)
async def test_a_bounded_number_of_receipts_waits_for_the_store(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, waiting: int, taken: bool
) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 2)
    deliveries = Deliveries(counter.clock, lambda: None)
    told: list[Temporary | None] = []
    for number in range(waiting):
        deliveries.submit(receipt(str(number)), lambda _: None)

    deliveries.submit(receipt(), told.append)

    assert (told == []) is taken


async def test_a_batch_is_bounded(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_MAX", 2)
    deliveries = Deliveries(counter.clock, lambda: None)
    for number in range(3):
        deliveries.submit(receipt(str(number)), lambda _: None)

    sizes = [len(job._batch) for _ in range(3) if (job := deliveries.next_job())]

    assert sizes == [2, 1]


@on_sqlite
async def test_the_look_up_is_by_an_index(counter: Counter) -> None:
    plan = await counter.rows(f"EXPLAIN QUERY PLAN {OF_MESSAGE_ID.sqlite.sql}", *("a", '["1"]'))

    assert any("outbox_message (operator=? AND message_id=?)" in row[3] for row in plan)
