"""Reading of texts: a text and the brand directory → the wish in it."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from core.brands.directory import Directory
from core.brands.match import Match
from core.brands.ordinary import is_inflected
from core.conversation.requests import (
    BrandAlone,
    BrandMention,
    Devam,
    Digits,
    Durum,
    DurumOf,
    Evet,
    Intent,
    Language,
    NoneOfThem,
    NotUnderstood,
    Onay,
    OnayAll,
    Reading,
    Ret,
    RetAll,
    RetAlone,
    Sikayet,
    Yardim,
)
from core.domain.receipts import read_back
from core.domain.text import Word, spell
from sms.reader.digits import digits
from sms.reader.elements import Element, brand_element, elements
from sms.reader.lexicon import Kind, is_unmistakable, slip_of
from sms.reader.names import NAMED_MAX, absorbed, is_possible_name, mention, mentions, resolved, runs
from sms.reader.refusal import BOTH, REFUSING, in_order, is_refusing, refusal

TEXT_LETTERS_MAX: Final = 1600
TEXT_WORDS_MAX: Final = 200
"""A longer text is no command."""

_COMMAND_WORDS_MAX: Final = 40
_PLAIN_WORDS_MAX: Final = 4
_RECEIPT_LETTERS_MAX: Final = 16
_ITEM_DIGITS_MAX: Final = 2
_ENGLISH_WORDS_MIN: Final = 2
_TURKISH_TOO: Final = frozenset({"ok", "sms", "can", "it", "no", "me", "us", "of", "i", "are", "menu", "info", "spam"})
_QUESTION: Final = re.compile(r"\?\s*$")
_INTENTS: Final = (
    *(Kind.ONAY, Kind.ONAY_BESIDE, Kind.DURUM, Kind.SIKAYET, Kind.YARDIM, Kind.EVET, Kind.DEVAM, Kind.LIST),
    *(Kind.LANGUAGE_EN, Kind.LANGUAGE_TR),
)
_AROUND: Final = (Kind.POLITE, Kind.GLUE, Kind.HOLDER)


def read(text: str, directory: Directory) -> Reading:
    """The wish in a text, and the language it switches to. Never raises; a text of over 1,600 letters or 200 words is
    no command."""
    spelt = spell(text[:TEXT_LETTERS_MAX])
    is_long = len(text) > TEXT_LETTERS_MAX or len(spelt) > TEXT_WORDS_MAX
    found = elements(spelt[:TEXT_WORDS_MAX], directory)
    language = _language(found)
    intent: Intent | None = None if is_long else digits(spelt)
    if intent is None and (is_long or len(spelt) > _COMMAND_WORDS_MAX):
        intent = NotUnderstood(mentions(found))
    if intent is None:
        intent = _wish(text, spelt, found, directory)
    if isinstance(intent, Ret | Onay | BrandAlone) and _QUESTION.search(text):
        intent = NotUnderstood(mentions(found))
    return Reading(text, intent, language)


def _wish(text: str, spelt: Sequence[Word], found: Sequence[Element], directory: Directory) -> Intent:
    if not found:
        return NotUnderstood()
    intent = _by_words(found, directory)
    other: Intent | None = None
    if isinstance(intent, NotUnderstood | RetAlone):
        other = _with_word_as_brand(found, directory)
    if other is None and isinstance(intent, NotUnderstood | Ret):
        other = _items(found)
    if other is None and isinstance(intent, NotUnderstood):
        other = _receipt(text, found)
    if other is None and (
        isinstance(intent, NotUnderstood) or (isinstance(intent, BrandAlone) and not intent.mention.exact)
    ):
        other = _slipped(found, directory)
    if other is None and isinstance(intent, Ret) and not any(m.brands for m in intent.mentions):
        other = _in_one(spelt, directory)
    return intent if other is None else other


def _by_words(found: Sequence[Element], directory: Directory) -> Intent:
    none = NotUnderstood(mentions(found))
    intent: Intent | None
    intents = {kind for element in found for kind in element.kinds if kind in _INTENTS}
    if is_refusing(found):
        clashing = any(element.is_(*_INTENTS) and not element.is_(*_AROUND, Kind.LIST) for element in found)
        intent = None if clashing else refusal(found, directory)
        return none if intent is None else intent
    for kinds, of in _READERS:
        if intents & kinds:
            intent = of(found, directory) if _is_one(found, kinds) else None
            return none if intent is None else intent
    intent = _brand_alone(found, directory)
    return none if intent is None else intent


def _is_one(found: Sequence[Element], kinds: frozenset[Kind]) -> bool:
    """True if every element that carries an intent carries this one."""
    return all(element.is_(*kinds) or not element.is_(*_INTENTS) or element.is_(*_AROUND) for element in found)


def _onay(found: Sequence[Element], directory: Directory) -> Intent | None:
    allowed = (
        Kind.ONAY,
        Kind.ONAY_BESIDE,
        Kind.BRAND,
        Kind.TYPE,
        Kind.ALL,
        Kind.EVERY,
        Kind.AND,
        Kind.POLITE,
        Kind.LEGAL,
        Kind.UNKNOWN,
    )
    named = _named(found, directory, allowed)
    if named is None:
        return None
    if any(element.is_(Kind.ALL, Kind.EVERY) for element in found) and not named:
        return OnayAll()
    if not named and not all(element.is_(Kind.ONAY, Kind.POLITE) for element in found):
        return None
    if not any(element.is_(Kind.ONAY) for element in found) and not all(m.brands for m in named):
        return None
    types = frozenset().union(*[element.types for element in found])
    return Onay(named, in_order(types | BOTH if any(element.is_(Kind.ALL) for element in found) else types))


def _durum(found: Sequence[Element], directory: Directory) -> Intent | None:
    rest = [element for element in found if not element.is_(Kind.DURUM, Kind.POLITE)]
    receipt = read_back("".join([w.typed for element in rest for w in element.words]))
    if receipt and not any(element.is_(Kind.BRAND) for element in rest):
        return DurumOf(receipt)
    named = _named(
        found, directory, (Kind.DURUM, Kind.BRAND, Kind.ALL, Kind.TYPE, Kind.AND, Kind.POLITE, Kind.LEGAL, Kind.UNKNOWN)
    )
    return None if named is None else Durum(named)


def _sikayet(found: Sequence[Element], directory: Directory) -> Intent | None:
    named = _named(
        found,
        directory,
        (Kind.SIKAYET, Kind.BRAND, Kind.TYPE, Kind.ABOUT, Kind.AND, Kind.POLITE, Kind.LEGAL, Kind.UNKNOWN, Kind.CARRY),
    )
    return None if named is None else Sikayet(named)


def _named(found: Sequence[Element], directory: Directory, allowed: Sequence[Kind]) -> tuple[BrandMention, ...] | None:
    """The brands and unknown names beside a command that begins or ends the text, None if there is more in it."""
    found = runs(found)
    if not all(element.is_(*allowed) for element in found):
        return None
    found = absorbed(resolved(found, directory))
    if not all(is_possible_name(element, everyday=True) for element in found if element.is_(Kind.UNKNOWN)):
        return None
    named = tuple(dict.fromkeys([mention(e) for e in found if e.is_(Kind.BRAND, Kind.UNKNOWN)]))
    return named if len(named) <= NAMED_MAX else None


def _alone(kind: Kind, intent: Intent) -> Callable[[Sequence[Element], Directory], Intent | None]:
    def of(found: Sequence[Element], _directory: Directory) -> Intent | None:
        return intent if all(element.is_(kind, Kind.POLITE) for element in found) else None

    return of


def _list(found: Sequence[Element], _directory: Directory) -> Intent | None:
    types = frozenset().union(*[element.types for element in found])
    return RetAlone(in_order(types)) if all(e.is_(Kind.LIST, Kind.POLITE, Kind.TYPE) for e in found) else None


_READERS: Final = (
    (frozenset({Kind.ONAY, Kind.ONAY_BESIDE}), _onay),
    (frozenset({Kind.SIKAYET}), _sikayet),
    (frozenset({Kind.DURUM}), _durum),
    (frozenset({Kind.EVET}), _alone(Kind.EVET, Evet())),
    (frozenset({Kind.DEVAM}), _alone(Kind.DEVAM, Devam())),
    (frozenset({Kind.YARDIM}), _alone(Kind.YARDIM, Yardim())),
    (frozenset({Kind.LANGUAGE_EN}), _alone(Kind.LANGUAGE_EN, Yardim())),
    (frozenset({Kind.LANGUAGE_TR}), _alone(Kind.LANGUAGE_TR, Yardim())),
    (frozenset({Kind.LIST}), _list),
)


def _brand_alone(found: Sequence[Element], directory: Directory) -> Intent | None:
    found = runs(found)
    types = frozenset().union(*[element.types for element in found])
    if all(element.is_(Kind.ALL, Kind.EVERY, Kind.TYPE, Kind.POLITE) for element in found):
        is_all = any(element.is_(Kind.ALL, Kind.EVERY) for element in found)
        if any(element.is_no for element in found):
            return NoneOfThem()
        return RetAll(in_order(types), bare=True) if is_all else None
    if not all(element.is_(Kind.BRAND, Kind.UNKNOWN, Kind.TYPE, Kind.ALL) for element in found):
        return None
    if sum(len(element.words) for element in found if element.is_(Kind.UNKNOWN)) > _PLAIN_WORDS_MAX:
        return None
    found = resolved(found, directory)
    if any(element.is_(Kind.UNKNOWN) for element in found):
        return _unmistakable(found)
    named = [element for element in found if element.is_(Kind.BRAND)]
    if len(named) != 1:
        return NotUnderstood(tuple(map(mention, named)))
    if any(element.is_(Kind.ALL) for element in found):
        types |= BOTH
    return BrandAlone(mention(named[0]), in_order(types))


def _unmistakable(found: Sequence[Element]) -> Intent | None:
    """A refusing word with a slip and nothing else."""
    if len(found) == 1 and len(found[0].words) == 1 and is_unmistakable(found[0].key):
        return RetAlone()
    return None


def _with_word_as_brand(found: Sequence[Element], directory: Directory) -> Intent | None:
    """The wish if a word that the reader knows is a brand's name here (RET SMS, where a brand is called SMS)."""
    if len(found) > _PLAIN_WORDS_MAX or any(element.is_(Kind.BRAND) for element in found):
        return None
    for n, element in enumerate(found):
        brands = directory.named(element.key) if not element.is_(Kind.UNKNOWN, Kind.ALL) else ()
        if not brands or (len(found) == 1 and element.is_(*REFUSING)):
            continue
        brand = brand_element(Match(brands, exact=len(found) > 1), element.words)
        intent = _by_words([*found[:n], brand, *found[n + 1 :]], directory)
        if not isinstance(intent, NotUnderstood) and all(e.key != element.key for e in found[:n]):
            return intent
    return None


def _items(found: Sequence[Element]) -> Digits | None:
    """The numbers of a list behind a refusing word (RET 2 5)."""
    rest = [element for element in found if not element.is_(Kind.COMMAND, Kind.POLITE, Kind.WEAK)]
    if len(rest) == len(found) or any(element.is_(Kind.BRAND) for element in rest):
        return None
    numbers = digits([w for element in rest for w in element.words]) if rest else None
    if numbers is None or any(number >= 10**_ITEM_DIGITS_MAX for number in numbers.numbers) or not numbers.numbers:
        return None
    return numbers._replace(code=None)


def _receipt(text: str, found: Sequence[Element]) -> DurumOf | None:
    if len(text) > _RECEIPT_LETTERS_MAX or any(element.is_(Kind.BRAND) for element in found):
        return None
    receipt = read_back(text.strip(" .!\r\n\t"))
    has_digit = any(map(str.isdigit, text))
    if receipt is None or not (has_digit or (len(found) == 1 and not is_inflected(found[0].key))):
        return None
    return DurumOf(receipt)


def _slipped(found: Sequence[Element], directory: Directory) -> Intent | None:
    """The refusal of a brand beside which only a refusing word with a slip stands, at one end of the text."""
    rest = [element for element in found if not element.is_(Kind.POLITE)]
    for slip, others in ((rest[0], rest[1:]), (rest[-1], rest[:-1])) if rest else ():
        if not slip.is_(Kind.UNKNOWN) or not any(e.is_(Kind.BRAND) for e in others):
            continue
        if not all(e.is_(Kind.TYPE, Kind.ALL, Kind.AND, Kind.LEGAL) or e.found.exact for e in others):
            continue
        verb = slip_of(slip.key)
        if verb and not directory.carrying(slip.key):
            command = slip._replace(kinds=frozenset({Kind.COMMAND}))
            return refusal([command, *others], directory)
    return None


def _in_one(spelt: Sequence[Word], directory: Directory) -> BrandAlone | None:
    """A brand whose name only the whole text is, its verb included (RED HOUSE, written Redhouse)."""
    brands = directory.named("".join([w.key for w in spelt]))
    typed = " ".join([w.typed for w in spelt])
    return BrandAlone(BrandMention(typed, brands, exact=False)) if brands else None


def _language(found: Sequence[Element]) -> Language | None:
    if any(element.is_(Kind.LANGUAGE_TR) for element in found):
        return Language.TR
    if any(element.is_(Kind.LANGUAGE_EN) for element in found):
        return Language.EN
    english = {w.key for element in found if element.english for w in element.words} - _TURKISH_TOO
    return Language.EN if len(english) >= _ENGLISH_WORDS_MIN else None
