"""A docstring opens with a noun, and says things in the words of the glossary."""

import re
from typing import Final

import pytest

from tests.docs.source import docstrings, prose

_OPENING: Final = re.compile(r"(?:What|Whether|How)\b")
_FORMER: Final = re.compile(
    r"\b(?:parcels?|carriers?|chores?|leftovers?|chorus|tally|spill|turnstile|porter|shipments?|the counter"
    r"|the talk|its talk|talks|SMPP link|(?:link|links) (?:to|of) (?:an|one|the) operators?)\b"
)
_OF_MIGRATIONS: Final = "core/store/migrations/"
"""Migrations name tables as they were."""


def test_no_docstring_opens_with_a_question() -> None:
    found = [(place, text.splitlines()[0]) for place, text in docstrings()]

    assert len(found) > 1000
    assert [(place, line) for place, line in found if _OPENING.match(line)] == []


def test_prose_says_what_the_code_says() -> None:
    found = [(place, word) for place, text in prose() for word in _FORMER.findall(text) if _OF_MIGRATIONS not in place]

    assert found == []


@pytest.mark.parametrize("line", ["What is kept.", "Whether it is.", "How many wait."])
def test_an_opening_question_is_seen(line: str) -> None:
    assert _OPENING.match(line)
