"""A brand's name as a voice can say it."""

import re
import unicodedata
from textwrap import shorten
from typing import Final

from core.brands.brand import Brand
from core.domain.text import fold, key, spell

_LETTERS_MAX: Final = 60  # about six seconds; the registry sets no bound to a name
_UNSAID: Final = re.compile(r"[^\w&'’.+-]+|_+")
_WORD: Final = re.compile(r"[^\W_]+")
_SAYABLE: Final = re.compile("[a-z0-9]")


def spoken(brand: Brand) -> str | None:
    """The brand's name, or a short name where it is too long; None where these voices can say none of them.

    It begins with a letter or digit, so that no speech program takes it for an option.
    """
    names = [_plain(name) for name in (brand.name, *sorted(brand.short_names, key=len))]
    sayable = [name for name in names if _SAYABLE.search(fold(name))]
    if not sayable:
        return None
    name = next((name for name in sayable if len(name) <= _LETTERS_MAX), sayable[0])
    return _as_in(brand.title, shorten(name, _LETTERS_MAX, placeholder=""))


def _plain(name: str) -> str:
    return " ".join(_UNSAID.sub(" ", unicodedata.normalize("NFC", name)).split()).lstrip("&'’.+- ")


def _as_in(title: str, name: str) -> str:
    """Capitals do not tell I from İ (MIGROS): a word that the title has in small letters is taken from there."""
    known = {word.key: word.typed for word in spell(title) if not word.typed.isupper()}
    return _WORD.sub(lambda word: known.get(key(word[0]), word[0]) if word[0].isupper() else word[0], name)
