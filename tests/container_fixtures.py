"""Fixtures around `tests.counter`, for the conftest of each folder that wants them."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.ledger.anchors import Signer
from tests.container import Container, FakeClock, make_template, opened, prepared
from tests.postgresql import Server

DATABASES: Final = ("sqlite", "postgresql")

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
"""For tests of what one of the two databases has alone, or in which none plays a part."""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@contextmanager
def empty_database(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The URL of one; a file lies in the folder."""
    if kind == "sqlite":
        yield prepared(request.getfixturevalue("template"), folder)
    else:
        server: Server = request.getfixturevalue("postgresql")
        url = server.fresh()
        yield url
        server.give_back(url)


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of an empty database of each kind; a file lies where the settings look for it as they come."""
    folder = tmp_path / "var"
    folder.mkdir()
    with empty_database(request.param, request, folder) as url:
        yield url


@pytest.fixture(scope="module", params=DATABASES)
def url_of_module(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same, for what serves all tests of a file."""
    with empty_database(request.param, request, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="module")
def urls_of_module(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The same, of both at once."""
    with ExitStack() as stack:
        yield {
            kind: stack.enter_context(empty_database(kind, request, tmp_path_factory.mktemp(kind)))
            for kind in DATABASES
        }


@pytest.fixture(params=DATABASES)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """URLs of empty databases of each kind, one taking the place of the other."""
    with ExitStack() as last:

        def url() -> str:
            last.close()
            for left in tmp_path.iterdir():
                left.unlink()
            return last.enter_context(empty_database(request.param, request, tmp_path))

        yield url


@pytest.fixture
async def container(url: str, clock: FakeClock, signer: Signer) -> AsyncIterator[Container]:
    """A counter whose writer runs."""
    async with opened(url, clock, signer) as container:
        yield container
