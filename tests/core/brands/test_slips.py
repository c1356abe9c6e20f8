"""Slips of the thumb, by table."""

import pytest

from core.brands.slips import NEIGHBOURS, edits, is_likely, likely_edits, unstretched


@pytest.mark.parametrize(
    ("letter", "other", "why"),
    [
        ("r", "t", "Turkish Q"),
        ("a", "s", "Turkish Q"),
        ("l", "s", "ş beside l on Turkish Q"),
        ("a", "u", "Turkish F"),
        ("p", "s", "a phone's key 7"),
        ("b", "p", "the same sound"),
    ],
)
def test_letters_are_neighbours_both_ways(letter: str, other: str, why: str) -> None:
    assert other in NEIGHBOURS[letter], why
    assert letter in NEIGHBOURS[other], why


def test_no_letter_is_its_own_neighbour() -> None:
    assert all(letter not in others for letter, others in NEIGHBOURS.items())
    assert "q" not in NEIGHBOURS["m"]


@pytest.mark.parametrize(
    ("typed", "meant", "likely"),
    [
        pytest.param("rwt", "ret", True, id="the key beside it"),
        pytest.param("rte", "ret", True, id="swapped"),
        pytest.param("reet", "ret", True, id="doubled"),
        pytest.param("rt", "ret", True, id="left out"),
        pytest.param("rewt", "ret", True, id="two keys at once"),
        pytest.param("rxt", "ret", False, id="a key far away"),
        pytest.param("rext", "ret", False, id="a letter from far away added"),
        pytest.param("ret", "ret", False, id="no slip"),
        pytest.param("n12", "n11", False, id="a digit"),
    ],
)
def test_a_slip_is_likely(typed: str, meant: str, likely: bool) -> None:
    assert is_likely(typed, meant) is likely


@pytest.mark.parametrize("word", ["ret", "migros", "n11", "aa"])
def test_likely_edits_are_edits(word: str) -> None:
    assert likely_edits(word) <= edits(word)
    assert word not in edits(word)


def test_digits_stay() -> None:
    assert all(edit.count("1") == 2 for edit in edits("n11"))


@pytest.mark.parametrize(
    ("word", "short"),
    [("rettt", "ret"), ("hayiiir", "hayir"), ("durr", "dur"), ("aaa", "a"), ("saat", "saat"), ("n11", "n11"), ("", "")],
)
def test_held_letters_are_taken_back(word: str, short: str) -> None:
    assert unstretched(word) == short
