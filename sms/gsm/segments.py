"""Long messages: user data headers (3GPP TS 23.040, 9.2.3.24) in, segments out."""

from typing import Final, NamedTuple

from sms.gsm.alphabet import (
    ESCAPE,
    TURKISH,
    DefaultAlphabet,
    ReplyAlphabet,
    encode_locked,
    encode_septets,
    encode_ucs2,
    fold_ascii,
    uses_turkish_shift,
)
from sms.gsm.coding import CODING_DEFAULT, CODING_UCS2
from sms.gsm.errors import BrokenUdh, TextTooLong, UnknownAlphabet
from sms.gsm.packing import pack

SEGMENTS_MAX: Final = 255
USER_DATA_OCTETS: Final = 140  # of one short message, its header included

_CONCATENATION: Final = 0x00
_CONCATENATION_16: Final = 0x08
_SINGLE_SHIFT: Final = 0x24
_LOCKING_SHIFT: Final = 0x25
_ELEMENT_OCTETS: Final = {_CONCATENATION: 3, _CONCATENATION_16: 4, _SINGLE_SHIFT: 1, _LOCKING_SHIFT: 1}

_TURKISH_ELEMENT: Final = bytes((_SINGLE_SHIFT, 1, TURKISH))
_LOCKING_ELEMENT: Final = bytes((_LOCKING_SHIFT, 1, TURKISH))
_NOTHING: Final = b""


class Udh(NamedTuple):
    """The content of a user data header. A message that is no part has reference 0, part 1 of total 1.

    `reference` is 0 to 65,535, `part` and `total` 1 to 255; the shifts are language identifiers, None when
    absent.
    """

    reference: int = 0
    part: int = 1
    total: int = 1
    single_shift: int | None = None
    locking_shift: int | None = None


class Segment(NamedTuple):
    """One short message as it goes out: `octets` is up to 160 octets of header (when `udhi`) and text."""

    data_coding: int
    udhi: bool
    octets: bytes

    def __repr__(self) -> str:
        return f"Segment(data_coding={self.data_coding}, udhi={self.udhi}, octets={len(self.octets)})"


class Cost(NamedTuple):
    """Size of a text: GSM septets or UTF-16 units without headers, and the segments they take."""

    units: int
    segments: int


class _Encoded(NamedTuple):
    data_coding: int
    element: bytes  # what each segment's header must say about the alphabet
    octets: bytes
    unit_octets: int  # 1 for septets, 2 for UTF-16
    packed: bool = False


def parse_udh(octets: bytes) -> tuple[Udh, bytes]:
    """Split the payload of a message whose esm_class has the UDHI bit into header and text.

    Unknown elements are skipped; of a repeated element the last one counts, and a concatenation with a part
    outside its total is ignored, all as 3GPP TS 23.040 9.2.3.24 asks. Raises BrokenUdh when a length lies.
    """
    if not octets or octets[0] >= len(octets):
        raise BrokenUdh("length")
    end = octets[0] + 1
    at = 1
    reference, part, total = 0, 1, 1
    single_shift: int | None = None
    locking_shift: int | None = None
    while at < end:
        value_at = at + 2
        if value_at > end or value_at + octets[at + 1] > end:
            raise BrokenUdh("element length")
        element, value = octets[at], octets[value_at : value_at + octets[at + 1]]
        if len(value) != _ELEMENT_OCTETS.get(element, len(value)):
            raise BrokenUdh(f"element 0x{element:02X}")
        at = value_at + len(value)
        if element in (_CONCATENATION, _CONCATENATION_16):
            if 1 <= value[-1] <= value[-2]:
                reference, total, part = int.from_bytes(value[:-2]), value[-2], value[-1]
        elif element == _SINGLE_SHIFT:
            single_shift = value[0]
        elif element == _LOCKING_SHIFT:
            locking_shift = value[0]
    return Udh(reference, part, total, single_shift, locking_shift), octets[end:]


def split(
    text: str, reply_alphabet: ReplyAlphabet, reference: int, default_alphabet: DefaultAlphabet = "gsm7"
) -> list[Segment]:
    """Return the segments that carry `text` in the cheapest way that `reply_alphabet` allows.

    `turkish-single` takes plain GSM 7-bit, else Turkish single shift, else UCS2; `turkish-locking` takes of plain GSM
    7-bit, Turkish locking shift and UCS2 what needs the fewest segments. `reference` (its lowest 8 bits) ties several
    segments together. No escape pair and no surrogate pair is cut. An empty text is one empty segment. Raises
    TextTooLong over 255 segments, UnknownAlphabet for a Turkish shift beside an 8-bit default alphabet.
    """
    encoded = _encode(text, reply_alphabet, default_alphabet)
    head = _header(encoded.element)
    if len(encoded.octets) <= _limit(encoded, head):
        return [_segment(encoded, head, encoded.octets)]
    pieces = _pieces(encoded)
    if len(pieces) > SEGMENTS_MAX:
        raise TextTooLong(len(pieces))
    segments = []
    for part, piece in enumerate(pieces, 1):
        element = bytes((_CONCATENATION, 3, reference & 0xFF, len(pieces), part))
        segments.append(_segment(encoded, _header(element + encoded.element), piece))
    return segments


def _segment(encoded: _Encoded, head: bytes, piece: bytes) -> Segment:
    octets = pack(piece, len(head)) if encoded.packed else piece
    return Segment(encoded.data_coding, bool(head), head + octets)


def cost(text: str, reply_alphabet: ReplyAlphabet, default_alphabet: DefaultAlphabet = "gsm7") -> Cost:
    """Return what `split` would make of `text`, with the same errors."""
    encoded = _encode(text, reply_alphabet, default_alphabet)
    segments = _segments(encoded)
    if segments > SEGMENTS_MAX:
        raise TextTooLong(segments)
    return Cost(len(encoded.octets) // encoded.unit_octets, segments)


def _segments(encoded: _Encoded) -> int:
    return 1 if len(encoded.octets) <= _limit(encoded, _header(encoded.element)) else len(_pieces(encoded))


def _encode(text: str, reply_alphabet: ReplyAlphabet, default_alphabet: DefaultAlphabet) -> _Encoded:
    if reply_alphabet == "ucs2":
        return _ucs2(text)
    is_packed = default_alphabet == "packed"
    is_gsm = is_packed or default_alphabet == "gsm7"
    if reply_alphabet == "ascii":
        folded = fold_ascii(text)  # of which every character is in GSM 7-bit too
        septets = encode_septets(folded) if is_gsm else None
        octets = folded.encode("ascii") if septets is None else septets
        return _Encoded(CODING_DEFAULT, _NOTHING, octets, 1, is_packed)
    if not is_gsm:
        raise UnknownAlphabet(f"{reply_alphabet} beside {default_alphabet}")
    septets = encode_septets(text)
    if reply_alphabet == "turkish-locking":
        return _locking(text, septets, is_packed)
    if septets is None:
        return _ucs2(text)
    element = _TURKISH_ELEMENT if uses_turkish_shift(septets) else _NOTHING
    return _Encoded(CODING_DEFAULT, element, septets, 1, is_packed)


def _locking(text: str, septets: bytes | None, is_packed: bool) -> _Encoded:
    ways = []
    if septets is not None and not uses_turkish_shift(septets):
        ways.append(_Encoded(CODING_DEFAULT, _NOTHING, septets, 1, is_packed))
    if (locked := encode_locked(text)) is not None:
        ways.append(_Encoded(CODING_DEFAULT, _LOCKING_ELEMENT, locked, 1, is_packed))
    return min((*ways, _ucs2(text)), key=_segments)


def _ucs2(text: str) -> _Encoded:
    return _Encoded(CODING_UCS2, _NOTHING, encode_ucs2(text), 2)


def _header(elements: bytes) -> bytes:
    return bytes((len(elements),)) + elements if elements else _NOTHING


def _limit(encoded: _Encoded, head: bytes) -> int:
    """Return how many octets over SMPP fit beside the header in the 140 octets over the air.

    Text in an 8-bit default alphabet is counted in septets too: the SMSC turns it into GSM 7-bit.
    """
    room = USER_DATA_OCTETS - len(head)
    return room if encoded.data_coding == CODING_UCS2 else room * 8 // 7


def _pieces(encoded: _Encoded) -> list[bytes]:
    octets = encoded.octets
    limit = _limit(encoded, _header(bytes(5) + encoded.element))
    pieces = []
    at = 0
    while at < len(octets):
        end = at + limit
        if end < len(octets) and _cuts_pair(encoded, end):
            end -= encoded.unit_octets
        pieces.append(octets[at:end])
        at = end
    return pieces


def _cuts_pair(encoded: _Encoded, end: int) -> bool:
    if encoded.data_coding == CODING_UCS2:
        return 0xD8 <= encoded.octets[end - 2] <= 0xDB
    return encoded.octets[end - 1] == ESCAPE
