"""Texts of digits only: numbers of a list, or a code."""

import re
from collections.abc import Sequence
from typing import Final

from core.conversation.requests import Digits
from core.domain.text import Word
from sms.reader.lexicon import Kind, word

NUMBERS_MAX: Final = 50
NUMBER_DIGITS_MAX: Final = 5

_CODE_PARTS: Final = ([6], [3, 3], [2, 2, 2])
_PHONE: Final = re.compile(r"(?:90|0090)?0?[2-5][0-9]{9}")
_PHONE_DIGITS_MIN: Final = 10
_CODE_GAP: Final = re.compile(r"[\s\-]*")
_DIGITS: Final = re.compile(r"[0-9]+")
_BESIDE: Final = frozenset({Kind.NUMBER, Kind.AND, Kind.POLITE})


def digits(spelt: Sequence[Word]) -> Digits | None:
    """The numbers of a text of digits, with words like "numara" and "ve" or without.

    None for any other text, for a phone number, and for more than 50 numbers or 5 digits in one.

    Six digits are a code as well, in one piece or as people part it, 482 913 and 48-29-13; not six single digits, which
    are six numbers of a list.
    """
    numbers = [w.key for w in spelt if _DIGITS.fullmatch(w.key)]
    beside = [w.key for w in spelt if not _DIGITS.fullmatch(w.key)]
    if not numbers or not all(_is_beside(w) for w in beside):
        return None
    if len(numbers) > NUMBERS_MAX or any("%" in w.gap for w in spelt):
        return None
    if len("".join(numbers)) >= _PHONE_DIGITS_MIN and _PHONE.fullmatch("".join(numbers)):
        return None
    code = "".join(numbers) if not beside and _is_code(spelt) else None
    if any(len(number) > NUMBER_DIGITS_MAX for number in numbers):
        return Digits((), code) if code else None
    return Digits(tuple(map(int, numbers)), code)


def _is_code(spelt: Sequence[Word]) -> bool:
    parts = [len(w.key) for w in spelt]
    return parts in _CODE_PARTS and all(_CODE_GAP.fullmatch(w.gap) for w in spelt[1:])


def _is_beside(key: str) -> bool:
    phrase = word(key)
    return phrase is not None and not phrase.kinds.isdisjoint(_BESIDE)
