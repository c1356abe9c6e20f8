"""Operators that answer late or not at all: nobody stays without an answer, and nobody reads it twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sms.smpp import codes
from sms.smpp.pdu import header, parse_message
from tests.container import Container, until
from tests.sms.smpp.line import Line, build_response_to
from tests.sms.smpp.scripted import PATIENCE_S, Peer, Smsc

TIMEOUT_S = 0.2


@pytest.fixture
async def line(container: Container) -> AsyncIterator[Line]:
    async with Smsc.listening() as smsc:
        line = Line(container, smsc, response_timeout_s=TIMEOUT_S)
        yield line
        await line.end()


async def next_submit(peer: Peer) -> bytes:
    """The next submit, past the questions whether the operator lives."""
    while header(pdu := await peer.receive()).command != codes.SUBMIT_SM:
        await peer.answer(header(pdu))
    return pdu


async def until_state(line: Line, state: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await line.container.column("SELECT state FROM outbox") != [state]:  # noqa: ASYNC110  # a row has no event
            await asyncio.sleep(0.001)


async def test_over_a_half_open_link_nothing_is_sent_again_and_over_the_next_one_it_is(line: Line) -> None:
    peer = await line.bound()
    first = await line.answer(peer)

    assert (await peer.head()).command == codes.ENQUIRE_LINK
    assert await peer.is_closed()  # without another submit: the link showed no life
    again = await next_submit(peer := await line.bound())
    await peer.send(build_response_to(again, message_id="7"))

    await until_state(line, "accepted")
    assert parse_message(again).tlvs == parse_message(first).tlvs
    assert line.trouble is None


async def test_an_operator_that_answers_after_the_timeout_is_sent_the_answer_once(line: Line) -> None:
    peer = await line.bound()
    submit = await line.answer(peer)
    await peer.answer(await peer.head())  # the enquire_link: the submit is overdue

    await peer.send(build_response_to(submit, message_id="7"))

    await until_state(line, "accepted")
    assert await line.container.rows("SELECT message_id, attempts, unknowns FROM outbox") == [("7", 1, 0)]


async def test_an_operator_that_answers_each_submit_after_it_is_given_up_ends_no_row_dead(line: Line) -> None:
    peer = await line.bound()
    first = await line.answer(peer)
    await next_submit(peer)  # sent again, over a link that lives: that ends as unknown too

    living = asyncio.create_task(next_submit(peer))  # answers each enquire_link
    await until_state(line, "dead")
    living.cancel()
    await peer.send(build_response_to(first, message_id="7"))

    await until_state(line, "accepted")


async def test_a_message_whose_lease_ran_out_while_we_stood_still_does_not_leave(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await line.bound()
    send = line.bind._outgoing.send

    def late(outbox_message: object, session: object) -> None:
        line.container.clock.pass_ms(3_600_000)
        monkeypatch.setattr(line.bind._outgoing, "send", send)
        send(outbox_message, session)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(line.bind._outgoing, "send", late)
    assert await line.deliver(peer) == codes.ESME_ROK
    await until(lambda: not line.bind._outgoing._outbox_messages and line.bind._outgoing.send == send)

    await until_state(line, "ready")
    assert await line.container.column("SELECT unknowns FROM outbox") == [0]
