"""The system's clock is set, an hour forward or back, or two processes do not agree on it: nothing acts twice, nothing
is lost, and a citizen's acts stay in their order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from core.conversation.answers import Answer, Committed, OnayDone, OnayQuestion, RetAnswer, Silence, Unspoken
from core.conversation.requests import BrandMention, Onay, OnayCode, RequestIntent
from core.domain.clock import HOUR_MS
from core.domain.rules import Rules
from core.ledger.anchors import Signer
from tests.container import (
    LEASE_MS,
    MIGROS,
    NO_LIMITS,
    NUMBER,
    PATIENCE_S,
    RET_MIGROS,
    Container,
    FakeClock,
    opened,
)
from tests.core.outbox.test_outbox import FakeTransport, put, states, sweep, turn

STEP_MS: Final = HOUR_MS - 1  # so long may a message come again in these tests
STEPS: Final = [pytest.param(STEP_MS, id="forward"), pytest.param(-STEP_MS, id="back")]
ONAY_MIGROS: Final = Onay((BrandMention.of(MIGROS),))
DEDUPES: Final = NO_LIMITS._replace(dedupe_ms=60_000)


@asynccontextmanager
async def two(
    url: str, signer: Signer, ahead_ms: int, rules: Rules = NO_LIMITS
) -> AsyncIterator[tuple[Container, Container]]:
    """Two processes; the clock of the first is so far ahead."""
    clocks = FakeClock(), FakeClock()
    clocks[0].step_ms(ahead_ms)
    async with (
        opened(url, clocks[0], signer, rules=rules) as first,
        opened(url, clocks[1], signer, rules=rules) as second,
    ):
        yield first, second


async def say(container: Container, intent: RequestIntent, key: bytes, connection: int = 0) -> Answer | Unspoken:
    async with asyncio.timeout(PATIENCE_S):
        outcome = await container.desk.handle(container.request(intent, key=key, connection=connection))
    assert isinstance(outcome, Committed)
    return outcome.answer


@pytest.mark.parametrize("step_ms", STEPS)
async def test_a_message_acknowledged_right_before_the_step_is_known_when_it_comes_again(
    container: Container, step_ms: int
) -> None:
    await container.allow(NUMBER)
    connection = await container.open_link()
    async with asyncio.timeout(PATIENCE_S):
        outcome = await container.desk.handle(container.request(connection=connection.id))
    assert isinstance(outcome, Committed)
    connection.answered(outcome.request_id, 1)

    container.clock.step_ms(step_ms)
    container.connections.news()
    await container.close_connection(connection)

    assert isinstance(await say(container, RET_MIGROS, b"key"), Silence)


@pytest.mark.parametrize("step_ms", STEPS)
async def test_an_acknowledgement_that_was_read_is_delivered_after_the_step(container: Container, step_ms: int) -> None:
    connection = await container.open_link()
    connection.answered(7, 1)

    container.clock.step_ms(step_ms)
    connection.heard(2)

    assert container.connections.news() == [connection]
    assert connection.delivered_through == 7


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
    async with opened(url, clock, signer) as container:
        container.outbox.transport = transport = FakeTransport()
        await put(container)
        await turn(container)
        clock.step_ms(step_ms)
        swept = await sweep(container)
        await turn(container)

        container.outbox.accepted(transport.carried[0].id, "operator-a", "id-1")
        await turn(container)

        [(unknowns,)] = await container.rows("SELECT unknowns FROM outbox")
        assert await states(container) == ["accepted"]
        assert len(transport.carried) - 1 == unknowns == swept.unknown == (step_ms > LEASE_MS)


@pytest.mark.parametrize("ahead_ms", STEPS)
async def test_an_answer_leaves_at_once_by_the_process_that_can_send_it(
    url: str, signer: Signer, ahead_ms: int
) -> None:
    async with two(url, signer, ahead_ms) as (first, second):
        second.outbox.transport = transport = FakeTransport()

        await put(first)
        await turn(second)

        assert len(transport.carried) == 1


@pytest.mark.parametrize("step_ms", STEPS)
async def test_the_same_words_an_hour_apart_by_the_clock_are_two(
    url: str, signer: Signer, clock: FakeClock, step_ms: int
) -> None:
    async with opened(url, clock, signer, rules=DEDUPES) as container:
        await container.allow(NUMBER)

        first = await say(container, RET_MIGROS, b"key")
        clock.step_ms(step_ms)
        second = await say(container, RET_MIGROS, b"key")

        assert isinstance(first, RetAnswer)
        assert isinstance(second, RetAnswer)
