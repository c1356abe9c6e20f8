"""The link to one operator, with the real desk behind it and an SMSC that the test plays."""

import asyncio
import re
import struct
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from core.intake import desk
from core.outbox.outbox import ATTEMPTS_MAX
from core.store.transaction import Transaction
from sms.smpp import binding, codes, delayed_nacks, pace
from sms.smpp.binding import BackOff
from sms.smpp.pdu import Message, build_data, build_message, generic_nack, parse_message
from tests.container import NUMBER, Container, until
from tests.sms.smpp.line import MESSAGE, Line, build_response_to
from tests.sms.smpp.scripted import PATIENCE_S, Smsc


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with Smsc.listening() as smsc:
        yield smsc


@pytest.fixture
async def line(container: Container, smsc: Smsc, request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    line = Line(container, smsc, **getattr(request, "param", {}))
    yield line
    await line.end()


# Staying bound.


async def test_a_bound_operator_has_no_trouble(line: Line) -> None:
    assert line.trouble == "sms operator-a: not bound yet"

    await line.bound()

    assert line.trouble is None


async def test_a_lost_link_is_bound_again(line: Line) -> None:
    peer = await line.bound()

    peer.abort()
    again = await line.bound()

    assert await line.deliver(again) == codes.ESME_ROK
    assert line.smsc.connections == 2


async def test_an_operator_that_unbinds_is_bound_again(line: Line) -> None:
    peer = await line.bound()

    assert (await peer.ask(codes.UNBIND)).status == codes.ESME_ROK
    await until(lambda: line.trouble == "sms operator-a: the operator unbound")

    await line.bound()


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (codes.ESME_RINVSYSID, "sms operator-a: bind refused 0x0000000F ESME_RINVSYSID"),
        (codes.ESME_RINVPASWD, "sms operator-a: bind refused 0x0000000E ESME_RINVPASWD"),
        (0x00000444, "sms operator-a: bind refused 0x00000444"),
    ],
)
async def test_a_refused_bind_is_named_and_tried_again(line: Line, status: int, trouble: str) -> None:
    with capture_logs() as logs:
        await (await line.smsc.accept()).take_bind(status)
        await (await line.smsc.accept()).take_bind(status)
        await line.smsc.accept()

    assert line.trouble == trouble
    # One line, not one for each attempt.
    assert [entry["reason"] for entry in logs if entry["event"] == "not bound"] == [
        trouble.removeprefix("sms operator-a: ")
    ]


async def pauses_of(line: Line, monkeypatch: pytest.MonkeyPatch, attempts: list[int | None]) -> list[float]:
    """The pauses after attempts to bind that end with these statuses; None is a connection that is lost."""
    pauses: list[float] = []
    pause = line.bind._pause

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        await pause(0.001)

    monkeypatch.setattr(line.bind, "_pause", noted)
    monkeypatch.setattr("random.uniform", lambda _low, high: high)
    for status in attempts:
        peer = await line.smsc.accept()
        if status is None:
            peer.abort()
        else:
            await peer.take_bind(status)
            if status == codes.ESME_ROK:
                await until(lambda: line.trouble is None)
                peer.abort()
    await until(lambda: len(pauses) >= len(attempts))
    return pauses[: len(attempts)]


async def test_attempts_back_off_to_a_bound_and_begin_anew_after_a_bind(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.bind._back_off = BackOff(first=1, most=6, refused=10, lasted=0)

    pauses = await pauses_of(line, monkeypatch, [None, None, None, codes.ESME_ROK])

    assert pauses[1:] == [min(2 * pauses[0], 6), min(4 * pauses[0], 6), 1]


async def test_a_bind_that_did_not_last_does_not_begin_the_back_off_anew(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.bind._back_off = BackOff(first=1, most=6, refused=10)

    pauses = await pauses_of(line, monkeypatch, [codes.ESME_ROK] * 4)

    assert pauses[1:] == [2 * pause for pause in pauses[:-1]]


async def test_refusals_back_off_slowly_to_a_bound(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.bind._back_off = BackOff(first=1, most=30, refused=10)

    pauses = await pauses_of(line, monkeypatch, [codes.ESME_RINVSYSID] * 6)

    assert pauses == [10, 20, 40, 80, 100, 100]


async def test_an_operator_that_cannot_be_reached_is_named(container: Container, smsc: Smsc) -> None:
    smsc.port = 1
    with_nobody = Line(container, smsc)

    await until(lambda: with_nobody.trouble != "sms operator-a: not bound yet")

    assert str(with_nobody.trouble).startswith("sms operator-a: cannot connect: ")
    await with_nobody.end()


@pytest.mark.parametrize("line", [{"host": "smsc..example"}, {"host": "x" * 70}], indirect=True)
async def test_a_name_that_no_host_can_have_is_named(line: Line) -> None:
    await until(lambda: line.trouble == "sms operator-a: cannot connect: no name of a host")


@pytest.mark.parametrize("line", [{"response_timeout_s": 0.05}], indirect=True)
async def test_a_bind_nobody_answers_is_named(line: Line) -> None:
    await line.smsc.accept()
    await until(lambda: line.trouble == "sms operator-a: no answer to the bind")

    await line.bound()


def names_a_store_without_writes(trouble: str | None) -> bool:
    """In the words of either database."""
    return re.search("read-?only", trouble or "") is not None


async def test_a_database_that_cannot_note_the_link_keeps_it_unbound(line: Line) -> None:
    peer = await line.bound()
    await line.container.take_no_writes()
    peer.abort()

    await until(lambda: names_a_store_without_writes(line.trouble))
    await line.container.take_writes()

    await line.bound()


async def test_stopping_unbinds_and_ends(line: Line) -> None:
    peer = await line.bound()
    stopping = asyncio.create_task(line.operator.stop())

    unbind = await peer.head()
    assert unbind.command == codes.UNBIND
    await peer.answer(unbind)
    async with asyncio.timeout(PATIENCE_S):
        await stopping
        await line.running

    assert line.trouble == "sms operator-a: unbound"
    assert await line.container.column("SELECT count(*) FROM connection WHERE closed_at IS NULL") == [0]


async def test_stopping_before_the_connection_stands_ends_all_the_same(line: Line) -> None:
    await asyncio.sleep(0)  # the connection is under way

    await line.operator.stop()

    async with asyncio.timeout(PATIENCE_S):
        await line.running


async def test_stopping_answers_what_is_being_committed_and_leaves_nothing_open(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await line.bound()
    release, loop = asyncio.Event(), asyncio.get_running_loop()
    commit = Transaction.commit

    def held(transaction: Transaction) -> None:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(PATIENCE_S)
        commit(transaction)

    monkeypatch.setattr(Transaction, "commit", held)
    await peer.send(build_message(codes.DELIVER_SM, 1, MESSAGE))
    await until(lambda: line.bind._receiver._in_hand == 1)
    stopping = asyncio.create_task(line.operator.stop())
    await peer.quiet()
    release.set()

    assert (await peer.head()).command == codes.DELIVER_SM_RESP
    await peer.send(build_response_to(await peer.receive(), message_id="1"))
    unbind = await peer.head()
    assert unbind.command == codes.UNBIND
    await peer.answer(unbind)
    async with asyncio.timeout(PATIENCE_S):
        await stopping
        await line.running
    # The operator has read the acknowledgement: the same text from this citizen is a new wish.
    assert await line.container.column("SELECT count(*) FROM redelivery") == [0]


async def test_stopping_before_an_operator_that_answers_nothing_leaves_the_message_open(container: Container) -> None:
    async with Smsc.listening() as smsc:
        line = Line(container, smsc, response_timeout_s=0.2)
        peer = await line.bound()
        assert await line.deliver(peer) == codes.ESME_ROK

        await line.operator.stop()
        async with asyncio.timeout(PATIENCE_S):
            await line.running

        assert await container.column("SELECT count(*) FROM redelivery") == [1]


# What the metrics say.


def measured(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"izinhatti_{name}", {"operator": "operator-m", "bind": "1"} | labels)


@pytest.mark.parametrize("line", [{"name": "operator-m", "window": 3, "rate": 40}], indirect=True)
async def test_each_bind_is_measured(line: Line) -> None:
    line.operator.measure()
    assert (measured("bind"), measured("bind_window"), measured("bind_rate")) == (0, 0, 40)
    before = [measured(name) or 0 for name in ("bind_throttled_total", "bind_unknown_total")]

    peer = await line.bound()
    submit = await line.answer(peer)
    line.operator.measure()
    assert (measured("bind"), measured("bind_window"), measured("bind_rate")) == (1, 1, 40)

    await peer.send(build_response_to(submit, codes.ESME_RTHROTTLED))
    await until(lambda: not line.bind._outgoing._outbox_messages)
    line.operator.measure()
    assert (measured("bind_window"), measured("bind_rate")) == (0, 20)
    assert measured("bind_throttled_total") == before[0] + 1

    line.container.clock.pass_ms(1000)
    assert (await peer.head()).command == codes.SUBMIT_SM
    peer.abort()
    await until(lambda: measured("bind_unknown_total") == before[1] + 1)
    await until(lambda: measured("bind") == 0)


@pytest.mark.parametrize("line", [{"name": "operator-m"}], indirect=True)
async def test_a_refused_bind_is_counted_and_is_an_alarm(line: Line) -> None:
    before = measured("bind_refused_total") or 0
    with capture_logs() as logs:
        await (await line.smsc.accept()).take_bind(codes.ESME_RINVPASWD)
        await line.smsc.accept()

    assert measured("bind_refused_total") == before + 1
    assert [entry["log_level"] for entry in logs if entry["event"] == "not bound"] == ["error"]


# Messages in.


async def test_a_message_is_acknowledged_after_its_commit(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await line.container.allow(NUMBER)
    peer = await line.bound()

    assert await line.deliver(peer) == codes.ESME_ROK

    assert await line.container.column("SELECT status FROM consent") == ["RET"]
    assert await line.container.rows("SELECT origin, outcome FROM request") == [("operator-a", "ret")]


async def test_a_message_whose_commit_fails_gets_the_temporary_status(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_nacks, "HOLD_BACK_S", 0.01)
    peer = await line.bound()
    await line.container.take_no_writes()

    assert await line.deliver(peer) == 0x14

    await line.container.take_writes()
    assert await line.deliver(peer, 2) == codes.ESME_ROK


@pytest.mark.parametrize("line", [{"temporary_status": 0x64}], indirect=True)
async def test_turning_away_answers_with_the_operators_temporary_status(line: Line) -> None:
    peer = await line.bound()

    line.operator.turn_away()

    assert await line.deliver(peer) == 0x64
    assert await line.container.column("SELECT count(*) FROM request") == [0]


async def test_a_message_without_readable_text_is_acknowledged_and_set_aside(line: Line) -> None:
    peer = await line.bound()

    assert await line.deliver(peer, 1, MESSAGE._replace(data_coding=4)) == codes.ESME_ROK

    assert await line.container.rows("SELECT outcome, review FROM request") == [("set-aside", "open")]


async def test_a_broken_message_is_kept_and_gets_the_permanent_status(line: Line) -> None:
    peer = await line.bound()
    pdu = build_message(codes.DELIVER_SM, 7, MESSAGE)[:-3]

    await peer.send(len(pdu).to_bytes(4) + pdu[4:])

    assert (await peer.head())[1:] == (codes.DELIVER_SM_RESP, 0x65, 7)
    assert await line.container.rows("SELECT outcome, review, recipient FROM request") == [
        ("set-aside", "open", NUMBER.reveal())
    ]


async def test_a_broken_message_is_answered_by_nobody_but_a_person(line: Line) -> None:
    """It may be the delivery receipt of our own answer, for which another answer would bring about the next."""
    peer = await line.bound()
    lying = struct.pack(">HH", codes.TLV_RECEIPTED_MESSAGE_ID, 99)
    pdu = build_message(codes.DELIVER_SM, 7, MESSAGE._replace(esm_class=codes.ESM_RECEIPT)) + lying

    await peer.send(len(pdu).to_bytes(4) + pdu[4:])

    assert (await peer.head())[1:] == (codes.DELIVER_SM_RESP, 0x65, 7)
    assert await line.container.column("SELECT outcome FROM request") == ["set-aside"]
    assert await line.container.column("SELECT count(*) FROM outbox") == [0]


async def test_a_broken_data_sm_is_kept_and_gets_the_permanent_status_in_its_own_response(line: Line) -> None:
    peer = await line.bound()
    pdu = build_data(7, MESSAGE)[:-3]

    await peer.send(len(pdu).to_bytes(4) + pdu[4:])

    assert (await peer.head())[1:] == (codes.DATA_SM | codes.RESPONSE, 0x65, 7)
    assert await line.container.rows("SELECT outcome, review FROM request") == [("set-aside", "open")]


async def test_a_receipt_is_acknowledged_and_no_request(line: Line) -> None:
    peer = await line.bound()

    assert await line.deliver(peer, 1, MESSAGE._replace(esm_class=4, short_message=b"id:1")) == codes.ESME_ROK

    assert await line.container.column("SELECT count(*) FROM request") == [0]


@pytest.mark.parametrize(
    ("label", "message", "metric"),
    [
        ("by its TLV", MESSAGE._replace(tlvs={0x1E: b"77\0", 0x427: b"\2"}, short_message=b""), None),
        ("by its text", MESSAGE._replace(short_message=b"id:77 sub:001 stat:DELIVRD err:000"), None),
        ("under way", MESSAGE._replace(short_message=b"id:77 stat:ENROUTE"), "under-way"),
        ("unreadable", MESSAGE._replace(short_message=b"id:77 stat:WHAT"), "unreadable"),
    ],
)
async def test_a_receipt_without_its_esm_class_is_never_a_citizens_turn(
    line: Line, label: str, message: Message, metric: str | None
) -> None:
    peer = await line.bound()
    before = REGISTRY.get_sample_value("izinhatti_deliveries_total", {"fate": str(metric)}) or 0.0

    assert await line.deliver(peer, 1, message) == codes.ESME_ROK, label

    assert await line.container.column("SELECT count(*) FROM request") == [0]
    assert await line.container.column("SELECT count(*) FROM outbox") == [0]
    if metric is not None:
        assert REGISTRY.get_sample_value("izinhatti_deliveries_total", {"fate": metric}) == before + 1


async def test_a_foreigner_acts_for_no_turkish_number_of_the_same_digits(line: Line) -> None:
    peer = await line.bound()

    assert await line.deliver(peer, 1, MESSAGE._replace(source="4740012345", source_ton=1)) == codes.ESME_ROK

    assert await line.container.column("SELECT recipient FROM request") == ["+4740012345"]


async def test_a_message_that_comes_again_after_a_lost_link_acts_once(line: Line) -> None:
    await line.container.allow(NUMBER)
    peer = await line.bound()
    assert await line.deliver(peer) == codes.ESME_ROK
    peer.abort()
    peer = await line.bound()
    assert (await peer.head()).command == codes.SUBMIT_SM  # the answer, whose first submit was never answered

    assert await line.deliver(peer, 9) == codes.ESME_ROK

    assert await line.container.column("SELECT outcome FROM request ORDER BY id") == ["ret", "repeat"]
    assert await line.container.column("SELECT count(*) FROM outbox") == [1]


async def test_an_acknowledgement_that_the_operator_read_leaves_nothing_open(line: Line) -> None:
    peer = await line.bound()
    submit = await line.answer(peer)  # written after the acknowledgement
    await peer.send(build_response_to(submit, message_id="1"))
    await until_state(line, "accepted")
    peer.abort()

    await line.bound()

    assert await line.container.column("SELECT count(*) FROM redelivery") == [0]


# Back-pressure.


async def test_more_than_can_wait_gets_the_temporary_status_after_a_while(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_nacks, "HOLD_BACK_S", 0.1)
    monkeypatch.setattr(desk, "WAITING_MAX", 0)
    peer = await line.bound()

    await peer.send(build_message(codes.DELIVER_SM, 1, MESSAGE))
    await peer.quiet()

    assert (await peer.head())[1:] == (codes.DELIVER_SM_RESP, 0x14, 1)


async def test_who_turns_messages_away_holds_nothing_back_any_more(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "WAITING_MAX", 0)
    monkeypatch.setattr(delayed_nacks, "HOLD_BACK_S", 600)
    peer = await line.bound()
    await peer.send(build_message(codes.DELIVER_SM, 1, MESSAGE))
    await until(lambda: bool(line.bind._receiver._delayed_nacks._answers))

    line.operator.turn_away()

    assert (await peer.head())[2:] == (0x14, 1)
    assert await line.deliver(peer, 2) == 0x14


@pytest.mark.parametrize("line", [{}, {"bind_as": "receiver"}], indirect=True, ids=["transceiver", "receiver"])
async def test_a_database_that_takes_no_writes_for_long_ends_a_bind_that_receives_in_order(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_nacks, "HOLD_BACK_S", 0.01)
    monkeypatch.setattr(binding, "WATCH_S", 0.01)
    monkeypatch.setattr(binding, "BLOCKED_MAX_S", 0.2)
    peer = await line.smsc.bound()
    await until(lambda: line.operator.receives)
    await line.container.take_no_writes()

    assert await line.deliver(peer) == 0x14
    await asyncio.sleep(0.25)  # what the network brings again fails as well
    await peer.send(build_message(codes.DELIVER_SM, 2, MESSAGE))
    heads = {head.command: head for head in await peer.heads(2)}
    assert heads[codes.DELIVER_SM_RESP].status == 0x14
    await peer.answer(heads[codes.UNBIND])
    assert await peer.is_closed()
    await until(lambda: names_a_store_without_writes(line.bind.trouble))
    await line.container.take_writes()

    again = await line.smsc.bound()
    assert await line.deliver(again) == codes.ESME_ROK


async def test_a_database_that_takes_no_writes_leaves_a_bind_that_only_sends(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binding, "WATCH_S", 0.01)
    monkeypatch.setattr(binding, "BLOCKED_MAX_S", 0.0)
    line.bind._command = codes.BIND_TRANSMITTER
    peer = await line.smsc.bound()

    assert (await peer.ask(codes.ENQUIRE_LINK)).command == codes.ENQUIRE_LINK_RESP
    await peer.quiet()

    assert line.bind.sends


# Answers out.


async def test_an_answer_goes_out_and_is_accepted(line: Line) -> None:
    peer = await line.bound()
    submit = await line.answer(peer)

    message = parse_message(submit)
    assert (message.source, message.dest, message.short_message) == ("3338", "905321234567", b"RetAnswer")
    assert message.validity == "000001000000000R"
    await peer.send(build_response_to(submit, message_id="id-1"))

    await until_state(line, "accepted")
    assert await line.container.rows("SELECT operator, message_id FROM outbox") == [("operator-a", "id-1")]


async def until_state(line: Line, state: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await line.container.column("SELECT state FROM outbox") != [state]:  # noqa: ASYNC110  # a row has no event
            await asyncio.sleep(0.001)


# Receipts.


def receipt(text: bytes) -> Message:
    return Message("905321234567", "3338", text, esm_class=4)


async def test_a_receipt_ends_its_answer_whatever_base_its_id_is_written_in(line: Line) -> None:
    peer = await line.bound()
    await peer.send(build_response_to(await line.answer(peer), message_id="00AB"))
    await until_state(line, "accepted")

    assert await line.deliver(peer, 2, receipt(b"id:0000000171 stat:DELIVRD")) == codes.ESME_ROK

    await until_state(line, "delivered")


async def test_a_receipt_that_overtakes_the_answer_to_its_submit_counts(line: Line) -> None:
    peer = await line.bound()
    submit = await line.answer(peer)

    assert await line.deliver(peer, 2, receipt(b"id:ab stat:DELIVRD")) == codes.ESME_ROK
    await peer.send(build_response_to(submit, message_id="AB"))

    await until_state(line, "delivered")


async def test_a_receipt_while_the_database_takes_no_writes_is_left_to_the_network(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_nacks, "HOLD_BACK_S", 0.01)
    peer = await line.bound()
    await peer.send(build_response_to(await line.answer(peer), message_id="7"))
    await until_state(line, "accepted")
    await line.container.take_no_writes()

    assert await line.deliver(peer, 2, receipt(b"id:7 stat:DELIVRD")) == 0x14

    await line.container.take_writes()
    assert await line.deliver(peer, 3, receipt(b"id:7 stat:DELIVRD")) == codes.ESME_ROK


# Answers that are not taken.


@pytest.mark.parametrize("status", [codes.ESME_RTHROTTLED, codes.ESME_RMSGQFUL])
async def test_a_throttled_answer_is_kept_however_often_and_sent_again(
    line: Line, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(pace, "PAUSE_S", 0.002)
    monkeypatch.setattr(pace, "RATE_MIN", 1000.0)
    peer = await line.bound()
    submit = await line.answer(peer)
    reference = parse_message(submit).tlvs

    for _ in range(ATTEMPTS_MAX + 2):
        await peer.send(build_response_to(submit, status))
        await until(lambda: not line.bind._outgoing._outbox_messages)
        line.container.clock.pass_ms(1000)
        submit = await peer.receive()
        assert parse_message(submit).tlvs == reference

    await peer.send(build_response_to(submit, message_id="id-1"))
    await until_state(line, "accepted")


async def test_a_throttled_bind_pauses(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = await line.bound()
    assert line.operator.capacity() > 0
    submit = await line.answer(peer)

    await peer.send(build_response_to(submit, codes.ESME_RTHROTTLED))
    await until(lambda: not line.bind._outgoing._outbox_messages)

    assert line.operator.capacity() == 0


async def test_a_generic_nack_to_an_answer_is_a_refusal(line: Line) -> None:
    peer = await line.bound()
    submit = await line.answer(peer)

    await peer.send(generic_nack(codes.ESME_RINVCMDLEN, int.from_bytes(submit[12:16])))

    await until(lambda: not line.bind._outgoing._outbox_messages)
    line.container.writer.wake()
    await until_state(line, "ready")


async def test_an_answer_of_unknown_fate_is_sent_once_more_with_the_same_reference(line: Line) -> None:
    peer = await line.bound()
    first = await line.answer(peer)
    peer.abort()
    peer = await line.bound()

    again = await peer.receive()
    peer.abort()
    await until_state(line, "dead")

    assert parse_message(again).tlvs == parse_message(first).tlvs
    assert parse_message(again).short_message == parse_message(first).short_message
    assert await line.container.rows("SELECT unknowns, reason FROM outbox") == [(2, "unknown")]


async def test_an_answer_that_no_alphabet_carries_is_given_up_and_the_link_stays(line: Line) -> None:
    line.container.texts = lambda _: "a" * 40_000
    peer = await line.bound()

    assert await line.deliver(peer) == codes.ESME_ROK
    await until_state(line, "dead")

    assert line.trouble is None
    [reason] = await line.container.column("SELECT reason FROM outbox")
    assert "segments" in reason
