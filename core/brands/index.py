"""Brands by registry number, short name, full name, the words of a name, and likeness."""

from collections.abc import Collection, Iterable

from core.brands.brand import Brand
from core.brands.near import LongKeys


class Index:
    """Brands by every way that leads to them. Changed and searched in one thread; `get` may be called from any."""

    def __init__(self, brands: Iterable[Brand] = ()) -> None:
        self._by_code: dict[str, Brand] = {}
        self._codes_by_key: dict[str, tuple[str, ...]] = {}
        self._codes_by_part: dict[str, set[str]] = {}
        self._long_keys = LongKeys()
        self.version = 0  # grows with each change
        self.apply(brands)

    def __len__(self) -> int:
        return len(self._by_code)

    def apply(self, brands: Iterable[Brand]) -> None:
        """Add the brands, or replace those of the same registry number."""
        for brand in brands:
            if known := self._by_code.get(brand.code):
                self._forget(known)
            self._by_code[brand.code] = brand
            self.version += 1
            for name in brand.keys():
                codes = self._codes_by_key.get(name)
                if codes is None:
                    self._long_keys.add(name)
                self._codes_by_key[name] = (*(codes or ()), brand.code)
            for part in brand.parts():
                self._codes_by_part.setdefault(part, set()).add(brand.code)

    def get(self, code: str) -> Brand | None:
        return self._by_code.get(code)

    def __contains__(self, name_key: str) -> bool:
        return name_key in self._codes_by_key

    def named(self, name_key: str) -> tuple[Brand, ...]:
        """The brands whose number, short name or full name has this key (`core.domain.text.key`)."""
        return tuple([self._by_code[code] for code in self._codes_by_key.get(name_key, ())])

    def is_within(self, name_key: str) -> bool:
        """True if this key is only a part of some name's. May be called from any thread."""
        return any(name_key in name and name_key != name for name in tuple(self._codes_by_key))

    def carrying(self, part: str) -> Collection[str]:
        """The codes of the brands whose full name of several words has this word, or begins with two words that make
        it."""
        return self._codes_by_part.get(part, frozenset())

    def among(self, keys: set[str]) -> set[str]:
        """Those of the keys that are names of brands."""
        return self._codes_by_key.keys() & keys

    def among_parts(self, keys: set[str]) -> set[str]:
        """Those of the keys that are parts of names (`carrying`)."""
        return self._codes_by_part.keys() & keys

    def like(self, name_key: str) -> list[tuple[int, str]]:
        """The long names at most two slips from this one (`core.brands.near`), each behind its distance, the nearest
        first."""
        return self._long_keys.like(name_key)

    def _forget(self, brand: Brand) -> None:
        for name in brand.keys():
            rest = tuple(code for code in self._codes_by_key[name] if code != brand.code)
            if rest:
                self._codes_by_key[name] = rest
            else:
                del self._codes_by_key[name]
                self._long_keys.discard(name)
        for part in brand.parts():
            carriers = self._codes_by_part[part]
            carriers.discard(brand.code)
            if not carriers:
                del self._codes_by_part[part]
