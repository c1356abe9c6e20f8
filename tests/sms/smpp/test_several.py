"""Several binds and several operators: which way a message comes, which way its answer goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import pytest

from sms.smpp import codes
from sms.smpp.operator import Operator, missing
from sms.smpp.pdu import build_message, parse_message
from tests.container import Container, until
from tests.sms.smpp.line import MESSAGE, Line, build_response_to
from tests.sms.smpp.scripted import PATIENCE_S, Peer, Smsc


@asynccontextmanager
async def line_of(container: Container, **profile: Any) -> AsyncIterator[Line]:
    async with Smsc.listening() as smsc:
        line = Line(container, smsc, **profile)
        try:
            yield line
        finally:
            await line.end()


async def peers_of(line: Line) -> dict[int, Peer]:
    """The SMSC's end of each bind, by the bind's command."""
    peers = {}
    for _ in line.operator.binds:
        peer = await line.smsc.accept()
        peers[(await peer.take_bind()).command] = peer
    await until(lambda: line.trouble is None)
    return peers


# Receivers and transmitters.


async def test_a_pair_hears_on_its_receiver_and_answers_on_its_transmitter(container: Container) -> None:
    async with line_of(container, bind_as="pair") as line:
        peers = await peers_of(line)

        assert await line.deliver(peers[codes.BIND_RECEIVER]) == codes.ESME_ROK
        submit = await peers[codes.BIND_TRANSMITTER].receive()

        assert parse_message(submit).short_message == b"RetAnswer"
        await peers[codes.BIND_RECEIVER].quiet()


@pytest.mark.parametrize("lost", [codes.BIND_RECEIVER, codes.BIND_TRANSMITTER])
async def test_a_pair_that_lost_one_bind_is_named_until_that_is_back(container: Container, lost: int) -> None:
    async with line_of(container, bind_as="pair") as line:
        peers = await peers_of(line)

        peers[lost].abort()
        again = await line.smsc.accept()
        assert str(line.trouble).startswith("sms operator-a: ")

        assert (await again.take_bind()).command == lost
        await until(lambda: line.trouble is None)


async def test_what_is_wrong_with_both_binds_of_a_pair_is_said_once(container: Container) -> None:
    async with line_of(container, bind_as="pair") as line:
        for _ in range(2):
            await (await line.smsc.accept()).take_bind(codes.ESME_RINVSYSID)
        refused = "bind refused 0x0000000F ESME_RINVSYSID"
        await until(lambda: all(bind.trouble == refused for bind in line.operator.binds))

        assert missing([line.operator]) == [f"sms operator-a: {refused}"]


async def test_what_a_pair_cannot_send_yet_leaves_when_its_transmitter_is_back(container: Container) -> None:
    async with line_of(container, bind_as="pair") as line:
        peers = await peers_of(line)
        peers[codes.BIND_TRANSMITTER].abort()
        again = await line.smsc.accept()
        assert await line.deliver(peers[codes.BIND_RECEIVER]) == codes.ESME_ROK

        await again.take_bind()

        assert parse_message(await again.receive()).short_message == b"RetAnswer"


# Binds side by side.


async def test_each_bind_has_its_own_window_and_all_are_used(container: Container) -> None:
    async with line_of(container, binds=2, window=1) as line:
        first, second = await line.smsc.bound(), await line.smsc.bound()
        await until(lambda: all(bind.sends for bind in line.operator.binds))
        for sequence in (1, 2, 3):
            await first.send(build_message(codes.DELIVER_SM, sequence, MESSAGE._replace(source=f"90532{sequence:07}")))

        seen = [head.command for head in await first.heads(4)]
        submit = await second.receive()

        assert sorted(seen) == sorted([codes.DELIVER_SM_RESP] * 3 + [codes.SUBMIT_SM])
        assert await container.column("SELECT state FROM outbox ORDER BY id") == ["sent", "sent", "ready"]
        await second.send(build_response_to(submit, message_id="1"))
        assert (await second.head()).command == codes.SUBMIT_SM


async def test_one_of_two_binds_is_enough(container: Container) -> None:
    async with line_of(container, binds=2) as line:
        first, second = await line.smsc.bound(), await line.smsc.bound()
        await until(lambda: all(bind.sends for bind in line.operator.binds))

        second.abort()
        await line.smsc.accept()  # and it is left without an answer

        assert line.trouble is None
        assert parse_message(await line.answer(first)).short_message == b"RetAnswer"


# Operators side by side.


class Two(NamedTuple):
    a: Line
    b: Line


@pytest.fixture
async def two(container: Container, request: pytest.FixtureRequest) -> AsyncIterator[Two]:
    siblings: list[Operator] = []
    async with AsyncExitStack() as stack:
        settings: dict[str, Any] = getattr(request, "param", {})
        lines = [
            await stack.enter_async_context(line_of(container, siblings=siblings, name=name, **settings.get(name, {})))
            for name in ("operator-a", "operator-b")
        ]
        yield Two(*lines)


async def test_an_answer_goes_out_by_the_operator_that_the_message_came_from(two: Two) -> None:
    a, b = await two.a.bound(), await two.b.bound()

    for sequence in range(1, 4):
        for line, peer in zip(two, (a, b), strict=True):
            submit = await line.answer(peer, sequence)
            await peer.send(build_response_to(submit, message_id=str(sequence)))

    await a.quiet()
    await b.quiet()


async def test_an_answer_goes_out_by_another_operator_when_its_own_is_gone(two: Two) -> None:
    a, b = await two.a.bound(), await two.b.bound()
    first = parse_message(await two.a.answer(a))

    a.abort()
    await two.a.smsc.accept()  # and it is left without an answer
    two.a.container.expect_answers()
    again = parse_message(await b.receive())

    assert again.short_message == first.short_message
    # Both submits of an unknown one carry the same reference, whichever way they go.
    assert again.tlvs == first.tlvs


async def test_what_waited_for_an_operator_that_goes_leaves_by_another(two: Two) -> None:
    a, b = await two.a.bound(), await two.b.bound()
    submit = await two.a.answer(a)
    await a.send(build_response_to(submit, codes.ESME_RTHROTTLED))
    await until(lambda: not two.a.bind._outgoing._outbox_messages)
    two.a.container.clock.pass_ms(1000)
    await b.quiet()  # an operator that is slow keeps its answers

    a.abort()
    await two.a.smsc.accept()
    two.a.container.expect_answers()
    two.a.container.writer.wake()

    assert parse_message(await b.receive()).short_message == b"RetAnswer"


@pytest.mark.parametrize("two", [{"operator-a": {"bind_as": "receiver"}}], indirect=True)
async def test_the_answers_of_an_operator_that_only_brings_go_by_one_that_sends(two: Two) -> None:
    a, b = await two.a.smsc.bound(), await two.b.bound()
    await until(lambda: two.a.operator.receives)

    assert await two.a.deliver(a) == codes.ESME_ROK

    assert parse_message(await b.receive()).short_message == b"RetAnswer"


async def test_an_answer_whose_operator_is_in_the_settings_no_more_goes_by_any(two: Two) -> None:
    b = await two.b.bound()

    async with asyncio.timeout(PATIENCE_S):
        await two.b.container.desk.handle(two.b.container.request(origin="operator-z"))

    assert parse_message(await b.receive()).short_message == b"RetAnswer"


@pytest.mark.parametrize("two", [{"operator-b": {"bind_as": "receiver"}}], indirect=True)
async def test_ready_is_one_bind_that_receives_and_one_that_sends(two: Two) -> None:
    operators = [two.a.operator, two.b.operator]
    assert missing(operators) == ["sms operator-a: not bound yet", "sms operator-b: not bound yet"]

    await two.b.smsc.bound()
    await until(lambda: two.b.operator.receives)
    assert missing(operators) == ["sms operator-a: not bound yet"]

    await two.a.bound()
    assert missing(operators) == []
