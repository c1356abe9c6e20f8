"""A text as elements: known words and phrases, brands, and what is neither."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.brands.match import CANDIDATES_MAX, Match, stem, stem_match
from core.brands.ordinary import is_ordinary
from core.brands.slips import unstretched
from core.domain.consent import ConsentType
from core.domain.text import Word, words
from sms.reader.lexicon import Kind, Phrase, longest, slip_of, unglued, word

_NAME_WORDS_MAX: Final = 12
_NAME_LETTERS_MAX: Final = 80
_STEM_WORDS_MAX: Final = 4
_SPACED_LETTERS_MAX: Final = 16
_BREAK: Final = re.compile(r"[,;\n\r/+|•]")
_BULK_CODE: Final = re.compile(r"b[0-9]{3}")  # what operators append to bulk SMS
_SHORT_NUMBER: Final = re.compile(r"[2-9][0-9]{3}")
_VERBS: Final = frozenset(
    {
        Kind.COMMAND,
        Kind.WEAK,
        Kind.OBJECT,
        Kind.ONAY,
        Kind.DURUM,
        Kind.SIKAYET,
        Kind.YARDIM,
        Kind.EVET,
        Kind.DEVAM,
        Kind.LIST,
    }
)


class Element(NamedTuple):
    """Words that belong together, and what they are. `ending` is a brand's case ending, folded."""

    kinds: frozenset[Kind]
    words: tuple[Word, ...]
    types: frozenset[ConsentType] = frozenset()
    is_no: bool = False
    english: bool = False
    found: Match = Match()
    ending: str = ""

    def is_(self, *kinds: Kind) -> bool:
        return not self.kinds.isdisjoint(kinds)

    @property
    def key(self) -> str:
        return "".join([w.key for w in self.words])

    @property
    def typed(self) -> str:
        return "".join([("'" if w.is_suffix else " ") + w.typed for w in self.words])[1:]

    @property
    def breaks(self) -> bool:
        """True if a comma, a line end or the like parts it from what stands before."""
        return _BREAK.search(self.words[0].gap) is not None


def brand_element(found: Match, spelt: Sequence[Word], ending: str = "") -> Element:
    return Element(frozenset({Kind.BRAND}), tuple(spelt), found=found, ending=ending)


def elements(spelt: Sequence[Word], directory: Directory) -> list[Element]:
    """The elements of a text, in order. The longest brand's name or known phrase wins; of equal ones the phrase."""
    rest = _joined_letters(list(spelt))
    found: list[Element] = []
    while rest:
        size, element = _first(rest, directory)
        found.append(element)
        rest = rest[size:]
        if (glued := _unglued(element, rest, directory)) is not None:
            found.pop()
            rest = [*glued, *rest]
    return found


def exact(spelt: Sequence[Word], directory: Directory) -> tuple[int, tuple[Brand, ...]]:
    """The longest name of a brand with which the words begin: how many words, and the brands."""
    size, brands, name = 0, (), ""
    best: tuple[int, tuple[Brand, ...]] = (size, brands)
    for n, part in enumerate(spelt[:_NAME_WORDS_MAX], 1):
        name += part.key
        if len(name) > _NAME_LETTERS_MAX or (n > 1 and _BREAK.search(part.gap)):
            break
        if name in directory:
            named = directory.named(name)
            if n == 1 or not _is_verb_and_name(spelt[:n], named):
                best = n, named
    return best


def _is_verb_and_name(spelt: Sequence[Word], brands: Sequence[Brand]) -> bool:
    """True if a verb at an edge only happens to make a brand's name with the words beside it (RET RO, RETRO)."""
    edges = {w for w in (spelt[0].key, spelt[-1].key) if (phrase := word(w)) and not phrase.kinds.isdisjoint(_VERBS)}
    return bool(edges) and not any(
        edges <= set(words(name)) for brand in brands for name in (brand.name, *brand.short_names)
    )


def _first(rest: Sequence[Word], directory: Directory) -> tuple[int, Element]:
    named, brands = exact(rest, directory)
    known = longest([w.key for w in rest[:_NAME_WORDS_MAX]])
    for size in range(min(_STEM_WORDS_MAX, len(rest)), max(1, named, known[0] if known else 0), -1):
        if element := _with_ending(rest[:size], directory):
            return size, element
    if known and known[0] >= named:
        size, phrase = known
        return size, _element(phrase, rest[:size])
    if brands:
        return named, brand_element(Match(brands[:CANDIDATES_MAX], exact=True), rest[:named])
    if element := _with_ending(rest[:1], directory):
        return 1, element
    if held := directory.named(unstretched(rest[0].key)):
        return 1, brand_element(Match(held[:CANDIDATES_MAX]), rest[:1])
    is_noise = _BULK_CODE.fullmatch(rest[0].key) or _SHORT_NUMBER.fullmatch(rest[0].key)
    return 1, Element(frozenset({Kind.NOISE if is_noise else Kind.UNKNOWN}), tuple(rest[:1]))


def _with_ending(spelt: Sequence[Word], directory: Directory) -> Element | None:
    """A brand with a case ending. The ending hangs on its last word, which is no word that the reader knows."""
    if any(_BREAK.search(w.gap) for w in spelt[1:]) or (
        len(spelt) > 1 and not spelt[-1].is_suffix and word(spelt[-1].key)
    ):
        return None
    found = stem(directory, spelt)
    return brand_element(stem_match(directory, spelt), spelt, found.ending) if found else None


def _element(phrase: Phrase, spelt: Sequence[Word]) -> Element:
    return Element(phrase.kinds, tuple(spelt), phrase.types, phrase.is_no, phrase.english)


def _unglued(element: Element, after: Sequence[Word], directory: Directory) -> list[Word] | None:
    """The verb and the brand of an unknown word that is both in one (RETMIGROS, MIGROSSMSIPTAL)."""
    if not element.is_(Kind.UNKNOWN):
        return None
    [whole] = element.words
    if slip_of(whole.key):
        return None
    for verb, name, is_front in unglued(whole.key):
        rest = Word(name, _part(whole, name, is_front), " ")
        phrase = word(name)
        means = phrase is not None and not phrase.kinds.isdisjoint({Kind.ALL, Kind.TYPE})
        if means or exact([rest, *(after if is_front else ())], directory)[0]:
            alone = Word(verb, _part(whole, verb, not is_front), " ")
            return [alone, rest] if is_front else [rest, alone]
    return None


def _part(whole: Word, folded: str, at_end: bool) -> str:
    if len(whole.typed) != len(whole.key):
        return folded
    return whole.typed[-len(folded) :] if at_end else whole.typed[: len(folded)]


def _joined_letters(spelt: list[Word]) -> list[Word]:
    """Words with a space after each letter (R E T) in one, where they are known ones."""
    start = 0
    while start < len(spelt):
        end = start
        while (
            end < min(len(spelt), start + _SPACED_LETTERS_MAX) and len(spelt[end].key) == 1 and spelt[end].key.isalpha()
        ):
            end += 1
        for last in range(end, start + 2, -1):
            letters = spelt[start:last]
            joined = "".join([w.key for w in letters])
            if word(joined):
                spelt[start:last] = [Word(joined, "".join([w.typed for w in letters]), letters[0].gap)]
                break
        start += 1
    return spelt


def is_name_like(element: Element) -> bool:
    """True if an exact brand's name is no word of everyday talk."""
    return len(element.words) > 1 or not is_ordinary(element.key)
