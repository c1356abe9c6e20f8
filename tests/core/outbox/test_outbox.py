"""The life of a row of the outbox, by a carrier that takes what it is given."""

import asyncio
import random
from collections.abc import Callable, Sequence

import pytest

from core.domain.clock import Instant
from core.domain.ids import ids_of
from core.domain.tokens import LENGTH, PLACE, token_hash
from core.ledger.anchors import Signer
from core.outbox import outbox as outbox_module
from core.outbox.outbox import ANSWER_LIFE_MS, ATTEMPTS_MAX, BY_MAIL, Outbox, OutboxClass, OutboxMessage
from core.store.errors import TemporaryFault
from core.store.queries.notices import NOTICE_OF_TOKEN, PUT_NOTICE
from core.store.queries.outbox import ADD_OUTBOX
from core.store.transaction import Transaction
from tests.container import LEASE_MS, NUMBER, PATIENCE_S, RET_MIGROS, Container, FakeClock, opened


class FakeTransport:
    """Takes up to `room` parcels and says nothing about them."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.carried: list[OutboxMessage] = []

    def capacity(self) -> int:
        return self.room

    def send(self, outbox_messages: Sequence[OutboxMessage]) -> None:
        self.room -= len(outbox_messages)
        self.carried += outbox_messages


@pytest.fixture
def transport(container: Container) -> FakeTransport:
    container.outbox.transport = transport = FakeTransport()
    return transport


async def put(
    container: Container, text: str = "text", rank: OutboxClass = OutboxClass.ANSWER, life_ms: int = ANSWER_LIFE_MS
) -> int:
    row_id = container.ids.next()
    row = outbox_module.row(row_id, None, NUMBER.reveal(), text, "a", container.clock(), rank, life_ms)
    await container.writer.errand(lambda transaction: transaction.run_many(ADD_OUTBOX, [row]))
    return row_id


async def turn(container: Container) -> None:
    """The writer has written what waited, and leased what was there."""
    for participant in container.writer._participants:
        if isinstance(participant, Outbox):
            participant.expect()
    container.writer.wake()
    await container.writer.errand(lambda _: None)
    await container.writer.errand(lambda _: None)


async def sweep(container: Container) -> outbox_module.Swept:
    return await container.writer.errand(lambda transaction: outbox_module.sweep(transaction, container.clock()))


async def states(container: Container) -> list[str]:
    return await container.column("SELECT state FROM outbox ORDER BY id")


async def test_a_row_is_ready_then_sent_then_accepted(container: Container, transport: FakeTransport) -> None:
    row_id = await put(container)
    assert await states(container) == ["ready"]

    await turn(container)

    expires_at = Instant(container.clock() + ANSWER_LIFE_MS)
    assert transport.carried == [
        OutboxMessage(row_id, NUMBER.reveal(), "text", 1, expires_at, 0, Instant(container.clock() + LEASE_MS))
    ]
    assert await container.rows("SELECT state, attempts, lease_until, sender FROM outbox") == [
        ("sent", 1, container.clock() + LEASE_MS, container.book.number)
    ]

    container.clock.pass_ms(20)
    container.outbox.accepted(row_id, "operator-a", "id-1")
    await turn(container)

    assert await container.rows("SELECT state, operator, message_id, settled_at FROM outbox") == [
        ("accepted", "operator-a", "id-1", container.clock())
    ]
    assert len(transport.carried) == 1


async def test_sent_is_durable_before_the_carrier_has_the_parcel(
    container: Container, transport: FakeTransport
) -> None:
    in_transaction: list[bool] = []
    send = transport.send

    def watched(outbox_messages: Sequence[OutboxMessage]) -> None:
        in_transaction.append(container.in_transaction)
        send(outbox_messages)

    transport.send = watched  # type: ignore[method-assign]  # the fake is watched
    await put(container)

    await turn(container)

    assert in_transaction == [False]


async def test_an_answer_is_leased_in_the_transaction_that_decides_it(
    container: Container, transport: FakeTransport
) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await container.desk.handle(container.request(RET_MIGROS))

    assert len(transport.carried) == 1


async def test_a_refused_row_waits_its_delay_and_is_sent_again(container: Container, transport: FakeTransport) -> None:
    await put(container)
    await turn(container)
    container.outbox.retry(transport.carried[0], 5000, "0x00000008")
    await turn(container)
    assert await container.rows("SELECT state, reason FROM outbox") == [("ready", "0x00000008")]

    container.clock.pass_ms(4999)
    await turn(container)
    assert len(transport.carried) == 1

    container.clock.pass_ms(1)
    await turn(container)

    assert [outbox_message.attempts for outbox_message in transport.carried] == [1, 2]
    assert len({outbox_message.id for outbox_message in transport.carried}) == 1


@pytest.mark.parametrize(
    ("label", "attempts", "state"),
    [("below", ATTEMPTS_MAX - 1, "ready"), ("at", ATTEMPTS_MAX, "dead"), ("above", ATTEMPTS_MAX + 1, "dead")],
)
async def test_a_row_is_given_up_after_so_many_attempts(
    container: Container, transport: FakeTransport, label: str, attempts: int, state: str
) -> None:
    await put(container)
    await turn(container)

    container.outbox.retry(transport.carried[0]._replace(attempts=attempts), 0, "0x00000008")
    transport.room = 0
    await turn(container)

    assert await states(container) == [state], label


async def test_a_row_that_was_not_taken_at_all_is_kept_however_often_it_was_tried(
    container: Container, transport: FakeTransport
) -> None:
    await put(container)
    await turn(container)

    container.outbox.release(
        transport.carried[0]._replace(attempts=ATTEMPTS_MAX + 1), 1000, "0x00000058 ESME_RTHROTTLED"
    )
    await turn(container)

    kept = [("ready", "0x00000058 ESME_RTHROTTLED", 0)]
    assert await container.rows("SELECT state, reason, attempts FROM outbox") == kept


async def test_a_row_that_the_network_never_takes_is_buried(container: Container, transport: FakeTransport) -> None:
    row_id = await put(container)
    await turn(container)

    container.outbox.dead_letter(row_id, "0x0000000B ESME_RINVDSTADR")
    await turn(container)

    assert await container.rows("SELECT state, reason, settled_at FROM outbox") == [
        ("dead", "0x0000000B ESME_RINVDSTADR", container.clock())
    ]


async def test_an_unknown_row_is_sent_once_more_as_the_same_and_then_given_up(
    container: Container, transport: FakeTransport
) -> None:
    row_id = await put(container)
    await turn(container)

    container.outbox.unknown(transport.carried[0])
    await turn(container)
    await turn(container)

    assert [outbox_message.id for outbox_message in transport.carried] == [row_id, row_id]
    assert await container.rows("SELECT state, unknowns FROM outbox") == [("sent", 1)]

    container.outbox.unknown(transport.carried[1])
    await turn(container)

    ended = [("dead", 2, "unknown", container.clock())]
    assert await container.rows("SELECT state, unknowns, reason, settled_at FROM outbox") == ended
    assert len(transport.carried) == 2


async def test_a_lapsed_lease_is_an_unknown_row(container: Container, transport: FakeTransport) -> None:
    await put(container)
    await turn(container)
    transport.room = 0

    container.clock.pass_ms(LEASE_MS - 1)
    assert await sweep(container) == (0, 0)
    container.clock.pass_ms(1)
    assert await sweep(container) == (1, 0)

    assert await container.rows("SELECT state, unknowns FROM outbox") == [("ready", 1)]


async def test_what_a_killed_process_had_sent_is_unknown_at_once(url: str, clock: FakeClock, signer: Signer) -> None:
    async with opened(url, clock, signer) as killed:
        killed.outbox.transport = FakeTransport()
        await put(killed)
        await turn(killed)
    async with opened(url, clock, signer) as successor:
        assert await sweep(successor) == (1, 0)

        successor.outbox.transport = transport = FakeTransport()
        await turn(successor)

        assert [outbox_message.id in ids_of(killed.book.number) for outbox_message in transport.carried] == [True]


@pytest.mark.parametrize(("label", "passed_ms", "leaves"), [("last moment", 999, 1), ("over", 1000, 0)])
async def test_an_expired_row_is_never_sent(
    container: Container, transport: FakeTransport, label: str, passed_ms: int, leaves: int
) -> None:
    transport.room = 0
    await put(container, life_ms=1000)
    container.clock.pass_ms(passed_ms)
    transport.room = 1

    await turn(container)

    assert len(transport.carried) == leaves, label


async def test_an_expired_row_ends_with_the_next_sweep(container: Container) -> None:
    await put(container, life_ms=1000)
    container.clock.pass_ms(1000)

    assert await sweep(container) == (0, 1)

    assert await container.rows("SELECT state, reason, settled_at FROM outbox") == [
        ("dead", "expired", container.clock())
    ]


async def test_the_oldest_of_a_class_that_waits_is_known(container: Container, transport: FakeTransport) -> None:
    async def oldest(rank: OutboxClass) -> float:
        return await container.writer.errand(
            lambda transaction: outbox_module.oldest_waiting(transaction, container.clock(), rank)
        )

    transport.room = 0
    assert await oldest(OutboxClass.ANSWER) == 0

    await put(container, "first")
    container.clock.pass_ms(3000)
    await put(container, "second")
    await put(container, "notice", OutboxClass.NOTICE)
    container.clock.pass_ms(1000)
    assert (await oldest(OutboxClass.ANSWER), await oldest(OutboxClass.NOTICE)) == (4, 1)

    transport.room = 1
    await turn(container)
    assert await oldest(OutboxClass.ANSWER) == 1


async def test_rows_of_an_operator_that_sends_its_own_are_left_to_it(
    container: Container, transport: FakeTransport
) -> None:
    await put(container)  # of operator "a"
    container.outbox.served_by_others = lambda: ["a", "b"]
    await turn(container)
    assert transport.carried == []

    container.outbox.served_by_others = lambda: ["b"]
    await turn(container)

    assert len(transport.carried) == 1


async def test_codes_go_before_answers_and_answers_before_notices(
    container: Container, transport: FakeTransport
) -> None:
    transport.room = 0
    for rank in (OutboxClass.NOTICE, OutboxClass.ANSWER, OutboxClass.CODE, OutboxClass.ANSWER):
        await put(container, rank.name, rank)

    for _ in range(4):
        transport.room = 1
        await turn(container)

    assert [outbox_message.text for outbox_message in transport.carried] == ["CODE", "ANSWER", "ANSWER", "NOTICE"]
    assert transport.carried[1].id < transport.carried[2].id


@pytest.mark.parametrize(("label", "room", "leave"), [("none", 0, 0), ("below", 2, 2), ("at", 3, 3), ("above", 4, 3)])
async def test_no_more_leave_than_the_carrier_takes(
    container: Container, transport: FakeTransport, label: str, room: int, leave: int
) -> None:
    transport.room = 0
    for _ in range(3):
        await put(container)
    transport.room = room

    await turn(container)

    assert len(transport.carried) == leave, label
    assert [outbox_message.id for outbox_message in transport.carried] == sorted(
        outbox_message.id for outbox_message in transport.carried
    )


async def test_marks_that_could_not_be_written_are_written_later_with_those_made_since(
    container: Container, transport: FakeTransport
) -> None:
    first, second = await put(container), await put(container)
    await turn(container)
    await container.take_no_writes()
    container.outbox.accepted(first, "a", "id-1")
    job = container.outbox.next_job()
    assert job is not None
    with pytest.raises(TemporaryFault) as raised:
        await container.database.transact(job.run)
    container.outbox.dead_letter(second, "since")
    job.failed(raised.value)
    await container.take_writes()

    await turn(container)

    assert await states(container) == ["accepted", "dead"]


async def test_a_mark_for_a_row_that_is_no_longer_sent_changes_nothing(
    container: Container, transport: FakeTransport
) -> None:
    row_id = await put(container)
    await turn(container)
    container.outbox.accepted(row_id, "a", "id-1")
    await turn(container)

    container.outbox.unknown(transport.carried[0])
    container.outbox.dead_letter(row_id, "late")
    container.outbox.retry(transport.carried[0], 0, "late")
    await turn(container)

    assert await container.rows("SELECT state, reason, unknowns FROM outbox") == [("accepted", None, 0)]


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param(lambda box, outbox_message: box.accepted(outbox_message.id, "operator-a", "id-1"), id="accepted"),
        pytest.param(lambda box, outbox_message: box.retry(outbox_message, 0, "0x00000008"), id="to be tried again"),
        pytest.param(
            lambda box, outbox_message: box.dead_letter(outbox_message.id, "0x0000000B"), id="refused for good"
        ),
        pytest.param(lambda box, outbox_message: box.unknown(outbox_message), id="never answered"),
    ],
)
async def test_a_sender_whose_lease_ran_out_says_nothing_of_what_another_one_has_sent_since(
    url: str, clock: FakeClock, signer: Signer, mark: Callable[[Outbox, OutboxMessage], None]
) -> None:
    async with opened(url, clock, signer) as late, opened(url, clock, signer) as other:
        late.outbox.transport, other.outbox.transport = one, two = FakeTransport(1), FakeTransport(1)
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


async def test_a_text_for_the_outbox_is_stored_without_what_no_database_holds(container: Container) -> None:
    await put(container, "a\0\ud800b")

    assert await container.column("SELECT text FROM outbox") == ["a\ufffd\ufffdb"]


async def test_nothing_is_written_while_there_is_nothing_to_write(
    container: Container, transport: FakeTransport
) -> None:
    await turn(container)

    assert container.outbox.next_job() is None
    await put(container)
    assert container.outbox.next_job() is None
    container.outbox.expect()
    assert container.outbox.next_job() is not None


@pytest.fixture
def mail_carrier(container: Container) -> FakeTransport:
    outbox = Outbox(container.book.number, container.clock, LEASE_MS, classes=BY_MAIL)
    outbox.transport = transport = FakeTransport()
    container.writer.join(outbox)
    return transport


async def test_each_carrier_gets_its_own_classes_only(
    container: Container, transport: FakeTransport, mail_carrier: FakeTransport
) -> None:
    transport.room = mail_carrier.room = 0
    for rank in OutboxClass:
        await put(container, rank.name, rank)
    transport.room = mail_carrier.room = 100

    await turn(container)

    assert [outbox_message.text for outbox_message in transport.carried] == ["CODE", "ANSWER", "NOTICE"]
    assert [outbox_message.text for outbox_message in mail_carrier.carried] == ["MAIL"]


async def put_notice(container: Container, rank: OutboxClass = OutboxClass.NOTICE) -> int:
    row_id = await put(container, f"yazın ya da https://izin.example{PLACE}", rank)
    row = (row_id, NUMBER.reveal(), "600100", "given", "MESAJ", 0, 0, 0, 1, "queued", 2)
    await container.writer.errand(lambda transaction: transaction.run_many(PUT_NOTICE, [row]))
    return row_id


def token_in(outbox_message: OutboxMessage) -> str:
    text, _, token = outbox_message.text.partition("/r/")
    assert text == "yazın ya da https://izin.example"
    assert len(token) == LENGTH
    return token


async def notices_of(container: Container, token: str) -> list[int]:
    now = container.clock.now
    found = await container.writer.errand(
        lambda transaction: transaction.rows(NOTICE_OF_TOKEN, of_hash=token_hash(token), now=now)
    )
    return [row[0] for row in found]


@pytest.mark.parametrize("rank", [OutboxClass.NOTICE, OutboxClass.MAIL])
async def test_a_link_is_drawn_as_it_leaves_and_kept_as_a_hash_alone(
    container: Container, transport: FakeTransport, mail_carrier: FakeTransport, rank: OutboxClass
) -> None:
    row_id = await put_notice(container, rank)
    await turn(container)

    [outbox_message] = transport.carried + mail_carrier.carried
    token = token_in(outbox_message)

    assert await container.column("SELECT text FROM outbox") == [f"yazın ya da https://izin.example{PLACE}"]
    assert await container.rows("SELECT hash, notice FROM token") == [(token_hash(token), row_id)]
    assert await notices_of(container, token) == [row_id]
    assert token not in await container.everything()


async def test_another_try_draws_another_link_and_both_work(container: Container, transport: FakeTransport) -> None:
    row_id = await put_notice(container)
    await turn(container)
    container.outbox.retry(transport.carried[0], 0, "0x00000008")
    await turn(container)
    await turn(container)

    first, second = map(token_in, transport.carried)

    assert first != second
    assert [await notices_of(container, token) for token in (first, second)] == [[row_id], [row_id]]


@pytest.mark.parametrize(
    ("passed_ms", "works"),
    [
        pytest.param(999, True, id="last moment"),
        pytest.param(1000, False, id="over"),
        pytest.param(10**12, False, id="long"),
    ],
)
async def test_a_link_ends_with_its_time(
    container: Container, transport: FakeTransport, passed_ms: int, works: bool
) -> None:
    container.outbox._token_life_ms = 1000
    row_id = await put_notice(container)
    await turn(container)
    container.clock.pass_ms(passed_ms)

    assert await notices_of(container, token_in(transport.carried[0])) == ([row_id] if works else [])


async def test_a_text_without_a_link_draws_none(container: Container, transport: FakeTransport) -> None:
    await put(container)
    await turn(container)

    assert len(transport.carried) == 1
    assert await container.rows("SELECT * FROM token") == []


async def test_a_lease_that_could_not_be_written_leaves_no_link(container: Container, transport: FakeTransport) -> None:
    transport.room = 0
    await put_notice(container)
    transport.room = 1
    container.outbox.expect()
    job = container.outbox.next_job()
    assert job is not None

    def broken(transaction: Transaction) -> None:
        job.run(transaction)
        raise KeyError

    with pytest.raises(KeyError):
        await container.database.transact(broken)

    assert await container.rows("SELECT * FROM token") == []
    await turn(container)
    assert [outbox_message.attempts for outbox_message in transport.carried] == [1]


@pytest.mark.parametrize("unknowns", [1, 2])
async def test_a_late_answer_counts_while_the_row_has_not_left_again(
    container: Container, transport: FakeTransport, unknowns: int
) -> None:
    row_id = await put(container)
    for _ in range(unknowns):
        transport.room = 1
        await turn(container)
        transport.room = 0
        container.outbox.unknown(transport.carried[-1]._replace(unknowns=0))
        await turn(container)

    container.outbox.accepted_late(row_id, "operator-a", "id-1")
    await turn(container)

    assert await container.rows("SELECT state, message_id FROM outbox") == [("accepted", "id-1")]


async def test_a_late_answer_says_nothing_of_a_row_that_has_left_again(
    container: Container, transport: FakeTransport
) -> None:
    row_id = await put(container)
    await turn(container)
    container.outbox.unknown(transport.carried[-1])
    await turn(container)
    await turn(container)

    container.outbox.accepted_late(row_id, "operator-a", "id-1")
    await turn(container)

    assert await states(container) == ["sent"]


async def accept_all(container: Container, transport: FakeTransport, ids: Sequence[str]) -> None:
    for _ in ids:
        await put(container)
    await turn(container)
    for outbox_message, message_id in zip(transport.carried, ids, strict=True):
        container.outbox.accepted(outbox_message.id, "operator-a", message_id)
    for _ in range(3 * len(ids)):
        await turn(container)


@pytest.mark.parametrize("at", [0, 3, 6])
async def test_one_mark_that_the_store_refuses_stops_no_other(
    container: Container, transport: FakeTransport, at: int
) -> None:
    await container.refuse("outbox", "message_id", "poison")
    ids = [f"id-{number}" for number in range(7)]
    ids[at] = "poison"

    await accept_all(container, transport, ids)

    stored = ["" if one == "poison" else one for one in ids]
    assert await container.rows("SELECT state, message_id FROM outbox ORDER BY id") == [
        ("accepted", one) for one in stored
    ]
    assert container.outbox.next_job() is None


async def test_an_id_too_long_for_an_index_stops_no_other(container: Container, transport: FakeTransport) -> None:
    """PostgreSQL refuses it with a SQLSTATE of class 54."""
    incompressible = random.Random(7).randbytes(9000).hex()

    await accept_all(container, transport, ["id-1", incompressible, "id-3"])

    assert await states(container) == ["accepted"] * 3


async def test_marks_that_a_passing_fault_kept_back_are_written_later(
    container: Container, transport: FakeTransport
) -> None:
    await put(container)
    await turn(container)
    await container.take_no_writes()
    container.outbox.accepted(transport.carried[0].id, "operator-a", "id-1")
    container.writer.wake()
    await asyncio.sleep(0)
    await container.take_writes()

    await turn(container)

    assert await states(container) == ["accepted"]
