"""Confirming codes: six digits, never one that is held back."""

import secrets

import pytest

from core.domain.codes import draw_code


def test_codes_have_six_digits_and_differ() -> None:
    drawn = [draw_code(lambda _: False) for _ in range(200)]

    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in drawn)
    assert len(set(drawn)) > 190


def test_a_code_keeps_its_leading_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda _: 7)

    assert draw_code(lambda _: False) == "000007"


def test_a_code_is_never_a_brands_number(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([600100, 600101, 482913])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(drawn))

    assert draw_code({"600100", "600101"}.__contains__) == "482913"


def test_drawing_ends_where_every_code_is_held_back() -> None:
    with pytest.raises(RuntimeError, match="reserved"):
        draw_code(lambda _: True)
