"""Rows sorted outside of memory."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.store.external_sort import ExternalSort


@given(st.lists(st.tuples(st.integers(-9, 9), st.binary(max_size=2), st.text("ab\0ığ", max_size=2))))
def test_every_different_row_comes_once_and_in_order(rows: list[tuple[int, bytes, str]]) -> None:
    with ExternalSort(3) as spilled:
        spilled.add(rows[::2])
        spilled.add(rows[1::2])

        once, again = list(spilled), list(spilled)

    assert once == again == sorted(set(rows))


def test_nothing_comes_before_something() -> None:
    with ExternalSort(2) as spilled:
        spilled.add([(1, b""), (1, None), (0, b"x")])

        assert list(spilled) == [(0, b"x"), (1, None), (1, b"")]


def test_what_the_rows_raise_comes_out() -> None:
    def broken() -> Iterator[tuple[int]]:
        yield (1,)
        raise RuntimeError("broken")

    with ExternalSort(1) as spilled, pytest.raises(RuntimeError, match="broken"):
        spilled.add(broken())
