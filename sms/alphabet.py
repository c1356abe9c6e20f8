"""The alphabets of short messages: octets to text and back.

GSM 7-bit text travels unpacked over SMPP, one septet an octet. The tables are those of 3GPP TS 23.038:
default alphabet 6.2.1, extension 6.2.1.1, Turkish national language single shift A.2.1.
"""

import re
import unicodedata
from codecs import charmap_decode
from typing import Final, Literal

from sms.codes import CODING_ASCII, CODING_DEFAULT, CODING_LATIN1, CODING_UCS2
from sms.errors import UnknownAlphabet

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

# Keyed by the character that _DEFAULT gives the code: that is what stands there when escapes are resolved.
# A second escape is reserved for a further table and shown as a space (6.2.1.1, note 1).
_ESCAPED: Final = {_DEFAULT[code]: letter for code, letter in _SHIFTED.items()} | {"\x1b": " "}
_PAIR: Final = re.compile("\x1b(.?)", re.DOTALL)
_TURKISH_PAIR: Final = re.compile(b"\x1b[" + bytes(_TURKISH_SHIFT) + b"]")


class _Septets(dict[int, str]):
    """A str.translate table to septets as latin-1 text; what it lacks becomes what latin-1 lacks."""

    def __missing__(self, character: int) -> str:
        return "\uffff"


_SEPTETS: Final = _Septets(
    {ord(letter): chr(code) for code, letter in enumerate(_DEFAULT) if code != ESCAPE}
    | {ord(letter): f"\x1b{chr(code)}" for code, letter in _SHIFTED.items()}
)

_PLAIN_LETTERS: Final = str.maketrans("ÇĞİÖŞÜçğıöşüÂÎÛâîû’‘“”–—", "CGIOSUcgiosuAIUaiu''\"\"--")
_NO_GSM_ASCII: Final = {code: "?" for code in range(128) if code not in _SEPTETS} | {ord("\f"): "?"}


def decode(
    octets: bytes,
    data_coding: int,
    default_alphabet: DefaultAlphabet,
    single_shift: int | None = None,
    locking_shift: int | None = None,
) -> str:
    """Return the text of a message without its user data header.

    `default_alphabet` is what data_coding 0 means on this link; the shifts are the language identifiers of
    the header and touch GSM 7-bit text only. Escape and a Turkish letter's code are that letter even when the
    header is missing, because the plain extension table has nothing there. Escape before any other code is
    skipped (6.2.1.1). Raises UnknownAlphabet for binary and reserved codings, shift tables of other
    languages, locking shifts, packed septets, and octets that the alphabet lacks.
    """
    alphabet = _alphabet(data_coding, default_alphabet)
    if alphabet == "gsm7":
        if locking_shift is not None:
            raise UnknownAlphabet(f"locking shift of language {locking_shift}")
        if single_shift is not None and single_shift != TURKISH:
            raise UnknownAlphabet(f"single shift of language {single_shift}")
        return _decode_gsm(octets)
    if alphabet == "ucs2":
        return _decode_ucs2(octets)
    if alphabet == "latin1":
        return octets.decode("latin-1")
    if alphabet == "latin5":
        return octets.decode("iso8859-9")
    if alphabet == "ascii" and octets.isascii():
        return octets.decode("ascii")
    raise UnknownAlphabet("packed septets" if alphabet == "packed" else f"data_coding 0x{data_coding:02X}")


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


def _decode_gsm(octets: bytes) -> str:
    try:
        text = charmap_decode(octets, "strict", _DEFAULT)[0]
    except UnicodeDecodeError:
        raise UnknownAlphabet("GSM 7-bit with octets over 0x7F") from None
    if "\x1b" not in text:
        return text
    return _PAIR.sub(lambda pair: _ESCAPED.get(pair[1], pair[1]), text)


def _decode_ucs2(octets: bytes) -> str:
    """Read UTF-16 that may be little-endian after a byte order mark, or cut inside its last unit."""
    encoding = "utf-16-be"
    if octets[:2] in (b"\xfe\xff", b"\xff\xfe"):
        encoding = "utf-16-be" if octets[0] == 0xFE else "utf-16-le"
        octets = octets[2:]
    return octets[: len(octets) & ~1].decode(encoding, "replace")


def encode_septets(text: str) -> bytes | None:
    """Return `text` as GSM 7-bit with extension and Turkish single shift, one septet an octet.

    None when it has a character in none of the three tables; `uses_turkish_shift` tells whether it needs the
    third.
    """
    try:
        return text.translate(_SEPTETS).encode("latin-1")
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
