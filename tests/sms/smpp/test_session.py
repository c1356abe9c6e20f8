"""One connection against an SMSC that the test plays PDU by PDU."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from sms.gsm.segments import split
from sms.smpp import codes, session
from sms.smpp.pace import Pace
from sms.smpp.pdu import (
    Bind,
    Header,
    Message,
    build_data,
    build_message,
    build_plain,
    build_response,
    generic_nack,
    parse_message,
)
from sms.smpp.profile import Profile
from sms.smpp.session import Fate, Session, State, Submission
from tests.container import until
from tests.sms.smpp.scripted import PATIENCE_S, Peer, Smsc

TIMEOUT_S = 0.1
PROFILE = Profile(
    "operator-a", "127.0.0.1", 0, Bind("izinhatti", "secret"), "3338", window=3, response_timeout_s=PATIENCE_S
)
HASTY = PROFILE._replace(response_timeout_s=TIMEOUT_S)
MESSAGE = Message("905321234567", "3338", b"RET MIGROS")


class Owner:
    """Notes what the session tells it; answers nothing by itself."""

    def __init__(self) -> None:
        self.pdus: list[bytes] = []
        self.answers: list[Callable[[int], int]] = []
        self.ended: list[tuple[int, int | Fate, str]] = []
        self.late: list[tuple[int, str]] = []
        self.heard_of: list[int] = []

    def delivered(self, pdu: bytes, answer: Callable[[int], int]) -> None:
        self.pdus.append(pdu)
        self.answers.append(answer)

    def submitted(self, outbox_id: int, result: int | Fate, message_id: str) -> None:
        self.ended.append((outbox_id, result, message_id))

    def accepted_late(self, outbox_id: int, message_id: str) -> None:
        self.late.append((outbox_id, message_id))

    def heard(self, number: int) -> None:
        self.heard_of.append(number)


class Bound(NamedTuple):
    """A bound session, its owner, and the SMSC's end."""

    session: Session
    owner: Owner
    peer: Peer

    def submit(self, *ids: int, text: str = "text") -> None:
        for outbox_id in ids:
            segments = split(text, "turkish-single", outbox_id)
            self.session.submit(Submission(outbox_id, "905321234567", segments, "", outbox_id))

    async def deliver(self, sequence: int, message: Message = MESSAGE) -> None:
        await self.peer.send(build_message(codes.DELIVER_SM, sequence, message))


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with Smsc.listening() as smsc:
        yield smsc


async def connect(smsc: Smsc, profile: Profile, command: int = codes.BIND_TRANSCEIVER) -> tuple[Session, Owner]:
    owner = Owner()
    _, connected = await asyncio.get_running_loop().create_connection(
        lambda: Session(profile, command, Pace(0), owner), "127.0.0.1", smsc.port
    )
    return connected, owner


@pytest.fixture
async def bound(smsc: Smsc, request: pytest.FixtureRequest) -> AsyncIterator[Bound]:
    connected, owner = await connect(smsc, getattr(request, "param", PROFILE))
    binding = asyncio.create_task(connected.bind())
    peer = await smsc.bound()
    assert await binding == codes.ESME_ROK
    yield Bound(connected, owner, peer)
    connected.abort("the test is over")
    async with asyncio.timeout(PATIENCE_S):
        await connected.closed


async def closed(bound: Bound) -> str:
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.shield(bound.session.closed)


# Binding.


@pytest.mark.parametrize("status", [codes.ESME_RINVPASWD, codes.ESME_RBINDFAIL, codes.ESME_RINVSYSID, 0x400])
async def test_a_refused_bind_gives_its_status(smsc: Smsc, status: int) -> None:
    connected, _ = await connect(smsc, PROFILE)
    binding = asyncio.create_task(connected.bind())

    await (await smsc.accept()).take_bind(status)

    assert await binding == status
    assert connected.state is not State.BOUND
    assert connected.room == 0
    connected.abort("over")
    await connected.closed


async def test_a_bind_refused_by_generic_nack_gives_its_status(smsc: Smsc) -> None:
    connected, _ = await connect(smsc, PROFILE)
    binding = asyncio.create_task(connected.bind())
    peer = await smsc.accept()
    await peer.send(generic_nack(codes.ESME_RINVCMDID, (await peer.head()).sequence))

    assert await binding == codes.ESME_RINVCMDID
    connected.abort("over")
    await connected.closed


async def test_a_bind_nobody_answers_ends_with_the_response_timeout(smsc: Smsc) -> None:
    connected, _ = await connect(smsc, HASTY)

    with pytest.raises(TimeoutError):
        await connected.bind()

    connected.abort("over")
    await connected.closed


async def test_a_connection_lost_before_the_answer_to_the_bind(smsc: Smsc) -> None:
    connected, _ = await connect(smsc, PROFILE)
    binding = asyncio.create_task(connected.bind())
    (await smsc.accept()).abort()

    assert await binding is None
    assert await connected.closed


async def test_a_message_in_one_octet_stream_with_the_binds_answer_is_handed_on(smsc: Smsc) -> None:
    connected, owner = await connect(smsc, PROFILE)
    binding = asyncio.create_task(connected.bind())
    peer = await smsc.accept()
    head = await peer.head()
    await peer.send(build_response(head.command, 0, head.sequence, "s") + build_message(codes.DELIVER_SM, 1, MESSAGE))

    assert await binding == codes.ESME_ROK
    assert len(owner.pdus) == 1
    connected.abort("over")
    await connected.closed


# Messages in.


async def test_a_message_is_answered_when_its_owner_says_so_and_not_before(bound: Bound) -> None:
    await bound.deliver(7)
    await until(lambda: bool(bound.owner.pdus))
    await bound.peer.quiet()

    assert bound.owner.answers[0](codes.ESME_ROK)

    assert (await bound.peer.head())[1:] == (codes.DELIVER_SM_RESP, codes.ESME_ROK, 7)
    assert parse_message(bound.owner.pdus[0]) == MESSAGE


async def test_a_data_sm_is_handed_on_and_answered_as_one(bound: Bound) -> None:
    for _ in range(2):
        await bound.peer.send(build_data(7, MESSAGE))
    await until(lambda: bool(bound.owner.pdus))
    bound.owner.answers[0](0x65)
    await bound.peer.send(build_data(7, MESSAGE))

    assert [head[1:] for head in await bound.peer.heads(3)] == [(codes.DATA_SM | codes.RESPONSE, 0x65, 7)] * 3
    assert len(bound.owner.pdus) == 1


async def test_messages_may_be_answered_in_any_order(bound: Bound) -> None:
    for sequence in (1, 2, 3):
        await bound.deliver(sequence)
    await until(lambda: len(bound.owner.pdus) == 3)

    for at, status in ((2, 0x14), (0, 0), (1, 0x65)):
        bound.owner.answers[at](status)

    assert [head[2:] for head in await bound.peer.heads(3)] == [(0x14, 3), (0, 1), (0x65, 2)]


async def test_a_repeat_while_the_first_is_pending_shares_its_outcome(bound: Bound) -> None:
    for _ in range(3):
        await bound.deliver(7)
    await bound.deliver(8)
    await until(lambda: len(bound.owner.pdus) == 2)

    bound.owner.answers[0](0x14)

    assert [head[1:] for head in await bound.peer.heads(3)] == [(codes.DELIVER_SM_RESP, 0x14, 7)] * 3
    await bound.peer.quiet()
    assert len(bound.owner.pdus) == 2


async def test_a_repeat_after_the_first_was_answered_gets_the_same_status(bound: Bound) -> None:
    await bound.deliver(7)
    await until(lambda: bool(bound.owner.pdus))
    bound.owner.answers[0](codes.ESME_ROK)
    await bound.peer.head()

    await bound.deliver(7)

    assert (await bound.peer.head())[1:] == (codes.DELIVER_SM_RESP, codes.ESME_ROK, 7)
    assert len(bound.owner.pdus) == 1


async def test_other_octets_with_the_same_number_are_another_message(bound: Bound) -> None:
    await bound.deliver(7)
    await bound.deliver(7, MESSAGE._replace(short_message=b"RET N11"))
    await until(lambda: len(bound.owner.pdus) == 2)

    bound.owner.answers[1](0)
    bound.owner.answers[0](0x14)

    assert [head[2:] for head in await bound.peer.heads(2)] == [(0, 7), (0x14, 7)]


async def test_the_same_octets_with_another_number_are_another_message(bound: Bound) -> None:
    await bound.deliver(7)
    await bound.deliver(8)

    await until(lambda: len(bound.owner.pdus) == 2)


@pytest.mark.parametrize(("label", "later", "calls"), [("below", 2, 1), ("at", 3, 2), ("above", 4, 2)])
async def test_a_bounded_number_of_outcomes_is_remembered(
    bound: Bound, monkeypatch: pytest.MonkeyPatch, label: str, later: int, calls: int
) -> None:
    monkeypatch.setattr(session, "REMEMBERED_MAX", 3)
    await bound.deliver(100)
    for sequence in range(later):
        await bound.deliver(sequence)
    await until(lambda: len(bound.owner.pdus) == 1 + later)
    for answer in bound.owner.answers:
        answer(0)
    await bound.peer.heads(1 + later)

    await bound.deliver(100)

    await until(lambda: len(bound.owner.pdus) == calls + later)
    assert len(bound.session._remembered) <= 3, label


async def test_an_outcome_is_remembered_for_its_time_only(bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "REMEMBERED_S", 0.0)
    await bound.deliver(7)
    await until(lambda: bool(bound.owner.pdus))
    bound.owner.answers[0](0)
    await bound.peer.head()

    await bound.deliver(7)

    await until(lambda: len(bound.owner.pdus) == 2)


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_old_outcomes_are_forgotten_as_time_passes(bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    await bound.deliver(7)
    await until(lambda: bool(bound.session._remembered))

    monkeypatch.setattr(session, "REMEMBERED_S", 0.0)

    await until(lambda: not bound.session._remembered)


async def test_an_answer_after_the_connection_is_lost_says_so(bound: Bound) -> None:
    await bound.deliver(7)
    await until(lambda: bool(bound.owner.pdus))
    bound.peer.abort()
    await closed(bound)

    assert not bound.owner.answers[0](codes.ESME_ROK)


# Submits.


async def test_a_submit_carries_what_the_shipment_and_the_profile_say(bound: Bound) -> None:
    segments = split("Şükran", "turkish-single", 1)
    bound.session.submit(Submission(9, "905321234567", segments, "000001000000000R", 0xBEEF))

    message = parse_message(await bound.peer.receive())

    assert (message.source, message.source_ton, message.dest, message.dest_ton) == ("3338", 3, "905321234567", 1)
    assert message.short_message == segments[0].octets
    assert message.esm_class == codes.ESM_UDHI
    assert message.validity == "000001000000000R"
    assert message.registered_delivery == 1
    assert message.tlvs == {codes.TLV_USER_MESSAGE_REFERENCE: b"\xbe\xef"}


async def test_an_accepted_submit_ends_with_its_message_id(bound: Bound) -> None:
    bound.submit(9)

    await bound.peer.answer(await bound.peer.head(), message_id="id-1")

    await until(lambda: bool(bound.owner.ended))
    assert bound.owner.ended == [(9, codes.ESME_ROK, "id-1")]


@pytest.mark.parametrize("status", [codes.ESME_RTHROTTLED, codes.ESME_RMSGQFUL, 0x0B, 0x400])
async def test_a_refused_submit_ends_with_its_status(bound: Bound, status: int) -> None:
    bound.submit(9)

    await bound.peer.answer(await bound.peer.head(), status)

    await until(lambda: bool(bound.owner.ended))
    assert bound.owner.ended == [(9, status, "")]


async def test_a_submit_refused_by_generic_nack_ends_with_its_status(bound: Bound) -> None:
    bound.submit(9)
    head = await bound.peer.head()

    await bound.peer.send(generic_nack(codes.ESME_RINVCMDLEN, head.sequence))

    await until(lambda: bool(bound.owner.ended))
    assert bound.owner.ended == [(9, codes.ESME_RINVCMDLEN, "")]


async def test_no_more_submits_are_open_than_the_window_takes(bound: Bound) -> None:
    bound.submit(*range(8))
    seen = 0
    while seen < 8:
        heads = await bound.peer.heads(min(PROFILE.window, 8 - seen))
        await bound.peer.quiet()
        assert bound.session.room == 0 or seen + len(heads) == 8
        seen += len(heads)
        for head in heads:
            await bound.peer.answer(head)

    await until(lambda: len(bound.owner.ended) == 8)
    assert [outbox_id for outbox_id, _, _ in bound.owner.ended] == list(range(8))
    assert bound.session.room == PROFILE.window


async def test_one_answer_makes_room_for_one_submit(bound: Bound) -> None:
    bound.submit(*range(5))
    heads = await bound.peer.heads(3)

    await bound.peer.answer(heads[1])

    assert (await bound.peer.head()).command == codes.SUBMIT_SM
    await bound.peer.quiet()


async def test_the_room_counts_what_waits_for_the_window(bound: Bound) -> None:
    assert bound.session.room == 3
    bound.submit(1)
    assert bound.session.room == 2
    bound.submit(2, 3, 4)
    assert bound.session.room == 0


LONG = "uzun " * 60


async def test_a_long_message_ends_when_all_its_parts_are_accepted(bound: Bound) -> None:
    bound.submit(9, text=LONG)
    heads = await bound.peer.heads(2)

    await bound.peer.answer(heads[1], message_id="id-2")
    await bound.peer.quiet()
    assert bound.owner.ended == []
    await bound.peer.answer(heads[0], message_id="id-1")

    await until(lambda: bool(bound.owner.ended))
    assert bound.owner.ended == [(9, codes.ESME_ROK, "id-2")]


async def test_a_long_message_asks_for_the_receipt_of_its_last_part_alone(bound: Bound) -> None:
    bound.submit(9, text=LONG)

    parts = [parse_message(await bound.peer.receive()) for _ in range(2)]

    assert [part.registered_delivery for part in parts] == [0, 1]


async def test_a_long_message_ends_once_with_the_first_part_that_fails(bound: Bound) -> None:
    bound.submit(9, text=LONG * 2)  # 5 parts, window 3
    heads = await bound.peer.heads(3)

    await bound.peer.answer(heads[0], 0x0B)
    await bound.peer.answer(heads[1])
    await bound.peer.answer(heads[2], 0x0C)
    await bound.peer.quiet()

    assert bound.owner.ended == [(9, 0x0B, "")]
    assert bound.session.room == 3


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_a_submit_nobody_answers_is_unknown_and_makes_room(bound: Bound) -> None:
    bound.submit(1, 2, 3)
    heads = await bound.peer.heads(3)
    async with live(bound):
        await until(lambda: len(bound.owner.ended) == 3)
        assert bound.session.room == 3
    bound.submit(4)
    heads.append(await next_submit(bound))

    assert bound.owner.ended[:3] == [(1, Fate.UNKNOWN, ""), (2, Fate.UNKNOWN, ""), (3, Fate.UNKNOWN, "")]
    await bound.peer.answer(heads[3], message_id="id-4")
    await until(lambda: len(bound.owner.ended) == 4)
    assert bound.owner.ended[3] in ((4, 0, "id-4"), (4, Fate.UNKNOWN, ""))


async def next_submit(bound: Bound) -> Header:
    """The next submit, past the questions whether we live."""
    while (head := await bound.peer.head()).command == codes.ENQUIRE_LINK:
        await bound.peer.answer(head)
    return head


@asynccontextmanager
async def live(bound: Bound) -> AsyncIterator[None]:
    """The SMSC answers each enquire_link, and nothing else."""

    async def answer() -> None:
        while True:
            head = await bound.peer.head()
            assert head.command == codes.ENQUIRE_LINK
            await bound.peer.answer(head)

    answering = asyncio.create_task(answer())
    yield
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_an_overdue_submit_asks_whether_the_link_lives(bound: Bound) -> None:
    bound.submit(1)
    submit = await bound.peer.head()

    assert (await bound.peer.head()).command == codes.ENQUIRE_LINK

    assert bound.owner.ended == []
    assert submit.command == codes.SUBMIT_SM


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_an_overdue_submit_over_a_link_that_shows_no_life_ends_the_link(bound: Bound) -> None:
    bound.submit(1)

    assert await closed(bound) == "no answer to enquire_link"

    assert bound.owner.ended == [(1, Fate.UNKNOWN, "")]


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_an_answer_after_the_response_timeout_is_one_like_any_other(bound: Bound) -> None:
    bound.submit(1)
    submit = await bound.peer.head()
    await bound.peer.answer(await bound.peer.head())  # the enquire_link: the submit is overdue

    await bound.peer.answer(submit, message_id="late")
    await until(lambda: bool(bound.owner.ended))

    assert bound.owner.ended == [(1, codes.ESME_ROK, "late")]


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_an_answer_to_what_became_unknown_is_told(bound: Bound) -> None:
    bound.submit(1)
    head = await bound.peer.head()
    async with live(bound):
        await until(lambda: bool(bound.owner.ended))
        await bound.peer.answer(head, message_id="late")
        await until(lambda: bool(bound.owner.late))

    assert bound.owner.ended == [(1, Fate.UNKNOWN, "")]
    assert bound.owner.late == [(1, "late")]
    assert bound.session.state is State.BOUND


async def test_what_may_not_leave_any_more_does_not(bound: Bound) -> None:
    segments = split("text", "turkish-single", 1)

    bound.session.submit(Submission(1, "905321234567", segments, "", 1, lambda: False))
    bound.submit(2)

    assert bound.owner.ended == [(1, Fate.UNSENT, "")]
    assert parse_message(await bound.peer.receive()).tlvs[codes.TLV_USER_MESSAGE_REFERENCE] == b"\0\2"


async def test_an_answer_to_a_later_request_proves_what_was_read(bound: Bound) -> None:
    await bound.deliver(7)
    await until(lambda: bool(bound.owner.pdus))
    bound.submit(1)
    before = bound.owner.answers[0](codes.ESME_ROK)
    bound.submit(2)
    first, acknowledgement, second = await bound.peer.heads(3)
    assert acknowledgement.command == codes.DELIVER_SM_RESP

    await bound.peer.answer(first)
    await bound.peer.answer(second)
    await until(lambda: len(bound.owner.heard_of) == 2)

    assert before == 2  # the bind and the first submit
    assert bound.owner.heard_of == [2, 3]


async def test_an_answer_to_nothing_proves_nothing(bound: Bound) -> None:
    await bound.peer.send(
        build_response(codes.SUBMIT_SM, 0, 4711, "x"), build_response(codes.ENQUIRE_LINK, 0, 4712), generic_nack(3, 9)
    )
    await bound.peer.ask(codes.ENQUIRE_LINK)

    assert bound.owner.heard_of == []


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_acknowledgements_that_nothing_follows_are_asked_about(bound: Bound) -> None:
    await bound.deliver(7)
    await until(lambda: bool(bound.owner.pdus))
    before = bound.owner.answers[0](codes.ESME_ROK)
    await bound.peer.head()

    enquiry = await bound.peer.head()
    assert enquiry.command == codes.ENQUIRE_LINK
    await bound.peer.answer(enquiry)

    await until(lambda: bool(bound.owner.heard_of))
    assert bound.owner.heard_of[0] > before


async def test_a_refusal_for_now_is_no_outcome_for_a_repeat(bound: Bound) -> None:
    await bound.deliver(7)
    await until(lambda: bool(bound.owner.pdus))
    bound.owner.answers[0](PROFILE.temporary_status)
    await bound.peer.head()

    await bound.deliver(7)
    await until(lambda: len(bound.owner.pdus) == 2)
    bound.owner.answers[1](codes.ESME_ROK)

    assert (await bound.peer.head())[1:] == (codes.DELIVER_SM_RESP, codes.ESME_ROK, 7)


async def test_an_answer_to_nothing_is_survived(bound: Bound) -> None:
    await bound.peer.send(build_response(codes.SUBMIT_SM, 0, 4711, "x"), generic_nack(3, 4712))

    assert (await bound.peer.ask(codes.ENQUIRE_LINK)).command == codes.ENQUIRE_LINK_RESP
    assert bound.owner.ended == []


async def test_a_lost_link_leaves_what_was_sent_unknown_and_the_rest_unsent(bound: Bound) -> None:
    bound.submit(*range(5))
    await bound.peer.heads(3)

    bound.peer.abort()
    await closed(bound)

    assert bound.owner.ended == [
        *((n, Fate.UNKNOWN, "") for n in range(3)),
        *((n, Fate.UNSENT, "") for n in range(3, 5)),
    ]


async def test_a_message_of_which_a_part_was_sent_is_unknown_once_when_the_link_is_lost(bound: Bound) -> None:
    bound.submit(1, 2)
    bound.submit(9, text=LONG)
    await bound.peer.heads(3)

    bound.peer.abort()
    await closed(bound)

    assert bound.owner.ended == [(n, Fate.UNKNOWN, "") for n in (1, 2, 9)]


@pytest.mark.parametrize("bound", [PROFILE._replace(window=1)], indirect=True)
async def test_a_pause_gives_back_what_has_not_begun_to_leave(bound: Bound) -> None:
    bound.submit(1)
    bound.submit(9, text=LONG)
    head = await bound.peer.head()

    bound.session._pace.slow_down(asyncio.get_running_loop().time())
    await bound.peer.answer(head, codes.ESME_RTHROTTLED)

    await until(lambda: len(bound.owner.ended) == 2)
    assert bound.owner.ended == [(1, codes.ESME_RTHROTTLED, ""), (9, Fate.UNSENT, "")]
    await bound.peer.quiet()


@pytest.mark.parametrize("bound", [PROFILE._replace(window=2)], indirect=True)
async def test_a_pause_keeps_the_rest_of_what_has_begun_to_leave(bound: Bound) -> None:
    bound.session._pace = pace = Pace(0)
    bound.submit(1)
    bound.submit(9, text=LONG)
    heads = await bound.peer.heads(2)

    pace._paused_until = asyncio.get_running_loop().time() + 0.05
    await bound.peer.answer(heads[0], codes.ESME_RTHROTTLED)
    rest = await bound.peer.head()
    await bound.peer.answer(heads[1], message_id="1")
    await bound.peer.answer(rest, message_id="2")

    await until(lambda: len(bound.owner.ended) == 2)
    assert bound.owner.ended == [(1, codes.ESME_RTHROTTLED, ""), (9, codes.ESME_ROK, "2")]


@pytest.mark.parametrize("bound", [HASTY._replace(window=1)], indirect=True)
async def test_what_waits_too_long_for_the_window_is_given_back(bound: Bound) -> None:
    bound.submit(1)
    await bound.peer.head()
    bound.submit(2)

    await until(lambda: len(bound.owner.ended) == 2)

    assert sorted(bound.owner.ended) == [(1, Fate.UNKNOWN, ""), (2, Fate.UNSENT, "")]


# Enquire link, unbind, what is wrong.


async def test_an_enquire_link_is_answered(bound: Bound) -> None:
    assert (await bound.peer.ask(codes.ENQUIRE_LINK))[1:] == (codes.ENQUIRE_LINK_RESP, codes.ESME_ROK, 1)


@pytest.mark.parametrize("bound", [HASTY._replace(enquire_link_s=0.05)], indirect=True)
async def test_a_silent_link_is_asked_and_stays_while_it_answers(bound: Bound) -> None:
    for _ in range(3):
        head = await bound.peer.head()
        assert head.command == codes.ENQUIRE_LINK
        await bound.peer.answer(head)

    assert bound.session.state is State.BOUND


@pytest.mark.parametrize("bound", [HASTY._replace(enquire_link_s=0.05)], indirect=True)
async def test_a_link_that_does_not_answer_an_enquire_link_is_lost(bound: Bound) -> None:
    bound.submit(1)

    assert await closed(bound) == "no answer to enquire_link"
    assert bound.owner.ended == [(1, Fate.UNKNOWN, "")]


async def test_an_unbind_of_the_operator_is_answered_and_ends_the_link(bound: Bound) -> None:
    assert (await bound.peer.ask(codes.UNBIND))[1:] == (codes.UNBIND | codes.RESPONSE, codes.ESME_ROK, 1)
    assert await bound.peer.is_closed()
    assert await closed(bound) == "the operator unbound"


async def test_an_unbind_waits_for_what_is_outstanding(bound: Bound) -> None:
    bound.submit(1)
    unbinding = asyncio.create_task(bound.session.unbind())
    head = await bound.peer.head()
    await bound.peer.quiet()

    await bound.peer.answer(head, message_id="id-1")
    unbind = await bound.peer.head()
    assert unbind.command == codes.UNBIND
    await bound.peer.answer(unbind)
    await unbinding

    assert bound.owner.ended == [(1, codes.ESME_ROK, "id-1")]
    assert await closed(bound) == "unbound"


async def test_a_message_that_comes_while_unbinding_is_still_answered(bound: Bound) -> None:
    unbinding = asyncio.create_task(bound.session.unbind())
    unbind = await bound.peer.head()
    await bound.deliver(7)
    await until(lambda: bool(bound.owner.pdus))

    assert bound.owner.answers[0](0x14)

    assert (await bound.peer.head())[2:] == (0x14, 7)
    await bound.peer.answer(unbind)
    await unbinding


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_an_unbind_nobody_answers_ends_all_the_same(bound: Bound) -> None:
    bound.submit(1)

    async with asyncio.timeout(PATIENCE_S):
        await bound.session.unbind()

    assert await closed(bound) == "unbound"
    assert bound.owner.ended == [(1, Fate.UNKNOWN, "")]


@pytest.mark.parametrize(
    ("label", "octets", "sequence"),
    [
        ("too long", bytes.fromhex("ffffffff 00000005 00000000 00000007"), 7),
        ("one over the bound", bytes.fromhex("00010001 00000005 00000000 00000008"), 8),
        ("too short", bytes.fromhex("0000000f 00000005 00000000 00000009"), 9),
        ("not even a header", bytes.fromhex("00000000"), 0),
    ],
)
async def test_a_stream_out_of_step_is_named_and_ended_at_once(
    bound: Bound, label: str, octets: bytes, sequence: int
) -> None:
    bound.submit(1)
    await bound.peer.head()

    await bound.peer.send(octets)

    assert (await bound.peer.head())[1:] == (codes.GENERIC_NACK, codes.ESME_RINVCMDLEN, sequence), label
    assert await bound.peer.is_closed()
    await closed(bound)
    assert bound.owner.ended == [(1, Fate.UNKNOWN, "")]


async def test_messages_before_a_stream_gets_out_of_step_are_handed_on(bound: Bound) -> None:
    await bound.peer.send(build_message(codes.DELIVER_SM, 7, MESSAGE) + bytes(16))

    await closed(bound)
    assert len(bound.owner.pdus) == 1


@pytest.mark.parametrize("command", [0x0000FFFF, codes.SUBMIT_SM, codes.BIND_RECEIVER, 0x0000000B])
async def test_an_unknown_request_gets_a_generic_nack(bound: Bound, command: int) -> None:
    await bound.peer.send(build_plain(command, 5))

    assert (await bound.peer.head())[1:] == (codes.GENERIC_NACK, codes.ESME_RINVCMDID, 5)
    assert bound.session.state is State.BOUND


async def test_an_unknown_response_gets_no_answer(bound: Bound) -> None:
    await bound.peer.send(build_plain(0x8000FFFF, 5))
    await bound.peer.quiet()

    assert bound.session.state is State.BOUND


async def test_a_message_split_at_every_octet_is_read(bound: Bound) -> None:
    for octet in build_message(codes.DELIVER_SM, 7, MESSAGE):
        await bound.peer.send(bytes([octet]))
        await asyncio.sleep(0)

    await until(lambda: bool(bound.owner.pdus))
    assert parse_message(bound.owner.pdus[0]) == MESSAGE


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(build_message(codes.DELIVER_SM, 7, MESSAGE)[:-1], id="all but the last octet"),
        pytest.param(b"\0", id="one octet"),
        pytest.param(build_plain(codes.ENQUIRE_LINK, 1) + b"\0\0\0", id="behind a whole one"),
    ],
)
@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_half_a_pdu_and_silence_ends_the_link(bound: Bound, octets: bytes) -> None:
    await bound.peer.send(octets)

    assert await closed(bound) == "half a PDU, and not the rest of it"


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_a_pdu_that_never_ends_ends_the_link_though_octets_keep_coming(bound: Bound) -> None:
    async def dribble() -> None:
        await bound.peer.send(b"\0\1\0\0")
        while True:
            await bound.peer.send(b"\0")
            await asyncio.sleep(TIMEOUT_S / 10)

    dribbling = asyncio.create_task(dribble())

    assert await closed(bound) == "half a PDU, and not the rest of it"
    dribbling.cancel()


@pytest.mark.parametrize("bound", [PROFILE._replace(response_timeout_s=2.0)], indirect=True)
async def test_pdus_that_are_each_cut_in_two_keep_the_link(bound: Bound) -> None:
    rest = b""
    for sequence in range(1, 9):
        pdu = build_plain(codes.ENQUIRE_LINK, sequence)
        await bound.peer.send(rest + pdu[:7])
        rest = pdu[7:]
        await asyncio.sleep(0.3)  # all of them together take longer than the response timeout, none alone does

    assert len(await bound.peer.heads(7)) == 7
    assert bound.session.state is State.BOUND


@pytest.mark.parametrize("bound", [HASTY._replace(enquire_link_s=0.05)], indirect=True)
async def test_an_enquire_link_that_is_refused_is_a_sign_of_life(bound: Bound) -> None:
    for _ in range(4):
        head = await bound.peer.head()
        assert head.command == codes.ENQUIRE_LINK
        await bound.peer.send(generic_nack(codes.ESME_RINVCMDID, head.sequence))

    assert bound.session.state is State.BOUND


@pytest.mark.parametrize("bound", [HASTY], indirect=True)
async def test_a_link_that_is_closed_before_one_that_does_not_read_is_given_up(bound: Bound) -> None:
    transport = bound.session._transport
    assert transport is not None
    bound.peer._reader._transport.pause_reading()  # type: ignore[attr-defined]  # its end of the socket
    transport.write(bytes(16 << 20))  # more than the sockets hold

    bound.session._close("over")

    assert await closed(bound) == "over"


async def test_a_receiver_has_no_room_for_submits(smsc: Smsc) -> None:
    connected, _ = await connect(smsc, PROFILE, codes.BIND_RECEIVER)
    binding = asyncio.create_task(connected.bind())
    await smsc.bound()

    assert await binding == codes.ESME_ROK
    assert connected.room == 0
    connected.abort("over")
    await connected.closed


async def test_the_rate_counts_each_part(bound: Bound) -> None:
    bound.session._pace = Pace(1)
    bound.submit(9, text=LONG)

    await bound.peer.head()
    await bound.peer.quiet()

    assert (bound.session.outstanding, bound.session.room) == (1, 0)
    assert (await bound.peer.head()).command == codes.SUBMIT_SM  # by itself, a second later


async def test_an_operator_that_does_not_read_loses_the_link(bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "UNREAD_OCTETS_MAX", -1)

    bound.submit(1)

    assert await closed(bound) == "the operator does not read"


async def test_sequence_numbers_begin_anew_after_the_last(bound: Bound) -> None:
    bound.session._sequence = session.SEQUENCE_MAX - 1
    bound.submit(1, 2)

    assert [head.sequence for head in await bound.peer.heads(2)] == [session.SEQUENCE_MAX, 1]
