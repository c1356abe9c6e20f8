"""The texts of the pages in one language, and how it shows days, types and counts."""

import tomllib
from collections.abc import Collection, Iterator
from datetime import date
from importlib.resources import files
from typing import Any, Final

from markupsafe import Markup

from core.brands.brand import Brand
from core.conversation.requests import Language
from core.domain.clock import Instant, istanbul
from core.domain.consent import ConsentType

NAME_LETTERS_MAX: Final = 60  # the registry sets no bound to a name


class Catalog:
    """Texts by dotted name (`done.ended`), ready for a page: what is put into them is escaped."""

    def __init__(self, language: Language) -> None:
        text = files("channels.link").joinpath("texts", f"{language}.toml").read_text("utf-8")
        self._forms = {name: Markup(form) for name, form in _flat(tomllib.loads(text))}  # noqa: S704  # they are ours

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __getitem__(self, name: str) -> str:
        """A text as it stands in the catalog."""
        return self._forms[name]

    def __call__(self, name: str, /, **named: object) -> Markup:
        form = self._forms[name]
        return form.format(**named) if named else form

    def counted(self, name: str, n: int) -> Markup:
        return self(f"counts.{name}.{'one' if n == 1 else 'many'}", n=n)

    def what(self, types: Collection[ConsentType], table: str = "what") -> str:
        """The types inside a sentence: "reklam mesajı ve reklam araması"."""
        *first, last = [self[f"{table}.{kind}"] for kind in types]
        return f"{', '.join(first)} {self['and']} {last}" if first else last

    def command(self, brand: Brand, types: Collection[ConsentType]) -> str:
        """The command to text to end these types of the brand."""
        return str(self[f"command.{'_'.join(sorted(types))}"]).format(brand=name_of(brand.label))


def name_of(name: str) -> str:
    return name if len(name) <= NAME_LETTERS_MAX else f"{name[: NAME_LETTERS_MAX - 1]}…"


def day(moment: date | Instant) -> str:
    return f"{moment if isinstance(moment, date) else istanbul(moment):%d.%m.%Y}"


def day_and_time(moment: Instant) -> str:
    return f"{istanbul(moment):%d.%m.%Y %H:%M}"


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value
