"""What people text: a text and the brand directory → the wish in it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from core.brands import Directory
from core.consent import ConsentType
from core.requests import NotUnderstood, Ret, RetUnknown, Wish
from core.text import words

VERBS_RET: Final = frozenset({"ret", "red", "iptal"})

_ARAMA: Final = (ConsentType.ARAMA,)
_MESAJ: Final = (ConsentType.MESAJ,)
_EPOSTA: Final = (ConsentType.EPOSTA,)
_TYPE_WORDS: Final = {
    **dict.fromkeys(("arama", "aramalar"), _ARAMA),
    **dict.fromkeys(("mesaj", "mesajlar", "sms"), _MESAJ),
    **dict.fromkeys(("eposta", "email", "mail"), _EPOSTA),
    "hepsi": (*_ARAMA, *_MESAJ),
}
_WORDS_MAX: Final = 20  # a text of more words is no command
_E_POSTA: Final = re.compile(r"\b(e)[-\s](posta|mail)\b", re.IGNORECASE)
_AS_TYPED: Final = re.compile(r"[^\W_]+")


def read(text: str, directory: Directory) -> Wish:
    """The wish in a text: a word for refusing, first or last, beside exactly one brand and types."""
    text = _E_POSTA.sub(r"\1\2", text)
    found = words(text)
    if not 2 <= len(found) <= _WORDS_MAX:
        return NotUnderstood()
    if found[0] in VERBS_RET:
        rest, start = found[1:], 1
    elif found[-1] in VERBS_RET:
        rest, start = found[:-1], 0
    else:
        return NotUnderstood()
    return _named(text, rest, start, directory)


def _named(text: str, rest: Sequence[str], start: int, directory: Directory) -> Wish:
    for first, end in _spans(rest):
        brands = directory.named("".join(rest[first:end]))
        if brands:
            outside = (*rest[:first], *rest[end:])
            return Ret(brands[0], _types(outside)) if len(brands) == 1 else NotUnderstood()
    before, after = _leading(rest), _leading(rest[::-1])
    if before == len(rest):
        return NotUnderstood()
    return RetUnknown(_as_typed(text, rest, start, slice(before, len(rest) - after)))


def _spans(rest: Sequence[str]) -> Iterator[tuple[int, int]]:
    """What of the words may be the brand, the longest first: `RET HEPSI BURADA` is never "all"."""
    yield 0, len(rest)
    before, after = _leading(rest), _leading(rest[::-1])
    spans = [(first, len(rest) - last) for first in range(before + 1) for last in range(after + 1) if first or last]
    yield from sorted((span for span in spans if span[0] < span[1]), key=lambda span: span[0] - span[1])


def _leading(of_words: Sequence[str]) -> int:
    """How many words at the start name types."""
    return next((n for n, word in enumerate(of_words) if word not in _TYPE_WORDS), len(of_words))


def _types(of_words: Sequence[str]) -> tuple[ConsentType, ...]:
    if not of_words:
        return _MESAJ  # Yönetmelik m.9: a refusal ends the channel on which the message came
    wanted = {kind for word in of_words for kind in _TYPE_WORDS[word]}
    return tuple(kind for kind in ConsentType if kind in wanted)


def _as_typed(text: str, rest: Sequence[str], start: int, named: slice) -> str:
    """The words as the citizen wrote them; folded ones where invisible characters make them count differently."""
    typed = _AS_TYPED.findall(unicodedata.normalize("NFC", text))
    return " ".join((typed[start:] if len(typed) == len(rest) + 1 else rest)[named])
