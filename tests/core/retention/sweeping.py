"""Runs of the retention on a counter's database."""

from typing import Final

from core.conversation.requests import RequestIntent
from core.domain.clock import HOUR_MS
from core.retention.counts import Removed
from core.retention.sweeper import Sweeper
from core.retention.terms import Spans
from tests.container import NO_LIMITS, Container
from tests.core.conversation.decisions.scenes import DAY_MS
from tests.core.intake.citizen import Citizen, furnish

TEXT_MS: Final = 180 * DAY_MS
YEARS_3_MS: Final = (3 * 365 + 1) * DAY_MS  # from 2026-11-23, with the leap day of 2028
SPANS: Final = Spans(TEXT_MS, 3 * DAY_MS, 60_000, HOUR_MS, 90 * DAY_MS)


async def sweep(container: Container, spans: Spans = SPANS) -> Removed:
    async def on_slice(name: str, removed: Removed) -> None:
        pass

    return await Sweeper(container.database, container.book, container.clock, spans).run(on_slice)


def citizen_of(container: Container) -> Citizen:
    return Citizen(furnish(container, NO_LIMITS))


async def said_and_then(container: Container, intent: RequestIntent, after_ms: int) -> None:
    """One message, and a time after it."""
    await citizen_of(container).say(intent, "RET MIGROS")
    container.clock.pass_ms(after_ms)


async def count(container: Container, table: str) -> int:
    [found] = await container.column(f"SELECT count(*) FROM {table}")
    assert isinstance(found, int)
    return found
