"""The words that the reader knows, from `words.toml`."""

import tomllib
from collections.abc import Iterator, Sequence
from enum import StrEnum
from importlib.resources import files
from itertools import product
from typing import Any, Final, NamedTuple

from core.brands.ordinary import is_ordinary
from core.brands.slips import edits, likely_edits, unstretched
from core.domain.consent import ConsentType
from core.domain.text import words


class Kind(StrEnum):
    """The part of a word in a text.

    COMMAND refuses, and names may stand beside it that are no known brand's. WEAK refuses too, but people say it in
    talk as well. OBJECT refuses only with something that it is done to, a brand or the like; to SENDING and RECEIVING a
    brand is not enough. REFUSAL is a whole sentence. UNWANTED ("istemiyorum") refuses what stands before it, LEAVING
    ("çıkmak") refuses before WANTED ("istiyorum"). CARRY makes a verb of the word before, REPORTING tells why.
    ONAY_BESIDE allows only beside a brand. The rest are what they are called.
    """

    COMMAND = "command"
    WEAK = "weak"
    OBJECT = "object"
    SENDING = "sending"
    REFUSAL = "refusal"
    UNWANTED = "unwanted"
    LEAVING = "leaving"
    WANTED = "wanted"
    CARRY = "carry"
    TYPE = "type"
    ALL = "all"
    EVERY = "every"
    GLUE = "glue"
    HOLDER = "holder"
    REPORTING = "reporting"
    RECEIVING = "receiving"
    POLITE = "polite"
    AND = "and"
    LEGAL = "legal"
    LIST = "list"
    ONAY = "onay"
    ONAY_BESIDE = "onay_beside"
    DURUM = "durum"
    SIKAYET = "sikayet"
    ABOUT = "about"
    YARDIM = "yardim"
    EVET = "evet"
    DEVAM = "devam"
    LANGUAGE_EN = "language_en"
    LANGUAGE_TR = "language_tr"
    NUMBER = "number"
    NO_SLIP = "no_slip"
    STOPPER = "stopper"
    BRAND = "brand"
    UNKNOWN = "unknown"
    NOISE = "noise"


class Phrase(NamedTuple):
    """A word or several, and what they do. `is_no`: it answers a question with no; `english`: it shows the language."""

    kinds: frozenset[Kind]
    types: frozenset[ConsentType] = frozenset()
    is_no: bool = False
    english: bool = False


class Glued(NamedTuple):
    """Verbs that people write in one with a brand, longest first: in front of it and at its end."""

    front: tuple[str, ...]
    end: tuple[str, ...]


Path = tuple[str, ...]

_SLIPPED: Final = (
    "ret",
    "iptal",
    "stop",
    "smsiptal",
    "iziniptal",
    "izinsiz",
    "hayir",
    "vazgec",
    "istemiyorum",
    "cikis",
    "unsubscribe",
)
_UNMISTAKABLE: Final = ("iptal", "smsiptal", "iziniptal", "istemiyorum", "unsubscribe")
_ANY_SLIP_LETTERS_MIN: Final = 5
_SLIP_LETTERS_MIN: Final = 3
_SHORT_SLIPS: Final = frozenset({"rt", "re"})
_COLOUR: Final = "red"  # also English, and in names
_GLUED_NAME_LETTERS_MIN: Final = 3
_WEAK_GLUED_NAME_LETTERS_MIN: Final = 4


def _load() -> tuple[dict[Path, Phrase], Glued]:
    groups = tomllib.loads(files("sms.reader").joinpath("words.toml").read_text("utf-8"))["group"]
    phrases: dict[Path, Phrase] = {}
    glued: dict[str, set[str]] = {"front": set(), "end": set()}
    for group in groups:
        for entry in group["words"]:
            for path in spellings(entry):
                phrases[path] = _joined(phrases.get(path), group)
                for side in group.get("glued", ()):
                    glued[side].add("".join(path))
    return phrases, Glued(
        *(tuple(sorted(glued[side], key=lambda verb: (-len(verb), verb))) for side in ("front", "end"))
    )


def spellings(entry: str) -> Iterator[Path]:
    """The folded forms of an entry of `words.toml`: "a|b" is one word or the other, "a?" may be left out."""
    slots: list[list[Path]] = []
    for slot in entry.split():
        choices = [tuple(words(choice)) for choice in slot.removesuffix("?").split("|")]
        slots.append([*choices, ()] if slot.endswith("?") else choices)
    for chosen in product(*slots):
        yield tuple([word for path in chosen for word in path])


def _joined(known: Phrase | None, group: dict[str, Any]) -> Phrase:
    known = known or Phrase(frozenset())
    return Phrase(
        known.kinds | {Kind(group["kind"])},
        known.types | {ConsentType(name) for name in group.get("types", ())},
        known.is_no or group.get("no", False),
        known.english or group.get("english", False),
    )


_PHRASES, GLUED = _load()
_LENGTHS: Final[dict[str, list[int]]] = {}
for _path in _PHRASES:
    _LENGTHS[_path[0]] = sorted({*_LENGTHS.get(_path[0], ()), len(_path)}, reverse=True)

RESERVED_WORDS: Final = frozenset("".join(path) for path in _PHRASES)
"""The folded words that mean something by themselves: no receipt may read like one of them."""


def longest(found: Sequence[str]) -> tuple[int, Phrase] | None:
    """The longest phrase with which these folded words begin, behind the count of its words; the first word may be held
    down (RETTTT)."""
    for first in dict.fromkeys((found[0], unstretched(found[0]))):
        for size in _LENGTHS.get(first, ()):
            phrase = _PHRASES.get((first, *found[1:size]))
            if phrase is not None and size <= len(found):
                return size, phrase
    return None


def word(found: str) -> Phrase | None:
    """The part of one folded word."""
    return _PHRASES.get((found,))


def _slips_of(verb: str) -> set[str]:
    made = edits(verb) if len(verb) >= _ANY_SLIP_LETTERS_MIN else likely_edits(verb)
    long_enough = {slip for slip in made if len(slip) >= _SLIP_LETTERS_MIN} | (made & _SHORT_SLIPS)
    return {slip for slip in long_enough if not is_ordinary(slip) and (slip,) not in _PHRASES}


_SLIPS: Final = {slip: verb for verb in reversed(_SLIPPED) for slip in _slips_of(verb)}


def slip_of(found: str) -> str | None:
    """The refusing word that this folded one is with a slip in it; None for words of their own."""
    return _SLIPS.get(found)


def is_unmistakable(found: str) -> bool:
    """True if the folded word can be nothing but a refusing word with a slip."""
    verb = _SLIPS.get(found)
    return verb in _UNMISTAKABLE and found in likely_edits(verb or "")


def unglued(found: str) -> Iterator[tuple[str, str, bool]]:
    """The ways to part a folded word into a refusing verb and a rest: both, and whether the verb comes first."""
    if is_ordinary(found):
        return
    for verb in GLUED.front:
        rest = found.removeprefix(verb)
        if rest != found and len(rest) >= _rest_min(verb):
            yield verb, rest, True
    for verb in GLUED.end:
        rest = found.removesuffix(verb)
        if rest != found and len(rest) >= _rest_min(verb):
            yield verb, rest, False


def _rest_min(verb: str) -> int:
    weak = verb == _COLOUR or Kind.WEAK in _PHRASES[(verb,)].kinds
    return _WEAK_GLUED_NAME_LETTERS_MIN if weak else _GLUED_NAME_LETTERS_MIN
