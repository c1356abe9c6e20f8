"""Echo of words that the line does not know: it must not speak for a spoofer (domain, Outcomes)."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from core.domain.text import fold
from sms.texts.letters import is_carried

_LETTERS_MAX: Final = 20  # letters and digits of one name
_DIGITS_MAX: Final = 4  # in one answer, so that no number can be told in groups either
_NAMES_MAX: Final = 8
_WORD: Final = re.compile(r"[^\W_]+")


def echo(name: str) -> str:
    """At most 20 letters and digits of an unknown word, no signs, no 5 or more digits, also not in groups."""
    return _echo(name, _DIGITS_MAX)


def echo_sendable(name: str) -> str:
    """`echo` in letters that a short message carries, as typed or folded; nothing where there are none."""
    return next(iter(echo_several([name])), "")


def echo_several(names: Iterable[str]) -> list[str]:
    """`echo_sendable` of the first names, without those of which nothing may be repeated; 4 digits in all of them."""
    echoed, digits = [], _DIGITS_MAX
    for name in islice(names, _NAMES_MAX):
        as_typed_or_folded = (_echo(name, digits), _echo(fold(name), digits))
        shown = next((words for words in as_typed_or_folded if words and is_carried(words)), "")
        if shown:
            echoed.append(shown)
            digits -= _digits(shown)
    return echoed


def _echo(name: str, digits_max: int) -> str:
    kept, size, digits = [], 0, 0
    for word in _WORD.findall(name):
        if size + len(word) > _LETTERS_MAX:
            break
        if digits + _digits(word) > digits_max:
            continue
        kept.append(word)
        size += len(word)
        digits += _digits(word)
    return " ".join(kept)


def _digits(word: str) -> int:
    return sum(map(str.isdigit, word))
