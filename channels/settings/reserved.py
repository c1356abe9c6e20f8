"""Words that no drawn receipt or code may read as."""

from typing import Final

from core.brands.directory import Directory
from core.domain.receipts import read_back
from sms.reader.lexicon import RESERVED_WORDS

_VERB_RECEIPTS: Final = frozenset(receipt for verb in RESERVED_WORDS if (receipt := read_back(verb)))


def is_reserved(directory: Directory, drawn: str) -> bool:
    """True if it is a verb, or the number or a name of a brand."""
    return drawn.lower() in directory or drawn in _VERB_RECEIPTS
