"""Whatever a docstring or a comment points to is there: a chapter or a term of a paper, a module, a file."""

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from core.domain.text import fold
from tests.docs.source import ROOT, prose

_PAPERS: Final = {path.stem: path for path in (ROOT / "docs").glob("*.md")}
_OF_PAPER: Final = re.compile(rf"\(({'|'.join(_PAPERS)}), ([^()]+)\)")
_OF_MODULE: Final = re.compile(r"`((?:core|sms|ivr|channels)(?:\.\w+)+)`")
_OF_FILE: Final = re.compile(r"\bdocs/[\w./-]+\.\w+")
_SETTINGS: Final = {"ivr.listen", "ivr.sounds", "ivr.agent", "ivr.ami", "ivr.speech_command"}
"""Keys of the settings look like modules."""


@cache
def terms(paper: str) -> tuple[str, ...]:
    """The headings and bold terms of a paper, folded."""
    text = _PAPERS[paper].read_text()
    found = re.findall(r"^#+ (.+)$|\*\*\[?(.+?)\*\*", text, re.MULTILINE)
    return tuple([fold(heading or term) for heading, term in found])


def fault_of(paper: str, cited: str) -> str | None:
    """The part of `Chapter: term` that the paper lacks; a citation may leave out the end of a heading or a term."""
    lacking = [part for part in cited.split(": ") if not any(t.startswith(fold(part.strip())) for t in terms(paper))]
    return lacking[0] if lacking else None


def exists(name: str) -> bool:
    """A module, or an attribute of one."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        head, _, attribute = name.rpartition(".")
        return "." in head and exists(head) and hasattr(importlib.import_module(head), attribute)
    return True


def joined(text: str) -> str:
    """A docstring or comment on one line."""
    return re.sub(r"\s*\n\s*(?:# ?)?", " ", text)


def cited(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for place, text in prose():
        for found in pattern.finditer(joined(text)):
            yield place, found


def test_chapters_and_terms_of_papers_exist() -> None:
    found = list(cited(_OF_PAPER))

    assert len(found) >= 10
    assert [(place, fault) for place, one in found if (fault := fault_of(one[1], one[2]))] == []


def test_modules_exist() -> None:
    found = [(place, one[1]) for place, one in cited(_OF_MODULE) if one[1] not in _SETTINGS]

    assert len(found) >= 20
    assert [(place, name) for place, name in found if not exists(name)] == []


def test_files_of_docs_exist() -> None:
    assert [(place, one[0]) for place, one in cited(_OF_FILE) if not (ROOT / one[0]).exists()] == []


@pytest.mark.parametrize(
    ("paper", "wanted", "fault"),
    [
        ("design", "Back-pressure", None),
        ("design", "Decisions: codes and numbers do not meet", None),
        ("domain", "Limits and habits", None),
        ("design", "Front-pressure", "Front-pressure"),
        ("design", "Decisions: codes and letters", "codes and letters"),
    ],
)
def test_a_wrong_citation_is_seen(paper: str, wanted: str, fault: str | None) -> None:
    assert fault_of(paper, wanted) == fault


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("core.outbox.deliveries", True),
        ("core.domain.clock.Instant", True),
        ("core.outbox.outbox.deliveries", False),
        ("core.nothing", False),
    ],
)
def test_a_module_or_its_attribute_is_found(name: str, is_there: bool) -> None:
    assert exists(name) is is_there


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: page.name)
def test_links_between_papers_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text())
    led = [(page.parent / file if file else page, anchor) for file, anchor in links]

    assert [str(there) for there, _ in led if not there.exists()] == []
    assert [anchor for there, anchor in led if anchor and anchor not in anchors(there)] == []
