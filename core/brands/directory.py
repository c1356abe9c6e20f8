"""The brand directory in memory."""

from core.brands.brand import SHORT_NAMES_MAX, Brand
from core.brands.index import Index
from core.brands.match import CANDIDATES_MAX, Match, match

__all__ = ["CANDIDATES_MAX", "SHORT_NAMES_MAX", "Brand", "Directory", "Match"]


class Directory(Index):
    """All brands, or those that have to do with one citizen. Changed and searched in one thread, the event loop's for
    the former; `get` may be called from any thread."""

    def match(self, typed: str) -> Match:
        """The brands that these words of a citizen may mean (`core.brands.match`). Words that were joined to one key
        lose the borders by which a part of a name is known: rather give them as typed."""
        return match(self, typed)
