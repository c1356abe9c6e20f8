"""Options and profiles that all tests share."""

import asyncio
import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from ivr.prompts import Prompts
from ivr.speaker import Speaker
from tests.postgresql import Server

_FIGURE: Final = "figure"

settings.register_profile("normal", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("long", deadline=None, max_examples=2000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the full counts of the fault and fuzz campaigns")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("long" if config.getoption("--long") else "normal")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs whole programs comes first: it takes longest, and the rest fills the gaps between its processes."""
    items.sort(key=lambda item: "system" not in item.path.parts)


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
    """A folder with all prompts of the line 3338, kept from run to run: only what has changed is rendered, by one of a
    run's processes while the others wait."""
    folder = Path(__file__).parents[1] / "var" / "test-sounds"
    folder.mkdir(parents=True, exist_ok=True)

    async def build() -> None:
        prompts = Prompts(folder, Speaker(), "3338")
        await prompts.build(lambda _: None)
        await prompts.close()

    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        asyncio.run(build())
    return folder


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Puts a line of figures into the report at the end of the run."""
    return lambda line: record_property(_FIGURE, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # A test may run in a process of its own: what it has to say comes with its report.
    reports = [report for status in ("passed", "failed") for report in terminalreporter.getreports(status)]
    lines = {value for report in reports for name, value in report.user_properties if name == _FIGURE}
    if lines:
        terminalreporter.section("figures")
        for line in sorted(lines):
            terminalreporter.write_line(line)
