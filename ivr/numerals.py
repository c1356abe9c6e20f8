"""Numbers and days in words, as they are said in Turkish and in English."""

from datetime import date
from typing import Final

from core.conversation.requests import Language

NUMBER_MAX: Final = 9_999

_UNITS: Final = {
    Language.TR: ("sıfır", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz"),
    Language.EN: ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}
_TENS: Final = {
    Language.TR: ("", "on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan"),
    Language.EN: ("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
}
_TEENS: Final = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_MONTHS: Final = {
    Language.TR: (
        *("Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran"),
        *("Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"),
    ),
    Language.EN: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_ORDINALS: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
    "twenty": "twentieth",
    "thirty": "thirtieth",
}


def number(n: int, language: Language) -> str:
    """0 to 9,999: "bin iki yüz otuz dört", "one thousand two hundred and thirty-four". Raises ValueError beyond."""
    if not 0 <= n <= NUMBER_MAX:
        raise ValueError(f"{n} is not 0 to {NUMBER_MAX}")
    return _turkish(n) if language is Language.TR else _english(n)


def brands(n: int, language: Language) -> str:
    """So many brands: "dokuz marka", "nine brands". Raises ValueError beyond 9,999."""
    noun = "marka" if language is Language.TR else "brand" if n == 1 else "brands"
    return f"{number(n, language)} {noun}"


def day(of: date, language: Language) -> str:
    """Day and month: "yirmi altı Kasım", "the twenty-sixth of November"."""
    month = _MONTHS[language][of.month - 1]
    if language is Language.TR:
        return f"{_turkish(of.day)} {month}"
    tens, hyphen, unit = _english(of.day).rpartition("-")
    return f"the {tens}{hyphen}{_ORDINALS.get(unit, f'{unit}th')} of {month}"


def digits(text: str, language: Language) -> str:
    """The digits of a text one by one: "üç üç üç sekiz"."""
    return " ".join(_UNITS[language][int(digit)] for digit in text)


def _turkish(n: int) -> str:
    """Neither "bir bin" nor "bir yüz" is said."""
    units, tens = _UNITS[Language.TR], _TENS[Language.TR]
    if n < 10:
        return units[n]
    if n < 100:
        said, rest = tens[n // 10], n % 10
    else:
        size, word = (1000, "bin") if n >= 1000 else (100, "yüz")
        count, rest = divmod(n, size)
        said = word if count == 1 else f"{units[count]} {word}"
    return f"{said} {_turkish(rest)}" if rest else said


def _english(n: int) -> str:
    if n < 10:
        return _UNITS[Language.EN][n]
    if n < 20:
        return _TEENS[n - 10]
    if n < 100:
        tens, unit = divmod(n, 10)
        return _TENS[Language.EN][tens] + (f"-{_english(unit)}" if unit else "")
    if n < 1000:
        hundreds, rest = divmod(n, 100)
        return f"{_english(hundreds)} hundred" + (f" and {_english(rest)}" if rest else "")
    thousands, rest = divmod(n, 1000)
    joint = " and " if rest < 100 else " "
    return f"{_english(thousands)} thousand" + (f"{joint}{_english(rest)}" if rest else "")
