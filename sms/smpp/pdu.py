"""SMPP PDUs: octets to values and back.

Section numbers are those of the SMPP specification v3.4, issue 1.2.
"""

from collections.abc import Iterator, Mapping
from struct import Struct
from types import MappingProxyType
from typing import Final, NamedTuple

from sms.smpp.codes import (
    DATA_SM,
    DELIVER_SM,
    ESME_ROK,
    GENERIC_NACK,
    RESPONSE,
    TLV_MESSAGE_PAYLOAD,
    TLV_SC_INTERFACE_VERSION,
)
from sms.smpp.errors import BrokenPdu, FramingError

HEADER_OCTETS: Final = 16
PDU_OCTETS_MAX: Final = 65_536
SHORT_MESSAGE_OCTETS_MAX: Final = 254  # 5.2.21; longer text goes into message_payload
TLV_OCTETS_MAX: Final = 65_535
INTERFACE_VERSION: Final = 0x34

_HEADER: Final = Struct(">IIII")
_HEADER_AND_NUL: Final = Struct(">IIIIB")
_LENGTH: Final = Struct(">I")
_TLV: Final = Struct(">HH")
_DATA_SM: Final = DATA_SM.to_bytes(4)
_NO_TLVS: Final[Mapping[int, bytes]] = MappingProxyType({})


class Header(NamedTuple):
    """The first 16 octets of each PDU, 32-bit unsigned numbers (3.2)."""

    length: int
    command: int
    status: int
    sequence: int


class Message(NamedTuple):
    """The body that deliver_sm (4.6.1) and submit_sm (4.4.1) share; that of data_sm (4.7.1) has less.

    Addresses and times are latin-1 text, `short_message` is 0 to 255 raw octets, `tlvs` maps each tag to its
    raw value. Printing one shows no number and no text.
    """

    source: str
    dest: str
    short_message: bytes = b""
    data_coding: int = 0
    esm_class: int = 0
    source_ton: int = 0
    source_npi: int = 0
    dest_ton: int = 0
    dest_npi: int = 0
    service_type: str = ""
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    registered_delivery: int = 0
    replace: int = 0
    default_message_id: int = 0
    tlvs: Mapping[int, bytes] = _NO_TLVS

    def __repr__(self) -> str:
        return (
            f"Message(data_coding=0x{self.data_coding:02X}, esm_class=0x{self.esm_class:02X}, "
            f"octets={len(self.short_message)}, tlvs={len(self.tlvs)})"
        )


class Bind(NamedTuple):
    """The body of the three bind requests (4.1). Printing one hides the password."""

    system_id: str
    password: str
    system_type: str = ""
    interface_version: int = INTERFACE_VERSION
    ton: int = 0
    npi: int = 0
    address_range: str = ""

    def __repr__(self) -> str:
        return f"Bind(system_id={self.system_id!r}, password=***)"


class Framer:
    """Cuts a stream of octets into whole PDUs, however the network split it.

    Holds at most one PDU that is not yet whole; each octet is copied a fixed number of times.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._wanted = _LENGTH.size

    @property
    def is_within_pdu(self) -> bool:
        """True if octets of a PDU are here, but not all of them."""
        return bool(self._rest)

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """Yield each PDU that `octets` complete. The iterator must be used up before the next call.

        Raises FramingError at a command_length outside 16 to 65,536, after the good PDUs before it. The
        stream is out of step then, and each later call raises again.
        """
        if self._rest:
            self._rest += octets
            if len(self._rest) < self._wanted:
                return
            octets = bytes(self._rest)
        end = len(octets)
        position = 0
        self._wanted = _LENGTH.size
        try:
            while end - position >= _LENGTH.size:
                (length,) = _LENGTH.unpack_from(octets, position)
                if not HEADER_OCTETS <= length <= PDU_OCTETS_MAX:
                    raise FramingError(_sequence_at(octets, position))
                if length > end - position:
                    self._wanted = length
                    break
                start, position = position, position + length
                yield octets[start:position]
        finally:
            self._rest = bytearray(octets[position:])


def _sequence_at(octets: bytes, position: int) -> int:
    if len(octets) - position < HEADER_OCTETS:
        return 0
    return Header._make(_HEADER.unpack_from(octets, position)).sequence


def header(pdu: bytes) -> Header:
    """Read the header of a whole PDU, as Framer yields it."""
    return Header._make(_HEADER.unpack_from(pdu))


def parse_message(pdu: bytes) -> Message:
    """Read the body of a data_sm where the header says so, else that of a deliver_sm or submit_sm.

    Text fields may be longer than the specification allows: a message with an odd number is still a message.
    Unknown TLVs are kept; of a repeated TLV the first one counts. Raises BrokenPdu, naming the field.
    """
    if pdu[4:8] == _DATA_SM:
        return _parse_data(pdu)
    field = "service_type"
    try:
        end = pdu.index(0, HEADER_OCTETS)
        service_type = pdu[HEADER_OCTETS:end].decode("latin-1") if end > HEADER_OCTETS else ""
        field = "source_addr"
        at = end + 3
        end = pdu.index(0, at)
        source_ton, source_npi, source = pdu[at - 2], pdu[at - 1], pdu[at:end].decode("latin-1")
        field = "destination_addr"
        at = end + 3
        end = pdu.index(0, at)
        dest_ton, dest_npi, dest = pdu[at - 2], pdu[at - 1], pdu[at:end].decode("latin-1")
        field = "schedule_delivery_time"
        at = end + 4
        end = pdu.index(0, at)
        esm_class, protocol_id, priority = pdu[at - 3 : at]
        schedule = pdu[at:end].decode("latin-1") if end > at else ""
        field = "validity_period"
        at = end + 1
        end = pdu.index(0, at)
        validity = pdu[at:end].decode("latin-1") if end > at else ""
        field = "sm_length"
        at = end + 6
        registered_delivery, replace, data_coding, default_message_id, octets = pdu[end + 1 : at]
    except ValueError:
        raise BrokenPdu(field) from None
    end = at + octets
    if end > len(pdu):
        raise BrokenPdu("short_message")
    return Message(
        source,
        dest,
        pdu[at:end],
        data_coding,
        esm_class,
        source_ton,
        source_npi,
        dest_ton,
        dest_npi,
        service_type,
        protocol_id,
        priority,
        schedule,
        validity,
        registered_delivery,
        replace,
        default_message_id,
        _parse_tlvs(pdu, end) if end < len(pdu) else _NO_TLVS,
    )


def _parse_data(pdu: bytes) -> Message:
    service_type, at = _c_string(pdu, HEADER_OCTETS, "service_type")
    source, end = _c_string(pdu, at + 2, "source_addr")
    source_ton, source_npi, at = pdu[at], pdu[at + 1], end
    dest, end = _c_string(pdu, at + 2, "destination_addr")
    dest_ton, dest_npi = pdu[at], pdu[at + 1]
    if end + 3 > len(pdu):
        raise BrokenPdu("data_coding")
    esm_class, registered_delivery, data_coding = pdu[end : end + 3]
    return Message(
        *(source, dest, b"", data_coding, esm_class, source_ton, source_npi, dest_ton, dest_npi, service_type),
        registered_delivery=registered_delivery,
        tlvs=_parse_tlvs(pdu, end + 3),
    )


def _parse_tlvs(pdu: bytes, position: int) -> Mapping[int, bytes]:
    tlvs: dict[int, bytes] = {}
    while position < len(pdu):
        value_at = position + _TLV.size
        if value_at > len(pdu):
            raise BrokenPdu("optional parameters")
        tag, octets = _TLV.unpack_from(pdu, position)
        position = value_at + octets
        if position > len(pdu):
            raise BrokenPdu(f"optional parameter 0x{tag:04X}")
        tlvs.setdefault(tag, pdu[value_at:position])
    return tlvs


def source_of(pdu: bytes) -> tuple[str, int]:
    """Return the sender of a deliver_sm or data_sm, and its TON, of which the rest may be broken; empty where that is
    broken too."""
    try:
        _, at = _c_string(pdu, HEADER_OCTETS, "service_type")
        return _c_string(pdu, at + 2, "source_addr")[0], pdu[at]
    except BrokenPdu:
        return "", 0


def payload(message: Message) -> bytes:
    """Return the octets of the text, from short_message or else from the message_payload TLV (5.3.2.32)."""
    return message.short_message or message.tlvs.get(TLV_MESSAGE_PAYLOAD, b"")


def parse_bind(pdu: bytes) -> Bind:
    """Read the body of a bind request. Raises BrokenPdu, naming the field."""
    system_id, at = _c_string(pdu, HEADER_OCTETS, "system_id")
    password, at = _c_string(pdu, at, "password")
    system_type, at = _c_string(pdu, at, "system_type")
    if at + 3 > len(pdu):
        raise BrokenPdu("interface_version")
    address_range, _ = _c_string(pdu, at + 3, "address_range")
    return Bind(system_id, password, system_type, pdu[at], pdu[at + 1], pdu[at + 2], address_range)


def _c_string(pdu: bytes, at: int, field: str) -> tuple[str, int]:
    end = pdu.find(0, at)
    if end < 0:
        raise BrokenPdu(field)
    return pdu[at:end].decode("latin-1"), end + 1


def parse_message_id(pdu: bytes) -> str:
    """Return the message_id of a submit_sm_resp, or the system_id of a bind response.

    Empty when the body is absent, as it is beside most errors. A missing NUL is forgiven, since the SMSC took
    the message all the same.
    """
    end = pdu.find(0, HEADER_OCTETS)
    return pdu[HEADER_OCTETS : end if end >= 0 else None].decode("latin-1")


def interface_version(pdu: bytes) -> int:
    """Return the SMSC's version as a bind response names it (5.3.2.25), 0 where it names none."""
    end = pdu.find(0, HEADER_OCTETS)
    try:
        value = _parse_tlvs(pdu, end + 1).get(TLV_SC_INTERFACE_VERSION, b"") if end >= 0 else b""
    except BrokenPdu:
        return 0
    return value[0] if len(value) == 1 else 0


def build_plain(command: int, sequence: int) -> bytes:
    """Build a PDU that is only a header: enquire_link, unbind."""
    return _HEADER.pack(HEADER_OCTETS, command, ESME_ROK, sequence)


def build_bind_response(command: int, sequence: int, system_id: str) -> bytes:
    """Build the response that accepts a bind, of an SMSC of this version."""
    tlvs = build_tlvs({TLV_SC_INTERFACE_VERSION: bytes((INTERFACE_VERSION,))})
    body = _c_octets(system_id, "system_id") + tlvs
    return _HEADER.pack(HEADER_OCTETS + len(body), command | RESPONSE, ESME_ROK, sequence) + body


def build_response(command: int, status: int, sequence: int, message_id: str | None = None) -> bytes:
    """Build the response to the request `command`.

    `message_id` is also the system_id of a bind response. None leaves the body out, which is right for
    enquire_link_resp, unbind_resp and refusals (4.1.2, 4.4.2); deliver_sm_resp and data_sm_resp get their
    empty message_id all the same (4.6.2).
    """
    if message_id is None:
        if command in _EMPTY_ID:
            return _HEADER_AND_NUL.pack(HEADER_OCTETS + 1, command | RESPONSE, status, sequence, 0)
        return _HEADER.pack(HEADER_OCTETS, command | RESPONSE, status, sequence)
    body = _c_octets(message_id, "message_id")
    return _HEADER.pack(HEADER_OCTETS + len(body), command | RESPONSE, status, sequence) + body


_EMPTY_ID: Final = frozenset({DELIVER_SM, DATA_SM, DELIVER_SM | RESPONSE, DATA_SM | RESPONSE})


def generic_nack(status: int, sequence: int) -> bytes:
    """Build the answer to a PDU that has no response of its own (4.3.1)."""
    return _HEADER.pack(HEADER_OCTETS, GENERIC_NACK, status, sequence)


def build_bind(command: int, sequence: int, bind: Bind) -> bytes:
    """Build one of the three bind requests. Raises ValueError at text over 64 characters or with a NUL.

    The maxima of 4.1 are not enforced: operators hand out passwords of more than its 8 characters.
    """
    body = b"".join(
        (
            _c_octets(bind.system_id, "system_id"),
            _c_octets(bind.password, "password"),
            _c_octets(bind.system_type, "system_type"),
            bytes((bind.interface_version, bind.ton, bind.npi)),
            _c_octets(bind.address_range, "address_range"),
        )
    )
    return _HEADER.pack(HEADER_OCTETS + len(body), command, ESME_ROK, sequence) + body


def build_data(sequence: int, message: Message) -> bytes:
    """Build a data_sm: its text goes out as the message_payload. Raises ValueError at a value that does not fit."""
    body = b"".join(
        (
            _c_octets(message.service_type, "service_type", 5),
            bytes((message.source_ton, message.source_npi)),
            _c_octets(message.source, "source_addr"),
            bytes((message.dest_ton, message.dest_npi)),
            _c_octets(message.dest, "destination_addr"),
            bytes((message.esm_class, message.registered_delivery, message.data_coding)),
            build_tlvs({**message.tlvs, TLV_MESSAGE_PAYLOAD: payload(message)}),
        )
    )
    return _HEADER.pack(HEADER_OCTETS + len(body), DATA_SM, ESME_ROK, sequence) + body


def build_message(command: int, sequence: int, message: Message) -> bytes:
    """Build a deliver_sm or submit_sm. Raises ValueError at a value that does not fit its field."""
    octets = len(message.short_message)
    if octets > SHORT_MESSAGE_OCTETS_MAX:
        raise ValueError(f"short_message: more than {SHORT_MESSAGE_OCTETS_MAX} octets")
    parts = [
        _c_octets(message.service_type, "service_type", 5),
        bytes((message.source_ton, message.source_npi)),
        _c_octets(message.source, "source_addr", 20),
        bytes((message.dest_ton, message.dest_npi)),
        _c_octets(message.dest, "destination_addr", 20),
        bytes((message.esm_class, message.protocol_id, message.priority)),
        _c_octets(message.schedule, "schedule_delivery_time", 16),
        _c_octets(message.validity, "validity_period", 16),
        bytes((message.registered_delivery, message.replace, message.data_coding)),
        bytes((message.default_message_id, octets)),
        message.short_message,
        build_tlvs(message.tlvs),
    ]
    body = b"".join(parts)
    if HEADER_OCTETS + len(body) > PDU_OCTETS_MAX:
        raise ValueError(f"PDU: more than {PDU_OCTETS_MAX} octets")
    return _HEADER.pack(HEADER_OCTETS + len(body), command, ESME_ROK, sequence) + body


def build_tlvs(tlvs: Mapping[int, bytes]) -> bytes:
    parts: list[bytes] = []
    for tag, value in tlvs.items():
        if len(value) > TLV_OCTETS_MAX:
            raise ValueError(f"optional parameter 0x{tag:04X}: more than {TLV_OCTETS_MAX} octets")
        parts += (_TLV.pack(tag, len(value)), value)
    return b"".join(parts)


def _c_octets(text: str, field: str, characters_max: int = 64) -> bytes:
    if len(text) > characters_max:
        raise ValueError(f"{field}: more than {characters_max} characters")
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"{field}: a character outside latin-1") from None
    if 0 in octets:
        raise ValueError(f"{field}: a NUL character")
    return octets + b"\0"
