"""The secret part of a link: how much chance is in it, and that only its hash can be looked up."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.tokens import LENGTH, PLACE, draw_token, token_hash, with_token

LETTERS = set(string.ascii_letters + string.digits)
LOOKED_UP_MAX = 64


def test_a_token_is_of_letters_and_digits_and_has_96_random_bits() -> None:
    drawn = [draw_token() for _ in range(1000)]

    assert {len(token) for token in drawn} == {LENGTH}
    assert set("".join(drawn)) == LETTERS
    assert len(LETTERS) ** LENGTH >= 2**96
    assert len(set(drawn)) == len(drawn)


def test_a_token_stands_where_the_stored_text_has_its_place() -> None:
    assert with_token(f"yazın ya da https://izin.example{PLACE}", "Q7m2") == "yazın ya da https://izin.example/r/Q7m2"


def test_the_hash_is_sha_256_and_tells_tokens_apart_by_each_letter() -> None:
    assert token_hash("abc").hex().startswith("ba7816bf8f01cfea")
    assert len({token_hash(token) for token in ("abc", "abC", "abcd", "ab")}) == 4


@pytest.mark.parametrize(
    ("length", "is_looked_up"),
    [
        pytest.param(LOOKED_UP_MAX - 1, True, id="below"),
        pytest.param(LOOKED_UP_MAX, True, id="at"),
        pytest.param(LOOKED_UP_MAX + 1, False, id="above"),
        pytest.param(10_000_000, False, id="ten million"),
    ],
)
def test_a_token_longer_than_any_of_ours_has_the_hash_of_nothing(length: int, is_looked_up: bool) -> None:
    assert (token_hash("a" * length) != token_hash("")) is is_looked_up


@given(st.text(st.characters(exclude_categories=()), max_size=100))
def test_any_text_can_be_looked_up(token: str) -> None:
    assert len(token_hash(token)) == 32
