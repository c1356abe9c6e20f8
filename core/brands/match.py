"""Meanings of a citizen's words among the brands of a directory: as they stand, with an ending, in part, with a
slip."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Final, NamedTuple

from core.brands.brand import Brand
from core.brands.index import Index
from core.brands.ordinary import is_inflected, is_ordinary
from core.brands.slips import edits, is_likely
from core.domain.text import Word, spell, words

CANDIDATES_MAX: Final = 9  # a list of one digit
SLIP_LETTERS_MIN: Final = 4
"""A slip in a shorter name makes another name of it."""
ANY_SLIP_LETTERS_MIN: Final = 6
"""From here on any edit is taken for a slip; in shorter names only one that a thumb makes (`core.brands.slips`)."""

_PART_LETTERS_MIN: Final = 3
_LEAD_SLIP_LETTERS_MIN: Final = 6
_CARRIERS_MAX: Final = 500
_EDITS_LETTERS_MAX: Final = 16
_STEM_LETTERS_MIN: Final = 3
_BARE_STEM_LETTERS_MIN: Final = 4
_PARTED_SUFFIX_LETTERS_MIN: Final = 3  # written behind a space: A101 den
_SHORT_ENDING_LETTERS_MAX: Final = 2
_SUFFIX_LETTERS_MAX: Final = 7

_LISTS: Final = tomllib.loads(files("core.brands").joinpath("names.toml").read_text("utf-8"))
_GENERIC: Final = frozenset(word for entry in _LISTS["generic"] for word in words(entry))
_SUFFIXES: Final = frozenset(_LISTS["suffixes"].split())


class Match(NamedTuple):
    """The brands that words may mean, the best first, at most nine; one: it stands clearly out.

    `exact`: the words are the number, the name or a short name of every brand given, as it stands. `sure` is False
    where even one brand alone has to be asked about.
    """

    brands: tuple[Brand, ...] = ()
    exact: bool = False
    sure: bool = True


class Stem(NamedTuple):
    """A brand's name with a case ending. `ending` is folded."""

    brands: tuple[Brand, ...]
    ending: str


NOTHING: Final = Match()


def match(directory: Index, typed: str) -> Match:
    """The brands that these words may mean: registry number, name or short name, that with an ending, part of a name,
    a name with a slip. The first way that finds any counts."""
    spelt = spell(typed)
    name = "".join([word.key for word in spelt])
    if not name:
        return NOTHING
    if exact := directory.named(name):
        return Match(exact[:CANDIDATES_MAX], exact=True)
    for found in (stem_match(directory, spelt), part(directory, [word.key for word in spelt])):
        if found.brands:
            return found
    return near(directory, name)


def stem_match(directory: Index, spelt: Sequence[Word]) -> Match:
    """As `stem`; where a short ending may as well be a slip in another brand's name, both."""
    found = stem(directory, spelt)
    if found is None:
        return NOTHING
    brands = found.brands
    if len(found.ending) <= _SHORT_ENDING_LETTERS_MAX and not spelt[-1].is_suffix:
        brands = (*brands, *near(directory, "".join([word.key for word in spelt])).brands)
    return Match(tuple(dict.fromkeys(brands))[:CANDIDATES_MAX])


def stem(directory: Index, spelt: Sequence[Word]) -> Stem | None:
    """The brands whose exact name the words are, but for a case ending (Migros'tan, boynerden). Words that are
    ordinary ones as they stand have no ending without an apostrophe."""
    *before, last = spelt
    head = "".join([word.key for word in before])
    if before and last.key in _SUFFIXES and (last.is_suffix or len(last.key) >= _PARTED_SUFFIX_LETTERS_MIN):
        brands = directory.named(head)
        return Stem(brands, last.key) if brands else None
    if not before and is_ordinary(last.key):
        return None
    size = len(last.key)
    for end in range(size - 1, max(0, size - _SUFFIX_LETTERS_MAX - 1), -1):
        ending = last.key[end:]
        if ending not in _SUFFIXES:
            continue
        name = head + last.key[:end]
        if len(name) < (_BARE_STEM_LETTERS_MIN if len(ending) == 1 else _STEM_LETTERS_MIN):
            break
        if brands := directory.named(name) or _hardened(directory, name, ending):
            return Stem(brands, ending)
    return None


def part(directory: Index, typed: Sequence[str]) -> Match:
    """The brands whose full name these folded words are a part of: its leading words, or words that tell it from
    others. Words of the trade name none, nor do words that more than nine brands carry."""
    if all(word in _GENERIC or len(word) < _PART_LETTERS_MIN for word in typed):
        return NOTHING
    carriers = sorted([directory.carrying(word) for word in typed], key=len)
    if not carriers or not carriers[0] or len(carriers[0]) > _CARRIERS_MAX:
        return NOTHING
    brands = [
        brand
        for code in sorted(carriers[0])
        if all(code in others for others in carriers[1:]) and (brand := directory.get(code))
    ]
    joined = "".join(typed)
    leading = [brand for brand in brands if _leads(brand, joined)]
    distinct = any(word not in _GENERIC and len(word) > _PART_LETTERS_MIN and not is_inflected(word) for word in typed)
    found = (*leading, *[brand for brand in brands if brand not in leading]) if distinct else tuple(leading)
    return Match(found) if len(found) <= CANDIDATES_MAX else NOTHING


def near(directory: Index, name: str) -> Match:
    """The brands whose name, or the leading word of whose name, is this folded one with a slip in it: one from four
    letters on, two from eight. One brand is clear only if no other is as near, or, in long names, the next nearest; and
    a short one only by a slip that a thumb makes."""
    size = len(name)
    if size < SLIP_LETTERS_MIN or name.isdigit() or is_ordinary(name):
        return NOTHING
    reached = {found: distance for distance, found in directory.like(name)}
    one = edits(name) if size <= _EDITS_LETTERS_MAX else set()
    reached.update(dict.fromkeys(directory.among(one), 1))
    ranked = sorted(
        (distance, not _is_slip(name, found), found)
        for found, distance in reached.items()
        if len(found) >= SLIP_LETTERS_MIN and not found.isdigit()
    )
    codes = dict.fromkeys(brand.code for _, _, found in ranked for brand in directory.named(found))
    if all(is_unlikely for _, is_unlikely, _ in ranked):
        codes = dict.fromkeys(_leading_slips(directory, one) if not ranked else ())
    return Match(tuple([_of(directory, code) for code in codes][:CANDIDATES_MAX]))


def _leading_slips(directory: Index, one: set[str]) -> Iterator[str]:
    """The codes of brands of whose leading words one is among these."""
    for lead in sorted(directory.among_parts(one)):
        carriers = directory.carrying(lead)
        if len(lead) >= _LEAD_SLIP_LETTERS_MIN and len(carriers) <= CANDIDATES_MAX and lead not in _GENERIC:
            yield from sorted(code for code in carriers if _leads(_of(directory, code), lead))


def are_generic(typed: Iterable[str]) -> bool:
    """True if these folded words only say what kind of firm a name belongs to."""
    return all(word in _GENERIC for word in typed)


def _is_slip(name: str, key_: str) -> bool:
    return min(len(name), len(key_)) >= ANY_SLIP_LETTERS_MIN or is_likely(name, key_)


def _leads(brand: Brand, joined: str) -> bool:
    lead = ""
    for word in words(brand.name):
        lead += word
        if len(lead) >= len(joined):
            break
    return lead == joined


def _hardened(directory: Index, name: str, ending: str) -> tuple[Brand, ...]:
    """A last k that an ending with a vowel made a ğ (ebebeği)."""
    if name[-1] == "g" and ending[0] in "aeiu":
        return directory.named(name[:-1] + "k")
    return ()


def _of(directory: Index, code: str) -> Brand:
    brand = directory.get(code)
    assert brand is not None
    return brand
