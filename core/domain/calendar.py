"""Turkish business days and the legal deadlines counted in them.

Public holidays come from `holidays` (TR); half days (28 October, the eves of bayrams) count as business days, because
the earlier deadline is the safe one. Bridge days ("idari izin") are announced year by year and come from the settings.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import holidays

from core.domain.clock import Instant, day_of, start_of

REFUSAL_DAYS: Final = 3  # business days; Kanun 6563 m.8/3
REPORTING_DAYS: Final = 3  # business days; Yönetmelik m.5 and m.9
_DAYS_LOOKED_AHEAD_MAX: Final = 366


class Calendar:
    """Business days of Türkiye."""

    def __init__(self, bridge_days: Iterable[date] = ()) -> None:
        self._bridge_days = frozenset(bridge_days)
        self._holidays = holidays.country_holidays("TR")
        self._after = lru_cache(maxsize=64)(self._count_on)

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self._bridge_days and day not in self._holidays

    def business_day_after(self, day: date, count: int) -> date:
        """The `count`-th business day after `day`, which itself never counts.

        Raises ValueError where a year of bridge days leaves none.
        """
        return self._after(day, count)

    def last_lawful_day(self, arrival: Instant) -> date:
        """The last day on which a sender may still write after a refusal (Kanun 6563 m.8/3)."""
        return self._after(day_of(arrival), REFUSAL_DAYS)

    def reporting_starts(self, now: Instant) -> Instant:
        """The earliest consent that may still be reported now: until its third business day has ended (İYS H467)."""
        today = first = day_of(now)
        for _ in range(_DAYS_LOOKED_AHEAD_MAX):
            day = first - timedelta(days=1)
            if self.business_day_after(day, REPORTING_DAYS) < today:
                break
            first = day
        return start_of(first)

    def _count_on(self, day: date, count: int) -> date:
        for _ in range(_DAYS_LOOKED_AHEAD_MAX):
            day += timedelta(days=1)
            count -= self.is_business_day(day)
            if not count:
                return day
        raise ValueError(f"no business day within a year after {day}: see calendar.bridge_days")
