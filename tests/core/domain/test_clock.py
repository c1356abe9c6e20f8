"""Moments as they are written for people, for İYS and for evidence."""

from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.clock import ISTANBUL, Instant, from_datetime, legal_time, parse_legal_time, to_second, utc_text

MOMENT = Instant(1_795_431_900_123)  # 2026-11-23 14:05:00.123 in Istanbul

naive = datetime.fromisoformat
instants = st.integers(0, 4_000_000_000_000).map(Instant)


def test_a_moment_is_written_in_the_zone_of_its_reader() -> None:
    assert legal_time(MOMENT) == "2026-11-23 14:05:00"
    assert utc_text(MOMENT) == "2026-11-23T11:05:00.123Z"


@given(instants)
def test_a_second_holds_all_its_milliseconds(moment: Instant) -> None:
    assert to_second(moment) % 1000 == 0
    assert 0 <= moment - to_second(moment) < 1000


@given(st.integers(1_475_000_000, 4_000_000_000))
def test_legal_time_is_read_as_it_is_written(second: int) -> None:
    """Since September 2016 Türkiye keeps UTC+3 all year, and no local time comes twice."""
    assert parse_legal_time(legal_time(Instant(second * 1000))) == second * 1000


@given(st.datetimes(naive("1911-01-01"), naive("2100-01-01")).map(lambda moment: moment.replace(microsecond=0)))
@example(naive("1978-06-29 00:30:00"))  # within an hour that was left out
@example(naive("2015-11-08 03:59:59"))  # within one that came twice
@example(naive("2015-11-08 12:00:00"))  # and after it
def test_legal_time_is_that_of_the_zone_also_where_the_clocks_were_changed(moment: datetime) -> None:
    assert parse_legal_time(str(moment)) == from_datetime(moment.replace(tzinfo=ISTANBUL))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        "2026-11-23T14:05:00",
        "2026-02-30 10:00:00",
        "2026-11-23 24:00:00",
        "2026-11-23 14:60:00",
        "23.11.2026 14:05:00",
    ],
)
def test_what_is_no_legal_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_legal_time(text)
