"""deliver_sm → Request: whose number, which text, which wish."""

from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from typing import Final, NamedTuple

from core.brands import Directory
from core.clock import Clock
from core.deliveries import Delivery
from core.recipients import BadAddress, Msisdn
from core.requests import Door, Piece, Reading, Request, Unreadable
from sms.alphabet import DefaultAlphabet, decode
from sms.codes import ESM_UDHI
from sms.delivery import read_delivery
from sms.errors import BrokenPdu, UnknownAlphabet
from sms.pdu import Message, parse_message, payload
from sms.reader.remembered import RememberedReader
from sms.segments import Udh, parse_udh

_MESSAGE_TYPE: Final = 0x3C  # esm_class, bits 5 to 2 (SMPP 3.4, 5.2.12)
_RECEIPT_TYPES: Final = frozenset({0x04, 0x20})  # delivery receipt, intermediate notification
_KEY_OCTETS: Final = 16
_NO_HEADER: Final = Udh()


class Arrival(NamedTuple):
    """A deliver_sm that was read: its request, None for a receipt, which is no citizen's message. `delivery` is what a
    receipt says, None where that is nothing to act on."""

    request: Request | None
    is_broken: bool = False
    delivery: Delivery | None = None


class Inbound:
    """Reads the deliver_sm of one operator."""

    def __init__(self, operator: str, default_alphabet: DefaultAlphabet, directory: Directory, clock: Clock) -> None:
        self._operator = operator
        self._default_alphabet = default_alphabet
        self._reader = RememberedReader(directory)
        self._clock = clock

    def take(self, pdu: bytes, link: int) -> Arrival:
        """Read a deliver_sm. Whatever cannot be read becomes a request that is kept raw and set aside."""
        try:
            message = parse_message(pdu)
        except BrokenPdu as error:
            return Arrival(self._broken(pdu, link, str(error)), is_broken=True)
        kind = message.esm_class & _MESSAGE_TYPE
        if kind in _RECEIPT_TYPES:
            return Arrival(None, delivery=read_delivery(message, self._operator))
        try:
            recipient = Msisdn.parse(message.source)
        except BadAddress:
            recipient = None
        try:
            reading, piece = self._content(message, kind)
        except Exception as error:  # noqa: BLE001  # poison: raised further, it would cut the link and come again for ever
            reading, piece = Reading(None, Unreadable(f"reading raised {type(error).__name__}")), None
        said, key, now = piece or reading.said, self._key(message), self._clock()
        return Arrival(
            Request(
                *(Door.SMS, recipient, said, reading.text, pdu, key, now, message.dest, self._operator, link),
                language=reading.language,
            )
        )

    def _content(self, message: Message, kind: int) -> tuple[Reading, Piece | None]:
        octets, udh = payload(message), _NO_HEADER
        if kind:
            return Reading(None, Unreadable(f"esm_class 0x{message.esm_class:02X}")), None
        if message.esm_class & ESM_UDHI:
            try:
                udh, octets = parse_udh(octets)
            except BrokenPdu as error:
                return Reading(None, Unreadable(str(error))), None
        if udh.total > 1:
            join = partial(self._join, message.data_coding, udh)
            return Reading(None, Unreadable("a part")), Piece(udh.reference, udh.total, udh.part, octets, join)
        return self._read(octets, message.data_coding, udh), None

    def _join(self, data_coding: int, udh: Udh, parts: Sequence[bytes]) -> Reading:
        # Octets are joined before they are decoded: an escape or a surrogate may end a part.
        return self._read(b"".join(parts), data_coding, udh)

    def _read(self, octets: bytes, data_coding: int, udh: Udh) -> Reading:
        try:
            text = decode(octets, data_coding, self._default_alphabet, udh.single_shift, udh.locking_shift)
        except UnknownAlphabet as error:
            return Reading(None, Unreadable(str(error)))
        return self._reader(text)

    def _key(self, message: Message) -> bytes:
        head = f"{self._operator}\0{message.source}\0{message.dest}\0{message.data_coding}\0{message.esm_class}\0"
        return blake2b(head.encode() + payload(message), digest_size=_KEY_OCTETS).digest()

    def _broken(self, pdu: bytes, link: int, reason: str) -> Request:
        key = blake2b(self._operator.encode() + pdu[16:], digest_size=_KEY_OCTETS).digest()
        return Request(Door.SMS, None, Unreadable(reason), None, pdu, key, self._clock(), "", self._operator, link)
