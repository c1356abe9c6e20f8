"""The texts of one language, as translators write them, and how that language shows names, days and numbers."""

import tomllib
from collections.abc import Collection, Iterator
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from core.brands.brand import Brand
from core.conversation.requests import Language
from core.domain.clock import Instant, istanbul
from core.domain.consent import ConsentType
from sms.texts.letters import carried, plain

_LABEL_LETTERS_MAX: Final = 60  # the registry sets no bound to a name


class Catalog:
    """Texts by dotted name (`ret.ended`); each has one form, or several of which the first that fits is sent."""

    def __init__(self, language: Language) -> None:
        text = files("sms.texts").joinpath(f"{language}.toml").read_text("utf-8")
        self._forms = dict(_flat(tomllib.loads(text)))
        self._in_letters = plain if language is Language.EN else carried

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __getitem__(self, name: str) -> tuple[str, ...]:
        """The forms of a text as they stand in the catalog."""
        return self._forms[name]

    def forms(self, name: str, /, **named: str) -> list[str]:
        return [form.format(**named) for form in self._forms[name]]

    def text(self, name: str, /, **named: str) -> str:
        """A text that has one form."""
        return self._forms[name][0].format(**named)

    def counted(self, name: str, n: int, /, **named: str) -> str:
        one, many = self._forms[f"counts.{name}"]
        return (one if n == 1 else many).format(n=n, **named)

    def of(self, table: str, types: Collection[ConsentType], /, **named: str) -> str:
        """The text of a table by consent types."""
        return self.text(f"{table}.{types_key(types)}", **named)

    def command(self, brand: str, types: Collection[ConsentType]) -> str:
        """The command that ends these types of the brand with this label."""
        return self.of("command", types, brand=brand)

    def label(self, brand: Brand) -> str:
        """The brand's name in texts, in the letters of the language and of short messages; at most 60 letters."""
        return self._in_letters(brand.label[:_LABEL_LETTERS_MAX])


def types_key(types: Collection[ConsentType]) -> str:
    return "_".join(sorted(set(types)))


def day(moment: date | Instant) -> str:
    return f"{moment if isinstance(moment, date) else istanbul(moment):%d.%m.%Y}"


def day_and_time(moment: Instant) -> str:
    return f"{istanbul(moment):%d.%m.%Y %H:%M}"


def time_of(moment: Instant) -> str:
    return _minute(moment // 60_000)


@lru_cache(maxsize=1024)
def _minute(minute: int) -> str:
    return f"{istanbul(Instant(minute * 60_000)):%H:%M}"


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, (value,) if isinstance(value, str) else tuple(value)
