"""How large a slice of bulk work is."""

import pytest

from core.store.bulk_pacing import rows_next


@pytest.mark.parametrize(
    ("label", "rows", "took_s", "expected"),
    [
        ("as long as aimed at", 1000, 0.02, 1000),
        ("too slow", 1000, 0.04, 500),
        ("quick, but doubled at most", 100, 0.001, 200),
        ("never above the bound", 5000, 0.001, 5000),
        ("never below the bound", 100, 10.0, 20),
        ("in no time at all", 100, 0.0, 200),
    ],
)
def test_slices_keep_to_their_time(label: str, rows: int, took_s: float, expected: int) -> None:
    assert rows_next(rows, took_s, 0.02) == expected
