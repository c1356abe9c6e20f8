"""Receipt numbers ("işlem no"): seven random characters and a check character (design, Decisions)."""

import os
from collections.abc import Callable
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # values 0 to 31
LENGTH: Final = 8

_LETTERS: Final = ALPHABET[10:]
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_LOOKALIKES: Final = str.maketrans("OoIiİıLl", "00111111")
_IGNORED: Final = str.maketrans("", "", " -")
_BASE: Final = len(ALPHABET)
# What a character adds to the sum with factor 2: the base-32 digits of the product, summed.
_DOUBLED: Final = tuple(sum(divmod(2 * value, _BASE)) for value in range(_BASE))
_DRAWS_MAX: Final = 100


def check_character(seven: str) -> str:
    """The check character of the first seven: factors 2, 1, 2, … from the right (K7M4Q2X has S)."""
    values = [_VALUES[character] for character in seven]
    return ALPHABET[-(sum([_DOUBLED[v] for v in values[0::2]]) + sum(values[1::2])) % _BASE]


def draw(is_reserved: Callable[[str], bool]) -> str:
    """A new receipt number, never one that `is_reserved` holds back (a verb or a brand's name)."""
    for _ in range(_DRAWS_MAX):
        octets = os.urandom(LENGTH)
        # 256 is no multiple of 22: the first letter takes two octets, which makes its skew one in 3,000.
        first = _LETTERS[int.from_bytes(octets[:2]) % len(_LETTERS)]
        seven = first + "".join([ALPHABET[octet & 31] for octet in octets[2:]])
        receipt = seven + check_character(seven)
        if not is_reserved(receipt):
            return receipt
    raise RuntimeError("every drawn receipt number is reserved")


def read_back(text: str) -> str | None:
    """The receipt number that a person wrote, leniently: spaces, hyphens, case, O for 0, I and L for 1."""
    receipt = text.translate(_IGNORED).translate(_LOOKALIKES).upper()
    if len(receipt) != LENGTH or not all(character in _VALUES for character in receipt):
        return None
    if receipt[0] not in _LETTERS or check_character(receipt[:-1]) != receipt[-1]:
        return None
    return receipt
