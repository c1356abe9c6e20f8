"""Ordinary words and their endings, by table."""

import pytest

from core.brands.ordinary import is_inflected, is_ordinary, is_spoken


@pytest.mark.parametrize(
    ("word", "ordinary", "inflected", "spoken"),
    [
        ("kahve", True, True, False),
        ("kahvesi", False, True, False),
        ("sepetinden", False, True, False),
        ("dolabi", False, True, False),
        ("randevum", False, True, True),
        ("siparisimi", False, True, True),
        ("bekle", True, True, False),
        ("gelmiyorum", False, True, True),
        ("bekliyorum", False, True, True),
        ("ederler", False, True, True),
        ("acildi", False, True, True),
        ("gidecegim", False, True, True),
        ("migros", False, False, False),
        ("boyner", False, False, False),
        ("abcx", False, False, False),
        ("rey", False, False, False),
        ("", False, False, False),
    ],
)
def test_a_word_is_known(word: str, ordinary: bool, inflected: bool, spoken: bool) -> None:
    assert (is_ordinary(word), is_inflected(word), is_spoken(word)) == (ordinary, inflected, spoken)
