"""Turkish folding: one key for `İPTAL`, `iptal`, `ıptal` and `IPTAL`.

The only place that lowers text. Python's own `lower`, `casefold` and NFC do not do it: `"İPTAL".lower()` grows a
combining dot, and `ı` never folds to `i`.
"""

import re
import unicodedata
from typing import Final, NamedTuple

_LETTERS = str.maketrans("İIıŞşĞğÇçÖöÜüÂâÎîÛû’‘´ʼ", "iiissggccoouuaaiiuu''''")
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})  # format characters (zero width, BOM, soft hyphen) and combining marks
_APOSTROPHES: Final = frozenset("'`")
_WORD = re.compile(r"[^\W_]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def fold(text: str) -> str:
    """The text in plain lower-case letters, without marks and invisible characters; spaces and signs stay, every
    apostrophe as the plain one."""
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


class Word(NamedTuple):
    """A word of a text: folded, as it was typed, and the folded signs and spaces in front of it."""

    key: str
    typed: str
    gap: str

    @property
    def is_suffix(self) -> bool:
        """True if an apostrophe hangs it on the word before."""
        return self.gap in _APOSTROPHES


def spell(text: str) -> list[Word]:
    """The words of a text in order, each beside the citizen's own spelling of it.

    Where folding changes the count of letters (ligatures), the folded form stands for the typed one.
    """
    typed = text if text.isascii() else _visible(text)
    folded = fold(typed)
    same = typed if len(typed) == len(folded) else folded
    found, end = [], 0
    for match in _WORD.finditer(folded):
        found.append(Word(match[0], same[match.start() : match.end()], folded[end : match.start()]))
        end = match.end()
    return found


def _visible(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    if composed.translate(_LETTERS).isascii():
        return composed
    return "".join([c for c in composed if unicodedata.category(c) not in _INVISIBLE])


def key(text: str) -> str:
    """Letters and digits of the folded text in one run, the form in which names are compared."""
    return "".join(words(text))


def storable(text: str) -> str:
    """The text without U+0000 and lone surrogates, which PostgreSQL and UTF-8 cannot hold; U+FFFD stands for them."""
    return _UNSTORABLE.sub("\ufffd", text)
