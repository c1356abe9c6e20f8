"""Receipt numbers: the check character, what it catches, and how leniently one is read back."""

import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.receipts import ALPHABET, LENGTH, check_character, draw, read_back

LETTERS = ALPHABET[10:]

receipts = st.builds(
    lambda seven: seven + check_character(seven),
    st.builds(lambda first, rest: first + rest, st.sampled_from(LETTERS), st.text(ALPHABET, min_size=6, max_size=6)),
)


@pytest.mark.parametrize(
    ("label", "seven", "check"),
    [
        ("of the design", "K7M4Q2X", "S"),
        # 32 − 0 mod 32: a sum of nothing has the check character 0.
        ("zeros", "0000000", "0"),
        # From the right: factors 2, 1, 2, …; 2 × 31 = 62 = 1·32 + 30, digits summed 31; so every Z adds 31.
        ("highest", "ZZZZZZZ", "7"),
        ("last doubled", "0000001", "Y"),
        ("last but one not doubled", "0000010", "Z"),
    ],
)
def test_the_check_character_is_that_of_the_design(label: str, seven: str, check: str) -> None:
    assert check_character(seven) == check, label


@given(receipts)
def test_every_change_of_one_character_is_caught(receipt: str) -> None:
    changed = [
        receipt[:at] + other + receipt[at + 1 :] for at in range(LENGTH) for other in ALPHABET if other != receipt[at]
    ]

    assert not any(map(read_back, changed))


def test_nearly_every_swap_of_neighbours_is_caught() -> None:
    rng = random.Random(3338)
    drawn = ["".join([rng.choice(LETTERS), *rng.choices(ALPHABET, k=6)]) for _ in range(500)]
    swapped = [
        receipt[:at] + receipt[at + 1] + receipt[at] + receipt[at + 2 :]
        for receipt in (seven + check_character(seven) for seven in drawn)
        for at in range(LENGTH - 1)
        if receipt[at] != receipt[at + 1]
    ]

    missed = sum(read_back(receipt) is not None for receipt in swapped)

    # Only the pair of the values 0 and 31 weighs the same both ways: 2 of 992.
    assert missed / len(swapped) < 0.005


@pytest.mark.parametrize(
    ("label", "text", "receipt"),
    [
        ("as printed", "K7M4Q2XS", "K7M4Q2XS"),
        ("small letters", "k7m4q2xs", "K7M4Q2XS"),
        ("spaces and hyphens", " K7M4-Q2 XS ", "K7M4Q2XS"),
        ("O for 0", f"KO00000{check_character('K000000')}", f"K000000{check_character('K000000')}"),
        ("o for 0", f"Ko00000{check_character('K000000')}", f"K000000{check_character('K000000')}"),
        *(
            (f"{letter} for 1", f"K{letter}11111{check_character('K111111')}", f"K111111{check_character('K111111')}")
            for letter in "IiİıLl"
        ),
        ("nothing", "", None),
        ("wrong check character", "K7M4Q2XT", None),
        ("7 characters", "K7M4Q2X", None),
        ("9 characters", "K7M4Q2XSS", None),
        ("a digit first", f"17M4Q2X{check_character('17M4Q2X')}", None),
        ("U is in no receipt", "K7M4Q2US", None),
        ("a Turkish letter", "K7M4Q2XŞ", None),
    ],
)
def test_a_receipt_is_read_leniently(label: str, text: str, receipt: str | None) -> None:
    assert read_back(text) == receipt, label


@given(st.text())
def test_any_text_is_a_receipt_or_none(text: str) -> None:
    receipt = read_back(text)

    assert receipt is None or read_back(receipt) == receipt


def test_drawn_receipts_are_valid_and_differ() -> None:
    drawn = [draw(lambda _: False) for _ in range(500)]

    assert all(read_back(receipt) == receipt for receipt in drawn)
    assert len(set(drawn)) == 500


def test_a_reserved_receipt_is_drawn_anew() -> None:
    asked: list[str] = []

    def is_reserved(receipt: str) -> bool:
        asked.append(receipt)
        return len(asked) < 3

    assert draw(is_reserved) == asked[2]


def test_a_directory_that_reserves_everything_ends_the_drawing() -> None:
    with pytest.raises(RuntimeError, match="reserved"):
        draw(lambda _: True)


def test_every_letter_can_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(len(LETTERS)))
    monkeypatch.setattr(os, "urandom", lambda size: next(numbers).to_bytes(2) + bytes(size - 2))

    assert "".join(draw(lambda _: False)[0] for _ in LETTERS) == LETTERS
