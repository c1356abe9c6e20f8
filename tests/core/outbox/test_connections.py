"""What a lost connection leaves open: what comes again is known once, and only as long as it may come again."""

import asyncio
from collections.abc import Sequence

import pytest

from core.conversation.answers import Committed, RetAnswer, Silence
from core.conversation.requests import NotUnderstood, Ret
from core.domain.consent import ConsentType
from core.domain.ids import Ids, ids_of
from core.ledger.anchors import Signer
from core.outbox.connections import Link
from core.store.queries.connections import DROP_EXPIRED_REDELIVERIES
from core.store.transaction import Transaction
from tests.counter import (
    NUMBER,
    PATIENCE_S,
    REDELIVERY_MS,
    RESPONSE_TIMEOUT_MS,
    RET_MIGROS,
    Counter,
    FakeClock,
    numbers,
    opened,
)


async def handle(
    counter: Counter, link: Link, key: bytes = b"key", said: Ret | NotUnderstood = RET_MIGROS
) -> Committed:
    """A message that came over the link, committed, and its acknowledgement written."""
    async with asyncio.timeout(PATIENCE_S):
        outcome = await counter.desk.handle(counter.request(said, key=key, link=link.id))
    assert isinstance(outcome, Committed)
    counter.links.answered(link, outcome.request_id)
    return outcome


async def open_redeliveries(counter: Counter) -> Sequence[int]:
    return await counter.column("SELECT request FROM redelivery ORDER BY request")


async def test_a_message_whose_acknowledgement_may_be_lost_is_known_once_when_it_comes_again(counter: Counter) -> None:
    await counter.allow(NUMBER)
    link = await counter.open_link()
    first = await handle(counter, link)
    await counter.close_link(link)
    link = await counter.open_link()

    again = await handle(counter, link)
    third = await handle(counter, link)

    assert isinstance(again.answer, Silence)
    assert isinstance(third.answer, RetAnswer)
    assert third.answer.already == (ConsentType.MESAJ,)
    assert await counter.rows("SELECT outcome, repeat_of FROM request ORDER BY id") == [
        ("ret", None),
        ("repeat", first.request_id),
        ("ret", None),
    ]
    assert await counter.column("SELECT request FROM outbox ORDER BY id") == [first.request_id, third.request_id]
    assert await counter.column("SELECT count(*) FROM ledger") == [2]


async def test_a_redelivered_refusal_does_not_undo_a_consent_given_since(counter: Counter) -> None:
    await counter.allow(NUMBER)
    link = await counter.open_link()
    await handle(counter, link)
    await counter.close_link(link)
    await counter.allow(NUMBER)

    again = await handle(counter, await counter.open_link())

    assert isinstance(again.answer, Silence)
    assert await counter.column("SELECT status FROM consent") == ["ONAY"]


async def test_two_identical_messages_before_the_loss_are_two_after_it(counter: Counter) -> None:
    link = await counter.open_link()
    await handle(counter, link)
    await handle(counter, link)
    await counter.close_link(link)
    link = await counter.open_link()

    answers = [(await handle(counter, link)).answer for _ in range(3)]

    assert [isinstance(answer, Silence) for answer in answers] == [True, True, False]


async def test_two_repeats_in_one_batch_match_one_candidate_once(counter: Counter) -> None:
    link = await counter.open_link()
    await handle(counter, link)
    await counter.close_link(link)

    async with asyncio.timeout(PATIENCE_S):
        outcomes = await asyncio.gather(*(counter.desk.handle(counter.request()) for _ in range(2)))

    assert [isinstance(o.answer, Silence) for o in outcomes if isinstance(o, Committed)] == [True, False]


@pytest.mark.parametrize(("label", "key", "recipient"), [("other text", b"other", 0), ("other number", b"key", 1)])
async def test_another_message_is_no_repeat(counter: Counter, label: str, key: bytes, recipient: int) -> None:
    link = await counter.open_link()
    await counter.desk.handle(counter.request(recipient=numbers(2)[0], link=link.id))
    await counter.close_link(link)

    other = await counter.desk.handle(counter.request(recipient=numbers(2)[recipient], key=key))

    assert isinstance(other, Committed), label
    assert isinstance(other.answer, RetAnswer)
    assert len(await open_redeliveries(counter)) == 1


@pytest.mark.parametrize(
    ("label", "outlived_ms", "is_open"),
    [
        ("just written", 0, True),
        ("just within the response timeout", RESPONSE_TIMEOUT_MS - 1, True),
        ("outlived by the connection", RESPONSE_TIMEOUT_MS, False),
    ],
)
async def test_an_acknowledgement_counts_as_delivered_once_the_link_has_outlived_it(
    counter: Counter, label: str, outlived_ms: int, is_open: bool
) -> None:
    link = await counter.open_link()
    await handle(counter, link)
    counter.clock.pass_ms(outlived_ms)

    await counter.close_link(link)

    assert bool(await open_redeliveries(counter)) is is_open, label


async def test_only_what_came_after_the_last_sure_acknowledgement_stays_open(counter: Counter) -> None:
    link = await counter.open_link()
    await handle(counter, link, b"1")
    counter.clock.pass_ms(RESPONSE_TIMEOUT_MS)
    second = await handle(counter, link, b"2")
    unanswered = await counter.desk.handle(counter.request(key=b"3", link=link.id))
    assert isinstance(unanswered, Committed)

    await counter.close_link(link)

    assert await open_redeliveries(counter) == [second.request_id, unanswered.request_id]


async def test_what_came_over_another_link_stays_closed(counter: Counter) -> None:
    one, other = await counter.open_link(), await counter.open_link()
    await handle(counter, one, b"1")
    await handle(counter, other, b"2")

    await counter.close_link(one)

    assert len(await open_redeliveries(counter)) == 1


async def test_the_store_learns_of_sure_acknowledgements_with_the_next_transaction(counter: Counter) -> None:
    link = await counter.open_link()
    first = await handle(counter, link, b"1")
    assert await counter.column("SELECT delivered_through FROM link") == [0]
    counter.clock.pass_ms(RESPONSE_TIMEOUT_MS)

    await handle(counter, link, b"2")

    assert await counter.column("SELECT delivered_through FROM link") == [first.request_id]
    assert counter.links.news() == []


async def test_news_are_kept_when_the_transaction_that_carries_them_fails(counter: Counter) -> None:
    link = await counter.open_link()
    await handle(counter, link, b"1")
    counter.clock.pass_ms(RESPONSE_TIMEOUT_MS)
    await counter.take_no_writes()
    await counter.desk.handle(counter.request(key=b"2"))
    await counter.take_writes()

    assert counter.links.news() == [link]


@pytest.mark.parametrize(
    ("label", "passed_ms", "is_known"),
    [("last moment", REDELIVERY_MS - 1, True), ("over", REDELIVERY_MS, False)],
)
async def test_a_candidate_ends_with_the_time_set_for_it(
    counter: Counter, label: str, passed_ms: int, is_known: bool
) -> None:
    link = await counter.open_link()
    await handle(counter, link)
    await counter.close_link(link)
    counter.clock.pass_ms(passed_ms)

    outcome = await counter.desk.handle(counter.request())

    assert isinstance(outcome, Committed), label
    assert isinstance(outcome.answer, Silence) is is_known


async def test_expired_candidates_are_dropped(counter: Counter) -> None:
    link = await counter.open_link()
    await handle(counter, link)
    counter.clock.pass_ms(1)
    await handle(counter, link)
    await counter.close_link(link)
    counter.clock.pass_ms(REDELIVERY_MS - 1)

    await counter.writer.errand(lambda t: t.run(DROP_EXPIRED_REDELIVERIES, now=counter.clock()))

    assert len(await open_redeliveries(counter)) == 1


async def test_closing_a_link_twice_adds_nothing(counter: Counter) -> None:
    link = await counter.open_link()
    await handle(counter, link)
    await counter.close_link(link)
    await handle(counter, await counter.open_link())

    await counter.close_link(link)

    assert await open_redeliveries(counter) == []


async def test_a_message_without_a_number_is_no_candidate(counter: Counter) -> None:
    link = await counter.open_link()
    await counter.desk.handle(counter.request(recipient=None, link=link.id))

    await counter.close_link(link)

    assert await open_redeliveries(counter) == []


async def test_an_opening_that_is_rolled_back_leaves_no_link(counter: Counter) -> None:
    def fail(transaction: Transaction) -> None:
        counter.links.open(transaction, "a").answered(1, counter.clock())
        raise OverflowError

    with pytest.raises(OverflowError):
        await counter.writer.errand(fail)
    counter.clock.pass_ms(RESPONSE_TIMEOUT_MS)

    assert counter.links.news() == []


async def test_the_links_of_a_killed_process_are_closed_by_the_next_start(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    async with opened(url, clock, signer) as killed:
        link = await killed.open_link()
        outcome = await handle(killed, link)
    async with opened(url, clock, signer) as successor:
        assert await open_redeliveries(successor) == [outcome.request_id]
        assert await successor.column("SELECT count(*) FROM link WHERE closed_at IS NULL") == [0]

        again = await successor.desk.handle(successor.request())

        assert isinstance(again, Committed)
        assert isinstance(again.answer, Silence)


async def test_the_links_of_a_living_process_are_left_alone(url: str, clock: FakeClock, signer: Signer) -> None:
    async with opened(url, clock, signer) as living:
        await handle(living, await living.open_link())
        async with opened(url, clock, signer) as second:
            assert await open_redeliveries(second) == []
            assert await second.column("SELECT count(*) FROM link WHERE closed_at IS NULL") == [1]
            assert await second.column("SELECT sealed_at FROM book ORDER BY id") == [None, None]


async def test_what_a_killed_process_had_surely_acknowledged_stays_closed(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    async with opened(url, clock, signer) as killed:
        link = await killed.open_link()
        await handle(killed, link, b"1")
        clock.pass_ms(RESPONSE_TIMEOUT_MS)
        second = await handle(killed, link, b"2")
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
        assert await successor.column("SELECT id FROM book WHERE sealed_at IS NULL") == [successor.book.number]


def test_an_acknowledgement_is_settled_in_any_order_of_the_requests() -> None:
    link = Link(1, "a")
    clock = FakeClock()
    for request_id in (7, 5, 9):
        link.answered(request_id, clock())
        clock.pass_ms(1)

    assert link.settle(clock.now)
    assert link.delivered_through == 9


def test_the_row_numbers_of_two_books_never_meet() -> None:
    assert Ids(1).next() == ids_of(1).start + 1
    assert ids_of(1).stop == ids_of(2).start
