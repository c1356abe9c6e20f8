"""Settings of the contract that this version cannot fulfil: each stops the start with one line."""

from collections.abc import Iterator

from channels.faults import Fault
from channels.sections import Settings
from channels.setting_types import POSTGRESQL


def not_yet(settings: Settings) -> Iterator[Fault]:
    """Yield a fault for each setting that this version does not have."""
    if settings.database.url.startswith(POSTGRESQL):
        yield Fault("database.url", "PostgreSQL is not supported yet, use sqlite+aiosqlite")
