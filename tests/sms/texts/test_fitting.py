"""Texts to the size of a segment."""

import pytest

from sms.texts.fitting import fits, fitting, squeezed

ROOM = 155  # septets beside an operator's code


@pytest.mark.parametrize(
    ("text", "does_fit"),
    [
        pytest.param("a" * ROOM, True, id="155 plain"),
        pytest.param("a" * (ROOM + 1), False, id="156 plain"),
        pytest.param("ş" * 75, True, id="150 with Turkish letters"),
        pytest.param("ş" * 75 + "a", False, id="151 with Turkish letters"),
    ],
)
def test_a_segment_has_room_for_an_operators_code(text: str, does_fit: bool) -> None:
    assert fits(text) is does_fit


@pytest.mark.parametrize(
    ("forms", "tails", "end", "text"),
    [
        pytest.param(["long", "short"], [], "", "long", id="what fits"),
        pytest.param(["a" * 156, "short"], [], "", "short", id="a shorter form"),
        pytest.param(["a" * 157, "a" * 156], [], "", "a" * 156, id="the last form where none fits"),
        pytest.param(["a" * 150, "short"], [], "14:05", "short 14:05", id="the end takes room"),
        pytest.param(["core"], ["tail"], "14:05", "core tail 14:05", id="a tail stands before the end"),
        pytest.param(["a" * 150], ["tail."], "", "a" * 150, id="a tail goes first"),
        pytest.param(["a" * 150], ["tail.", "tail"], "", "a" * 150 + " tail", id="a shorter tail instead"),
    ],
)
def test_the_first_form_that_fits_and_its_tails(forms: list[str], tails: list[str], end: str, text: str) -> None:
    assert fitting(forms, tails, end) == text


@pytest.mark.parametrize(
    ("parts", "giving_up", "text"),
    [
        pytest.param([["a"], ["b", ""], ["c"]], [1], "a b c", id="all fits"),
        pytest.param([["a" * 152], ["b", ""], ["cc"]], [1], "a" * 152 + " cc", id="a part is left out"),
        pytest.param([["a" * 150, "a"], ["b" * 9, "b", ""]], [1, 0], "a" * 150 + " b", id="only as far as needed"),
        pytest.param([["a" * 156, "a"], ["b", ""]], [1, 0], "a", id="the next part after it"),
        pytest.param([["a" * 156], ["b", ""]], [1], "a" * 156, id="nothing left to give up"),
    ],
)
def test_parts_give_up_in_turn(parts: list[list[str]], giving_up: list[int], text: str) -> None:
    assert squeezed(parts, giving_up) == text
