"""Brands in a text: those that stand in it, and what unknown words beside a command may mean."""

from collections.abc import Sequence
from typing import Final

from core.brands.directory import Directory
from core.brands.match import Match, are_generic, near, part
from core.brands.ordinary import is_inflected, is_spoken
from core.conversation.requests import BrandMention
from core.domain.text import Word, words
from sms.reader.elements import Element, brand_element, is_name_like
from sms.reader.lexicon import Kind

MENTIONS_MAX: Final = 5
"""In a text that is no wish."""
NAMED_MAX: Final = 20
"""In a wish."""

_NAME_WORDS_MAX: Final = 4
_SINGLE_WORDS: Final = range(2, 7)
_RUNS_MAX: Final = 6  # so many searches for a likeness a text may cost
_PART_LETTERS_MIN: Final = 4  # of a word that with a brand beside it makes a longer name
_COMMANDS: Final = (Kind.COMMAND, Kind.ONAY, Kind.SIKAYET, Kind.DURUM)


def mention(element: Element) -> BrandMention:
    return BrandMention(element.typed, *element.found)


def mentions(found: Sequence[Element]) -> tuple[BrandMention, ...]:
    """Brands that stand in a text which is no wish; an everyday word is one only beside a command (RET MAVİ yaz)."""
    standing: dict[tuple[str, ...], BrandMention] = {}
    for n, element in enumerate(found):
        beside = found[max(0, n - 1) : n + 2]
        if element.is_(Kind.BRAND) and (is_name_like(element) or any(e.is_(*_COMMANDS) for e in beside)):
            standing.setdefault(tuple([brand.code for brand in element.found.brands]), mention(element))
    return tuple(standing.values())[:MENTIONS_MAX]


def runs(found: Sequence[Element]) -> list[Element]:
    """The elements with unknown words that stand together in one."""
    joined: list[Element] = []
    for element in found:
        if joined and element.is_(Kind.UNKNOWN) and joined[-1].is_(Kind.UNKNOWN) and not element.breaks:
            joined[-1] = joined[-1]._replace(words=joined[-1].words + element.words)
        else:
            joined.append(element)
    return joined


def like(spelt: Sequence[Word], directory: Directory) -> Match:
    """The brands that unknown words may be a part of, or meant with a slip."""
    found = part(directory, [w.key for w in spelt])
    return found if found.brands else near(directory, "".join([w.key for w in spelt]))


def resolved(found: Sequence[Element], directory: Directory) -> list[Element]:
    """The elements in which unknown words that are like a brand's name are that brand: together with a type, "all"
    or a brand beside them (HEPSİ BURDA, ÇİÇEK SEPTİ), by themselves, or one by one."""
    done: list[Element] = []
    waiting = list(found)
    if sum(element.is_(Kind.UNKNOWN) for element in found) > _RUNS_MAX:
        return waiting
    while waiting:
        element = waiting.pop(0)
        if not element.is_(Kind.UNKNOWN):
            done.append(element)
            continue
        before = done[-1] if done and _may_belong(done[-1]) and not element.breaks else None
        after = waiting[0] if waiting and _may_belong(waiting[0]) and not waiting[0].breaks else None
        for first, last in ((before, after), (before, None), (None, after)):
            if first is None and last is None:
                continue
            if len(element.key) < _PART_LETTERS_MIN and any(e and e.is_(Kind.BRAND) for e in (first, last)):
                continue
            spelt = (*(first.words if first else ()), *element.words, *(last.words if last else ()))
            match = like(spelt, directory)
            if match.brands:
                done = done[:-1] if first else done
                waiting = waiting[1:] if last else waiting
                done.append(brand_element(match, spelt))
                break
        else:
            done += _by_itself(element, directory)
    return done


def _may_belong(element: Element) -> bool:
    """True if a known element may be a word of a longer name in which there is a slip (HEPSİ BURDA, ÇİÇEK SEPTİ)."""
    return element.is_(Kind.ALL, Kind.TYPE) or (element.is_(Kind.BRAND) and element.found.exact)


def _by_itself(element: Element, directory: Directory) -> list[Element]:
    match = like(element.words, directory)
    if match.brands:
        return [brand_element(match, element.words)]
    single = [like([w], directory) for w in element.words] if len(element.words) in _SINGLE_WORDS else []
    if single and all(len(match.brands) == 1 for match in single):
        return [brand_element(match, [w]) for match, w in zip(single, element.words, strict=True)]
    return [element]


def absorbed(found: Sequence[Element]) -> list[Element]:
    """The elements in which everyday words right beside the only brand make another, unknown name of it (ÇİÇEK SEPETİ
    where only ÇİÇEK is known), unless the brand itself is called so. Words of the trade leave it in doubt (GARANTİ
    SİGORTA)."""
    brands = [n for n, element in enumerate(found) if element.is_(Kind.BRAND)]
    if len(brands) != 1:
        return list(found)
    [n] = brands
    start, end = n, n + 1
    if n > 0 and _continues(found[n - 1], found[n]) and not found[n].breaks:
        start = n - 1
    if end < len(found) and _continues(found[end], found[n]) and not found[end].breaks:
        end += 1
    if end - start == 1:
        return list(found)
    spelt = tuple(w for element in found[start:end] for w in element.words)
    brands_found = found[n].found.brands
    if _is_called(found[n], spelt):
        whole = brand_element(Match(brands_found), spelt)
    elif are_generic([w.key for e in found[start:end] if not e.is_(Kind.BRAND) for w in e.words]):
        whole = brand_element(Match(brands_found, sure=False), spelt)
    else:
        whole = Element(frozenset({Kind.UNKNOWN}), spelt)
    return [*found[:start], whole, *found[end:]]


def is_possible_name(element: Element, *, everyday: bool) -> bool:
    """True if unknown words can be a brand that is not in the directory; `everyday` words only if asked for, and none
    with an ending of speech."""
    no_name = is_spoken if everyday else is_inflected
    return len(element.words) <= _NAME_WORDS_MAX and not any(no_name(w.key) for w in element.words)


def _continues(element: Element, brand: Element) -> bool:
    if not element.is_(Kind.UNKNOWN) or brand.ending:
        return False
    keys = [w.key for w in element.words]
    return are_generic(keys) or all(is_inflected(k) for k in keys)


def _is_called(element: Element, spelt: Sequence[Word]) -> bool:
    called = {w.key for w in spelt} - {w.key for w in element.words}
    return any(called <= {*words(brand.name), *words(brand.title)} for brand in element.found.brands)
