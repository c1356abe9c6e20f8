"""Confirming codes: six digits, never a registered brand number (design, Decisions)."""

import secrets
from collections.abc import Callable
from typing import Final

LENGTH: Final = 6

_DRAWS_MAX: Final = 100


def draw_code(is_reserved: Callable[[str], bool]) -> str:
    """A new code, never one that `is_reserved` holds back (a brand's number or name)."""
    for _ in range(_DRAWS_MAX):
        code = f"{secrets.randbelow(10**LENGTH):0{LENGTH}}"
        if not is_reserved(code):
            return code
    raise RuntimeError("every drawn code is reserved")
