"""Fixtures around `tests.counter`, for the conftest of each folder that wants them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.ledger.anchors import Signer
from tests.counter import Counter, FakeClock, make_template, opened, prepared


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


@pytest.fixture
async def counter(url: str, clock: FakeClock, signer: Signer) -> AsyncIterator[Counter]:
    """A counter whose writer runs."""
    async with opened(url, clock, signer) as counter:
        yield counter
