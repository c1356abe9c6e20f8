"""The pages over a fake port, and a browser without scripts to visit them."""

from collections.abc import AsyncIterator

import pytest

from tests.channels.link.fakes import Client, FakePort, Time, app_of, browser, served


@pytest.fixture
def port() -> FakePort:
    return FakePort()


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
async def client(port: FakePort, clock: Time) -> AsyncIterator[Client]:
    async with served(app_of(port, clock)) as number, browser(number) as client:
        yield client
