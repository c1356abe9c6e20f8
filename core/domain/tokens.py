"""The secret part of a notice's link: drawn when the notice leaves, stored only as a hash, never used up."""

import hashlib
import secrets
import string
from typing import Final

LENGTH: Final = 17  # letters and digits: 101 random bits; a link of letters and digits only is never cut by a phone

PLACE: Final = "/r/***"
"""Stands in the store and in every log for a link's path."""

_ALPHABET: Final = string.ascii_letters + string.digits
_ASKED_LETTERS_MAX: Final = 64


def draw_token() -> str:
    return "".join([secrets.choice(_ALPHABET) for _ in range(LENGTH)])


def token_hash(token: str) -> bytes:
    """The hash that is stored of it, and looked up: the index is walked by the hash, whose octets nobody outside can
    steer, so that its timing tells nothing. A token longer than any of ours has a hash of nothing."""
    known = token if len(token) <= _ASKED_LETTERS_MAX else ""
    return hashlib.sha256(known.encode(errors="replace")).digest()


def with_token(text: str, token: str) -> str:
    """The text that leaves: the link's path whole."""
    return text.replace(PLACE, f"/r/{token}")
