"""The catalogs: alike in both languages, and sayable as they stand."""

import re
from typing import Final

import pytest

from core.conversation.requests import Language
from ivr.numerals import digits
from ivr.texts.catalog import Line, catalog

LINES: Final = {language: catalog(language, "3338") for language in Language}
TURKISH: Final = LINES[Language.TR]
ENGLISH: Final = LINES[Language.EN]

IN_THE_OTHER_VOICE: Final = {"english_offer", "number.english"}
ALL: Final = [(language, name) for language, lines in LINES.items() for name in lines]
FORBIDDEN: Final = r"reddedil|onaylan|reject|approv|refus"


def test_both_languages_have_the_same_prompts() -> None:
    assert list(TURKISH) == list(ENGLISH)


def test_the_recorded_messages_of_the_dial_plan_are_there() -> None:
    assert {"fallback", "busy", "agent-away"} <= set(TURKISH)


def test_no_two_prompts_share_a_file() -> None:
    assert len({name.replace(".", "-") for name in TURKISH}) == len(TURKISH)


def test_both_languages_continue_a_sentence_in_the_same_places() -> None:
    """A brand, a number or a day is said before it; it begins with a small letter and without a pause."""
    continued = [[name for name in lines if not lines[name].text[0].isupper()] for lines in (TURKISH, ENGLISH)]

    assert continued[0] == continued[1]
    assert {"confirm.MESAJ", "brand.choice.1", "onay.closed", "list.head"} <= set(continued[0])


@pytest.mark.parametrize(("language", "name"), ALL)
def test_a_text_is_sayable(language: Language, name: str) -> None:
    text = LINES[language][name].text

    assert not re.search(FORBIDDEN, text, re.IGNORECASE)
    assert not re.search(r"[\d{}#*]", text)
    assert text == " ".join(text.split())
    assert text[-1] in ".:," or name == "done.stops_head"


@pytest.mark.parametrize("name", list(TURKISH))
def test_the_same_prompts_name_the_line_in_both_languages(name: str) -> None:
    named = [digits("3338", language) in LINES[language][name].text for language in Language]

    assert named[0] == named[1]


@pytest.mark.parametrize(("language", "other"), [(Language.TR, Language.EN), (Language.EN, Language.TR)])
def test_the_other_language_is_offered_in_its_own_voice(language: Language, other: Language) -> None:
    voices = {name: line.voice for name, line in LINES[language].items()}

    assert {name for name, voice in voices.items() if voice is other} == IN_THE_OTHER_VOICE
    assert {voices[name] for name in voices.keys() - IN_THE_OTHER_VOICE} == {language}


def test_the_number_of_the_line_is_said_digit_by_digit() -> None:
    text = "Bütün hatlarımız dolu. Lütfen biraz sonra arayın ya da RET ve markanın adını dört altı sıfır dokuz"

    assert catalog(Language.TR, "4609")["busy"] == Line(f"{text} numarasına yazın.", Language.TR)
