"""The rate of one bind, by a clock that only the test moves."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.smpp.pace import PAUSE_S, SECOND_S, UNLIMITED, Pace

FEW = 10_000


def leave(pace: Pace, now: float, most: int = FEW) -> int:
    """As many as may leave now do; how many that was."""
    count = pace.room(now, most)
    for _ in range(count):
        pace.spend(now)
    return count


@pytest.mark.parametrize(
    ("seconds", "room"),
    [
        pytest.param(0.0, 0, id="at once"),
        pytest.param(SECOND_S - 0.001, 0, id="within the second"),
        pytest.param(SECOND_S, 4, id="the second is over"),
        pytest.param(60.0, 4, id="nothing is saved up"),
    ],
)
def test_no_more_leave_in_a_second_than_the_rate(seconds: float, room: int) -> None:
    pace = Pace(4)
    assert leave(pace, 100.0) == 4

    assert pace.room(100.0 + seconds, FEW) == room


@given(
    rate=st.integers(1, 50),
    steps=st.lists(st.tuples(st.floats(0, 0.7), st.integers(1, 60)), max_size=60),
)
def test_no_second_holds_more_than_the_rate_however_it_is_asked(rate: int, steps: list[tuple[float, int]]) -> None:
    pace, now, left = Pace(rate), 0.0, []
    for seconds, most in steps:
        now += seconds
        left += [now] * leave(pace, now, most)

    assert all(sum(start <= at < start + 1 for at in left) <= rate for start in left)


@given(rate=st.integers(1, 50), steps=st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=40))
def test_there_is_room_again_after_the_wait_that_it_names(rate: int, steps: list[tuple[float, bool]]) -> None:
    pace, now = Pace(rate), 0.0
    for seconds, complains in steps:
        now += seconds
        leave(pace, now)
        if complains:
            pace.slow_down(now)
        waits = 0
        while not pace.room(now, FEW):
            now += pace.wait_s(now) + 1e-9
            waits += 1
            # Each wait frees a place; after the rate fell more of them must be freed than one.
            assert waits <= rate + 2


def test_without_a_rate_all_may_leave() -> None:
    pace = Pace(0)

    assert leave(pace, 0.0) == FEW
    assert leave(pace, 0.0) == FEW
    assert pace.rate(0.0) == inf


def test_a_complaint_pauses_and_halves_the_rate() -> None:
    pace = Pace(100)
    leave(pace, 0.0)

    assert pace.slow_down(5.0)

    assert pace.rate(5.0) == 50
    assert pace.room(5.0 + PAUSE_S - 0.001, FEW) == 0
    assert pace.wait_s(5.0) == PAUSE_S
    assert pace.room(5.0 + PAUSE_S, FEW) == 50


def test_complaints_while_it_pauses_are_of_the_same_cause() -> None:
    pace = Pace(100)
    assert pace.slow_down(0.0)

    assert not pace.slow_down(PAUSE_S - 0.001)
    assert pace.rate(0.5) == 50
    assert pace.slow_down(PAUSE_S)
    assert pace.rate(PAUSE_S) == 25


def test_the_rate_never_falls_below_one_a_second() -> None:
    pace = Pace(3)
    for complaint in range(10):
        pace.slow_down(2.0 * complaint)

    assert pace.room(2.0 * 9 + PAUSE_S, FEW) == 1


@pytest.mark.parametrize(
    ("left", "rate"),
    [pytest.param(400, 200, id="what it turned out to be"), pytest.param(3, UNLIMITED / 2, id="what is usual")],
)
def test_without_a_rate_a_complaint_halves(left: int, rate: float) -> None:
    pace = Pace(0)
    leave(pace, 0.0, 7)
    leave(pace, 9.5, left)

    pace.slow_down(10.0)

    assert pace.rate(10.0) == rate


def test_the_rate_recovers_a_tenth_each_second_up_to_what_it_was() -> None:
    pace = Pace(100)
    pace.slow_down(0.0)

    at = [pace.rate(PAUSE_S + seconds) for seconds in (0.9, 1, 2, 3, 7, 8, 1000)]

    assert at == pytest.approx([50, 55, 60.5, 66.55, 50 * 1.1**7, 100, 100])


def test_a_rate_that_fell_deep_recovers_by_a_twentieth_of_what_it_was_each_second() -> None:
    pace = Pace(100)
    for complaint in range(10):
        pace.slow_down(PAUSE_S * complaint)
    lowest = PAUSE_S * 10
    assert pace.rate(lowest) == 1

    assert [pace.rate(lowest + seconds) for seconds in (1, 2, 3, 100)] == [6, 11, 16, 100]


def test_without_a_rate_it_recovers_beyond_any_in_the_end() -> None:
    pace = Pace(0)
    pace.slow_down(0.0)

    assert pace.rate(PAUSE_S + 300) > 100_000
