"""PDUs that are broken in every way chance finds, against a session that runs: it survives, its memory stays flat, and
where the stream is still in step the next message is read."""

import asyncio
import gc
import random
import tracemalloc
from collections.abc import Callable
from struct import pack_into
from typing import Any

import pytest

from core.brands.directory import Directory
from sms.gsm.segments import split
from sms.smpp import codes, junk, session
from sms.smpp.decode import Decoder
from sms.smpp.pace import Pace
from sms.smpp.pdu import HEADER_OCTETS, Bind, Message, build_message, build_plain, build_response, generic_nack
from sms.smpp.profile import Profile
from sms.smpp.session import Fate, Session, State, Submission
from tests.container import MIGROS, FakeClock

FEW, MANY = 20_000, 1_000_000  # PDUs
BATCH = 5
GROWTH_MAX_OCTETS = 1 << 20

PROFILE = Profile("operator-a", "127.0.0.1", 0, Bind("izinhatti", "secret"), "3338")
PLAIN = Message("905321234567", "3338", b"RET MIGROS", source_ton=1, source_npi=1)
GOOD = build_message(codes.DELIVER_SM, 0x7FFF0000, PLAIN)
SAMPLES = [
    GOOD,
    build_message(codes.DELIVER_SM, 2, PLAIN._replace(short_message=b"\5\0\3\7\2\1RET", esm_class=0x40)),
    build_message(codes.DELIVER_SM, 3, PLAIN._replace(short_message="RET ŞİŞECAM".encode("utf-16-be"), data_coding=8)),
    build_message(codes.DELIVER_SM, 4, PLAIN._replace(short_message=b"", tlvs={0x0424: b"RET", 0x1401: b"\1\2"})),
    build_message(
        codes.DELIVER_SM,
        5,
        PLAIN._replace(short_message=b"id:1 stat:DELIVRD", esm_class=4, tlvs={0x001E: b"1\0", 0x0427: b"\2"}),
    ),
    build_message(codes.DATA_SM, 6, PLAIN),
    build_message(codes.SUBMIT_SM, 7, PLAIN),
    *[build_response(codes.SUBMIT_SM, status, sequence, "1") for status in (0, 0x58) for sequence in (1, 2, 3, 900)],
    build_response(codes.BIND_TRANSCEIVER, 0, 1, "smsc"),
    build_response(codes.DELIVER_SM, 0, 1),
    build_plain(codes.ENQUIRE_LINK, 8),
    build_plain(codes.ENQUIRE_LINK | codes.RESPONSE, 9),
    build_plain(codes.UNBIND, 10),
    build_plain(codes.UNBIND_RESP, 11),
    generic_nack(3, 2),
    build_plain(0x00010203, 12),
]


class Pipe(asyncio.Transport):
    """Takes what is written and forgets it."""

    def __init__(self, protocol: Session) -> None:
        super().__init__()
        self._protocol: Session | None = protocol

    def write(self, data: Any) -> None:
        assert data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._protocol is None

    def close(self) -> None:
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            asyncio.get_running_loop().call_soon(protocol.connection_lost, None)

    abort = close


class Owner:
    """Reads each message as the link does, and answers it."""

    def __init__(self) -> None:
        self.last = b""
        self._decoder = Decoder("operator-a", "gsm7", Directory([MIGROS]), FakeClock())

    def delivered(self, pdu: bytes, answer: Callable[[int], int]) -> None:
        self._decoder.take(pdu, 1)
        self.last = pdu
        answer(codes.ESME_ROK)

    def submitted(self, outbox_id: int, result: int | Fate, message_id: str) -> None:
        assert isinstance(result, Fate | int)

    def accepted_late(self, outbox_id: int, message_id: str) -> None:
        pass

    def heard(self, number: int) -> None:
        pass


class Lines:
    """A log that counts its lines."""

    def __init__(self) -> None:
        self.count = 0

    def warning(self, _event: str, **_: object) -> None:
        self.count += 1

    error = info = warning


def mutated(pdu: bytes, chance: random.Random) -> bytes:
    octets = bytearray(pdu)
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        at = chance.randrange(len(octets)) if octets else 0
        match chance.randrange(6):
            case 0:
                octets[at : at + 1] = chance.randbytes(1)
            case 1:
                octets[at:at] = chance.randbytes(chance.randrange(1, 9))
            case 2:
                del octets[at : at + chance.randrange(1, 9)]
            case 3:
                del octets[at:]
            case 4:
                octets[at : at + 2] = chance.choice((b"\0\0", b"\xff\xff", b"\0\xff", b"\x7f\xff"))
            case _:
                octets += octets[at:]
    if chance.random() < 0.98:  # in step all the same
        octets += bytes(max(0, HEADER_OCTETS - len(octets)))
        pack_into(">I", octets, 0, len(octets))
    return bytes(octets)


async def connected(owner: Owner) -> Session:
    opened = Session(PROFILE, codes.BIND_TRANSCEIVER, Pace(0), owner)
    opened.connection_made(Pipe(opened))
    binding = asyncio.create_task(opened.bind())
    await asyncio.sleep(0)
    opened.data_received(build_response(codes.BIND_TRANSCEIVER, 0, 1, "smsc"))
    assert await binding == codes.ESME_ROK
    for outbox_id in range(1, 4):
        opened.submit(Submission(outbox_id, "905321234567", split("text", "turkish-single", 1), "", 1))
    return opened


async def test_a_million_broken_pdus(
    long_run: bool, monkeypatch: pytest.MonkeyPatch, figures: Callable[[str], None]
) -> None:
    count, chance, owner, lines = (MANY if long_run else FEW), random.Random(3338), Owner(), Lines()
    monkeypatch.setattr(junk, "_log", lines)
    monkeypatch.setattr(session, "REMEMBERED_MAX", 100)
    opened, ends, read_on = await connected(owner), 0, 0
    held: list[int] = []
    tracemalloc.start()
    for batch in range(count // BATCH):
        stream = b"".join(mutated(chance.choice(SAMPLES), chance) for _ in range(BATCH))
        at = 0
        while at < len(stream) and opened.state is not State.CLOSED:
            size = chance.choice((1, 7, 100, 4096))
            opened.data_received(stream[at : at + size])
            at += size
            if opened._transport is None or opened._transport.is_closing():
                break
        await asyncio.sleep(0)
        if opened.state is State.BOUND and not opened._framer.is_within_pdu:
            owner.last = b""
            opened.data_received(GOOD[:12] + (0x70000000 + batch).to_bytes(4) + GOOD[16:])
            assert owner.last[16:] == GOOD[16:]
            read_on += 1
        else:
            opened.abort("the next connection")
            await asyncio.wait([opened.closed])
            opened, ends = await connected(owner), ends + 1
        if batch in (count // BATCH // 2, count // BATCH - 1):
            gc.collect()  # sessions refer to themselves
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    opened.abort("over")

    figures(
        f"broken PDUs: {count:,} sent, {ends:,} connections ended, {read_on:,} good messages read between them, "
        f"{lines.count:,} lines in the log, memory grew by {held[1] - held[0]:,} octets in the second half"
    )
    assert held[1] - held[0] < GROWTH_MAX_OCTETS
    assert read_on > 0
    assert ends > 0
