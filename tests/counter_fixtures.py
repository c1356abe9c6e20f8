"""Fixtures around `tests.counter`, for the conftest of each folder that wants them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.ledger.anchors import Signer
from tests.counter import Counter, FakeClock, make_template, opened, prepared
from tests.postgresql import Server


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


@pytest.fixture
def url(template: Path, tmp_path: Path) -> str:
    return prepared(template, tmp_path)


on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
"""For tests of what one of the two databases has alone, where `url` is `any_url`."""


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of an empty database of each kind."""
    if request.param == "sqlite":
        yield prepared(request.getfixturevalue("template"), request.getfixturevalue("tmp_path"))
    else:
        server: Server = request.getfixturevalue("postgresql")
        url = server.fresh()
        yield url
        server.give_back(url)


@pytest.fixture
async def counter(url: str, clock: FakeClock, signer: Signer) -> AsyncIterator[Counter]:
    """A counter whose writer runs."""
    async with opened(url, clock, signer) as counter:
        yield counter
