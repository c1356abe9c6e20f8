"""Runs of the retention on a counter's database."""

from typing import Final

from core.conversation.requests import Said
from core.domain.clock import HOUR_MS
from core.retention.counts import Removed
from core.retention.sweeper import Sweeper
from core.retention.terms import Spans
from tests.core.conversation.decisions.scenes import DAY_MS
from tests.core.intake.citizen import Citizen, furnish
from tests.counter import NO_LIMITS, Counter

TEXT_MS: Final = 180 * DAY_MS
YEARS_3_MS: Final = (3 * 365 + 1) * DAY_MS  # from 2026-11-23, with the leap day of 2028
SPANS: Final = Spans(TEXT_MS, 3 * DAY_MS, 60_000, HOUR_MS, 90 * DAY_MS)


async def sweep(counter: Counter, spans: Spans = SPANS) -> Removed:
    async def on_slice(name: str, removed: Removed) -> None:
        pass

    return await Sweeper(counter.database, counter.book, counter.clock, spans).run(on_slice)


def citizen_of(counter: Counter) -> Citizen:
    return Citizen(furnish(counter, NO_LIMITS))


async def said_and_then(counter: Counter, said: Said, after_ms: int) -> None:
    """One message, and a time after it."""
    await citizen_of(counter).say(said, "RET MIGROS")
    counter.clock.pass_ms(after_ms)


async def count(counter: Counter, table: str) -> int:
    [found] = await counter.column(f"SELECT count(*) FROM {table}")
    assert isinstance(found, int)
    return found
