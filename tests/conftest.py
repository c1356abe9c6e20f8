"""Options and profiles that all tests share."""

import pytest
from hypothesis import settings

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
