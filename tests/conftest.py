"""Options and profiles that all tests share."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from ivr.prompts import Prompts
from ivr.speech import Speaker
from tests.postgresql import Server

_FIGURES: Final = pytest.StashKey[list[str]]()

settings.register_profile("normal", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("long", deadline=None, max_examples=2000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the full counts of the fault and fuzz campaigns")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("long" if config.getoption("--long") else "normal")


@pytest.fixture(scope="session")
def long_run(pytestconfig: pytest.Config) -> bool:
    """Whether the campaigns run their full counts."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL that runs until the last test has ended."""
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def sounds() -> Path:
    """A folder with all prompts of the line 3338, kept from run to run: only what has changed is rendered."""
    folder = Path(__file__).parents[1] / "var" / "test-sounds"

    async def build() -> None:
        prompts = Prompts(folder, Speaker(), "3338")
        await prompts.build(lambda _: None)
        await prompts.close()

    asyncio.run(build())
    return folder


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Puts a line of figures into the report at the end of the run."""
    return pytestconfig.stash.setdefault(_FIGURES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(_FIGURES, []):
        terminalreporter.section("figures")
        for line in sorted(lines):
            terminalreporter.write_line(line)
