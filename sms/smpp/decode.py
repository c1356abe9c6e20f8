"""deliver_sm and data_sm → Request: whose number, which text, which wish."""

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Final, NamedTuple

from core.brands.directory import Directory
from core.conversation.requests import Door, Reading, Request, Segment, Unreadable
from core.domain.clock import Clock
from core.domain.metrics import DELIVERIES
from core.outbox.deliveries import Delivery
from sms.gsm.alphabet import NO_CHARSETS, DefaultAlphabet, as_septets, decode
from sms.gsm.errors import BrokenUdh, UnknownAlphabet
from sms.gsm.segments import Udh, parse_udh
from sms.reader.remembered import RememberedReader
from sms.smpp.addresses import ADDRESS_CHARACTERS_MAX, number_of
from sms.smpp.codes import ESM_UDHI
from sms.smpp.delivery import is_receipt, read_delivery
from sms.smpp.errors import BrokenPdu
from sms.smpp.junk import JunkLog
from sms.smpp.network_time import network_time
from sms.smpp.pdu import Message, parse_message, payload, source_of
from sms.smpp.sar import SAR_TLVS, sar

_MESSAGE_TYPE: Final = 0x3C  # esm_class, bits 5 to 2 (SMPP 3.4, 5.2.12)
_KEY_OCTETS: Final = 16
_NO_HEADER: Final = Udh()


class Arrival(NamedTuple):
    """A message that was read: its request, None for a receipt, which is no citizen's message. `delivery` is what a
    receipt says, None where that is nothing to act on."""

    request: Request | None
    is_broken: bool = False
    delivery: Delivery | None = None


class Decoder:
    """Reads the deliver_sm and data_sm of one operator. `id_tlv` and `time_tlv` are the tags of its own message id or
    time, and of the time that counts as the network's; 0 for none. `charsets` are the alphabets of the data_codings in
    which it differs."""

    def __init__(
        self,
        operator: str,
        default_alphabet: DefaultAlphabet,
        directory: Directory,
        clock: Clock,
        *,
        id_tlv: int = 0,
        time_tlv: int = 0,
        charsets: Mapping[int, str] = NO_CHARSETS,
    ) -> None:
        self._charsets = charsets
        self._operator = operator
        self._junk = JunkLog(operator)
        self._default_alphabet = default_alphabet
        self._reader = RememberedReader(directory)
        self._clock = clock
        self._id_tlv = id_tlv
        self._time_tlv = time_tlv

    def take(self, pdu: bytes, connection: int) -> Arrival:
        """Read a message. Whatever cannot be read becomes a request that is kept raw and set aside."""
        try:
            message = parse_message(pdu)
        except BrokenPdu as error:
            return Arrival(self._broken(pdu, connection, str(error)), is_broken=True)
        kind = message.esm_class & _MESSAGE_TYPE
        if is_receipt(message):
            return self._receipt(message)
        recipient = number_of(message.source, message.source_ton)
        try:
            reading, segment = self._content(message, kind)
        except Exception as error:  # noqa: BLE001  # poison: raised further, it would end the bind and come again for ever
            reading, segment = Reading(None, Unreadable(f"reading raised {type(error).__name__}")), None
        intent, now = segment or reading.intent, self._clock()
        named, sent = _value(message, self._id_tlv), _value(message, self._time_tlv)
        return Arrival(
            Request(
                *(Door.SMS, recipient, intent, reading.text, pdu, self._key(message, named), now),
                *(message.dest[:ADDRESS_CHARACTERS_MAX], self._operator, connection, reading.language, bool(named)),
                sent_at=network_time(sent, now) if sent else None,
            )
        )

    def _receipt(self, message: Message) -> Arrival:
        said = read_delivery(message, self._operator)
        if isinstance(said, Delivery):
            return Arrival(None, delivery=said)
        DELIVERIES.labels(said.value).inc()
        return Arrival(None)

    def _content(self, message: Message, kind: int) -> tuple[Reading, Segment | None]:
        whole, data_coding, udh = payload(message), message.data_coding, _NO_HEADER
        if kind:
            return Reading(None, Unreadable(f"esm_class 0x{message.esm_class:02X}")), None
        octets = whole
        if message.esm_class & ESM_UDHI:
            try:
                udh, octets = parse_udh(whole)
            except BrokenUdh as error:
                return Reading(None, Unreadable(str(error))), None
        if udh.total == 1 and message.tlvs:
            udh = sar(udh, message.tlvs)
        # Here, since the fill bits are those of this part's header.
        octets = as_septets(octets, data_coding, self._default_alphabet, len(whole) - len(octets), self._charsets)
        if udh.total > 1:
            return Reading(None, Unreadable("a part")), Segment(
                udh.reference, udh.total, udh.part, octets, partial(self._join, data_coding, udh)
            )
        return self._read(octets, data_coding, udh), None

    def _join(self, data_coding: int, udh: Udh, parts: Sequence[bytes]) -> Reading:
        # Octets are joined before they are decoded: an escape or a surrogate may end a part.
        return self._read(b"".join(parts), data_coding, udh)

    def _read(self, octets: bytes, data_coding: int, udh: Udh) -> Reading:
        try:
            shifts = udh.single_shift, udh.locking_shift
            text = decode(octets, data_coding, self._default_alphabet, *shifts, self._charsets)
        except UnknownAlphabet as error:
            return Reading(None, Unreadable(str(error)))
        return self._reader(text)

    def _key(self, message: Message, named: bytes) -> bytes:
        octets, tlvs = payload(message), message.tlvs
        head = f"{self._operator}\0{message.source}\0{message.dest}\0{message.data_coding}\0{message.esm_class}\0"
        tail = b"\0".join((*[tlvs.get(tag, b"") for tag in SAR_TLVS], named)) if tlvs else b"\0\0\0"
        whole = b"%b%d\0%b%b" % (head.encode(), len(octets), octets, tail)
        return blake2b(whole, digest_size=_KEY_OCTETS).digest()

    def _broken(self, pdu: bytes, connection: int, reason: str) -> Request:
        self._junk.say("a broken message is kept", octets=len(pdu), reason=reason)
        key = blake2b(self._operator.encode() + pdu[16:], digest_size=_KEY_OCTETS).digest()
        intent, recipient = Unreadable(reason, is_broken=True), number_of(*source_of(pdu))
        return Request(Door.SMS, recipient, intent, None, pdu, key, self._clock(), "", self._operator, connection)


def _value(message: Message, tag: int) -> bytes:
    return message.tlvs.get(tag, b"") if tag else b""
