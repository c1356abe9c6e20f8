"""Long names that are like a word, found without a walk through all names.

Two slips cannot spoil all three thirds of a name. So each name is kept under each of its thirds, with its length; the
thirds of a word, moved by up to two letters, lead to all names within two slips of it.
"""

from collections.abc import Iterator
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

KEY_LETTERS_MIN: Final = 7
WORD_LETTERS_MIN: Final = 8  # two slips in a shorter word leave too little of it
LETTERS_MAX: Final = 40
SLIPS_MAX: Final = 2
_THIRDS: Final = 3
_COMPARED_MAX: Final = 4000


class LongKeys:
    """The keys of names with letters enough for two slips. Digits are never slipped: they must be the same."""

    def __init__(self) -> None:
        self._by_third: dict[str, list[str]] = {}

    def add(self, key: str) -> None:
        for third in _thirds_of(key):
            self._by_third.setdefault(third, []).append(key)

    def discard(self, key: str) -> None:
        for third in _thirds_of(key):
            rest = self._by_third[third]
            rest.remove(key)
            if not rest:
                del self._by_third[third]

    def like(self, word: str) -> list[tuple[int, str]]:
        """The keys at most two slips from the word, the word itself left out, each behind its distance, the nearest
        first. At most `_COMPARED_MAX` keys are looked at."""
        if not WORD_LETTERS_MIN <= len(word) <= LETTERS_MAX:
            return []
        compared: set[str] = set()
        for third in _thirds_near(word):
            if len(compared) < _COMPARED_MAX:
                compared.update(self._by_third.get(third, ()))
        compared.discard(word)
        digits = _digits(word)
        close = process.extract(
            word, list(compared), scorer=OSA.distance, processor=None, score_cutoff=SLIPS_MAX, limit=None
        )
        return sorted((int(distance), key) for key, distance, _ in close if _digits(key) == digits)


def _thirds_of(key: str) -> list[str]:
    size = len(key)
    if not KEY_LETTERS_MIN <= size <= LETTERS_MAX or key.isdigit():
        return []
    return [_third(n, size, key[size * n // _THIRDS : size * (n + 1) // _THIRDS]) for n in range(_THIRDS)]


def _thirds_near(word: str) -> Iterator[str]:
    moves = range(-SLIPS_MAX, SLIPS_MAX + 1)
    for size in (len(word) + more for more in moves):
        for n in range(_THIRDS):
            start, end = size * n // _THIRDS, size * (n + 1) // _THIRDS
            for move in moves if n else moves[SLIPS_MAX : SLIPS_MAX + 1]:
                if start + move >= 0:
                    yield _third(n, size, word[start + move : end + move])


def _third(n: int, size: int, letters: str) -> str:
    return f"{n}{size}{letters}"


def _digits(key: str) -> list[str]:
    return [] if key.isalpha() else [c for c in key if c.isdigit()]
