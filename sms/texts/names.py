"""Several names in one sentence: all of them, as many as there is room for, at last only how many they are."""

from collections.abc import Sequence
from typing import Final, Literal

from sms.texts.catalog import Catalog

_NAMES_MAX: Final = 20  # more than a segment holds of names that people use

Noun = Literal["brands", "names"]


def names_forms(texts: Catalog, names: Sequence[str], total: int, noun: Noun = "brands") -> list[str]:
    """Forms that stand for `total` brands or names of which `names` are the first, from the longest form to the
    shortest."""
    shown = names[:_NAMES_MAX]
    whole = [", ".join(shown)] if len(shown) == total else []
    some = [
        texts.counted(f"more_{noun}", total - size, names=", ".join(shown[:size]))
        for size in range(min(len(shown), total - 1), 0, -1)
    ]
    return [*whole, *some, texts.counted(noun, total)]
