"""Names and words in the letters that short messages carry."""

import unicodedata
from functools import lru_cache

from sms.gsm.alphabet import encode_septets, fold_ascii


@lru_cache(maxsize=4096)
def carried(words: str) -> str:
    """The words in one line, with letters of GSM 7-bit and Turkish shift for those that have a twin there (â is a)."""
    line = unicodedata.normalize("NFC", " ".join(words.split()))
    return line if is_carried(line) else "".join(map(_twin, line))


@lru_cache(maxsize=4096)
def plain(words: str) -> str:
    """The words in one line of letters without marks; where some have none, as `carried` has them."""
    line = carried(words)
    folded = fold_ascii(line)
    return line if "?" in folded else folded


def sentence(words: str) -> str:
    """A person's words with one full stop; none behind a link, which would become part of it."""
    line = carried(words).rstrip(" .")
    return line if "://" in line.rpartition(" ")[2] or line.endswith(("!", "?")) else f"{line}."


def is_carried(words: str) -> bool:
    return encode_septets(words) is not None


def _twin(letter: str) -> str:
    folded = letter if is_carried(letter) else fold_ascii(letter)
    return letter if "?" in folded else folded
