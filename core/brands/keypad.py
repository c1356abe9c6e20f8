"""Brands by what is keyed in on a phone: the registry number, or the name on the letter keys (ITU-T E.161)."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from core.brands.brand import Brand
from core.domain.text import key

LEADING_DIGITS_MIN: Final = 3
"""So many keys of a longer name are enough to find it by its beginning."""

FOUND_MAX: Final = 9
"""A choice of one key."""

_GROUPS: Final = ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz")
# Turkish letters lie on the keys of the letters they fold to (Ç 2, Ğ İ 4, Ö 6, Ş 7, Ü 8).
_DIGITS: Final = str.maketrans({letter: str(digit) for digit, group in enumerate(_GROUPS, 2) for letter in group})


def digits_of(name: str) -> str:
    """The keys that a name is keyed in with: MIGROS is 644767. A letter that no key has is left out."""
    return "".join([c for c in key(name).translate(_DIGITS) if c.isascii() and c.isdigit()])


class Keypad:
    """All brands by their keys. Changed and searched in one thread."""

    def __init__(self, brands: Iterable[Brand] = ()) -> None:
        self._by_code: dict[str, Brand] = {}
        self._codes_by_digits: dict[str, list[str]] = {}
        self._sorted: list[str] | None = None
        self.apply(brands)

    def apply(self, brands: Iterable[Brand]) -> None:
        """Add the brands, or replace those of the same registry number."""
        for brand in brands:
            if known := self._by_code.get(brand.code):
                for digits in _all_digits(known):
                    self._codes_by_digits[digits].remove(brand.code)
            self._by_code[brand.code] = brand
            for digits in _all_digits(brand):
                self._codes_by_digits.setdefault(digits, []).append(brand.code)
            self._sorted = None

    def find(self, digits: str) -> tuple[Brand, ...]:
        """The brands whose registry number or name has just these keys; where none has, those whose name begins with
        them, from three keys on. At most one more than can be chosen from, sorted by name."""
        codes = self._codes_by_digits.get(digits) or self._leading(digits)
        brands = sorted([self._by_code[code] for code in dict.fromkeys(codes)], key=lambda brand: key(brand.name))
        return tuple(brands[: FOUND_MAX + 1])

    def _leading(self, digits: str) -> list[str]:
        if len(digits) < LEADING_DIGITS_MIN:
            return []
        if self._sorted is None:
            self._sorted = sorted(self._codes_by_digits)
        found: dict[str, None] = {}
        for at in range(bisect_left(self._sorted, digits), len(self._sorted)):
            name = self._sorted[at]
            if not name.startswith(digits) or len(found) > FOUND_MAX:
                break
            found.update(dict.fromkeys(code for code in self._codes_by_digits[name] if code != name))
        return list(found)


def _all_digits(brand: Brand) -> set[str]:
    return {brand.code, *map(digits_of, (brand.name, *brand.short_names))} - {""}
