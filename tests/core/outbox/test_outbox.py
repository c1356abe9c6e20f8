"""The life of a row of the outbox, by a carrier that takes what it is given."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from core.domain.clock import Instant
from core.domain.ids import ids_of
from core.domain.tokens import LENGTH, PLACE, token_hash
from core.ledger.anchors import Signer
from core.outbox import outbox as outbox_module
from core.outbox.outbox import ANSWER_LIFE_MS, ATTEMPTS_MAX, BY_MAIL, Outbox, OutboxClass, Parcel
from core.store.errors import TemporaryFault
from core.store.queries.notices import NOTICE_OF_TOKEN, PUT_NOTICE
from core.store.queries.outbox import ADD_OUTBOX
from core.store.transaction import Transaction
from tests.counter import LEASE_MS, NUMBER, PATIENCE_S, RET_MIGROS, Counter, FakeClock, opened


class FakeCarrier:
    """Takes up to `room` parcels and says nothing about them."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.carried: list[Parcel] = []

    def capacity(self) -> int:
        return self.room

    def carry(self, parcels: Sequence[Parcel]) -> None:
        self.room -= len(parcels)
        self.carried += parcels


@pytest.fixture
def carrier(counter: Counter) -> FakeCarrier:
    counter.outbox.carrier = carrier = FakeCarrier()
    return carrier


async def put(
    counter: Counter, text: str = "text", rank: OutboxClass = OutboxClass.ANSWER, life_ms: int = ANSWER_LIFE_MS
) -> int:
    row_id = counter.ids.next()
    row = outbox_module.row(row_id, None, NUMBER.reveal(), text, "a", counter.clock(), rank, life_ms)
    await counter.writer.errand(lambda transaction: transaction.run_many(ADD_OUTBOX, [row]))
    return row_id


async def turn(counter: Counter) -> None:
    """The writer has written what waited, and leased what was there."""
    for participant in counter.writer._participants:
        if isinstance(participant, Outbox):
            participant.expect()
    counter.writer.wake()
    await counter.writer.errand(lambda _: None)
    await counter.writer.errand(lambda _: None)


async def sweep(counter: Counter) -> outbox_module.Swept:
    return await counter.writer.errand(lambda transaction: outbox_module.sweep(transaction, counter.clock()))


async def states(counter: Counter) -> list[str]:
    return await counter.column("SELECT state FROM outbox ORDER BY id")


async def test_a_row_is_ready_then_sent_then_accepted(counter: Counter, carrier: FakeCarrier) -> None:
    row_id = await put(counter)
    assert await states(counter) == ["ready"]

    await turn(counter)

    expires_at = Instant(counter.clock() + ANSWER_LIFE_MS)
    assert carrier.carried == [Parcel(row_id, NUMBER.reveal(), "text", 1, expires_at, 0)]
    assert await counter.rows("SELECT state, attempts, lease_until, sender FROM outbox") == [
        ("sent", 1, counter.clock() + LEASE_MS, counter.book.number)
    ]

    counter.clock.pass_ms(20)
    counter.outbox.accepted(row_id, "operator-a", "id-1")
    await turn(counter)

    assert await counter.rows("SELECT state, operator, message_id, settled_at FROM outbox") == [
        ("accepted", "operator-a", "id-1", counter.clock())
    ]
    assert len(carrier.carried) == 1


async def test_sent_is_durable_before_the_carrier_has_the_parcel(counter: Counter, carrier: FakeCarrier) -> None:
    in_transaction: list[bool] = []
    carry = carrier.carry

    def watched(parcels: Sequence[Parcel]) -> None:
        in_transaction.append(counter.in_transaction)
        carry(parcels)

    carrier.carry = watched  # type: ignore[method-assign]  # the fake is watched
    await put(counter)

    await turn(counter)

    assert in_transaction == [False]


async def test_an_answer_is_leased_in_the_transaction_that_decides_it(counter: Counter, carrier: FakeCarrier) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await counter.desk.handle(counter.request(RET_MIGROS))

    assert len(carrier.carried) == 1


async def test_a_refused_row_waits_its_delay_and_is_sent_again(counter: Counter, carrier: FakeCarrier) -> None:
    await put(counter)
    await turn(counter)
    counter.outbox.retry(carrier.carried[0], 5000, "0x00000008")
    await turn(counter)
    assert await counter.rows("SELECT state, reason FROM outbox") == [("ready", "0x00000008")]

    counter.clock.pass_ms(4999)
    await turn(counter)
    assert len(carrier.carried) == 1

    counter.clock.pass_ms(1)
    await turn(counter)

    assert [parcel.attempts for parcel in carrier.carried] == [1, 2]
    assert len({parcel.id for parcel in carrier.carried}) == 1


@pytest.mark.parametrize(
    ("label", "attempts", "state"),
    [("below", ATTEMPTS_MAX - 1, "ready"), ("at", ATTEMPTS_MAX, "dead"), ("above", ATTEMPTS_MAX + 1, "dead")],
)
async def test_a_row_is_given_up_after_so_many_attempts(
    counter: Counter, carrier: FakeCarrier, label: str, attempts: int, state: str
) -> None:
    await put(counter)
    await turn(counter)

    counter.outbox.retry(carrier.carried[0]._replace(attempts=attempts), 0, "0x00000008")
    carrier.room = 0
    await turn(counter)

    assert await states(counter) == [state], label


async def test_a_row_that_was_not_taken_at_all_is_kept_however_often_it_was_tried(
    counter: Counter, carrier: FakeCarrier
) -> None:
    await put(counter)
    await turn(counter)

    counter.outbox.keep(carrier.carried[0]._replace(attempts=ATTEMPTS_MAX + 1), 1000, "0x00000058 ESME_RTHROTTLED")
    await turn(counter)

    kept = [("ready", "0x00000058 ESME_RTHROTTLED", 0)]
    assert await counter.rows("SELECT state, reason, attempts FROM outbox") == kept


async def test_a_row_that_the_network_never_takes_is_buried(counter: Counter, carrier: FakeCarrier) -> None:
    row_id = await put(counter)
    await turn(counter)

    counter.outbox.bury(row_id, "0x0000000B ESME_RINVDSTADR")
    await turn(counter)

    assert await counter.rows("SELECT state, reason, settled_at FROM outbox") == [
        ("dead", "0x0000000B ESME_RINVDSTADR", counter.clock())
    ]


async def test_an_unknown_row_is_sent_once_more_as_the_same_and_then_given_up(
    counter: Counter, carrier: FakeCarrier
) -> None:
    row_id = await put(counter)
    await turn(counter)

    counter.outbox.unknown(carrier.carried[0])
    await turn(counter)
    await turn(counter)

    assert [parcel.id for parcel in carrier.carried] == [row_id, row_id]
    assert await counter.rows("SELECT state, unknowns FROM outbox") == [("sent", 1)]

    counter.outbox.unknown(carrier.carried[1])
    await turn(counter)

    ended = [("dead", 2, "unknown", counter.clock())]
    assert await counter.rows("SELECT state, unknowns, reason, settled_at FROM outbox") == ended
    assert len(carrier.carried) == 2


async def test_a_lapsed_lease_is_an_unknown_row(counter: Counter, carrier: FakeCarrier) -> None:
    await put(counter)
    await turn(counter)
    carrier.room = 0

    counter.clock.pass_ms(LEASE_MS - 1)
    assert await sweep(counter) == (0, 0)
    counter.clock.pass_ms(1)
    assert await sweep(counter) == (1, 0)

    assert await counter.rows("SELECT state, unknowns FROM outbox") == [("ready", 1)]


async def test_what_a_killed_process_had_sent_is_unknown_at_once(url: str, clock: FakeClock, signer: Signer) -> None:
    async with opened(url, clock, signer) as killed:
        killed.outbox.carrier = FakeCarrier()
        await put(killed)
        await turn(killed)
    async with opened(url, clock, signer) as successor:
        assert await sweep(successor) == (1, 0)

        successor.outbox.carrier = carrier = FakeCarrier()
        await turn(successor)

        assert [parcel.id in ids_of(killed.book.number) for parcel in carrier.carried] == [True]


@pytest.mark.parametrize(("label", "passed_ms", "leaves"), [("last moment", 999, 1), ("over", 1000, 0)])
async def test_an_expired_row_is_never_sent(
    counter: Counter, carrier: FakeCarrier, label: str, passed_ms: int, leaves: int
) -> None:
    carrier.room = 0
    await put(counter, life_ms=1000)
    counter.clock.pass_ms(passed_ms)
    carrier.room = 1

    await turn(counter)

    assert len(carrier.carried) == leaves, label


async def test_an_expired_row_ends_with_the_next_sweep(counter: Counter) -> None:
    await put(counter, life_ms=1000)
    counter.clock.pass_ms(1000)

    assert await sweep(counter) == (0, 1)

    assert await counter.rows("SELECT state, reason, settled_at FROM outbox") == [("dead", "expired", counter.clock())]


async def test_the_oldest_of_a_class_that_waits_is_known(counter: Counter, carrier: FakeCarrier) -> None:
    async def oldest(rank: OutboxClass) -> float:
        return await counter.writer.errand(
            lambda transaction: outbox_module.oldest_waiting(transaction, counter.clock(), rank)
        )

    carrier.room = 0
    assert await oldest(OutboxClass.ANSWER) == 0

    await put(counter, "first")
    counter.clock.pass_ms(3000)
    await put(counter, "second")
    await put(counter, "notice", OutboxClass.NOTICE)
    counter.clock.pass_ms(1000)
    assert (await oldest(OutboxClass.ANSWER), await oldest(OutboxClass.NOTICE)) == (4, 1)

    carrier.room = 1
    await turn(counter)
    assert await oldest(OutboxClass.ANSWER) == 1


async def test_rows_of_an_operator_that_sends_its_own_are_left_to_it(counter: Counter, carrier: FakeCarrier) -> None:
    await put(counter)  # of operator "a"
    counter.outbox.elsewhere = lambda: ["a", "b"]
    await turn(counter)
    assert carrier.carried == []

    counter.outbox.elsewhere = lambda: ["b"]
    await turn(counter)

    assert len(carrier.carried) == 1


async def test_codes_go_before_answers_and_answers_before_notices(counter: Counter, carrier: FakeCarrier) -> None:
    carrier.room = 0
    for rank in (OutboxClass.NOTICE, OutboxClass.ANSWER, OutboxClass.CODE, OutboxClass.ANSWER):
        await put(counter, rank.name, rank)

    for _ in range(4):
        carrier.room = 1
        await turn(counter)

    assert [parcel.text for parcel in carrier.carried] == ["CODE", "ANSWER", "ANSWER", "NOTICE"]
    assert carrier.carried[1].id < carrier.carried[2].id


@pytest.mark.parametrize(("label", "room", "leave"), [("none", 0, 0), ("below", 2, 2), ("at", 3, 3), ("above", 4, 3)])
async def test_no_more_leave_than_the_carrier_takes(
    counter: Counter, carrier: FakeCarrier, label: str, room: int, leave: int
) -> None:
    carrier.room = 0
    for _ in range(3):
        await put(counter)
    carrier.room = room

    await turn(counter)

    assert len(carrier.carried) == leave, label
    assert [parcel.id for parcel in carrier.carried] == sorted(parcel.id for parcel in carrier.carried)


async def test_marks_that_could_not_be_written_are_written_later_with_those_made_since(
    counter: Counter, carrier: FakeCarrier
) -> None:
    first, second = await put(counter), await put(counter)
    await turn(counter)
    await counter.take_no_writes()
    counter.outbox.accepted(first, "a", "id-1")
    job = counter.outbox.next_job()
    assert job is not None
    with pytest.raises(TemporaryFault) as raised:
        await counter.database.transact(job.run)
    counter.outbox.bury(second, "since")
    job.failed(raised.value)
    await counter.take_writes()

    await turn(counter)

    assert await states(counter) == ["accepted", "dead"]


async def test_a_mark_for_a_row_that_is_no_longer_sent_changes_nothing(counter: Counter, carrier: FakeCarrier) -> None:
    row_id = await put(counter)
    await turn(counter)
    counter.outbox.accepted(row_id, "a", "id-1")
    await turn(counter)

    counter.outbox.unknown(carrier.carried[0])
    counter.outbox.bury(row_id, "late")
    counter.outbox.retry(carrier.carried[0], 0, "late")
    await turn(counter)

    assert await counter.rows("SELECT state, reason, unknowns FROM outbox") == [("accepted", None, 0)]


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param(lambda box, parcel: box.accepted(parcel.id, "operator-a", "id-1"), id="accepted"),
        pytest.param(lambda box, parcel: box.retry(parcel, 0, "0x00000008"), id="to be tried again"),
        pytest.param(lambda box, parcel: box.bury(parcel.id, "0x0000000B"), id="refused for good"),
        pytest.param(lambda box, parcel: box.unknown(parcel), id="never answered"),
    ],
)
async def test_a_sender_whose_lease_ran_out_says_nothing_of_what_another_one_has_sent_since(
    url: str, clock: FakeClock, signer: Signer, mark: Callable[[Outbox, Parcel], None]
) -> None:
    async with opened(url, clock, signer) as late, opened(url, clock, signer) as other:
        late.outbox.carrier, other.outbox.carrier = one, two = FakeCarrier(1), FakeCarrier(1)
        await put(late)
        await turn(late)
        clock.pass_ms(LEASE_MS)
        await sweep(other)
        await turn(other)
        assert (len(one.carried), len(two.carried)) == (1, 1)

        mark(late.outbox, one.carried[0])
        await turn(late)

        assert await other.rows("SELECT state, sender, unknowns FROM outbox") == [("sent", other.book.number, 1)]
        other.outbox.accepted(two.carried[0].id, "operator-b", "id-2")
        await turn(other)
        assert await other.rows("SELECT state, operator FROM outbox") == [("accepted", "operator-b")]


async def test_a_text_for_the_outbox_is_stored_without_what_no_database_holds(counter: Counter) -> None:
    await put(counter, "a\0\ud800b")

    assert await counter.column("SELECT text FROM outbox") == ["a\ufffd\ufffdb"]


async def test_nothing_is_written_while_there_is_nothing_to_write(counter: Counter, carrier: FakeCarrier) -> None:
    await turn(counter)

    assert counter.outbox.next_job() is None
    await put(counter)
    assert counter.outbox.next_job() is None
    counter.outbox.expect()
    assert counter.outbox.next_job() is not None


@pytest.fixture
def mail_carrier(counter: Counter) -> FakeCarrier:
    outbox = Outbox(counter.book.number, counter.clock, LEASE_MS, classes=BY_MAIL)
    outbox.carrier = carrier = FakeCarrier()
    counter.writer.join(outbox)
    return carrier


async def test_each_carrier_gets_its_own_classes_only(
    counter: Counter, carrier: FakeCarrier, mail_carrier: FakeCarrier
) -> None:
    carrier.room = mail_carrier.room = 0
    for rank in OutboxClass:
        await put(counter, rank.name, rank)
    carrier.room = mail_carrier.room = 100

    await turn(counter)

    assert [parcel.text for parcel in carrier.carried] == ["CODE", "ANSWER", "NOTICE"]
    assert [parcel.text for parcel in mail_carrier.carried] == ["MAIL"]


async def put_notice(counter: Counter, rank: OutboxClass = OutboxClass.NOTICE) -> int:
    row_id = await put(counter, f"yazın ya da https://izin.example{PLACE}", rank)
    row = (row_id, NUMBER.reveal(), "600100", "given", "MESAJ", 0, 0, 0, 1, "queued", 2)
    await counter.writer.errand(lambda transaction: transaction.run_many(PUT_NOTICE, [row]))
    return row_id


def token_in(parcel: Parcel) -> str:
    text, _, token = parcel.text.partition("/r/")
    assert text == "yazın ya da https://izin.example"
    assert len(token) == LENGTH
    return token


async def notices_of(counter: Counter, token: str) -> list[int]:
    now = counter.clock.now
    found = await counter.writer.errand(
        lambda transaction: transaction.rows(NOTICE_OF_TOKEN, of_hash=token_hash(token), now=now)
    )
    return [row[0] for row in found]


@pytest.mark.parametrize("rank", [OutboxClass.NOTICE, OutboxClass.MAIL])
async def test_a_link_is_drawn_as_it_leaves_and_kept_as_a_hash_alone(
    counter: Counter, carrier: FakeCarrier, mail_carrier: FakeCarrier, rank: OutboxClass
) -> None:
    row_id = await put_notice(counter, rank)
    await turn(counter)

    [parcel] = carrier.carried + mail_carrier.carried
    token = token_in(parcel)

    assert await counter.column("SELECT text FROM outbox") == [f"yazın ya da https://izin.example{PLACE}"]
    assert await counter.rows("SELECT hash, notice FROM token") == [(token_hash(token), row_id)]
    assert await notices_of(counter, token) == [row_id]
    assert token not in await counter.everything()


async def test_another_try_draws_another_link_and_both_work(counter: Counter, carrier: FakeCarrier) -> None:
    row_id = await put_notice(counter)
    await turn(counter)
    counter.outbox.retry(carrier.carried[0], 0, "0x00000008")
    await turn(counter)
    await turn(counter)

    first, second = map(token_in, carrier.carried)

    assert first != second
    assert [await notices_of(counter, token) for token in (first, second)] == [[row_id], [row_id]]


@pytest.mark.parametrize(
    ("passed_ms", "works"),
    [
        pytest.param(999, True, id="last moment"),
        pytest.param(1000, False, id="over"),
        pytest.param(10**12, False, id="long"),
    ],
)
async def test_a_link_ends_with_its_time(counter: Counter, carrier: FakeCarrier, passed_ms: int, works: bool) -> None:
    counter.outbox._token_life_ms = 1000
    row_id = await put_notice(counter)
    await turn(counter)
    counter.clock.pass_ms(passed_ms)

    assert await notices_of(counter, token_in(carrier.carried[0])) == ([row_id] if works else [])


async def test_a_text_without_a_link_draws_none(counter: Counter, carrier: FakeCarrier) -> None:
    await put(counter)
    await turn(counter)

    assert len(carrier.carried) == 1
    assert await counter.rows("SELECT * FROM token") == []


async def test_a_lease_that_could_not_be_written_leaves_no_link(counter: Counter, carrier: FakeCarrier) -> None:
    carrier.room = 0
    await put_notice(counter)
    carrier.room = 1
    counter.outbox.expect()
    job = counter.outbox.next_job()
    assert job is not None

    def broken(transaction: Transaction) -> None:
        job.run(transaction)
        raise KeyError

    with pytest.raises(KeyError):
        await counter.database.transact(broken)

    assert await counter.rows("SELECT * FROM token") == []
    await turn(counter)
    assert [parcel.attempts for parcel in carrier.carried] == [1]
