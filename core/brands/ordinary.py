"""Ordinary Turkish words: a word that people use in any sentence is not taken for a brand's name with a slip in it.

`ordinary.txt` is our own list, written for this project, folded, sorted, one a line: some 3,400 words of three to nine
letters that people text every day (a tenth of them English, some of them short forms such as slm), and the stems of
some 1,000 verbs, with a hyphen, from two letters on. Not in it: proper names, most words with an ending (the rules
below tell those) and two rare words that are slips in RET (rey, ket).
"""

import re
from importlib.resources import files
from typing import Final

_ENTRIES: Final = files("core.brands").joinpath("ordinary.txt").read_text("ascii").split()
_VERBS: Final = frozenset(entry.removesuffix("-") for entry in _ENTRIES if entry.endswith("-"))
_NOUNS: Final = frozenset(entry for entry in _ENTRIES if not entry.endswith("-"))
_WORD_LETTERS_MIN: Final = 3
_WORDS: Final = frozenset(word for word in (*_NOUNS, *_VERBS) if len(word) >= _WORD_LETTERS_MIN)

_NOUN_ENDING: Final = re.compile(
    r"(?:l[ae]r)?(?:[iu]?m(?:[iu]z)?|[iu]?n[iu]z|s?[iu]|l[ae]r[iu])?"
    r"(?:y?[aeiu]|n[aeiu]|n?[dt][ae]n?|n?[iu]n|y?l[ae]|n?[dt][ae]ki)?"
)
_VERB_ENDING: Final = re.compile(
    r"(?:[iu]?[nlst]|[dt][iu]r){0,2}"  # passive, causative, reciprocal
    r"(?:y?[ae]m[ae]|m[ae]|m)?(?:"
    r"[iu]?yor|[dt][iu]|m[iu]s|y?[ae]c[ae][kg]|[aeiu]?r|z|s[ae]|m[ae]l[iu]|y?[iu]p|m[ae]k|m[ae]|y?[ae]l[iu]m|"
    r"y?[ae]r[ae]k|y?[iu]nc[ae]|s[iu]n|y?[iu]n(?:[iu]z)?|y?[ae]y[iu]m|c[ae]m)"
    r"(?:[dt][iu]|s[ae]|m[iu]s)?(?:[iu]?m|k|[iu]?z|n|s[iu]n(?:[iu]z)?|n[iu]z|l[ae]r|[dt][iu]r)?"
)
_PERSON_ENDING: Final = re.compile(
    r"(?:l[ae]r)?(?:[iu]?m(?:[iu]z)?|[iu]?n[iu]z)(?:y?[aeiu]|[dt][ae]n?|[iu]n|y?l[ae])?"  # mine, ours, yours
)
_HARD: Final = {"g": "k", "b": "p", "d": "t"}


def is_ordinary(word: str) -> bool:
    """True if the folded word stands in the list as it is."""
    return word in _WORDS


def is_inflected(word: str) -> bool:
    """True if the folded word is an ordinary one with or without a Turkish ending.

    Generous: some names pass for a word with an ending, which only makes the reader ask.
    """
    return word in _WORDS or _is_verb(word) or _is_noun(word, _NOUN_ENDING)


def is_spoken(word: str) -> bool:
    """True if the folded word is an ordinary one with the ending of a verb or of a person, as names hardly have."""
    return word not in _NOUNS and (_is_verb(word) or _is_noun(word, _PERSON_ENDING))


def _is_noun(word: str, ending: re.Pattern[str]) -> bool:
    return any(
        ending.fullmatch(word, end) and not {word[:end], _hardened(word[:end])}.isdisjoint(_NOUNS)
        for end in range(_WORD_LETTERS_MIN, len(word))
    )


def _is_verb(word: str) -> bool:
    """True if the word is a verb with an ending; "-iyor" may have taken its last vowel (bekliyor)."""
    for end in range(2, len(word) - 1):
        stem = word[:end]
        stems = {stem, _hardened(stem)}
        if word.startswith(("iyor", "uyor"), end):
            stems |= {stem + "e", stem + "a"}
        if not stems.isdisjoint(_VERBS) and _VERB_ENDING.fullmatch(word, end):
            return True
    return False


def _hardened(stem: str) -> str:
    """The stem before a vowel softened its last consonant (kitabı, gidiyor)."""
    return stem[:-1] + _HARD.get(stem[-1], stem[-1])
