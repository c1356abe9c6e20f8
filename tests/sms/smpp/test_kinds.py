"""Every kind of message that networks bring: alphabet, header, parts, place of the text, setting of the operator."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pytest

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.conversation.requests import BrandMention, ExpiredSet, Reading, Ret, Segment, Unreadable
from core.domain.recipients import Msisdn
from sms.gsm.alphabet import DefaultAlphabet
from sms.gsm.packing import pack
from sms.smpp import codes
from sms.smpp.decode import Decoder
from sms.smpp.pdu import Message, build_data, build_message
from tests.container import FakeClock

SISECAM = Brand("600102", "ŞİŞECAM")
RET_SISECAM = Ret((BrandMention("ŞİŞECAM", (SISECAM,), exact=True),))
DIRECTORY = Directory([SISECAM])
TEXT = "RET ŞİŞECAM"
LONG = TEXT + " " * 200
UDHI = codes.ESM_UDHI

SINGLE = b"RET \x1bS\x1bI\x1bSECAM"
LOCKED = b"RET \x1c\x40\x1cECAM"
BOTH = b"RET \x1c\x1bI\x1bSECAM"
UCS2 = TEXT.encode("utf-16-be")
LATIN5 = TEXT.encode("iso8859-9")
SINGLE_HEADER = bytes.fromhex("240101")
LOCKING_HEADER = bytes.fromhex("250101")
FOREIGN_SINGLE = bytes.fromhex("24010d")
FOREIGN_LOCKING = bytes.fromhex("250103")


class Kind(NamedTuple):
    """A message in one or more parts; `text` None: it is kept unread."""

    label: str
    messages: tuple[Message, ...]
    text: str | None = TEXT
    default: DefaultAlphabet = "gsm7"
    data_sm: bool = False


def headed(elements: bytes, octets: bytes) -> bytes:
    return bytes((len(elements),)) + elements + octets


def message(octets: bytes, coding: int = 0, *, elements: bytes = b"", in_payload: bool = False) -> Message:
    esm_class = UDHI if elements else 0
    whole = headed(elements, octets) if elements else octets
    if in_payload:
        return Message("905321234567", "3338", b"", coding, esm_class, tlvs={codes.TLV_MESSAGE_PAYLOAD: whole})
    return Message("905321234567", "3338", whole, coding, esm_class)


def one(octets: bytes, coding: int = 0, *, elements: bytes = b"", in_payload: bool = False) -> tuple[Message, ...]:
    return (message(octets, coding, elements=elements, in_payload=in_payload),)


def packed(septets: bytes, elements: bytes = b"", *, in_payload: bool = False) -> tuple[Message, ...]:
    octets = pack(septets, len(elements) + 1 if elements else 0)
    return one(octets, elements=elements, in_payload=in_payload)


def by_8_bits(parts: Sequence[bytes], coding: int = 0, shift: bytes = b"", **where: bool) -> tuple[Message, ...]:
    heads = [bytes((0, 3, 0x2A, len(parts), n)) + shift for n in range(1, len(parts) + 1)]
    return tuple([message(part, coding, elements=h, **where) for h, part in zip(heads, parts, strict=True)])


def by_16_bits(parts: Sequence[bytes], coding: int = 0, shift: bytes = b"") -> tuple[Message, ...]:
    heads = [bytes((8, 4, 0x12, 0x2A, len(parts), n)) + shift for n in range(1, len(parts) + 1)]
    return tuple([message(part, coding, elements=h) for h, part in zip(heads, parts, strict=True)])


def by_sar(parts: Sequence[bytes], coding: int = 0, shift: bytes = b"", **where: bool) -> tuple[Message, ...]:
    made = []
    for n, part in enumerate(parts, 1):
        whole = message(part, coding, elements=shift, **where)
        tlvs = {0x020C: b"\x01\x2a", 0x020E: bytes((len(parts),)), 0x020F: bytes((n,))}
        made.append(whole._replace(tlvs={**whole.tlvs, **tlvs}))
    return tuple(made)


def packed_parts(parts: Sequence[bytes], shift: bytes = b"") -> tuple[Message, ...]:
    return by_8_bits([pack(part, 6 + len(shift)) for part in parts], shift=shift)


def backwards(messages: Iterable[Message]) -> tuple[Message, ...]:
    return tuple(reversed(tuple(messages)))


def with_tlvs(messages: tuple[Message, ...], tlvs: dict[int, bytes]) -> tuple[Message, ...]:
    return tuple([m._replace(tlvs={**m.tlvs, **tlvs}) for m in messages])


CUT_ESCAPE = [b"RET \x1b", b"S\x1bI\x1bSECAM"]
CUT_SURROGATE = [UCS2 + b"\0 " + "🙂".encode("utf-16-be")[:2], "🙂".encode("utf-16-be")[2:]]
CUT_UNIT = [UCS2[:9], UCS2[9:]]
LOCKED_PARTS = [LOCKED[:5], LOCKED[5:]]
SINGLE_PARTS = [SINGLE[:6], SINGLE[6:]]
UCS2_PARTS = [UCS2[:10], UCS2[10:]]
EIGHT_PARTS = [SINGLE[n : n + 2] for n in range(0, len(SINGLE), 2)]

KINDS = [
    # GSM 7-bit, unpacked.
    Kind("single shift", one(SINGLE, elements=SINGLE_HEADER)),
    Kind("single shift, its header missing", one(SINGLE)),
    Kind("locking shift", one(LOCKED, elements=LOCKING_HEADER)),
    Kind("locking shift, its header missing", one(LOCKED)),
    Kind("both shifts", one(BOTH, elements=SINGLE_HEADER + LOCKING_HEADER)),
    Kind("both shifts, the other way round", one(BOTH, elements=LOCKING_HEADER + SINGLE_HEADER)),
    Kind("both shifts, their headers missing", one(BOTH)),
    Kind("escapes under a locking header alone", one(BOTH, elements=LOCKING_HEADER)),
    Kind("extension", one(b"RET \x1be\x1b<\x1b>\x1b(\x1b)\x1b=\x1b@\x1b/\x1b\x14"), "RET €[]{}~|\\^"),
    Kind("extension under a Turkish header", one(b"\x1be \x1bg", elements=SINGLE_HEADER), "€ ğ"),
    Kind("single shift in message_payload", one(SINGLE, elements=SINGLE_HEADER, in_payload=True)),
    Kind("locking shift in message_payload", one(LOCKED, elements=LOCKING_HEADER, in_payload=True)),
    Kind("no header in message_payload", one(SINGLE, in_payload=True)),
    Kind("shift of another country", one(SINGLE, elements=FOREIGN_SINGLE), None),
    Kind("locking shift of another country", one(LOCKED, elements=FOREIGN_LOCKING), None),
    Kind("foreign single beside Turkish locking", one(BOTH, elements=FOREIGN_SINGLE + LOCKING_HEADER), None),
    Kind("Turkish single beside foreign locking", one(BOTH, elements=SINGLE_HEADER + FOREIGN_LOCKING), None),
    Kind("octets over 0x7F", one(LATIN5), None),
    Kind("ports beside the shift", one(SINGLE, elements=bytes.fromhex("05040b8423f0") + SINGLE_HEADER)),
    Kind("an unknown header element", one(SINGLE, elements=bytes.fromhex("7002abcd"))),
    Kind("a header that lies", (message(b"")._replace(short_message=b"\xff\0", esm_class=UDHI),), None),
    # data_coding, octet by octet.
    *(Kind(f"GSM by 0x{c:02X}", one(SINGLE, c)) for c in (0x10, 0x13, 0xD0, 0xDF, 0xF0, 0xF3)),
    *(Kind(f"locking shift by 0x{c:02X}", one(LOCKED, c, elements=LOCKING_HEADER)) for c in (0x11, 0xD8, 0xF1)),
    Kind("GSM by 0xF1 where data_coding 0 is latin5", one(SINGLE, 0xF1), TEXT, "latin5"),
    Kind("GSM by 0x10 where data_coding 0 is packed", one(SINGLE, 0x10), TEXT, "packed"),
    *(Kind(f"UCS2 by 0x{c:02X}", one(UCS2, c)) for c in (8, 0x18, 0x1B, 0xE0, 0xEF)),
    *(Kind(f"binary by 0x{c:02X}", one(b"RET", c), None) for c in (2, 4, 0x14, 0x17, 0xF4, 0xF7)),
    *(Kind(f"reserved 0x{c:02X}", one(b"RET", c), None) for c in (0x0F, 0x1C, 0x80, 0xFF)),
    Kind("ASCII", one(b"RET @_$", 1), "RET @_$"),
    Kind("ASCII with the eighth bit", one(LATIN5, 1), None),
    Kind("latin1", one(b"RET G\xf6n\xfcl", 3), "RET Gönül"),
    # UCS2.
    Kind("UCS2 with a byte order mark", one(b"\xfe\xff" + UCS2, 8)),
    Kind("UCS2 little-endian with its mark", one(b"\xff\xfe" + TEXT.encode("utf-16-le"), 8)),
    Kind("UCS2 little-endian without a mark", one(TEXT.encode("utf-16-le"), 8)),
    Kind("UCS2 of odd length", one(UCS2 + b"\0", 8)),
    Kind("UCS2 in message_payload", one(UCS2, 8, in_payload=True)),
    Kind("UCS2 under a shift header", one(UCS2, 8, elements=SINGLE_HEADER)),
    Kind("UCS2 with an emoji", one(UCS2 + " 🙂".encode("utf-16-be"), 8), TEXT + " 🙂"),
    # What data_coding 0 means.
    Kind("latin5 by default", one(LATIN5), TEXT, "latin5"),
    Kind("latin5 in message_payload", one(LATIN5, in_payload=True), TEXT, "latin5"),
    Kind("latin5 in parts", by_8_bits([LATIN5[:5], LATIN5[5:]]), TEXT, "latin5"),
    Kind("latin1 by default", one(b"RET G\xf6n\xfcl"), "RET Gönül", "latin1"),
    Kind("UCS2 where data_coding 0 is latin1", one(UCS2, 8), TEXT, "latin1"),
    Kind("packed", packed(SINGLE), TEXT, "packed"),
    Kind("packed behind a single shift header", packed(SINGLE, SINGLE_HEADER), TEXT, "packed"),
    Kind("packed behind a locking shift header", packed(LOCKED, LOCKING_HEADER), TEXT, "packed"),
    Kind("packed behind both headers", packed(BOTH, SINGLE_HEADER + LOCKING_HEADER), TEXT, "packed"),
    Kind("packed in message_payload", packed(SINGLE, SINGLE_HEADER, in_payload=True), TEXT, "packed"),
    Kind("packed with a foreign shift", packed(SINGLE, FOREIGN_SINGLE), None, "packed"),
    # Parts.
    Kind("8 bit reference", by_8_bits(SINGLE_PARTS)),
    Kind("8 bit reference and single shift", by_8_bits(SINGLE_PARTS, shift=SINGLE_HEADER)),
    Kind("8 bit reference and locking shift", by_8_bits(LOCKED_PARTS, shift=LOCKING_HEADER)),
    Kind("16 bit reference", by_16_bits(SINGLE_PARTS)),
    Kind("16 bit reference and single shift", by_16_bits(SINGLE_PARTS, shift=SINGLE_HEADER)),
    Kind("SAR TLVs", by_sar(SINGLE_PARTS)),
    Kind("SAR TLVs and single shift", by_sar(SINGLE_PARTS, shift=SINGLE_HEADER)),
    Kind("SAR TLVs and message_payload", by_sar(SINGLE_PARTS, in_payload=True)),
    Kind("SAR TLVs and UCS2", by_sar(UCS2_PARTS, 8)),
    Kind("the last part first", backwards(by_8_bits(SINGLE_PARTS))),
    Kind("eight parts", by_8_bits(EIGHT_PARTS)),
    Kind("eight parts, the last first, by SAR TLVs", backwards(by_sar(EIGHT_PARTS))),
    Kind("an escape ends a part", by_8_bits(CUT_ESCAPE)),
    Kind("an escape ends a part, with its header", by_16_bits(CUT_ESCAPE, shift=SINGLE_HEADER)),
    Kind("an escape ends a packed part", packed_parts(CUT_ESCAPE), TEXT, "packed"),
    Kind("packed parts with single shift", packed_parts(SINGLE_PARTS, SINGLE_HEADER), TEXT, "packed"),
    Kind("UCS2 in parts", by_8_bits(UCS2_PARTS, 8)),
    Kind("UCS2 in parts in message_payload", by_8_bits(UCS2_PARTS, 8, in_payload=True)),
    Kind("a surrogate pair cut", by_8_bits(CUT_SURROGATE, 8), TEXT + " 🙂"),
    Kind("a unit of UCS2 cut", by_16_bits(CUT_UNIT, 8)),
    Kind("little-endian UCS2 in parts", by_8_bits([TEXT.encode("utf-16-le")[:10], TEXT.encode("utf-16-le")[10:]], 8)),
    Kind("binary in parts", by_8_bits([b"RET", b" X"], 4), None),
    Kind("a foreign shift in parts", by_8_bits(SINGLE_PARTS, shift=FOREIGN_SINGLE), None),
    Kind("part 1 of 1", by_8_bits([SINGLE])),
    Kind("part 1 of 1 by SAR TLVs", by_sar([SINGLE])),
    Kind("part 3 of 2, which is none", one(SINGLE, elements=bytes.fromhex("00032a0203"))),
    Kind("SAR part 3 of 2, which is none", with_tlvs(by_sar([SINGLE]), {0x020F: b"\3", 0x020E: b"\2"})),
    Kind("SAR TLVs without a reference", with_tlvs(one(SINGLE), {0x020E: b"\2", 0x020F: b"\1"})),
    Kind("SAR numbers of another size", with_tlvs(by_sar([SINGLE]), {0x020C: b"\7", 0x020E: b"\0\1", 0x020F: b"\0\1"})),
    Kind("a whole long text in message_payload", one(SINGLE + b" " * 200, in_payload=True), LONG),
    # data_sm and unknown TLVs.
    Kind("data_sm", one(SINGLE), data_sm=True),
    Kind("data_sm with a header", one(LOCKED, elements=LOCKING_HEADER), data_sm=True),
    Kind("data_sm in UCS2", one(UCS2, 8), data_sm=True),
    Kind("data_sm in parts", by_8_bits(SINGLE_PARTS), data_sm=True),
    Kind("data_sm with SAR TLVs", by_sar(SINGLE_PARTS), data_sm=True),
    Kind("unknown TLVs", with_tlvs(one(SINGLE), {0x1403: b"x", 0x3FFF: b"", 0xFFFF: bytes(300)})),
]


def test_there_are_at_least_60_kinds() -> None:
    assert len({kind.label for kind in KINDS}) == len(KINDS) >= 60


@pytest.mark.parametrize("kind", KINDS, ids=[kind.label for kind in KINDS])
def test_a_message_of_any_kind_is_read(kind: Kind) -> None:
    decoder = Decoder("operator-a", kind.default, DIRECTORY, FakeClock())

    readings, pieces = [], {}
    for sequence, part in enumerate(kind.messages, 1):
        pdu = build_data(sequence, part) if kind.data_sm else build_message(codes.DELIVER_SM, sequence, part)
        arrival = decoder.take(pdu, 1)
        assert arrival.request is not None
        assert not arrival.is_broken
        assert arrival.request.recipient == Msisdn("+905321234567")
        assert arrival.request.raw == pdu
        intent = arrival.request.intent
        if isinstance(intent, Segment):
            pieces[intent.number] = intent
        else:
            assert not isinstance(intent, ExpiredSet)
            readings.append(Reading(arrival.request.text, intent))

    if pieces:
        assert not readings
        assert {piece[:2] for piece in pieces.values()} == {(next(iter(pieces.values())).reference, len(pieces))}
        readings.append(pieces[1].join([pieces[n].octets for n in sorted(pieces)]))
    [reading] = readings
    assert reading.text == kind.text
    assert isinstance(reading.intent, Unreadable) is (kind.text is None)
    if kind.text in (TEXT, LONG):
        assert reading.intent == RET_SISECAM


def test_references_of_16_and_of_8_bits_are_told_apart() -> None:
    decoder = Decoder("operator-a", "gsm7", DIRECTORY, FakeClock())

    references = []
    for part in (by_16_bits(SINGLE_PARTS)[0], by_8_bits(SINGLE_PARTS)[0], by_sar(SINGLE_PARTS)[0]):
        request = decoder.take(build_message(codes.DELIVER_SM, 1, part), 1).request
        assert request is not None
        assert isinstance(request.intent, Segment)
        references.append(request.intent.reference)

    assert references == [0x122A, 0x2A, 0x12A]
