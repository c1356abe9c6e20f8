"""When three years are over."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.clock import ISTANBUL, Instant, from_datetime, legal_time
from core.retention.terms import Terms, years_before
from tests.core.conversation.decisions.scenes import DAY_MS
from tests.core.retention.sweeping import SPANS

MOMENTS = st.integers(0, 4_000_000_000_000).map(Instant)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-11-23 14:05:00", "2023-11-23 14:05:00", id="a day like any other"),
        pytest.param("2028-02-29 10:00:00", "2025-02-28 10:00:00", id="a day that year has not"),
        pytest.param("2027-02-28 10:00:00", "2024-02-28 10:00:00", id="the day before one"),
    ],
)
def test_three_years_are_counted_by_the_calendar(now: str, expected: str) -> None:
    moment = from_datetime(datetime.fromisoformat(now).replace(tzinfo=ISTANBUL))

    assert legal_time(years_before(moment, 3)) == expected


@given(now=MOMENTS, raw_text_ms=st.integers(1, 4000 * DAY_MS), link_ms=st.integers(1, 3650 * DAY_MS))
def test_nothing_is_over_before_its_span_has_passed(now: Instant, raw_text_ms: int, link_ms: int) -> None:
    terms = Terms.at(now, SPANS._replace(raw_text_ms=raw_text_ms, link_ms=link_ms))

    assert terms.texts == now - raw_text_ms
    assert terms.messages <= min(terms.texts, now - SPANS.redelivery_ms, now - 4 * DAY_MS)
    assert terms.proofs <= now - 3 * 365 * DAY_MS
    assert terms.notices <= min(terms.proofs, now - link_ms)
    assert terms.codes < now
