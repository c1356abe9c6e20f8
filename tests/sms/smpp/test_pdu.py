"""PDUs against malformed octets, against themselves, and against smpplib as an independent peer."""

import struct
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from smpplib import smpp
from smpplib.pdu import PDU

from sms.smpp import codes
from sms.smpp.errors import BrokenPdu, FramingError
from sms.smpp.pdu import (
    HEADER_OCTETS,
    PDU_OCTETS_MAX,
    Bind,
    Framer,
    Header,
    Message,
    build_bind,
    build_data,
    build_message,
    build_plain,
    build_response,
    generic_nack,
    header,
    parse_bind,
    parse_message,
    parse_message_id,
    payload,
    source_of,
)
from sms.smpp.submit import SubmitTemplate

SAMPLE = Message(
    source="905320000001",
    dest="3338",
    short_message=b"RET MIGROS",
    source_ton=1,
    source_npi=1,
    dest_ton=3,
    tlvs={0x0204: b"\x00\x07", 0x1400: b"own"},
)
SAMPLE_PDU = build_message(codes.DELIVER_SM, 7, SAMPLE)


def text_field(characters_max: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=characters_max)


octet = st.integers(0, 255)
messages = st.builds(
    Message,
    source=text_field(20),
    dest=text_field(20),
    short_message=st.binary(max_size=254),
    data_coding=octet,
    esm_class=octet,
    source_ton=octet,
    source_npi=octet,
    dest_ton=octet,
    dest_npi=octet,
    service_type=text_field(5),
    protocol_id=octet,
    priority=octet,
    schedule=text_field(16),
    validity=text_field(16),
    registered_delivery=octet,
    replace=octet,
    default_message_id=octet,
    tlvs=st.dictionaries(st.integers(0, 65_535), st.binary(max_size=300), max_size=5),
)


def with_length(octets: bytes) -> bytes:
    return struct.pack(">I", len(octets)) + octets[4:]


class TestFramer:
    @pytest.mark.parametrize("cut", range(1, 2 * len(SAMPLE_PDU)))
    def test_pdus_come_out_whole_when_the_stream_is_cut_at_any_octet(self, cut: int) -> None:
        framer = Framer()
        stream = SAMPLE_PDU + build_plain(codes.ENQUIRE_LINK, 8) + SAMPLE_PDU

        pdus = [*framer.feed(stream[:cut]), *framer.feed(stream[cut:])]

        assert pdus == [SAMPLE_PDU, build_plain(codes.ENQUIRE_LINK, 8), SAMPLE_PDU]

    @given(st.lists(st.integers(1, 40), max_size=30), st.integers(1, 5))
    def test_pdus_come_out_whole_in_chunks_of_any_sizes(self, sizes: list[int], count: int) -> None:
        framer = Framer()
        stream = SAMPLE_PDU * count
        chunks = []
        for size in sizes:
            chunks.append(stream[:size])
            stream = stream[size:]

        pdus = [pdu for chunk in [*chunks, stream] for pdu in framer.feed(chunk)]

        assert pdus == [SAMPLE_PDU] * count

    @pytest.mark.parametrize("length", [HEADER_OCTETS, HEADER_OCTETS + 1, PDU_OCTETS_MAX])
    def test_a_length_at_the_bounds_is_taken(self, length: int) -> None:
        pdu = struct.pack(">IIII", length, 0x15, 0, 1) + bytes(length - HEADER_OCTETS)

        assert list(Framer().feed(pdu)) == [pdu]

    @pytest.mark.parametrize("length", [0, HEADER_OCTETS - 1, PDU_OCTETS_MAX + 1, 0xFFFFFFFF])
    def test_a_length_outside_the_bounds_names_the_sequence_number(self, length: int) -> None:
        framer = Framer()

        with pytest.raises(FramingError) as raised:
            list(framer.feed(struct.pack(">IIII", length, 0x15, 0, 4711)))

        assert raised.value.sequence == 4711

    def test_a_bad_length_without_a_whole_header_has_sequence_0(self) -> None:
        with pytest.raises(FramingError) as raised:
            list(Framer().feed(struct.pack(">III", 0xFFFFFFFF, 0x15, 0)))

        assert raised.value.sequence == 0

    def test_good_pdus_before_a_bad_length_still_come_out_and_the_stream_stays_broken(self) -> None:
        framer = Framer()
        pdus = framer.feed(SAMPLE_PDU + bytes(16))

        assert next(pdus) == SAMPLE_PDU
        with pytest.raises(FramingError):
            next(pdus)
        with pytest.raises(FramingError):
            list(framer.feed(SAMPLE_PDU))

    def test_a_pdu_that_arrives_octet_by_octet_is_looked_at_once(self) -> None:
        """Otherwise a slow sender of a large PDU would cost the square of its size."""
        framer = Framer()
        pdu = build_message(codes.DELIVER_SM, 1, SAMPLE._replace(tlvs={0x0424: bytes(65_000)}))
        assert not list(framer.feed(pdu[:4]))
        held = framer._rest

        for at in range(4, len(pdu) - 1):
            assert not list(framer.feed(pdu[at : at + 1]))
            assert framer._rest is held

        assert list(framer.feed(pdu[-1:])) == [pdu]


class Broken(NamedTuple):
    label: str
    pdu: bytes
    field: str


HEAD = SAMPLE_PDU[:HEADER_OCTETS]
TO_TEXT = bytes.fromhex("00 0101 3100 0300 3200 000000 00 00")  # all fields before registered_delivery
BROKEN = [
    Broken("header alone", HEAD, "service_type"),
    Broken("service_type without NUL", HEAD + b"CMT", "service_type"),
    Broken("nothing after service_type", HEAD + b"\0", "source_addr"),
    Broken("cut in source_addr_ton", HEAD + b"\0\x01", "source_addr"),
    Broken("source_addr without NUL", HEAD + b"\0\x01\x0190532", "source_addr"),
    Broken("destination_addr without NUL", HEAD + b"\0\x01\x011\0\x03\x003338", "destination_addr"),
    Broken("cut before schedule", HEAD + b"\0\x01\x011\0\x03\x002\0\0\0\0", "schedule_delivery_time"),
    Broken("schedule without NUL", HEAD + TO_TEXT[:-2] + b"1", "schedule_delivery_time"),
    Broken("validity without NUL", HEAD + TO_TEXT[:-1] + b"1", "validity_period"),
    Broken("nothing after validity", HEAD + TO_TEXT, "sm_length"),
    Broken("cut before sm_length", HEAD + TO_TEXT + bytes(4), "sm_length"),
    Broken("sm_length beyond the end", HEAD + TO_TEXT + bytes(4) + b"\x05RET", "short_message"),
    Broken("sm_length 255 and no text", HEAD + TO_TEXT + bytes(4) + b"\xff", "short_message"),
    Broken("one octet too many", HEAD + TO_TEXT + bytes(5) + b"x", "optional parameters"),
    Broken("TLV tag alone", HEAD + TO_TEXT + bytes(5) + b"\x04\x24", "optional parameters"),
    Broken("TLV beyond the end", HEAD + TO_TEXT + bytes(5) + b"\x04\x24\0\x05RET", "optional parameter 0x0424"),
]


class TestParseMessage:
    @pytest.mark.parametrize("case", BROKEN, ids=[case.label for case in BROKEN])
    def test_a_broken_body_names_its_field(self, case: Broken) -> None:
        with pytest.raises(BrokenPdu) as raised:
            parse_message(with_length(case.pdu))

        assert raised.value.field == case.field

    @pytest.mark.parametrize("octets", [25, len(SAMPLE_PDU) - 1])
    def test_a_broken_body_shows_no_number_and_no_text(self, octets: int) -> None:
        with pytest.raises(BrokenPdu) as raised:
            parse_message(SAMPLE_PDU[:octets])

        assert "90532" not in str(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__ or raised.value.__context__ is None

    @given(st.binary(max_size=120))
    def test_any_octets_are_a_message_or_broken(self, body: bytes) -> None:
        try:
            message = parse_message(with_length(HEAD + body))
        except BrokenPdu:
            return
        assert len(message.short_message) <= 255

    @given(messages)
    def test_what_was_built_is_read_back(self, message: Message) -> None:
        pdu = build_message(codes.SUBMIT_SM, 9, message)

        assert header(pdu) == Header(len(pdu), codes.SUBMIT_SM, 0, 9)
        assert parse_message(pdu) == message

    @given(messages, st.integers(min_value=0))
    def test_the_sender_is_read_wherever_the_rest_breaks_off(self, message: Message, behind: int) -> None:
        pdu = build_message(codes.DELIVER_SM, 9, message)
        sender_ends = HEADER_OCTETS + len(message.service_type) + len(message.source) + 4
        cut = sender_ends + behind % (len(pdu) - sender_ends)

        assert source_of(pdu[:cut]) == (message.source, message.source_ton)
        assert source_of(pdu[: sender_ends - 1]) == ("", 0)

    @given(st.binary(max_size=120))
    def test_any_octets_have_a_sender_or_none(self, body: bytes) -> None:
        assert "\0" not in source_of(HEAD + body)[0]

    def test_the_first_of_a_repeated_tlv_counts(self) -> None:
        pdu = with_length(SAMPLE_PDU + b"\x02\x04\x00\x02\xff\xff")

        assert parse_message(pdu).tlvs == SAMPLE.tlvs

    def test_a_number_longer_than_the_specification_allows_is_kept(self) -> None:
        pdu = SAMPLE_PDU.replace(b"905320000001", b"9" * 40)

        assert parse_message(with_length(pdu)).source == "9" * 40

    def test_the_payload_is_short_message_or_else_its_tlv(self) -> None:
        in_tlv = SAMPLE._replace(short_message=b"", tlvs={codes.TLV_MESSAGE_PAYLOAD: b"RET HOPI"})

        assert payload(SAMPLE) == b"RET MIGROS"
        assert payload(in_tlv) == b"RET HOPI"
        assert payload(SAMPLE._replace(short_message=b"", tlvs={})) == b""

    def test_printing_a_message_shows_neither_number_nor_text(self) -> None:
        assert repr(SAMPLE) == "Message(data_coding=0x00, esm_class=0x00, octets=10, tlvs=2)"
        assert "RET" not in str(SAMPLE)


class TooLarge(NamedTuple):
    label: str
    message: Message
    reason: str


TOO_LARGE = [
    TooLarge("text", SAMPLE._replace(short_message=bytes(255)), "short_message: more than 254 octets"),
    TooLarge("source", SAMPLE._replace(source="1" * 21), "source_addr: more than 20 characters"),
    TooLarge("destination", SAMPLE._replace(dest="1" * 21), "destination_addr: more than 20 characters"),
    TooLarge("validity", SAMPLE._replace(validity="1" * 17), "validity_period: more than 16 characters"),
    TooLarge("NUL in a number", SAMPLE._replace(source="1\x002"), "source_addr: a NUL character"),
    TooLarge("a letter beyond latin-1", SAMPLE._replace(source="İYS"), "source_addr: a character outside"),
    TooLarge("TLV", SAMPLE._replace(tlvs={5: bytes(65_536)}), "optional parameter 0x0005: more than 65535"),
    TooLarge("PDU", SAMPLE._replace(tlvs={5: bytes(65_500)}), "PDU: more than 65536 octets"),
]


@pytest.mark.parametrize("case", TOO_LARGE, ids=[case.label for case in TOO_LARGE])
def test_a_value_that_does_not_fit_is_named(case: TooLarge) -> None:
    with pytest.raises(ValueError, match=case.reason):
        build_message(codes.SUBMIT_SM, 1, case.message)


class TestBind:
    @given(text_field(64), text_field(64), text_field(64), octet, octet, octet, text_field(64))
    def test_what_was_built_is_read_back(
        self,
        system_id: str,
        password: str,
        system_type: str,
        version: int,
        ton: int,
        npi: int,
        address_range: str,
    ) -> None:
        bind = Bind(system_id, password, system_type, version, ton, npi, address_range)

        assert parse_bind(build_bind(codes.BIND_TRANSCEIVER, 1, bind)) == bind

    @pytest.mark.parametrize(
        ("octets", "field"),
        [
            (0, "system_id"),
            (3, "password"),
            (6, "system_type"),
            (9, "interface_version"),
            (12, "address_range"),
        ],
    )
    def test_a_cut_bind_names_its_field(self, octets: int, field: str) -> None:
        pdu = build_bind(codes.BIND_RECEIVER, 1, Bind("ab", "cd", "ef", address_range="gh"))

        with pytest.raises(BrokenPdu) as raised:
            parse_bind(pdu[: HEADER_OCTETS + octets])

        assert raised.value.field == field

    def test_printing_a_bind_hides_the_password(self) -> None:
        assert repr(Bind("line", "hunter2")) == "Bind(system_id='line', password=***)"

    def test_a_field_over_64_characters_is_named_without_its_contents(self) -> None:
        with pytest.raises(ValueError, match=r"^password: more than 64 characters$"):
            build_bind(codes.BIND_RECEIVER, 1, Bind("line", "p" * 65))


class Answer(NamedTuple):
    label: str
    pdu: bytes
    octets: str


ANSWERS = [
    Answer("deliver_sm_resp", build_response(codes.DELIVER_SM, 0, 7), "00000011 80000005 00000000 00000007 00"),
    Answer("refused", build_response(codes.DELIVER_SM, 0x14, 7), "00000011 80000005 00000014 00000007 00"),
    Answer(
        "submit_sm_resp",
        build_response(codes.SUBMIT_SM, 0, 7, "41"),
        "00000013 80000004 00000000 00000007 343100",
    ),
    Answer("throttled", build_response(codes.SUBMIT_SM, 0x58, 7), "00000010 80000004 00000058 00000007"),
    Answer("enquire_link_resp", build_response(codes.ENQUIRE_LINK, 0, 7), "00000010 80000015 00000000 00000007"),
    Answer("enquire_link", build_plain(codes.ENQUIRE_LINK, 7), "00000010 00000015 00000000 00000007"),
    Answer("generic_nack", generic_nack(2, 0xFFFFFFFF), "00000010 80000000 00000002 ffffffff"),
]


@pytest.mark.parametrize("case", ANSWERS, ids=[case.label for case in ANSWERS])
def test_short_pdus_octet_by_octet(case: Answer) -> None:
    assert case.pdu == bytes.fromhex(case.octets)


@pytest.mark.parametrize(("body", "message_id"), [(b"", ""), (b"\0", ""), (b"4f\0", "4f"), (b"4f", "4f")])
def test_a_message_id_is_read_with_or_without_body_and_nul(body: bytes, message_id: str) -> None:
    assert parse_message_id(build_plain(codes.SUBMIT_SM_RESP, 1) + body) == message_id


class TestSubmitTemplate:
    @given(
        st.text(st.sampled_from("0123456789"), max_size=20),
        st.binary(max_size=254),
        octet,
        octet,
        st.sampled_from(["", "000000010000000R"]),
        st.none() | st.integers(0, 65_535),
        octet,
    )
    @example("905320000001", b"", 0, 0, "", None, 0)
    def test_it_builds_what_build_message_builds(
        self,
        dest: str,
        text: bytes,
        data_coding: int,
        esm_class: int,
        validity: str,
        reference: int | None,
        registered_delivery: int,
    ) -> None:
        template = SubmitTemplate(
            source="3338",
            source_ton=3,
            source_npi=4,
            dest_ton=1,
            dest_npi=2,
            service_type="CMT",
        )

        pdu = template.build(
            5,
            dest,
            text,
            data_coding=data_coding,
            esm_class=esm_class,
            validity=validity,
            registered_delivery=registered_delivery,
            reference=reference,
        )

        tlvs = {} if reference is None else {codes.TLV_USER_MESSAGE_REFERENCE: struct.pack(">H", reference)}
        same = Message(
            "3338", dest, text, data_coding, esm_class, 3, 4, 1, 2, "CMT",
            validity=validity, registered_delivery=registered_delivery, tlvs=tlvs,
        )  # fmt: skip
        assert pdu == build_message(codes.SUBMIT_SM, 5, same)

    @pytest.mark.parametrize(
        ("dest", "text", "validity", "field"),
        [
            ("1" * 21, b"", "", "destination_addr"),
            ("1\x002", b"", "", "destination_addr"),
            ("١", b"", "", "destination_addr"),
            ("1", bytes(255), "", "short_message"),
            ("1", b"", "1", "validity_period"),
        ],
    )
    def test_a_value_that_does_not_fit_is_named(self, dest: str, text: bytes, validity: str, field: str) -> None:
        with pytest.raises(ValueError, match=field):
            SubmitTemplate(source="3338").build(1, dest, text, validity=validity)


class Peer:
    """What smpplib asks of its client while it makes a PDU."""

    sequence = 0

    def next_sequence(self) -> int:
        return 7


_parse: Callable[..., object] = smpp.parse_pdu
_make: Callable[..., object] = smpp.make_pdu


def read_by_smpplib(pdu: bytes) -> SimpleNamespace:
    parsed = _parse(pdu, client=Peer(), allow_unknown_opt_params=True)
    return SimpleNamespace(**vars(parsed), sequence=vars(parsed)["_sequence"])


def made_by_smpplib(command: str, **fields: object) -> bytes:
    pdu = _make(command, client=Peer(), **fields)
    assert isinstance(pdu, PDU)
    generate: Callable[[], bytes] = pdu.generate
    return generate()


class TestSmpplibAgrees:
    @pytest.mark.parametrize("command", ["deliver_sm", "submit_sm"])
    def test_it_reads_our_messages(self, command: str) -> None:
        message = SAMPLE._replace(
            service_type="CMT", validity="000000010000000R", data_coding=8, esm_class=0x40,
            registered_delivery=1, tlvs={codes.TLV_USER_MESSAGE_REFERENCE: b"\x00\x07"},
        )  # fmt: skip

        read = read_by_smpplib(build_message(getattr(codes, command.upper()), 7, message))

        assert (read.command, read.sequence, read.status) == (command, 7, 0)
        assert (read.source_addr, read.destination_addr) == (b"905320000001", b"3338")
        assert (read.source_addr_ton, read.source_addr_npi, read.dest_addr_ton) == (1, 1, 3)
        assert (read.service_type, read.validity_period) == (b"CMT", b"000000010000000R")
        assert (read.data_coding, read.esm_class, read.registered_delivery) == (8, 0x40, 1)
        assert (read.short_message, read.user_message_reference) == (b"RET MIGROS", 7)

    def test_it_reads_our_template(self) -> None:
        template = SubmitTemplate(source="3338", source_ton=3, dest_ton=1, dest_npi=1)

        read = read_by_smpplib(template.build(9, "905320000001", b"tamam", registered_delivery=1, reference=513))

        assert (read.source_addr, read.destination_addr) == (b"3338", b"905320000001")
        assert (read.short_message, read.registered_delivery, read.user_message_reference) == (
            b"tamam",
            1,
            513,
        )

    @pytest.mark.parametrize("kind", ["bind_transceiver", "bind_receiver", "bind_transmitter"])
    def test_it_reads_our_binds(self, kind: str) -> None:
        bind = Bind("line", "secret", "VMA", ton=1, npi=2, address_range="^3338$")

        read = read_by_smpplib(build_bind(getattr(codes, kind.upper()), 3, bind))

        assert (read.command, read.system_id, read.password, read.system_type) == (
            kind,
            b"line",
            b"secret",
            b"VMA",
        )
        assert (read.interface_version, read.addr_ton, read.addr_npi) == (0x34, 1, 2)
        assert read.address_range == b"^3338$"

    @pytest.mark.parametrize(
        ("pdu", "command", "status"),
        [
            (build_response(codes.BIND_TRANSCEIVER, 0, 7, "smsc"), "bind_transceiver_resp", 0),
            (build_response(codes.SUBMIT_SM, 0, 7, "41"), "submit_sm_resp", 0),
            (build_response(codes.SUBMIT_SM, 0x58, 7), "submit_sm_resp", 0x58),
            (build_response(codes.DELIVER_SM, 0x14, 7), "deliver_sm_resp", 0x14),
            (build_response(codes.ENQUIRE_LINK, 0, 7), "enquire_link_resp", 0),
            (build_response(codes.UNBIND, 0, 7), "unbind_resp", 0),
            (build_plain(codes.ENQUIRE_LINK, 7), "enquire_link", 0),
            (build_plain(codes.UNBIND, 7), "unbind", 0),
            (generic_nack(3, 7), "generic_nack", 3),
        ],
    )
    def test_it_reads_our_short_pdus(self, pdu: bytes, command: str, status: int) -> None:
        read = read_by_smpplib(pdu)

        assert (read.command, read.status, read.sequence) == (command, status, 7)

    @pytest.mark.parametrize("command", ["deliver_sm", "submit_sm"])
    def test_we_read_its_messages(self, command: str) -> None:
        pdu = made_by_smpplib(
            command,
            service_type="CMT",
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="905320000001",
            dest_addr_ton=3,
            destination_addr="3338",
            esm_class=0x40,
            data_coding=8,
            validity_period="000000010000000R",
            registered_delivery=1,
            short_message=b"\0R\0E\0T",
            user_message_reference=7,
        )

        assert header(pdu)[2:] == (0, 7)
        assert parse_message(pdu) == Message(
            "905320000001", "3338", b"\0R\0E\0T", 8, 0x40, 1, 1, 3, 0, "CMT",
            validity="000000010000000R", registered_delivery=1, tlvs={0x0204: b"\x00\x07"},
        )  # fmt: skip

    def test_we_read_its_binds(self) -> None:
        pdu = made_by_smpplib(
            "bind_transceiver", system_id="line", password="secret", system_type="VMA",
            interface_version=0x34, addr_ton=1, addr_npi=2, address_range="^3338$",
        )  # fmt: skip

        assert parse_bind(pdu) == Bind("line", "secret", "VMA", 0x34, 1, 2, "^3338$")

    def test_we_read_its_submit_sm_resp(self) -> None:
        pdu = made_by_smpplib("submit_sm_resp", message_id="4f")

        assert parse_message_id(pdu) == "4f"


class TestNames:
    def test_a_status_has_its_number_and_name(self) -> None:
        assert codes.status_name(0x0F) == "0x0000000F ESME_RINVSYSID"

    def test_a_vendor_status_has_its_number(self) -> None:
        assert codes.status_name(0x400) == "0x00000400"

    def test_a_command_has_its_name_or_number(self) -> None:
        assert codes.command_name(codes.DELIVER_SM_RESP) == "deliver_sm_resp"
        assert codes.command_name(0x1234) == "0x00001234"


DATA_SM = build_data(7, SAMPLE)
DATA_SM_FIELDS = [
    ("service_type", 16, 16),
    ("source_addr", 17, 31),
    ("destination_addr", 32, 38),
    ("data_coding", 39, 41),
]


def test_smpplib_reads_our_data_sm() -> None:
    read = read_by_smpplib(build_data(7, SAMPLE._replace(tlvs={})))

    assert (read.command, read.source_addr, read.destination_addr) == ("data_sm", b"905320000001", b"3338")
    assert (read.source_addr_ton, read.dest_addr_ton, read.message_payload) == (1, 3, b"RET MIGROS")


@given(messages)
def test_a_data_sm_is_read_back(message: Message) -> None:
    text = payload(message)

    read = parse_message(build_data(7, message))

    assert payload(read) == text
    assert read.short_message == b""
    assert {**read.tlvs, codes.TLV_MESSAGE_PAYLOAD: b""} == {**message.tlvs, codes.TLV_MESSAGE_PAYLOAD: b""}
    for field in ("source", "dest", "source_ton", "source_npi", "dest_ton", "dest_npi", "esm_class", "data_coding"):
        assert getattr(read, field) == getattr(message, field)
    assert (read.service_type, read.registered_delivery) == (message.service_type, message.registered_delivery)


@pytest.mark.parametrize(("field", "first", "last"), DATA_SM_FIELDS, ids=[field for field, *_ in DATA_SM_FIELDS])
def test_a_data_sm_cut_in_a_field_names_it(field: str, first: int, last: int) -> None:
    for cut in range(first, last + 1):
        with pytest.raises(BrokenPdu) as raised:
            parse_message(DATA_SM[:cut])
        assert raised.value.field == field


@given(st.binary(max_size=80))
def test_any_body_is_a_data_sm_or_broken(body: bytes) -> None:
    pdu = (16 + len(body)).to_bytes(4) + codes.DATA_SM.to_bytes(4) + bytes(8) + body
    try:
        message = parse_message(pdu)
    except BrokenPdu:
        return
    assert message.short_message == b""
