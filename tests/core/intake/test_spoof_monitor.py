"""The largest count of numbers that sent one text as their first, over a sliding hour."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.clock import HOUR_MS, MINUTE_MS, Instant
from core.intake import spoof_monitor
from core.intake.spoof_monitor import MINUTES, SpoofMonitor

NOW = Instant(1_795_431_900_000)


@pytest.fixture
def heard() -> SpoofMonitor:
    return SpoofMonitor(b"secret")


def hear(heard: SpoofMonitor, *texts: str, now: int = NOW) -> None:
    for text in texts:
        heard.hear(text, Instant(now))


def test_nothing_heard_is_none(heard: SpoofMonitor) -> None:
    assert heard.largest(NOW) == 0


@pytest.mark.parametrize(
    ("texts", "largest"),
    [
        pytest.param(["RET MIGROS", "RET BOYNER"], 1, id="two texts"),
        pytest.param(["RET MIGROS", "RET BOYNER", "RET MIGROS"], 2, id="the one that more sent"),
        pytest.param(["RET ŞİŞECAM", "ret sisecam", "Ret, şişecam!"], 3, id="one text in three spellings"),
        pytest.param(["RET MIGROS", "RETMIGROS"], 2, id="with and without a space"),
    ],
)
def test_texts_are_counted_by_their_folded_form(heard: SpoofMonitor, texts: list[str], largest: int) -> None:
    hear(heard, *texts)

    assert heard.largest(NOW) == largest


@pytest.mark.parametrize(
    ("later_ms", "largest"),
    [
        pytest.param(HOUR_MS - MINUTE_MS, 2, id="59 minutes later"),
        pytest.param(HOUR_MS, 0, id="an hour later"),
        pytest.param(-HOUR_MS, 2, id="a clock set back"),
    ],
)
def test_a_count_ends_with_its_hour(heard: SpoofMonitor, later_ms: int, largest: int) -> None:
    hear(heard, "RET MIGROS", "RET MIGROS")

    assert heard.largest(Instant(NOW + later_ms)) == largest


@pytest.mark.parametrize(
    "others",
    [
        pytest.param(8, id="one below the bound"),
        pytest.param(9, id="at the bound"),
        pytest.param(10, id="one above it"),
        pytest.param(500, id="far above it"),
    ],
)
def test_texts_that_came_once_make_room(heard: SpoofMonitor, monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    monkeypatch.setattr(spoof_monitor, "TEXTS_MAX", 10)

    hear(heard, "RET MIGROS", "RET MIGROS", *(f"RET {n}" for n in range(others)), "RET MIGROS")
    before = heard.largest(NOW)
    hear(heard, *["RET BOYNER"] * 4)

    assert (before, heard.largest(NOW)) == (3, 4)
    assert len(heard._totals) <= 10
    assert sum(len(minute.texts) for minute in heard._minutes) <= 10


def test_no_more_texts_are_counted_than_the_bound_where_each_came_twice(
    heard: SpoofMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spoof_monitor, "TEXTS_MAX", 2)

    hear(heard, "a", "a", "b", "b", "c", "c", "c")

    assert heard.largest(NOW) == 2


def test_no_text_is_kept(heard: SpoofMonitor) -> None:
    hear(heard, "RET MIGROS")

    [(name, count)] = heard._totals.items()
    assert (len(name), count) == (8, 1)
    assert SpoofMonitor(b"another")._totals.keys().isdisjoint({name})


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 90))))
def test_the_largest_is_that_of_the_last_sixty_minutes(steps: list[tuple[str, int]]) -> None:
    heard, minute, model = SpoofMonitor(b"secret"), 0, []
    for text, passed in steps:
        minute += passed
        model.append((minute, text))
        hear(heard, text, now=minute * MINUTE_MS)

        recent = Counter(text for at, text in model if at > minute - MINUTES)
        assert heard.largest(Instant(minute * MINUTE_MS)) == max(recent.values())
        assert len(heard._minutes) <= MINUTES
