"""Commands that the papers tell somebody to type exist."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.deploy.commands import fault_of
from tests.docs.source import ROOT

_CODE: Final = re.compile(r"```sh\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_IZINHATTI: Final = re.compile(r"(?:^|\s)izinhatti ((?!izinhatti)[a-z]+(?=\s|$)[^&;#|\n]*)", re.MULTILINE)
_MAKE: Final = re.compile(r"(?:^|\s)make ([a-z-]+)", re.MULTILINE)
_BENCH: Final = re.compile(r"python -m (tests\.[\w.]+)")
_GROUP: Final = re.compile(r"`izinhatti ([a-z]+)`")
_TARGET: Final = re.compile(r"^([a-z-]+):", re.MULTILINE)

PAPERS: Final = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def code(paper: Path) -> list[str]:
    return [block or words for block, words in _CODE.findall(paper.read_text())]


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_commands_exist(paper: Path) -> None:
    groups = [group for group in _GROUP.findall(paper.read_text()) if has(group)]  # `izinhatti review`: all of them
    commands = [words.split() for text in code(paper) for words in _IZINHATTI.findall(text)]

    assert [
        fault for words in commands if words not in [[group] for group in groups] and (fault := fault_of(words))
    ] == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_targets_of_make_and_benchmarks_exist(paper: Path) -> None:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text()))
    modules = [name for text in code(paper) for name in _BENCH.findall(text)]
    asked = {target for text in code(paper) for target in _MAKE.findall(text)}

    assert asked - targets == set()
    assert [name for name in modules if not any(there.exists() for there in files_of(name))] == []


def has(group: str) -> bool:
    """True if the command line has this group of commands."""
    return (ROOT / "channels" / "commands" / f"{group}.py").exists()


def files_of(module: str) -> tuple[Path, Path]:
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py"), path / "__main__.py"


def test_a_command_that_is_none_is_seen() -> None:
    assert _IZINHATTI.findall("sudo izinhatti ledger mend --quick # now") == ["ledger mend --quick "]
    assert fault_of(["ledger", "mend"]) is not None
    assert fault_of(["ledger", "verify", "--quick"]) is not None
    assert fault_of(["ledger", "verify"]) is None
