"""Moments: whole milliseconds since 1970 in UTC where they are stored, Europe/Istanbul where people see them."""

import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final, NewType
from zoneinfo import ZoneInfo

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z."""

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS

Clock = Callable[[], Instant]

ISTANBUL: Final = ZoneInfo("Europe/Istanbul")
LEGAL_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_LEGAL_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
_LEGAL_HOUR: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}")
_HOURS_KEPT: Final = 65_536  # more than seven years of them
_IN_HOUR: Final = {f":{second // 60:02}:{second % 60:02}": second * 1000 for second in range(3600)}


def system_clock() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


def from_datetime(moment: datetime) -> Instant:
    return Instant(round(moment.timestamp() * 1000))


def istanbul(moment: Instant) -> datetime:
    return datetime.fromtimestamp(moment / 1000, ISTANBUL)


def to_second(moment: Instant) -> Instant:
    """The moment without its milliseconds: İYS dates acts to the second."""
    return Instant(moment - moment % 1000)


def legal_time(moment: Instant) -> str:
    """İYS's own form, `YYYY-MM-DD HH:mm:ss` in Türkiye time."""
    return istanbul(moment).strftime(_LEGAL_FORMAT)


def parse_legal_time(text: str) -> Instant:
    """Read `YYYY-MM-DD HH:mm:ss` in Türkiye time. Raises ValueError, or OverflowError before the year 1."""
    in_hour = _IN_HOUR.get(text[13:])
    if in_hour is None:
        raise ValueError("not like YYYY-MM-DD HH:mm:ss")
    return Instant(_hour(text[:13]) + in_hour)


# A million rows have a million dates, but few hours. Since 1910 the clocks of Istanbul have changed on the hour.
@lru_cache(_HOURS_KEPT)
def _hour(text: str) -> int:
    """When an hour began, from `YYYY-MM-DD HH`. Raises as `parse_legal_time`."""
    if not _LEGAL_HOUR.fullmatch(text):
        raise ValueError("not like YYYY-MM-DD HH:mm:ss")
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ISTANBUL))


def utc_text(moment: Instant) -> str:
    """RFC 3339 in UTC with milliseconds, for evidence and the ledger."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_of(moment: Instant) -> date:
    return istanbul(moment).date()


def start_of(day: date) -> Instant:
    """The day's first moment in Türkiye."""
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=ISTANBUL))
