"""Business days around the holidays of 2026 and 2027, and the deadlines counted in them."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.calendar import REPORTING_DAYS, Calendar
from core.domain.clock import ISTANBUL, Instant, day_of, from_datetime

ISO = date.fromisoformat


def moment(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ISTANBUL))


@pytest.mark.parametrize(
    ("label", "day", "is_business_day"),
    [
        ("Monday", "2026-11-23", True),
        ("Saturday", "2026-11-28", False),
        ("Sunday", "2026-11-29", False),
        ("new year", "2026-01-01", False),
        ("eve of Ramazan Bayramı 2026, a half day", "2026-03-19", True),
        ("Ramazan Bayramı 2026", "2026-03-20", False),
        ("after Ramazan Bayramı 2026", "2026-03-23", True),
        ("23 April", "2026-04-23", False),
        ("1 May", "2026-05-01", False),
        ("19 May", "2026-05-19", False),
        ("eve of Kurban Bayramı 2026, a half day", "2026-05-26", True),
        ("Kurban Bayramı 2026, first", "2026-05-27", False),
        ("Kurban Bayramı 2026, third", "2026-05-29", False),
        ("after Kurban Bayramı 2026", "2026-06-01", True),
        ("15 July", "2026-07-15", False),
        ("28 October, a half day", "2026-10-28", True),
        ("29 October", "2026-10-29", False),
        ("Ramazan Bayramı 2027, first", "2027-03-09", False),
        ("Ramazan Bayramı 2027, last", "2027-03-11", False),
        ("after Ramazan Bayramı 2027", "2027-03-12", True),
        ("Kurban Bayramı 2027, second", "2027-05-17", False),
        ("Kurban Bayramı 2027, last", "2027-05-19", False),
        ("after Kurban Bayramı 2027", "2027-05-20", True),
        ("30 August 2027", "2027-08-30", False),
    ],
)
def test_business_days(label: str, day: str, is_business_day: bool) -> None:
    assert Calendar().is_business_day(ISO(day)) is is_business_day, label


@pytest.mark.parametrize(
    ("label", "arrival", "last_day"),
    [
        ("Monday, of texts.md", "2026-11-23 14:05", "2026-11-26"),
        ("Monday, first second", "2026-11-23 00:00:00", "2026-11-26"),
        ("Monday, last second", "2026-11-23 23:59:59", "2026-11-26"),
        ("over a week-end", "2026-11-26 10:00", "2026-12-01"),
        ("on a Saturday", "2026-11-28 10:00", "2026-12-02"),
        ("over Ramazan Bayramı 2026", "2026-03-18 10:00", "2026-03-24"),
        ("over Kurban Bayramı 2026", "2026-05-25 10:00", "2026-06-02"),
        ("over 29 October 2026", "2026-10-27 10:00", "2026-11-02"),
        ("over Kurban Bayramı 2027", "2027-05-14 10:00", "2027-05-24"),
        ("over the new year", "2026-12-30 10:00", "2027-01-05"),
    ],
)
def test_the_last_lawful_day_is_the_third_business_day(label: str, arrival: str, last_day: str) -> None:
    assert Calendar().last_lawful_day(moment(arrival)) == ISO(last_day), label


@pytest.mark.parametrize(
    ("now", "first_day"),
    [
        pytest.param("2026-11-26 14:05", "2026-11-23", id="Thursday: since Monday"),
        pytest.param("2026-11-26 00:00:00", "2026-11-23", id="Thursday, first second"),
        pytest.param("2026-11-26 23:59:59", "2026-11-23", id="Thursday, last second"),
        pytest.param("2026-11-25 14:05", "2026-11-20", id="Wednesday: since Friday, over a week-end"),
        pytest.param("2026-11-28 10:00", "2026-11-25", id="Saturday: since Wednesday"),
        pytest.param("2026-11-30 10:00", "2026-11-25", id="Monday: since Wednesday"),
        pytest.param("2026-03-24 10:00", "2026-03-18", id="over Ramazan Bayramı 2026"),
        pytest.param("2026-06-02 10:00", "2026-05-25", id="over Kurban Bayramı 2026"),
        pytest.param("2027-01-05 10:00", "2026-12-30", id="over the new year"),
    ],
)
def test_a_consent_can_be_reported_until_its_third_business_day_has_ended(now: str, first_day: str) -> None:
    assert Calendar().reporting_starts(moment(now)) == moment(f"{first_day} 00:00:00")


def test_bridge_days_lengthen_the_time_for_reporting() -> None:
    assert Calendar([ISO("2026-11-24")]).reporting_starts(moment("2026-11-27 10:00")) == moment("2026-11-23 00:00")


@given(st.integers(1_700_000_000_000, 1_900_000_000_000))
def test_reporting_starts_on_the_earliest_day_whose_third_business_day_is_not_over(now: int) -> None:
    calendar, today = Calendar(), day_of(Instant(now))
    first = day_of(calendar.reporting_starts(Instant(now)))

    assert calendar.business_day_after(first, REPORTING_DAYS) >= today
    assert calendar.business_day_after(first - timedelta(days=1), REPORTING_DAYS) < today


def test_the_day_of_arrival_is_that_of_istanbul_not_of_utc() -> None:
    arrival = moment("2026-11-24 00:30")  # 23 November, 21:30 UTC

    assert Calendar().last_lawful_day(arrival) == ISO("2026-11-27")


def test_bridge_days_are_no_business_days() -> None:
    calendar = Calendar([ISO("2026-11-24"), ISO("2026-11-25")])

    assert not calendar.is_business_day(ISO("2026-11-24"))
    assert calendar.last_lawful_day(moment("2026-11-23 14:05")) == ISO("2026-11-30")


def test_a_year_without_a_business_day_is_an_error_that_names_the_setting() -> None:
    first = ISO("2026-11-23").toordinal()
    calendar = Calendar([date.fromordinal(first + n) for n in range(400)])

    with pytest.raises(ValueError, match="bridge_days"):
        calendar.last_lawful_day(moment("2026-11-23 14:05"))


def test_a_day_after_nearly_a_year_of_bridge_days_is_found() -> None:
    first = ISO("2026-11-23").toordinal()
    calendar = Calendar([date.fromordinal(first + n) for n in range(1, 365)])

    assert calendar.business_day_after(ISO("2026-11-23"), 1) == date.fromordinal(first + 365)


@given(st.dates(ISO("2024-01-01"), ISO("2030-12-31")), st.integers(1, 30))
def test_counting_on_by_one_day_at_a_time_ends_at_the_same_day(day: date, count: int) -> None:
    calendar, step = Calendar(), day

    for _ in range(count):
        step = calendar.business_day_after(step, 1)

    assert calendar.business_day_after(day, count) == step
    assert calendar.is_business_day(step)
    assert step > day


@given(st.integers(1_700_000_000_000, 1_900_000_000_000))
def test_the_last_lawful_day_is_three_days_to_two_weeks_away(arrival: int) -> None:
    away = Calendar().last_lawful_day(Instant(arrival)) - day_of(Instant(arrival))

    assert 3 <= away.days <= 14
