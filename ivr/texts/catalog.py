"""The prompts of one language: what each says, and in which language's voice."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

from core.conversation.requests import Language
from ivr.numerals import digits


class Line(NamedTuple):
    """Words, and the voice that says them: English is offered in English to those who hear Turkish."""

    text: str
    voice: Language


def catalog(language: Language, line_number: str) -> dict[str, Line]:
    """The prompts by dotted name (`main.menu`), the line's number put in digit by digit."""
    table = tomllib.loads(files("ivr.texts").joinpath(f"{language}.toml").read_text("utf-8"))
    lines = {}
    for name, value in _flat(table):
        text, voice = (value, language) if isinstance(value, str) else (value["text"], Language(value["voice"]))
        lines[name] = Line(text.format(number=digits(line_number, voice)), voice)
    return lines


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, str | dict[str, str]]]:
    for name, value in table.items():
        if isinstance(value, str) or "voice" in value:
            yield before + name, value
        else:
            yield from _flat(value, f"{before}{name}.")
