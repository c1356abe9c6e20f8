"""deliver_sm of every kind → the request that the core gets."""

from typing import NamedTuple, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.conversation.requests import BrandMention, Door, NotUnderstood, Reading, Request, Ret, Segment, Unreadable
from core.domain.recipients import Msisdn
from sms.gsm.segments import split
from sms.smpp import codes
from sms.smpp.decode import Decoder
from sms.smpp.pdu import Message, build_data, build_message
from tests.container import FakeClock

NUMBER = "+905321234567"
SISECAM = Brand("600102", "ŞİŞECAM")
MIGROS = Brand("600100", "MIGROS")
RET_SISECAM = Ret((BrandMention("ŞİŞECAM", (SISECAM,), exact=True),))
RET_MIGROS = Ret((BrandMention("MIGROS", (MIGROS,), exact=True),))
DIRECTORY = Directory([SISECAM, MIGROS])
LINK = 77

BARE = Message(source="905321234567", dest="3338", short_message=b"RET MIGROS", source_ton=1, source_npi=1)
SHIFTED = b"RET \x1bS\x1bI\x1bSECAM"
HEADER = bytes.fromhex("03240101")
UDHI = codes.ESM_UDHI


def decoder(operator: str = "operator-a") -> Decoder:
    return Decoder(operator, "gsm7", DIRECTORY, FakeClock())


def pdu_of(message: Message, sequence: int = 1) -> bytes:
    return build_message(codes.DELIVER_SM, sequence, message)


def request_of(message: Message, sequence: int = 1) -> Request:
    arrival = decoder().take(pdu_of(message, sequence), LINK)
    assert arrival.request is not None
    return arrival.request


class Case(NamedTuple):
    label: str
    message: Message
    text: str | None
    intent: object


CASES = [
    Case("GSM 7-bit", BARE, "RET MIGROS", RET_MIGROS),
    Case("single shift", BARE._replace(short_message=HEADER + SHIFTED, esm_class=UDHI), "RET ŞİŞECAM", RET_SISECAM),
    Case("single shift without its header", BARE._replace(short_message=SHIFTED), "RET ŞİŞECAM", RET_SISECAM),
    Case(
        "UCS2",
        BARE._replace(short_message="RET ŞİŞECAM".encode("utf-16-be"), data_coding=8),
        "RET ŞİŞECAM",
        RET_SISECAM,
    ),
    Case("ASCII", BARE._replace(data_coding=1), "RET MIGROS", RET_MIGROS),
    Case(
        "latin1",
        BARE._replace(short_message="RET Gülşen".encode("latin-1", "replace"), data_coding=3),
        "RET Gül?en",
        Ret((BrandMention("Gül en", (), exact=False),)),
    ),
    Case("a class of message", BARE._replace(data_coding=0xF1), "RET MIGROS", RET_MIGROS),
    Case(
        "message_payload",
        BARE._replace(short_message=b"", tlvs={codes.TLV_MESSAGE_PAYLOAD: b"RET MIGROS"}),
        "RET MIGROS",
        RET_MIGROS,
    ),
    Case("nothing understood", BARE._replace(short_message=b"merhaba"), "merhaba", NotUnderstood()),
    Case("empty", BARE._replace(short_message=b""), "", NotUnderstood()),
    Case("an unknown TLV", BARE._replace(tlvs={0x1403: b"x"}), "RET MIGROS", RET_MIGROS),
    Case(
        "one part of one",
        BARE._replace(short_message=bytes.fromhex("0500032a0101") + b"RET MIGROS", esm_class=UDHI),
        "RET MIGROS",
        RET_MIGROS,
    ),
    Case("binary", BARE._replace(data_coding=4), None, Unreadable("unknown alphabet: data_coding 0x04")),
    Case("reserved coding", BARE._replace(data_coding=0x0F), None, Unreadable("unknown alphabet: data_coding 0x0F")),
    Case(
        "octets over 0x7F",
        BARE._replace(short_message=b"RET \xdd"),
        None,
        Unreadable("unknown alphabet: GSM 7-bit with octets over 0x7F"),
    ),
    Case(
        "shift of another country",
        BARE._replace(short_message=bytes.fromhex("0324010d") + SHIFTED, esm_class=UDHI),
        None,
        Unreadable("unknown alphabet: single shift of language 13"),
    ),
    Case(
        "a header that lies",
        BARE._replace(short_message=b"\xff\0\0", esm_class=UDHI),
        None,
        Unreadable("broken user data header: length"),
    ),
    Case("a message type nobody knows", BARE._replace(esm_class=0x08), None, Unreadable("esm_class 0x08")),
]


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_a_message_is_read(case: Case) -> None:
    pdu = pdu_of(case.message)

    arrival = decoder().take(pdu, LINK)

    assert not arrival.is_broken
    request = arrival.request
    assert request is not None
    assert (request.text, request.intent) == (case.text, case.intent)
    assert request[:2] == (Door.SMS, Msisdn(NUMBER))
    assert (request.raw, request.received_at) == (pdu, FakeClock()())
    assert (request.destination, request.origin, request.connection) == ("3338", "operator-a", LINK)


@pytest.mark.parametrize("esm_class", [0x04, 0x20, 0x04 | UDHI])
def test_a_receipt_is_no_citizens_message(esm_class: int) -> None:
    receipt = BARE._replace(short_message=b"id:1 stat:DELIVRD", esm_class=esm_class)

    arrival = decoder().take(pdu_of(receipt), LINK)

    assert arrival.request is None
    assert not arrival.is_broken


@pytest.mark.parametrize(
    ("label", "source", "whole"),
    [
        ("bare international", "905321234567", NUMBER),
        ("with plus", "+905321234567", NUMBER),
        ("national", "05321234567", NUMBER),
        ("roaming foreigner", "4915112345678", "+4915112345678"),
        ("a sender's name", "MIGROS", None),
        ("a short number", "3338", None),
        ("nothing", "", None),
        ("latin-1", "\xdd\xfe", None),
    ],
)
def test_a_sender_is_a_number_or_nobody(label: str, source: str, whole: str | None) -> None:
    request = request_of(BARE._replace(source=source))

    assert request.recipient == (Msisdn(whole) if whole else None), label
    assert request.intent == RET_MIGROS


@pytest.mark.parametrize(
    ("label", "cut", "reason", "number"),
    [
        ("a header alone", 16, "broken PDU: service_type", None),
        ("in the sender", 22, "broken PDU: source_addr", None),
        ("behind the sender", 34, "broken PDU: destination_addr", NUMBER),
        ("in the text", -1, "broken PDU: short_message", NUMBER),
    ],
)
def test_a_broken_message_is_kept_raw_with_its_sender(label: str, cut: int, reason: str, number: str | None) -> None:
    whole = pdu_of(BARE)[:cut]
    pdu = len(whole).to_bytes(4) + whole[4:]

    arrival = decoder().take(pdu, LINK)

    assert arrival.is_broken, label
    request = arrival.request
    assert request is not None
    assert (request.recipient, request.text, request.raw) == (Msisdn(number) if number else None, None, pdu)
    assert request.intent == Unreadable(reason, is_broken=True)
    assert (request.origin, request.connection) == ("operator-a", LINK)


def test_parts_are_handed_on_and_read_once_together() -> None:
    text = "Ş" * 120 + " uzun bir mesaj"
    segments = split(text, "turkish-single", 0x2A)
    requests = [
        request_of(BARE._replace(short_message=s.octets, data_coding=s.data_coding, esm_class=UDHI)) for s in segments
    ]

    pieces = [request.intent for request in requests if isinstance(request.intent, Segment)]

    assert len(pieces) == len(segments) > 1
    assert [(piece.reference, piece.total, piece.number) for piece in pieces] == [
        (0x2A, len(segments), number) for number in range(1, len(segments) + 1)
    ]
    assert all(request.text is None for request in requests)
    for piece in pieces:
        assert piece.join([one.octets for one in pieces]).text == text


def test_an_escape_may_end_a_part() -> None:
    octets = [b"RET \x1b", b"S\x1bI\x1bSECAM"]
    pieces = [
        request_of(BARE._replace(short_message=bytes((5, 0, 3, 7, 2, n)) + part, esm_class=UDHI)).intent
        for n, part in enumerate(octets, 1)
    ]

    assert isinstance(pieces[0], Segment)
    assert pieces[0].join(octets) == Reading("RET ŞİŞECAM", RET_SISECAM)


def test_a_surrogate_may_be_cut_by_a_part() -> None:
    octets = "RET MIGROS 🙂".encode("utf-16-be")
    message = BARE._replace(short_message=bytes.fromhex("050003070201") + octets[:-2], esm_class=UDHI, data_coding=8)

    intent = request_of(message).intent

    assert isinstance(intent, Segment)
    assert intent.join([octets[:-2], octets[-2:]]) == Reading("RET MIGROS 🙂", RET_MIGROS)


def test_parts_in_an_unknown_alphabet_are_unreadable_together() -> None:
    intent = request_of(
        BARE._replace(short_message=bytes.fromhex("050003070201") + b"x", esm_class=UDHI, data_coding=4)
    ).intent

    assert isinstance(intent, Segment)
    assert intent.join([b"x", b"y"]) == Reading(None, Unreadable("unknown alphabet: data_coding 0x04"))


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("text", BARE._replace(short_message=b"RET MIGROZ")),
        ("sender", BARE._replace(source="905321234568")),
        ("short number", BARE._replace(dest="3339")),
        ("coding", BARE._replace(data_coding=1)),
        ("class", BARE._replace(esm_class=UDHI, short_message=b"\0RET MIGROS")),
    ],
)
def test_different_messages_have_different_keys(label: str, other: Message) -> None:
    assert request_of(BARE).key != request_of(other).key, label


def test_two_deliveries_of_one_message_have_one_key() -> None:
    again = BARE._replace(tlvs={0x1403: b"2"}, priority=1)

    assert request_of(BARE, 1).key == request_of(BARE, 2).key == request_of(again, 3).key


ID_TLV, TIME_TLV = 0x1403, 0x1404


def request_with(tlvs: dict[int, bytes], *, id_tlv: int = ID_TLV, **fields: object) -> Request:
    door = Decoder("operator-a", "gsm7", DIRECTORY, FakeClock(), id_tlv=id_tlv, time_tlv=TIME_TLV)
    request = door.take(pdu_of(BARE._replace(tlvs=tlvs, **fields)), LINK).request  # type: ignore[arg-type]
    assert request is not None
    return request


def test_the_operators_own_id_makes_the_key() -> None:
    first, again, other = (
        request_with({ID_TLV: value, 0x1405: n}) for value, n in ((b"1", b"a"), (b"1", b"b"), (b"2", b""))
    )

    assert first.key == again.key != other.key
    assert first.is_named


def test_an_id_belongs_to_one_text() -> None:
    assert request_with({ID_TLV: b"1"}).key != request_with({ID_TLV: b"1"}, short_message=b"RET MIGROZ").key


@pytest.mark.parametrize(
    ("label", "tlvs", "id_tlv"),
    [("no setting", {ID_TLV: b"1", 0: b"1"}, 0), ("no TLV", {}, ID_TLV), ("an empty one", {ID_TLV: b""}, ID_TLV)],
)
def test_without_an_id_the_text_makes_the_key(label: str, tlvs: dict[int, bytes], id_tlv: int) -> None:
    request = request_with(tlvs, id_tlv=id_tlv)

    assert not request.is_named, label
    assert request.key == request_of(BARE).key


def test_the_operators_own_time_is_the_messages() -> None:
    now = FakeClock()()

    assert request_with({TIME_TLV: str((now - 5000) // 1000).encode()}).sent_at == now - 5000
    assert request_with({TIME_TLV: b"yesterday"}).sent_at is None
    assert request_of(BARE._replace(tlvs={TIME_TLV: b"1795431840"})).sent_at is None


def test_two_parts_with_the_same_octets_have_two_keys() -> None:
    tlvs = {codes.TLV_SAR_MSG_REF_NUM: b"\0\7", codes.TLV_SAR_TOTAL_SEGMENTS: b"\2"}
    first, second = (request_of(BARE._replace(tlvs={**tlvs, codes.TLV_SAR_SEGMENT_SEQNUM: n})) for n in (b"\1", b"\2"))

    assert first.key != second.key


def test_a_message_has_one_key_by_deliver_sm_and_data_sm() -> None:
    by_data = decoder().take(build_data(1, BARE), LINK).request

    assert by_data is not None
    assert by_data.key == request_of(BARE).key


def test_the_same_message_by_two_operators_is_two() -> None:
    pdu = pdu_of(BARE)
    first, other = decoder("operator-a").take(pdu, LINK).request, decoder("operator-b").take(pdu, LINK).request

    assert first is not None
    assert other is not None
    assert first.key != other.key


def test_two_deliveries_of_one_broken_message_have_one_key() -> None:
    first, again = (decoder().take(bytes(12) + bytes([0, 0, 0, n]) + b"x", LINK).request for n in (1, 2))

    assert first is not None
    assert again is not None
    assert first.key == again.key


@given(st.binary(max_size=120))
def test_any_body_becomes_a_request_or_a_receipt(body: bytes) -> None:
    pdu = (16 + len(body)).to_bytes(4) + codes.DELIVER_SM.to_bytes(4) + bytes(8) + body

    arrival = decoder().take(pdu, LINK)

    assert arrival.request is None or arrival.request.raw == pdu


@given(st.binary(max_size=140), st.integers(0, 255), st.sampled_from([0, UDHI]))
def test_any_payload_in_any_coding_becomes_a_request(octets: bytes, data_coding: int, esm_class: int) -> None:
    request = request_of(BARE._replace(short_message=octets, data_coding=data_coding, esm_class=esm_class))

    assert request.recipient == Msisdn(NUMBER)
    if isinstance(request.intent, Segment):
        request.intent.join([request.intent.octets] * request.intent.total)


def test_a_message_whose_reading_raises_is_kept_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> NoReturn:
        raise KeyError(NUMBER)

    monkeypatch.setattr("sms.reader.remembered.read", broken)

    request = request_of(BARE._replace(short_message=b"RET MIGROS"))

    assert request.intent == Unreadable("reading raised KeyError")
    assert request.recipient == Msisdn(NUMBER)
