"""The brand directory in memory: by registry number, short name and full name."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from core.text import key

SHORT_NAMES_MAX: Final = 3  # İYS: a brand has at most three short names
_LABEL_LETTERS_MAX: Final = 11


class Brand(NamedTuple):
    """A brand as the registry knows it. `code` is its "İYS numarası" (brandCode)."""

    code: str
    name: str
    short_names: tuple[str, ...] = ()
    iys_code: str = ""
    title: str = ""
    dealer_of: str | None = None
    closed: bool = False

    @property
    def label(self) -> str:
        """What texts call the brand: its name, or its shortest short name where the name is over 11 letters."""
        if len(self.name) <= _LABEL_LETTERS_MAX or not self.short_names:
            return self.name
        return min(self.short_names, key=len)

    def keys(self) -> frozenset[str]:
        """The folded forms under which the brand is found."""
        return frozenset(map(key, (self.code, self.name, *self.short_names))) - {""}


class Directory:
    """All brands. Changed and searched in the event loop's thread; `get` may be called from any thread."""

    def __init__(self, brands: Iterable[Brand] = ()) -> None:
        self._by_code: dict[str, Brand] = {}
        self._codes_by_key: dict[str, tuple[str, ...]] = {}
        self.apply(brands)

    def __len__(self) -> int:
        return len(self._by_code)

    def apply(self, brands: Iterable[Brand]) -> None:
        """Add the brands, or replace those of the same registry number."""
        for brand in brands:
            if known := self._by_code.get(brand.code):
                self._forget(known)
            self._by_code[brand.code] = brand
            for name in brand.keys():
                self._codes_by_key[name] = (*self._codes_by_key.get(name, ()), brand.code)

    def get(self, code: str) -> Brand | None:
        return self._by_code.get(code)

    def __contains__(self, name_key: str) -> bool:
        return name_key in self._codes_by_key

    def named(self, name_key: str) -> tuple[Brand, ...]:
        """The brands whose number, short name or full name has this key (`core.text.key`)."""
        return tuple([self._by_code[code] for code in self._codes_by_key.get(name_key, ())])

    def _forget(self, brand: Brand) -> None:
        for name in brand.keys():
            rest = tuple(code for code in self._codes_by_key[name] if code != brand.code)
            if rest:
                self._codes_by_key[name] = rest
            else:
                del self._codes_by_key[name]
