"""Texts to the size of one segment: the shorter form where the longer exceeds it, and tails as far as there is room."""

from collections.abc import Sequence
from typing import Final

from sms.gsm.segments import cost

OPERATOR_CODE: Final = " B001"
"""What operators may append to a bulk SMS (domain, Limits and habits of the networks)."""


def fits(text: str, segments: int = 1) -> bool:
    return cost(text + OPERATOR_CODE, "turkish-single").segments <= segments


def fitting(forms: Sequence[str], tails: Sequence[str] = (), end: str = "", segments: int = 1) -> str:
    """The first of the forms that fits, else the last, and those of the tails that fit beside it; `end` stands last."""
    end = end and f" {end}"
    text = next((form for form in forms if fits(form + end, segments)), forms[-1])
    for tail in tails:
        if fits(f"{text} {tail}{end}", segments):
            text = f"{text} {tail}"
    return text + end


def squeezed(parts: Sequence[Sequence[str]], giving_up: Sequence[int], segments: int = 1) -> str:
    """One form of each part, in order: the first ones, or shorter ones of the parts `giving_up` until all fit.

    `giving_up` are indexes; each part gives up all it can before the next one does.
    """
    chosen = [0] * len(parts)
    text = _joined(parts, chosen)
    for part in giving_up:
        while not fits(text, segments) and chosen[part] < len(parts[part]) - 1:
            chosen[part] += 1
            text = _joined(parts, chosen)
    return text


def _joined(parts: Sequence[Sequence[str]], chosen: Sequence[int]) -> str:
    return " ".join(filter(None, [part[form] for part, form in zip(parts, chosen, strict=True)]))
