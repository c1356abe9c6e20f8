"""Whatever an SMSC sends: the process survives, the link too if the stream is in step, and the next message works."""

import asyncio
import gc
import random
import resource
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from structlog.testing import capture_logs

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.conversation.requests import Segment
from sms.gsm.segments import split
from sms.smpp import codes
from sms.smpp.decode import Decoder
from sms.smpp.pace import Pace
from sms.smpp.pdu import Bind, Framer, Message, build_message, build_response, generic_nack, header
from sms.smpp.profile import Profile
from sms.smpp.session import Fate, Session, State, Submission
from tests.container import FakeClock
from tests.sms.smpp.mutation import mutated, out_of_step
from tests.sms.smpp.scripted import PATIENCE_S, Peer, Smsc

PROFILE: Final = Profile("a", "127.0.0.1", 0, Bind("izinhatti", "secret"), "3338", response_timeout_s=PATIENCE_S)
MESSAGE: Final = Message("905321234567", "3338", b"RET MIGROS", source_ton=1, source_npi=1)
DELIVER_SM: Final = build_message(codes.DELIVER_SM, 7, MESSAGE)
RESP: Final = codes.RESPONSE
KEPT, NACK = codes.ESME_ROK, codes.GENERIC_NACK
BROKEN: Final = 0x65


class Owner:
    """Reads each message and answers as an operator's link does, without the desk."""

    def __init__(self) -> None:
        self.texts: list[str | None] = []
        self._decoder = Decoder("a", "gsm7", Directory([Brand("600100", "MIGROS")]), FakeClock(), id_tlv=0x1403)

    def delivered(self, pdu: bytes, answer: Callable[[int], int]) -> None:
        arrival = self._decoder.take(pdu, 1)
        if arrival.request is not None:
            intent = arrival.request.intent
            text = (
                intent.join([intent.octets] * intent.total).text
                if isinstance(intent, Segment)
                else arrival.request.text
            )
            self.texts.append(text)
        answer(BROKEN if arrival.is_broken else KEPT)

    def accepted_late(self, outbox_id: int, message_id: str) -> None:
        pass

    def heard(self, number: int) -> None:
        pass

    def submitted(self, outbox_id: int, result: int | Fate, message_id: str) -> None:
        pass


def pdu(command: int, body: bytes = b"", *, status: int = 0, sequence: int = 7) -> bytes:
    return b"".join(n.to_bytes(4) for n in (16 + len(body), command, status, sequence)) + body


def message(body: bytes, command: int = codes.DELIVER_SM) -> bytes:
    return pdu(command, body)


def replaced(old: bytes, new: bytes) -> bytes:
    assert DELIVER_SM.count(old) == 1
    return message(DELIVER_SM[16:].replace(old, new))


def with_end(octets: bytes) -> bytes:
    return message(DELIVER_SM[16:] + octets)


class Case(NamedTuple):
    """What comes; the answers to it as (command, status); whether a line of the log says so."""

    label: str
    octets: bytes
    answers: tuple[tuple[int, int], ...]
    is_logged: bool = True


IN_STEP = [
    Case("deliver_sm without a body", message(b""), ((codes.DELIVER_SM | RESP, BROKEN),)),
    Case("deliver_sm of one octet", message(b"\0"), ((codes.DELIVER_SM | RESP, BROKEN),)),
    Case("deliver_sm without a single NUL", message(b"\xff" * 40), ((codes.DELIVER_SM | RESP, BROKEN),)),
    Case("deliver_sm of NULs alone", message(bytes(17)), ((codes.DELIVER_SM | RESP, KEPT),), False),
    Case("deliver_sm that ends in its sender", message(DELIVER_SM[16:25]), ((codes.DELIVER_SM | RESP, BROKEN),)),
    Case("a text longer than the PDU", replaced(b"\x0aRET", b"\xffRET"), ((codes.DELIVER_SM | RESP, BROKEN),)),
    Case("a text shorter than it says", message(DELIVER_SM[16:-4]), ((codes.DELIVER_SM | RESP, BROKEN),)),
    Case("a text of length 0, and octets behind", replaced(b"\x0aRET", b"\0RET"), ((codes.DELIVER_SM | RESP, BROKEN),)),
    Case("half a TLV", with_end(b"\x14\x03\0"), ((codes.DELIVER_SM | RESP, BROKEN),)),
    Case("a TLV that ends behind the PDU", with_end(b"\x14\x03\0\5id"), ((codes.DELIVER_SM | RESP, BROKEN),)),
    Case(
        "a TLV of 65,535 octets that are not there", with_end(b"\4\x24\xff\xff"), ((codes.DELIVER_SM | RESP, BROKEN),)
    ),
    Case("a TLV of no octets", with_end(b"\4\x24\0\0"), ((codes.DELIVER_SM | RESP, KEPT),), False),
    Case("a TLV twice", with_end(b"\x14\x03\0\1a" * 2), ((codes.DELIVER_SM | RESP, KEPT),), False),
    Case("numbers out of range", replaced(b"\1\x01905", b"\xff\xff905"), ((codes.DELIVER_SM | RESP, KEPT),), False),
    Case(
        "every octet of the flags set",
        replaced(b"3338\0\0\0\0", b"3338\0\xff\xff\xff"),
        ((codes.DELIVER_SM | RESP, KEPT),),
        False,
    ),
    Case("a sender of 5,000 octets", replaced(b"905321234567", b"9" * 5000), ((codes.DELIVER_SM | RESP, KEPT),), False),
    Case(
        "a status in a request",
        pdu(codes.DELIVER_SM, DELIVER_SM[16:], status=0xFF),
        ((codes.DELIVER_SM | RESP, KEPT),),
        False,
    ),
    Case(
        "sequence number 0",
        pdu(codes.DELIVER_SM, DELIVER_SM[16:], sequence=0),
        ((codes.DELIVER_SM | RESP, KEPT),),
        False,
    ),
    Case(
        "sequence number 0xFFFFFFFF",
        pdu(codes.DELIVER_SM, DELIVER_SM[16:], sequence=0xFFFFFFFF),
        ((codes.DELIVER_SM | RESP, KEPT),),
        False,
    ),
    Case(
        "the longest PDU there is",
        with_end(b"\x14\x03" + (65_536 - len(DELIVER_SM) - 4).to_bytes(2) + bytes(65_536 - len(DELIVER_SM) - 4)),
        ((codes.DELIVER_SM | RESP, KEPT),),
        False,
    ),
    Case("data_sm without a body", message(b"", codes.DATA_SM), ((codes.DATA_SM | RESP, BROKEN),)),
    Case(
        "data_sm with the body of a deliver_sm",
        message(DELIVER_SM[16:], codes.DATA_SM),
        ((codes.DATA_SM | RESP, BROKEN),),
    ),
    Case("data_sm without a NUL", message(b"\xff" * 9, codes.DATA_SM), ((codes.DATA_SM | RESP, BROKEN),)),
    Case("data_sm with half a TLV", message(bytes(10) + b"\4\x24\0", codes.DATA_SM), ((codes.DATA_SM | RESP, BROKEN),)),
    Case("a command that nobody knows", pdu(0x0001_0A0A), ((NACK, codes.ESME_RINVCMDID),)),
    Case("command 0", pdu(0), ((NACK, codes.ESME_RINVCMDID),)),
    Case("a response that nobody knows", pdu(0x8001_0A0A), ()),
    Case(
        "submit_sm, which is ours to send", message(DELIVER_SM[16:], codes.SUBMIT_SM), ((NACK, codes.ESME_RINVCMDID),)
    ),
    Case("alert_notification", pdu(0x102, bytes(6)), ((NACK, codes.ESME_RINVCMDID),)),
    Case("outbind", pdu(0x0B, b"smsc\0pass\0"), ((NACK, codes.ESME_RINVCMDID),)),
    Case("a bind request", pdu(codes.BIND_TRANSCEIVER, bytes(7)), ((NACK, codes.ESME_RINVCMDID),)),
    Case("a submit_sm_resp to nothing", build_response(codes.SUBMIT_SM, 0, 4711, "7"), ()),
    Case("a submit_sm_resp without its NUL", pdu(codes.SUBMIT_SM_RESP, b"7"), ()),
    Case("a deliver_sm_resp", build_response(codes.DELIVER_SM, 0, 7), ()),
    Case("a bind response once bound", build_response(codes.BIND_TRANSCEIVER, 0x0F, 1), (), False),
    Case("an enquire_link_resp to nothing", build_response(codes.ENQUIRE_LINK, 0, 7), (), False),
    Case("an unbind_resp to nothing", build_response(codes.UNBIND, 0, 7), (), False),
    Case("a generic_nack to nothing", generic_nack(3, 4711), (), False),
    Case("an enquire_link with a body", pdu(codes.ENQUIRE_LINK, b"hello"), ((codes.ENQUIRE_LINK_RESP, 0),), False),
]


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with Smsc.listening() as smsc:
        yield smsc


class Link(NamedTuple):
    session: Session
    owner: Owner
    peer: Peer


@pytest.fixture
async def link(smsc: Smsc) -> AsyncIterator[Link]:
    owner = Owner()
    _, session = await asyncio.get_running_loop().create_connection(
        lambda: Session(PROFILE, codes.BIND_TRANSCEIVER, Pace(0), owner), "127.0.0.1", smsc.port
    )
    binding = asyncio.create_task(session.bind())
    peer = await smsc.bound()
    assert await binding == codes.ESME_ROK
    yield Link(session, owner, peer)
    session.abort("the test is over")
    async with asyncio.timeout(PATIENCE_S):
        await session.closed


@pytest.mark.parametrize("case", IN_STEP, ids=[case.label for case in IN_STEP])
async def test_the_link_survives_and_the_next_message_works(link: Link, case: Case) -> None:
    with capture_logs() as logs:
        await link.peer.send(case.octets, build_message(codes.DELIVER_SM, 8, MESSAGE))
        heads = await link.peer.heads(len(case.answers) + 1)

    assert [head[1:3] for head in heads] == [*case.answers, (codes.DELIVER_SM_RESP, KEPT)]
    assert [head.sequence for head in heads] == [*[header(case.octets).sequence] * len(case.answers), 8]
    assert link.owner.texts[-1] == "RET MIGROS"
    assert link.session.state is State.BOUND
    assert len(logs) == case.is_logged
    assert not any("53212" in str(entry) for entry in logs)


@pytest.mark.parametrize("length", [0, 1, 15, 65_537, 0x7FFFFFFF, 0xFFFFFFFF])
async def test_a_length_that_is_none_ends_the_connection_at_once(link: Link, length: int) -> None:
    with capture_logs() as logs:
        await link.peer.send(DELIVER_SM, length.to_bytes(4) + DELIVER_SM[4:])
        heads = await link.peer.heads(2)

        assert [head[1:] for head in heads] == [
            (codes.DELIVER_SM_RESP, KEPT, 7),
            (NACK, codes.ESME_RINVCMDLEN, 7),
        ]
        assert await link.peer.is_closed()

    assert [entry["event"] for entry in logs] == ["the stream is out of step"]


async def test_half_a_pdu_and_silence_ends_the_link(smsc: Smsc) -> None:
    hasty = PROFILE._replace(response_timeout_s=0.1, enquire_link_s=0.05)
    _, session = await asyncio.get_running_loop().create_connection(
        lambda: Session(hasty, codes.BIND_TRANSCEIVER, Pace(0), Owner()), "127.0.0.1", smsc.port
    )
    binding = asyncio.create_task(session.bind())
    peer = await smsc.bound()
    await binding

    await peer.send(DELIVER_SM[:20])

    async with asyncio.timeout(PATIENCE_S):
        assert await session.closed == "half a PDU, and not the rest of it"


# A fuzz, without sockets: as many PDUs as the process can take.

COUNT: Final = 20_000
COUNT_LONG: Final = 1_000_000
CHECKED_EVERY: Final = 50
GROWTH_KIB_MAX: Final = 65_536
"""Of which the outcomes that a session remembers for a minute are most."""


class Wire(asyncio.Transport):
    """A transport that keeps what is written, until it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def get_write_buffer_size(self) -> int:
        return 0

    def read(self) -> list[bytes]:
        pdus = list(Framer().feed(b"".join(self.written)))
        self.written.clear()
        return pdus


class Fuzzed:
    """A bound session on a wire; a new one whenever it was closed."""

    def __init__(self) -> None:
        self.owner = Owner()
        self.sessions = 0
        self.wire = Wire()
        self.session: Session | None = None

    async def bind(self) -> None:
        self.end()
        self.sessions += 1
        self.wire = Wire()
        self.session = Session(PROFILE, codes.BIND_TRANSCEIVER, Pace(0), self.owner)
        self.session.connection_made(self.wire)
        binding = asyncio.create_task(self.session.bind())
        while not self.wire.written:  # noqa: ASYNC110  # the session writes at the end of a turn
            await asyncio.sleep(0)
        self.session.data_received(build_response(codes.BIND_TRANSCEIVER, 0, 1, "smsc"))
        assert await binding == codes.ESME_ROK
        for outbox_id in (1, 2, 3):
            self.session.submit(Submission(outbox_id, "905321234567", split("evet", "ascii", 1), "", outbox_id))

    def end(self) -> None:
        if self.session is not None:
            self.session.connection_lost(None)

    async def feed(self, octets: bytes, cut: int) -> None:
        if self.session is None or self.wire.closed:
            await self.bind()
        assert self.session is not None
        for part in (octets[:cut], octets[cut:]):
            if part and not self.wire.closed:
                self.session.data_received(part)

    async def check(self) -> None:
        """A good message is read and answered by the session as it is now."""
        if self.wire.closed:
            await self.bind()
        await asyncio.sleep(0)
        self.wire.read()
        self.owner.texts.clear()
        await self.feed(build_message(codes.DELIVER_SM, 0x7000_0000, MESSAGE), 9)
        await asyncio.sleep(0)
        [answer] = self.wire.read()
        assert header(answer)[1:] == (codes.DELIVER_SM_RESP, KEPT, 0x7000_0000)
        if self.owner.texts:  # else it is the repeat that the session knows
            assert self.owner.texts == ["RET MIGROS"]


async def test_mutated_pdus_against_a_running_session(long_run: bool) -> None:
    rng, fuzzed = random.Random(3338), Fuzzed()
    count = COUNT_LONG if long_run else COUNT
    answers: Counter[int] = Counter()
    used_kib = 0

    with capture_logs() as logs:
        for n in range(count):
            octets = mutated(rng)
            await fuzzed.feed(octets, rng.randrange(len(octets)))
            if n % CHECKED_EVERY == 0:
                await asyncio.sleep(0)
                answers.update(header(one).status for one in fuzzed.wire.read())
                await fuzzed.check()
                logs.clear()
                fuzzed.owner.texts.clear()
            if n == count // 10:
                used_kib = _used_kib()
    fuzzed.end()

    assert answers[KEPT]
    assert answers[BROKEN]
    assert answers[codes.ESME_RINVCMDID]
    assert _used_kib() - used_kib < GROWTH_KIB_MAX


async def test_streams_out_of_step_against_a_running_session(long_run: bool) -> None:
    rng, fuzzed = random.Random(3338), Fuzzed()

    with capture_logs() as logs:
        for _ in range(COUNT_LONG // 10 if long_run else COUNT // 10):
            await fuzzed.bind()
            octets = b"".join(out_of_step(rng) for _ in range(rng.randint(1, 4)))
            await fuzzed.feed(octets, rng.randrange(len(octets) + 1))
            logs.clear()
    await fuzzed.bind()
    await fuzzed.check()
    fuzzed.end()

    assert fuzzed.sessions > COUNT // 10


def _used_kib() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024
