"""Turkish folding: one key for `İPTAL`, `iptal`, `ıptal` and `IPTAL`.

The only place that lowers text. Python's own `lower`, `casefold` and NFC do not do it: `"İPTAL".lower()` grows a
combining dot, and `ı` never folds to `i`.
"""

import re
import unicodedata

_LETTERS = str.maketrans("İIıŞşĞğÇçÖöÜüÂâÎîÛû", "iiissggccoouuaaiiuu")
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})  # format characters (zero width, BOM, soft hyphen) and combining marks
_WORD = re.compile(r"[^\W_]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def fold(text: str) -> str:
    """The text in plain lower-case letters, without marks and invisible characters; spaces and signs stay."""
    if text.isascii():
        return text.lower()
    plain = text.translate(_LETTERS)
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if unicodedata.category(c) not in _INVISIBLE)
        plain = plain.translate(_LETTERS)
    return plain.lower()


def words(text: str) -> list[str]:
    """The folded words of a text: runs of letters and digits."""
    return _WORD.findall(fold(text))


def key(text: str) -> str:
    """Letters and digits of the folded text in one run, the form in which names are compared."""
    return "".join(words(text))


def storable(text: str) -> str:
    """The text without U+0000 and lone surrogates, which PostgreSQL and UTF-8 cannot hold; U+FFFD stands for them."""
    return _UNSTORABLE.sub("\ufffd", text)
