"""PDUs as networks send them, and what bit rot, buggy SMSCs and attackers make of them."""

import random
from collections.abc import Callable
from typing import Final

from sms.gsm.packing import pack
from sms.smpp import codes
from sms.smpp.pdu import Message, build_data, build_message, build_plain, build_response, generic_nack

_SENDER: Final = Message("905321234567", "3338", b"RET MIGROS", source_ton=1, source_npi=1, dest_ton=3)
_UDHI: Final = codes.ESM_UDHI
_MESSAGES: Final = (
    _SENDER,
    _SENDER._replace(short_message=b"\x03\x24\x01\x01RET \x1bS\x1bI\x1bSECAM", esm_class=_UDHI),
    _SENDER._replace(short_message=b"\x03\x25\x01\x01RET \x1c\x40\x1cECAM", esm_class=_UDHI),
    _SENDER._replace(short_message=b"\x05\x00\x03\x2a\x02\x01RET MIG", esm_class=_UDHI),
    _SENDER._replace(short_message=b"\x06\x08\x04\x01\x2a\x02\x02ROS", esm_class=_UDHI),
    _SENDER._replace(short_message="RET ŞİŞECAM".encode("utf-16-be"), data_coding=8),
    _SENDER._replace(short_message=pack(b"RET MIGROS"), data_coding=0xF1),
    _SENDER._replace(tlvs={0x020C: b"\0\7", 0x020E: b"\2", 0x020F: b"\1", 0x1403: b"id", 0x1404: b"1795431840"}),
    _SENDER._replace(short_message=b"", tlvs={codes.TLV_MESSAGE_PAYLOAD: b"RET MIGROS" * 30}),
    _SENDER._replace(short_message=b"id:7 sub:001 dlvrd:001 stat:DELIVRD err:000 text:", esm_class=4),
)
CORPUS: Final = (
    *(build_message(codes.DELIVER_SM, n, message) for n, message in enumerate(_MESSAGES, 1)),
    *(build_data(n, message) for n, message in enumerate(_MESSAGES, 21)),
    *(build_response(codes.SUBMIT_SM, 0, n, "7") for n in (2, 3, 4)),
    build_response(codes.SUBMIT_SM, codes.ESME_RTHROTTLED, 5),
    build_response(codes.BIND_TRANSCEIVER, 0, 1, "smsc"),
    build_plain(codes.ENQUIRE_LINK, 50),
    build_response(codes.ENQUIRE_LINK, 0, 51),
    generic_nack(codes.ESME_RINVCMDID, 3),
    build_message(codes.SUBMIT_SM, 60, _SENDER),
)
_LENGTH_OCTETS: Final = 4


def in_step(pdu: bytes) -> bytes:
    """With its own length in front, whatever else became of it: the stream stays in step."""
    body = pdu[_LENGTH_OCTETS:].ljust(12, b"\0")[:65_532]
    return (_LENGTH_OCTETS + len(body)).to_bytes(_LENGTH_OCTETS) + body


def mutated(rng: random.Random) -> bytes:
    """One of the corpus with one to four mutations, in step."""
    pdu = bytearray(rng.choice(CORPUS))
    for _ in range(rng.randint(1, 4)):
        rng.choice(_MUTATIONS)(rng, pdu)
    return in_step(bytes(pdu))


def out_of_step(rng: random.Random) -> bytes:
    """One of the corpus whose length lies, or whose end is missing."""
    pdu = rng.choice(CORPUS)
    if rng.random() < 0.5:
        return pdu[: rng.randrange(len(pdu))]
    length = rng.choice((0, 1, 15, 16, 17, len(pdu) - 1, len(pdu) + 1, 65_536, 65_537, 0x7FFFFFFF, 0xFFFFFFFF))
    return length.to_bytes(_LENGTH_OCTETS) + pdu[_LENGTH_OCTETS:]


def _flip(rng: random.Random, pdu: bytearray) -> None:
    pdu[rng.randrange(len(pdu))] ^= 1 << rng.randrange(8)


def _overwrite(rng: random.Random, pdu: bytearray) -> None:
    pdu[rng.randrange(len(pdu))] = rng.choice((0, 1, 0x1B, 0x7F, 0x80, 0xFE, 0xFF))


def _overwrite_body(rng: random.Random, pdu: bytearray) -> None:
    """As most of what goes wrong: behind the header."""
    at = rng.randrange(16, len(pdu)) if len(pdu) > 16 else 15
    pdu[at] = rng.randrange(256)


def _cut(rng: random.Random, pdu: bytearray) -> None:
    del pdu[rng.randrange(16, len(pdu) + 1) :]


def _insert(rng: random.Random, pdu: bytearray) -> None:
    at = rng.randrange(16, len(pdu) + 1)
    pdu[at:at] = rng.randbytes(rng.choice((1, 2, 4, 300)))


def _remove(rng: random.Random, pdu: bytearray) -> None:
    at = rng.randrange(16, len(pdu) + 1)
    del pdu[at : at + rng.randint(1, 8)]


def _repeat(rng: random.Random, pdu: bytearray) -> None:
    at = rng.randrange(16, len(pdu) + 1)
    pdu += pdu[at : at + 300]


def _command(rng: random.Random, pdu: bytearray) -> None:
    pdu[4:8] = rng.choice((0, 1, 4, 5, 9, 0x15, 0x103, 0x111, 0xFFFF, 0x80000000, 0x80000009)).to_bytes(4)


def _splice(rng: random.Random, pdu: bytearray) -> None:
    other = rng.choice(CORPUS)
    at = rng.randrange(16, len(pdu) + 1)
    pdu[at:] = other[rng.randrange(16, len(other) + 1) :]


def _add_tlv(rng: random.Random, pdu: bytearray) -> None:
    tag = rng.choice((0x0204, 0x020C, 0x020E, 0x020F, 0x0424, 0x001E, 0x0427, 0x1403, 0x1404, 0xFFFF))
    value = rng.randbytes(rng.choice((0, 1, 2, 4, 20)))
    lie = rng.choice((len(value), len(value), len(value) + 1, 0, 0xFFFF))
    pdu += tag.to_bytes(2) + lie.to_bytes(2) + value


_MUTATIONS: Final[tuple[Callable[[random.Random, bytearray], None], ...]] = (
    *(_flip, _overwrite, _overwrite_body, _overwrite_body, _cut, _insert, _remove, _repeat, _command, _splice),
    _add_tlv,
)
