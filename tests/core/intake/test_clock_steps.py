"""The system's clock is set, an hour forward or back, or two processes do not agree on it: nothing acts twice, nothing
is lost, and a citizen's acts stay in their order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from core.conversation.answers import Answer, Committed, OnayDone, OnayQuestion, RetAnswer, Silence, Unspoken
from core.conversation.requests import Mention, Onay, OnayCode, Said
from core.domain.clock import HOUR_MS
from core.domain.rules import Rules
from core.ledger.anchors import Signer
from tests.core.outbox.test_outbox import FakeCarrier, put, states, sweep, turn
from tests.counter import (
    LEASE_MS,
    MIGROS,
    NO_LIMITS,
    NUMBER,
    PATIENCE_S,
    RESPONSE_TIMEOUT_MS,
    RET_MIGROS,
    Counter,
    FakeClock,
    opened,
)

STEP_MS: Final = HOUR_MS - 1  # so long may a message come again in these tests
STEPS: Final = [pytest.param(STEP_MS, id="forward"), pytest.param(-STEP_MS, id="back")]
ONAY_MIGROS: Final = Onay((Mention.of(MIGROS),))
DEDUPES: Final = NO_LIMITS._replace(dedupe_ms=60_000)


@asynccontextmanager
async def two(
    url: str, signer: Signer, ahead_ms: int, rules: Rules = NO_LIMITS
) -> AsyncIterator[tuple[Counter, Counter]]:
    """Two processes; the clock of the first is so far ahead."""
    clocks = FakeClock(), FakeClock()
    clocks[0].step_ms(ahead_ms)
    async with (
        opened(url, clocks[0], signer, rules=rules) as first,
        opened(url, clocks[1], signer, rules=rules) as second,
    ):
        yield first, second


async def say(counter: Counter, said: Said, key: bytes, link: int = 0) -> Answer | Unspoken:
    async with asyncio.timeout(PATIENCE_S):
        outcome = await counter.desk.handle(counter.request(said, key=key, link=link))
    assert isinstance(outcome, Committed)
    return outcome.answer


@pytest.mark.parametrize("step_ms", STEPS)
async def test_a_message_acknowledged_right_before_the_step_is_known_when_it_comes_again(
    counter: Counter, step_ms: int
) -> None:
    await counter.allow(NUMBER)
    link = await counter.open_link()
    async with asyncio.timeout(PATIENCE_S):
        outcome = await counter.desk.handle(counter.request(link=link.id))
    assert isinstance(outcome, Committed)
    counter.links.answered(link, outcome.request_id)

    counter.clock.step_ms(step_ms)
    counter.links.news()
    await counter.close_link(link)

    assert isinstance(await say(counter, RET_MIGROS, b"key"), Silence)


@pytest.mark.parametrize("step_ms", STEPS)
async def test_an_acknowledgement_that_its_connection_outlived_is_delivered_after_the_step(
    counter: Counter, step_ms: int
) -> None:
    link = await counter.open_link()
    counter.links.answered(link, 7)

    counter.clock.step_ms(step_ms)
    counter.clock.pass_ms(RESPONSE_TIMEOUT_MS)

    assert counter.links.news() == [link]
    assert link.delivered_through == 7


@pytest.mark.parametrize("ahead_ms", STEPS)
async def test_acts_at_processes_of_different_clocks_stand_in_their_order(
    url: str, signer: Signer, ahead_ms: int
) -> None:
    async with two(url, signer, ahead_ms) as (first, second):
        await first.allow(NUMBER)

        refused = await say(first, RET_MIGROS, b"1")
        question = await say(second, ONAY_MIGROS, b"2")
        assert isinstance(question, OnayQuestion)
        allowed = await say(second, OnayCode(question.code), b"3")
        again = await say(first, RET_MIGROS, b"4")

        assert isinstance(refused, RetAnswer)
        assert isinstance(allowed, OnayDone)
        assert isinstance(again, RetAnswer)
        assert (bool(refused.ended), bool(again.ended)) == (True, True)
        assert await first.rows("SELECT status, receipt FROM consent") == [("RET", again.receipt)]


@pytest.mark.parametrize("step_ms", STEPS)
async def test_what_is_in_hand_during_the_step_is_sent_once_more_at_most(
    url: str, signer: Signer, clock: FakeClock, step_ms: int
) -> None:
    async with opened(url, clock, signer) as counter:
        counter.outbox.carrier = carrier = FakeCarrier()
        await put(counter)
        await turn(counter)
        clock.step_ms(step_ms)
        swept = await sweep(counter)
        await turn(counter)

        counter.outbox.accepted(carrier.carried[0].id, "operator-a", "id-1")
        await turn(counter)

        [(unknowns,)] = await counter.rows("SELECT unknowns FROM outbox")
        assert await states(counter) == ["accepted"]
        assert len(carrier.carried) - 1 == unknowns == swept.unknown == (step_ms > LEASE_MS)


@pytest.mark.parametrize("ahead_ms", STEPS)
async def test_an_answer_leaves_at_once_by_the_process_that_can_send_it(
    url: str, signer: Signer, ahead_ms: int
) -> None:
    async with two(url, signer, ahead_ms) as (first, second):
        second.outbox.carrier = carrier = FakeCarrier()

        await put(first)
        await turn(second)

        assert len(carrier.carried) == 1


@pytest.mark.parametrize("step_ms", STEPS)
async def test_the_same_words_an_hour_apart_by_the_clock_are_two(
    url: str, signer: Signer, clock: FakeClock, step_ms: int
) -> None:
    async with opened(url, clock, signer, rules=DEDUPES) as counter:
        await counter.allow(NUMBER)

        first = await say(counter, RET_MIGROS, b"key")
        clock.step_ms(step_ms)
        second = await say(counter, RET_MIGROS, b"key")

        assert isinstance(first, RetAnswer)
        assert isinstance(second, RetAnswer)
