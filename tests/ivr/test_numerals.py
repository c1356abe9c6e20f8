"""Numbers and days in words."""

from datetime import date

import pytest

from core.conversation.requests import Language
from ivr.numerals import NUMBER_MAX, brands, day, digits, number

TR, EN = Language.TR, Language.EN


@pytest.mark.parametrize(
    ("n", "turkish", "english"),
    [
        (0, "sıfır", "zero"),
        (1, "bir", "one"),
        (9, "dokuz", "nine"),
        (10, "on", "ten"),
        (11, "on bir", "eleven"),
        (19, "on dokuz", "nineteen"),
        (20, "yirmi", "twenty"),
        (26, "yirmi altı", "twenty-six"),
        (40, "kırk", "forty"),
        (99, "doksan dokuz", "ninety-nine"),
        (100, "yüz", "one hundred"),
        (101, "yüz bir", "one hundred and one"),
        (112, "yüz on iki", "one hundred and twelve"),
        (200, "iki yüz", "two hundred"),
        (999, "dokuz yüz doksan dokuz", "nine hundred and ninety-nine"),
        (1000, "bin", "one thousand"),
        (1001, "bin bir", "one thousand and one"),
        (1100, "bin yüz", "one thousand one hundred"),
        (1234, "bin iki yüz otuz dört", "one thousand two hundred and thirty-four"),
        (2000, "iki bin", "two thousand"),
        (7080, "yedi bin seksen", "seven thousand and eighty"),
        (9999, "dokuz bin dokuz yüz doksan dokuz", "nine thousand nine hundred and ninety-nine"),
    ],
)
def test_a_number_in_words(n: int, turkish: str, english: str) -> None:
    assert number(n, TR) == turkish
    assert number(n, EN) == english


@pytest.mark.parametrize("language", Language)
def test_no_two_numbers_sound_alike(language: Language) -> None:
    said = [number(n, language) for n in range(NUMBER_MAX + 1)]

    assert len(set(said)) == len(said)


def test_neither_one_thousand_nor_one_hundred_has_a_one_in_turkish() -> None:
    said = [number(n, TR) for n in range(NUMBER_MAX + 1)]

    assert [words for words in said if "bir bin" in words or "bir yüz" in words] == []


@pytest.mark.parametrize("n", [-1, NUMBER_MAX + 1])
def test_a_number_beyond_the_bounds_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match=f"{n} is not 0 to 9999"):
        number(n, TR)


@pytest.mark.parametrize(
    ("n", "turkish", "english"),
    [(0, "sıfır marka", "zero brands"), (1, "bir marka", "one brand"), (9, "dokuz marka", "nine brands")],
)
def test_so_many_brands(n: int, turkish: str, english: str) -> None:
    assert brands(n, TR) == turkish
    assert brands(n, EN) == english


@pytest.mark.parametrize(
    ("of", "turkish", "english"),
    [
        ("2026-01-01", "bir Ocak", "the first of January"),
        ("2026-02-02", "iki Şubat", "the second of February"),
        ("2026-03-03", "üç Mart", "the third of March"),
        ("2026-04-04", "dört Nisan", "the fourth of April"),
        ("2026-05-05", "beş Mayıs", "the fifth of May"),
        ("2026-06-08", "sekiz Haziran", "the eighth of June"),
        ("2026-07-09", "dokuz Temmuz", "the ninth of July"),
        ("2026-08-12", "on iki Ağustos", "the twelfth of August"),
        ("2026-09-20", "yirmi Eylül", "the twentieth of September"),
        ("2026-10-21", "yirmi bir Ekim", "the twenty-first of October"),
        ("2026-11-26", "yirmi altı Kasım", "the twenty-sixth of November"),
        ("2026-12-30", "otuz Aralık", "the thirtieth of December"),
        ("2026-12-31", "otuz bir Aralık", "the thirty-first of December"),
    ],
)
def test_a_day_in_words(of: str, turkish: str, english: str) -> None:
    assert day(date.fromisoformat(of), TR) == turkish
    assert day(date.fromisoformat(of), EN) == english


def test_digits_are_said_one_by_one() -> None:
    assert digits("3338", TR) == "üç üç üç sekiz"
    assert digits("4609", EN) == "four six zero nine"
