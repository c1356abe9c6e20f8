"""A folder with settings, and the command line run in it as a person would."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from channels.cli import run
from tests.container_fixtures import clock, container, signer, template, url

__all__ = ["clock", "container", "signer", "template", "url"]

Izinhatti = Callable[..., int]

DATABASE_URL = "IZINHATTI_DATABASE__URL"
SETTINGS = '[admin]\nlisten = "127.0.0.1:0"\n'


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command run inside the test process configures the logs of all of it: the next test starts without that."""
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, holding `izinhatti.toml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "izinhatti.toml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def izinhatti(home: Path) -> Izinhatti:
    """Run one command in the folder; its exit code."""
    return lambda *arguments: run([str(a) for a in arguments])


@pytest.fixture
def database(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of the empty database that the settings name."""
    monkeypatch.setenv(DATABASE_URL, url)
    return url


@pytest.fixture
def line(home: Path, database: str, izinhatti: Izinhatti) -> Izinhatti:
    """`izinhatti` with a database that knows the brands MIGROS (600100) and Şişecam (600101)."""
    (home / "brands.csv").write_text(
        "brandCode,name,shortNames,iysCode,title\n600100,MIGROS,MIGROS,710200,A.Ş.\n600101,Şişecam,SISECAM|SISE,,\n",
        encoding="utf-8",
    )
    assert izinhatti("brands", "import", "brands.csv") == 0
    return izinhatti
