"""The alphabets of short messages: octets to text and back.

GSM 7-bit text is one septet an octet here (`sms.gsm.packing` has the rest). The tables are those of 3GPP TS 23.038:
default alphabet 6.2.1, extension 6.2.1.1, Turkish national language single shift A.2.1 and locking shift A.3.1.
"""

import re
import unicodedata
from codecs import charmap_decode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from sms.gsm.coding import CODING_ASCII, CODING_DEFAULT, CODING_LATIN1, CODING_UCS2
from sms.gsm.errors import UnknownAlphabet
from sms.gsm.packing import unpack

NO_CHARSETS: Final[Mapping[int, str]] = MappingProxyType({})
DefaultAlphabet = Literal["gsm7", "latin1", "latin5", "packed"]
ReplyAlphabet = Literal["turkish-single", "turkish-locking", "ascii", "ucs2"]

TURKISH: Final = 1  # national language identifier, 3GPP TS 23.038 table 6.2.1.2.4.1
ESCAPE: Final = 0x1B

_DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_LOCKED: Final = (
    "@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "çabcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_TURKISH_SHIFT: Final = {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"}

_SHIFTED: Final = _EXTENSION | _TURKISH_SHIFT

_PAIR: Final = re.compile(b"\x1b(.?)", re.DOTALL)
_TURKISH_PAIR: Final = re.compile(b"\x1b[" + bytes(_TURKISH_SHIFT) + b"]")
# Codes of a Turkish letter in the locking table and of ì Ø ø Æ æ ¡ ¿ in the default one.
_LOCKED_LETTERS: Final = re.compile(b"[\x07\x0b\x0c\x1c\x1d\x40\x60]")
_E_GRAVE: Final = b"\x04"  # in the default table; the euro sign in the locking one


class _Septets(dict[int, str]):
    """A str.translate table to septets as latin-1 text; what it lacks becomes what latin-1 lacks."""

    def __missing__(self, character: int) -> str:
        return "\uffff"


def _septets_of(table: str, shifted: dict[int, str]) -> _Septets:
    escaped = {ord(letter): f"\x1b{chr(code)}" for code, letter in shifted.items()}
    return _Septets(escaped | {ord(letter): chr(code) for code, letter in enumerate(table) if code != ESCAPE})


_SEPTETS: Final = _septets_of(_DEFAULT, _SHIFTED)
_LOCKED_SEPTETS: Final = _septets_of(_LOCKED, _EXTENSION)

_PLAIN_LETTERS: Final = str.maketrans("ÇĞİÖŞÜçğıöşüÂÎÛâîû’‘“”–—", "CGIOSUcgiosuAIUaiu''\"\"--")
_NO_GSM_ASCII: Final = {code: "?" for code in range(128) if code not in _SEPTETS} | {ord("\f"): "?"}


def decode(
    octets: bytes,
    data_coding: int,
    default_alphabet: DefaultAlphabet,
    single_shift: int | None = None,
    locking_shift: int | None = None,
    charsets: Mapping[int, str] = NO_CHARSETS,
) -> str:
    """Return the text of a message without its user data header.

    `default_alphabet` is what data_coding 0 means to this operator, `charsets` says where the operator differs, by
    data_coding; packed septets come unpacked (`as_septets`). The shifts
    are the language identifiers of the header and touch GSM 7-bit text only. Turkish is read when the header is
    missing too: the plain extension table has nothing where an escape makes a Turkish letter, and Turkish has no use
    for the letters whose codes are Turkish ones in the locking table. Escape before any other code is skipped
    (6.2.1.1). Raises UnknownAlphabet for binary and reserved codings, shift tables of other languages, and octets that
    the alphabet lacks.
    """
    alphabet = charsets.get(data_coding) or _alphabet(data_coding, default_alphabet)
    if alphabet in ("gsm7", "packed"):
        for kind, language in (("locking", locking_shift), ("single", single_shift)):
            if language not in (None, TURKISH):
                raise UnknownAlphabet(f"{kind} shift of language {language}")
        is_headless = locking_shift is None and single_shift is None
        is_locked = _seems_locked(octets) if is_headless else locking_shift is not None
        return _decode_gsm(octets, _LOCKED if is_locked else _DEFAULT)
    if alphabet == "ucs2":
        return _decode_ucs2(octets)
    if alphabet == "latin1":
        return octets.decode("latin-1")
    if alphabet == "latin5":
        return octets.decode("iso8859-9")
    if alphabet in ("utf-8", "windows-1254"):
        return _decode_as(octets, alphabet)
    if alphabet == "ascii" and octets.isascii():
        return octets.decode("ascii")
    raise UnknownAlphabet(f"data_coding 0x{data_coding:02X}")


def _decode_as(octets: bytes, charset: str) -> str:
    try:
        return octets.decode(charset)
    except UnicodeDecodeError:
        raise UnknownAlphabet(f"octets that are no {charset}") from None


def as_septets(
    octets: bytes,
    data_coding: int,
    default_alphabet: DefaultAlphabet,
    header_octets: int,
    charsets: Mapping[int, str] = NO_CHARSETS,
) -> bytes:
    """Return the octets behind a header of so many octets as `decode` takes them: packed septets one an octet."""
    alphabet = charsets.get(data_coding) or _alphabet(data_coding, default_alphabet)
    return unpack(octets, header_octets) if alphabet == "packed" else octets


def _alphabet(data_coding: int, default_alphabet: DefaultAlphabet) -> str:
    """Read data_coding by SMPP 3.4, 5.2.19, and above 0x0F by the groups of 3GPP TS 23.038, section 4."""
    if data_coding == CODING_DEFAULT:
        return default_alphabet
    if data_coding == CODING_UCS2 or 0x18 <= data_coding <= 0x1B or 0xE0 <= data_coding <= 0xEF:
        return "ucs2"
    if data_coding == CODING_ASCII:
        return "ascii"
    if data_coding == CODING_LATIN1:
        return "latin1"
    if 0x10 <= data_coding <= 0x13 or 0xD0 <= data_coding <= 0xDF or 0xF0 <= data_coding <= 0xF3:
        return "gsm7"
    return ""


def _seems_locked(octets: bytes) -> bool:
    return _LOCKED_LETTERS.search(octets) is not None and _E_GRAVE not in octets


def _decode_gsm(octets: bytes, table: str) -> str:
    """A second escape is reserved for a further table and shown as a space (6.2.1.1, note 1)."""
    try:
        if ESCAPE not in octets:
            return charmap_decode(octets, "strict", table)[0]
        pieces = _PAIR.split(octets)
        plain = [charmap_decode(piece, "strict", table)[0] for piece in pieces]
    except UnicodeDecodeError:
        raise UnknownAlphabet("GSM 7-bit with octets over 0x7F") from None
    for at in range(1, len(pieces), 2):
        code = pieces[at]
        plain[at] = " " if code == b"\x1b" else _SHIFTED.get(code[0], plain[at]) if code else ""
    return "".join(plain)


def _decode_ucs2(octets: bytes) -> str:
    """Read UTF-16 that may be cut inside its last unit, and little-endian: after a byte order mark, or where more units
    are Latin ones that way round (U+0000 to U+01FF, which has all of Turkish)."""
    whole = octets[: len(octets) & ~1]
    if whole[:2] in (b"\xfe\xff", b"\xff\xfe"):
        encoding = "utf-16-be" if whole[0] == 0xFE else "utf-16-le"
        return whole[2:].decode(encoding, "replace")
    return whole.decode("utf-16-le" if _latin(whole[1::2]) > _latin(whole[::2]) else "utf-16-be", "replace")


def _latin(high_octets: bytes) -> int:
    return high_octets.count(0) + high_octets.count(1)


def encode_septets(text: str) -> bytes | None:
    """Return `text` as GSM 7-bit with extension and Turkish single shift, one septet an octet.

    None when it has a character in none of the three tables; `uses_turkish_shift` tells whether it needs the
    third.
    """
    try:
        return text.translate(_SEPTETS).encode("latin-1")
    except UnicodeEncodeError:
        return None


def encode_locked(text: str) -> bytes | None:
    """Return `text` in the Turkish locking table with the plain extension, one septet an octet; None when it has a
    character in neither."""
    try:
        return text.translate(_LOCKED_SEPTETS).encode("latin-1")
    except UnicodeEncodeError:
        return None


def uses_turkish_shift(septets: bytes) -> bool:
    """Tell whether septets of `encode_septets` need the header that announces Turkish single shift."""
    return ESCAPE in septets and _TURKISH_PAIR.search(septets) is not None


def encode_ucs2(text: str) -> bytes:
    """Return `text` as UTF-16 without a byte order mark; a lone surrogate becomes a question mark."""
    return text.encode("utf-16-be", "replace")


def fold_ascii(text: str) -> str:
    """Return `text` in those ASCII characters that GSM 7-bit has too; what has none becomes a question mark.

    Turkish letters and others with accents lose their marks.
    """
    plain = text.translate(_PLAIN_LETTERS)
    if not plain.isascii():
        parts = unicodedata.normalize("NFKD", plain)
        plain = "".join(part for part in parts if not unicodedata.combining(part))
        plain = plain.encode("ascii", "replace").decode("ascii")
    return plain.translate(_NO_GSM_ASCII)
