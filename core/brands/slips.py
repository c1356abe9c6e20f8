"""Slips of the thumb: which letter is hit for which, and every word that is one slip away.

All letters are folded (`core.domain.text`), and so a key of ş counts as one of s too.
"""

import re
from collections.abc import Iterator
from string import ascii_lowercase
from typing import Final

from core.domain.text import fold

# (how far a row is set to the right, in tenths of a key; its letters from the left)
_TURKISH_Q: Final = ((0, "qwertyuıopğü"), (3, "asdfghjklşi"), (8, "zxcvbnmöç"))
_TURKISH_F: Final = ((0, "fgğıodrnhpqw"), (3, "uieaütkmlyşx"), (8, "jövcçzsb"))
_PHONE_KEYS: Final = ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz")
_SOUNDS: Final = ("bp", "dt", "gk", "ck", "qk", "fv", "vw", "sz", "iy")
_HELD: Final = re.compile(r"([a-z])\1{2,}")
_HELD_LAST: Final = re.compile(r"([a-z])\1+$")
_TOUCHING_MAX: Final = 12  # tenths of a key


def _pairs() -> Iterator[tuple[str, str]]:
    for rows in (_TURKISH_Q, _TURKISH_F):
        keys = [
            (left + 10 * n, row, c) for row, (left, letters) in enumerate(rows) for n, c in enumerate(fold(letters))
        ]
        for x, row, letter in keys:
            for x_other, row_other, other in keys:
                if abs(row - row_other) <= 1 and abs(x - x_other) < _TOUCHING_MAX:
                    yield letter, other
    for letters in (*_PHONE_KEYS, *_SOUNDS):
        for letter in letters:
            for other in letters:
                yield letter, other


def _neighbours() -> dict[str, frozenset[str]]:
    near: dict[str, set[str]] = {letter: set() for letter in ascii_lowercase}
    for letter, other in _pairs():
        if letter != other:
            near[letter].add(other)
    return {letter: frozenset(others) for letter, others in near.items()}


NEIGHBOURS: Final = _neighbours()
"""The letters that are hit instead of a letter: beside it on the Turkish Q or F keyboard, on the same key of a phone,
or of the same sound."""


def edits(word: str) -> set[str]:
    """Every word that one letter added, left out, changed, or swapped with the next makes of it; digits stay."""
    made: set[str] = set()
    for n, (head, tail) in enumerate(_splits(word)):
        rest = tail[1:]
        made.update([head + c + tail for c in ascii_lowercase])
        if tail and not tail[0].isdigit():
            made.add(head + rest)
            made.update([head + c + rest for c in ascii_lowercase])
            if rest and not rest[0].isdigit():
                made.add(head + rest[0] + tail[0] + word[n + 2 :])
    made.discard(word)
    return made


def likely_edits(word: str) -> set[str]:
    """Those of `edits` that a thumb makes: a neighbour's letter instead of the right one or beside it, a swap, a letter
    doubled or left out."""
    made: set[str] = set()
    for n, (head, tail) in enumerate(_splits(word)):
        if not tail or tail[0].isdigit():
            continue
        letter, rest = tail[0], tail[1:]
        made.add(head + rest)
        made.add(head + letter + tail)
        for other in NEIGHBOURS.get(letter, ()):
            made.update((head + other + rest, head + other + tail, head + letter + other + rest))
        if rest and not rest[0].isdigit():
            made.add(head + rest[0] + letter + word[n + 2 :])
    made.discard(word)
    return made


def is_likely(typed: str, meant: str) -> bool:
    """True if a thumb makes `typed` of `meant`, which is one edit away."""
    return typed in likely_edits(meant)


def unstretched(word: str) -> str:
    """The word without the letters that are held down at its end, or three times and more in it (RETTTT, HAYIIIR)."""
    return _HELD_LAST.sub(r"\1", _HELD.sub(r"\1", word))


def _splits(word: str) -> list[tuple[str, str]]:
    return [(word[:n], word[n:]) for n in range(len(word) + 1)]
