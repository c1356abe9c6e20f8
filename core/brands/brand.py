"""A brand as the registry knows it."""

from typing import Final, NamedTuple

from core.domain.text import key, words

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
        """The brand's name in texts: its name, or its shortest short name where the name is over 11 letters."""
        if len(self.name) <= _LABEL_LETTERS_MAX or not self.short_names:
            return self.name
        return min(self.short_names, key=len)

    def keys(self) -> frozenset[str]:
        """The folded forms under which the brand is found."""
        return frozenset(map(key, (self.code, self.name, *self.short_names))) - {""}

    def parts(self) -> frozenset[str]:
        """The folded words of a full name of several words, and its first two in one."""
        found = words(self.name)
        return frozenset((*found, "".join(found[:2]))) if len(found) > 1 else frozenset()
