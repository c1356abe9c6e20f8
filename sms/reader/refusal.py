"""The test of a refusal in a text's elements: every word must be explained, and nothing may turn it round."""

from collections.abc import Sequence
from typing import Final

from core.brands.directory import Directory
from core.conversation.requests import Ret, RetAll, RetAlone, Types
from core.domain.consent import ConsentType
from sms.reader.elements import Element
from sms.reader.lexicon import Kind
from sms.reader.names import NAMED_MAX, absorbed, is_possible_name, mention, resolved, runs

REFUSING: Final = (Kind.COMMAND, Kind.WEAK, Kind.OBJECT, Kind.SENDING, Kind.REFUSAL, Kind.UNWANTED, Kind.LEAVING)

BOTH: Final = frozenset({ConsentType.ARAMA, ConsentType.MESAJ})
_PLAIN: Final = (
    *(Kind.COMMAND, Kind.BRAND, Kind.TYPE, Kind.ALL, Kind.AND, Kind.POLITE, Kind.LEGAL, Kind.UNKNOWN, Kind.NOISE),
    *(Kind.CARRY, Kind.WEAK, Kind.REFUSAL),
)
_EXPLAINED: Final = (
    *REFUSING,
    *_PLAIN,
    Kind.WANTED,
    Kind.EVERY,
    Kind.GLUE,
    Kind.HOLDER,
    Kind.REPORTING,
    Kind.RECEIVING,
)
_MATTERS: Final = (Kind.TYPE, Kind.ALL, Kind.EVERY, Kind.HOLDER)
_THINGS: Final = (Kind.BRAND, *_MATTERS)
_BETWEEN: Final = (Kind.GLUE, Kind.POLITE, Kind.AND)
_NEGATED: Final = (Kind.UNWANTED, Kind.SENDING)
_MOVING: Final = frozenset({"dur", "cik", "cikis", "durun"})
_STRICT: Final = frozenset({"ret", "smsiptal", "iziniptal", "izinsiz", "unsubscribe", "optout"})


def is_refusing(found: Sequence[Element]) -> bool:
    return any(element.is_(*REFUSING) for element in found)


def refusal(found: Sequence[Element], directory: Directory) -> Ret | RetAlone | RetAll | None:
    """The refusal, or None."""
    found = _without_noise(runs(found))
    if not all(element.is_(*_EXPLAINED) for element in found):
        return None
    if any(element.is_(Kind.UNKNOWN) for element in found):
        if not any(e.is_(*REFUSING) and not e.is_(Kind.WEAK) for e in found):
            return None
        found = absorbed(resolved(found, directory))
    if not _may_stay_unknown(found) or not _holds_together(found):
        return None
    return _wish(found)


def _wish(found: Sequence[Element]) -> Ret | RetAlone | RetAll | None:
    types = frozenset().union(*[element.types for element in found])
    named = [element for element in found if element.is_(Kind.BRAND, Kind.UNKNOWN)]
    is_all = any(element.is_(Kind.ALL) for element in found)
    if any(e.is_(Kind.ALL) and e.is_no for e in found) and not any(e.is_(*_NEGATED) for e in found):
        return None
    if len(named) > NAMED_MAX:
        return None
    if named:
        mentions = tuple(dict.fromkeys(map(mention, named)))
        return Ret(mentions, in_order(types | BOTH if is_all else types))
    if is_all or any(element.is_(Kind.EVERY) for element in found):
        return RetAll(in_order(types))
    return RetAlone(in_order(types), is_no=_is_no(found))


def in_order(types: frozenset[ConsentType]) -> Types:
    return tuple([kind for kind in ConsentType if kind in types])


def _is_no(found: Sequence[Element]) -> bool:
    return any(e.is_no for e in found) and all(e.is_no or e.is_(Kind.POLITE) for e in found)


def _without_noise(found: Sequence[Element]) -> list[Element]:
    """The elements without the short number or the operator's code that people copy behind a command."""
    kept = list(found)
    while len(kept) > 1 and kept[-1].is_(Kind.NOISE) and not kept[-2].is_(Kind.GLUE):
        kept.pop()
    return [
        element._replace(kinds=frozenset({Kind.UNKNOWN})) if element.is_(Kind.NOISE) else element for element in kept
    ]


def _may_stay_unknown(found: Sequence[Element]) -> bool:
    """Names that are no known brand's may stand beside a plain command at one end of the text, not in a sentence."""
    unknown = [element for element in found if element.is_(Kind.UNKNOWN)]
    if not unknown:
        return True
    ends = [e for e in found if not e.is_(Kind.POLITE)]
    commands = [e for e in (ends[0], ends[-1]) if e.is_(Kind.COMMAND)]
    if not commands or not all(element.is_(*_PLAIN) for element in found):
        return False
    everyday = any(e.key in _STRICT for e in commands)
    return all(is_possible_name(element, everyday=everyday) for element in unknown)


def _holds_together(found: Sequence[Element]) -> bool:
    """True if each word that leans on another has it: what is wanted or not, what is made a verb, what is ended."""
    has_matter = any(element.is_(*_MATTERS) or element.types for element in found)
    has_thing = any(element.is_(*_THINGS) for element in found)
    refuses = False
    last: Element | None = None
    for element in found:
        if element.is_(Kind.REPORTING) and refuses:
            return False
        if element.is_(Kind.UNWANTED):
            if last is not None and last.is_(Kind.COMMAND, Kind.LEAVING) and not element.breaks:
                return False
            refuses = True
        elif element.is_(Kind.WANTED):
            leans = last is not None and last.is_(Kind.COMMAND, Kind.LEAVING)
            if not leans and not element.is_(Kind.POLITE):
                return False
            refuses = refuses or leans
        elif element.is_(Kind.CARRY):
            if last is None or not last.is_(Kind.COMMAND, Kind.WEAK, Kind.REFUSAL):
                return False
        elif element.is_(Kind.COMMAND, Kind.WEAK, Kind.REFUSAL):
            refuses = True
        elif element.is_(Kind.OBJECT, Kind.SENDING):
            if not (has_thing if element.is_(Kind.OBJECT) else has_matter):
                return False
            refuses = True
        elif element.is_(Kind.RECEIVING) and not has_matter:
            return False
        if not element.is_(*_BETWEEN):
            last = element
    return refuses and not _is_conversation(found) and not _is_open_ended(found)


def _is_open_ended(found: Sequence[Element]) -> bool:
    """True if a word for leaving stands without the "istiyorum" that makes a wish of it."""
    for n, element in enumerate(found):
        if element.is_(Kind.LEAVING) and not element.is_(Kind.COMMAND):
            after = next((e for e in found[n + 1 :] if e.is_(Kind.WANTED) or not e.is_(*_BETWEEN)), None)
            if after is None or not after.is_(Kind.WANTED):
                return True
    return False


def _is_conversation(found: Sequence[Element]) -> bool:
    """True if only a word of moving or halting stands beside a place (migrosta dur), or "no" beside a brand (migros
    no: its number)."""
    verbs = {element.key for element in found if element.is_(*REFUSING)}
    brands = [element for element in found if element.is_(Kind.BRAND)]
    return (verbs <= _MOVING and any(brand.ending for brand in brands)) or (verbs == {"no"} and bool(brands))
