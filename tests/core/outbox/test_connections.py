"""What a lost connection leaves open: what comes again is known once, and only as long as it may come again."""

import asyncio
from collections.abc import Sequence

import pytest

from core.conversation.answers import Committed, RetAnswer, Silence
from core.conversation.requests import NotUnderstood, Ret
from core.domain.consent import ConsentType
from core.domain.ids import Ids, ids_of
from core.ledger.anchors import Signer
from core.outbox.connections import Connection
from core.store.queries.connections import DROP_EXPIRED_REDELIVERIES
from core.store.transaction import Transaction
from tests.container import (
    NUMBER,
    PATIENCE_S,
    REDELIVERY_MS,
    RET_MIGROS,
    Container,
    FakeClock,
    numbers,
    opened,
)


async def handle(
    container: Container, connection: Connection, key: bytes = b"key", intent: Ret | NotUnderstood = RET_MIGROS
) -> Committed:
    """A message that came over the link, committed, and its acknowledgement written."""
    async with asyncio.timeout(PATIENCE_S):
        outcome = await container.desk.handle(container.request(intent, key=key, connection=connection.id))
    assert isinstance(outcome, Committed)
    connection.answered(outcome.request_id, 1)
    return outcome


async def open_redeliveries(container: Container) -> Sequence[int]:
    return await container.column("SELECT request FROM redelivery ORDER BY request")


async def test_a_message_whose_acknowledgement_may_be_lost_is_known_once_when_it_comes_again(
    container: Container,
) -> None:
    await container.allow(NUMBER)
    connection = await container.open_link()
    first = await handle(container, connection)
    await container.close_connection(connection)
    connection = await container.open_link()

    again = await handle(container, connection)
    third = await handle(container, connection)

    assert isinstance(again.answer, Silence)
    assert isinstance(third.answer, RetAnswer)
    assert third.answer.already == (ConsentType.MESAJ,)
    assert await container.rows("SELECT outcome, repeat_of FROM request ORDER BY id") == [
        ("ret", None),
        ("repeat", first.request_id),
        ("ret", None),
    ]
    assert await container.column("SELECT request FROM outbox ORDER BY id") == [first.request_id, third.request_id]
    assert await container.column("SELECT count(*) FROM ledger") == [2]


async def test_a_redelivered_refusal_does_not_undo_a_consent_given_since(container: Container) -> None:
    await container.allow(NUMBER)
    connection = await container.open_link()
    await handle(container, connection)
    await container.close_connection(connection)
    await container.allow(NUMBER)

    again = await handle(container, await container.open_link())

    assert isinstance(again.answer, Silence)
    assert await container.column("SELECT status FROM consent") == ["ONAY"]


async def test_two_identical_messages_before_the_loss_are_two_after_it(container: Container) -> None:
    connection = await container.open_link()
    await handle(container, connection)
    await handle(container, connection)
    await container.close_connection(connection)
    connection = await container.open_link()

    answers = [(await handle(container, connection)).answer for _ in range(3)]

    assert [isinstance(answer, Silence) for answer in answers] == [True, True, False]


async def test_two_repeats_in_one_batch_match_one_candidate_once(container: Container) -> None:
    connection = await container.open_link()
    await handle(container, connection)
    await container.close_connection(connection)

    async with asyncio.timeout(PATIENCE_S):
        outcomes = await asyncio.gather(*(container.desk.handle(container.request()) for _ in range(2)))

    assert [isinstance(o.answer, Silence) for o in outcomes if isinstance(o, Committed)] == [True, False]


@pytest.mark.parametrize(("label", "key", "recipient"), [("other text", b"other", 0), ("other number", b"key", 1)])
async def test_another_message_is_no_repeat(container: Container, label: str, key: bytes, recipient: int) -> None:
    connection = await container.open_link()
    await container.desk.handle(container.request(recipient=numbers(2)[0], connection=connection.id))
    await container.close_connection(connection)

    other = await container.desk.handle(container.request(recipient=numbers(2)[recipient], key=key))

    assert isinstance(other, Committed), label
    assert isinstance(other.answer, RetAnswer)
    assert len(await open_redeliveries(container)) == 1


@pytest.mark.parametrize(
    ("label", "answered", "is_open"),
    [("no request of ours", None, True), ("one before it", 1, True), ("one after it", 2, False)],
)
async def test_an_acknowledgement_counts_as_delivered_once_a_later_request_was_answered(
    container: Container, label: str, answered: int | None, is_open: bool
) -> None:
    connection = await container.open_link()
    await handle(container, connection)
    container.clock.pass_ms(3_600_000)  # time proves nothing
    if answered is not None:
        connection.heard(answered)

    await container.close_connection(connection)

    assert bool(await open_redeliveries(container)) is is_open, label


async def test_only_what_came_after_the_last_sure_acknowledgement_stays_open(container: Container) -> None:
    connection = await container.open_link()
    await handle(container, connection, b"1")
    connection.heard(2)
    second = await handle(container, connection, b"2")
    unanswered = await container.desk.handle(container.request(key=b"3", connection=connection.id))
    assert isinstance(unanswered, Committed)

    await container.close_connection(connection)

    assert await open_redeliveries(container) == [second.request_id, unanswered.request_id]


async def test_what_came_over_another_link_stays_closed(container: Container) -> None:
    one, other = await container.open_link(), await container.open_link()
    await handle(container, one, b"1")
    await handle(container, other, b"2")

    await container.close_connection(one)

    assert len(await open_redeliveries(container)) == 1


async def test_the_store_learns_of_sure_acknowledgements_with_the_next_transaction(container: Container) -> None:
    connection = await container.open_link()
    first = await handle(container, connection, b"1")
    assert await container.column("SELECT delivered_through FROM connection") == [0]
    connection.heard(2)

    await handle(container, connection, b"2")

    assert await container.column("SELECT delivered_through FROM connection") == [first.request_id]
    assert container.connections.news() == []


async def test_news_are_kept_when_the_transaction_that_carries_them_fails(container: Container) -> None:
    connection = await container.open_link()
    await handle(container, connection, b"1")
    connection.heard(2)
    await container.take_no_writes()
    await container.desk.handle(container.request(key=b"2"))
    await container.take_writes()

    assert container.connections.news() == [connection]


@pytest.mark.parametrize(
    ("label", "passed_ms", "is_known"),
    [("last moment", REDELIVERY_MS - 1, True), ("over", REDELIVERY_MS, False)],
)
async def test_a_candidate_ends_with_the_time_set_for_it(
    container: Container, label: str, passed_ms: int, is_known: bool
) -> None:
    connection = await container.open_link()
    await handle(container, connection)
    await container.close_connection(connection)
    container.clock.pass_ms(passed_ms)

    outcome = await container.desk.handle(container.request())

    assert isinstance(outcome, Committed), label
    assert isinstance(outcome.answer, Silence) is is_known


async def test_expired_candidates_are_dropped(container: Container) -> None:
    connection = await container.open_link()
    await handle(container, connection)
    container.clock.pass_ms(1)
    await handle(container, connection)
    await container.close_connection(connection)
    container.clock.pass_ms(REDELIVERY_MS - 1)

    await container.writer.errand(lambda t: t.run(DROP_EXPIRED_REDELIVERIES, now=container.clock()))

    assert len(await open_redeliveries(container)) == 1


async def test_closing_a_link_twice_adds_nothing(container: Container) -> None:
    connection = await container.open_link()
    await handle(container, connection)
    await container.close_connection(connection)
    await handle(container, await container.open_link())

    await container.close_connection(connection)

    assert await open_redeliveries(container) == []


async def test_a_message_without_a_number_is_no_candidate(container: Container) -> None:
    connection = await container.open_link()
    await container.desk.handle(container.request(recipient=None, connection=connection.id))

    await container.close_connection(connection)

    assert await open_redeliveries(container) == []


async def test_an_opening_that_is_rolled_back_leaves_no_link(container: Container) -> None:
    def fail(transaction: Transaction) -> None:
        connection = container.connections.open(transaction, "a")
        connection.answered(1, 1)
        connection.heard(2)
        raise OverflowError

    with pytest.raises(OverflowError):
        await container.writer.errand(fail)

    assert container.connections.news() == []


async def test_the_links_of_a_killed_process_are_closed_by_the_next_start(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    async with opened(url, clock, signer) as killed:
        connection = await killed.open_link()
        outcome = await handle(killed, connection)
    async with opened(url, clock, signer) as successor:
        assert await open_redeliveries(successor) == [outcome.request_id]
        assert await successor.column("SELECT count(*) FROM connection WHERE closed_at IS NULL") == [0]

        again = await successor.desk.handle(successor.request())

        assert isinstance(again, Committed)
        assert isinstance(again.answer, Silence)


async def test_the_links_of_a_living_process_are_left_alone(url: str, clock: FakeClock, signer: Signer) -> None:
    async with opened(url, clock, signer) as living:
        await handle(living, await living.open_link())
        async with opened(url, clock, signer) as second:
            assert await open_redeliveries(second) == []
            assert await second.column("SELECT count(*) FROM connection WHERE closed_at IS NULL") == [1]
            assert await second.column("SELECT closed_at FROM book ORDER BY id") == [None, None]


async def test_what_a_killed_process_had_surely_acknowledged_stays_closed(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    async with opened(url, clock, signer) as killed:
        connection = await killed.open_link()
        await handle(killed, connection, b"1")
        connection.heard(2)
        second = await handle(killed, connection, b"2")
    async with opened(url, clock, signer) as successor:
        assert await open_redeliveries(successor) == [second.request_id]


async def test_a_killed_process_leaves_its_head_signed_by_the_next_start(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    async with opened(url, clock, signer) as killed:
        await handle(killed, await killed.open_link())
        head = killed.book.committed
    async with opened(url, clock, signer) as successor:
        assert await successor.rows("SELECT book, entry, hash FROM anchor") == [tuple(head)]
        assert await successor.column("SELECT id FROM book WHERE closed_at IS NULL") == [successor.book.number]


def test_an_acknowledgement_is_settled_in_any_order_of_the_requests() -> None:
    connection = Connection(1, "a")
    for requests_before, request_id in enumerate((7, 5, 9), 1):
        connection.answered(request_id, requests_before)

    connection.heard(4)

    assert connection.has_news
    assert connection.delivered_through == 9


def test_the_row_numbers_of_two_books_never_meet() -> None:
    assert Ids(1).next() == ids_of(1).start + 1
    assert ids_of(1).stop == ids_of(2).start
