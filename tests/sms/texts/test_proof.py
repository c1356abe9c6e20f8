"""Proofreading: what holds for every answer in both languages."""

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.conversation.answers import Answer, RetAllDone, RetAllQuestion, RetAnswer, RetSeveral, SetAside
from core.conversation.requests import Language
from core.domain.text import fold
from sms.gsm.alphabet import TURKISH, decode, encode_septets, encode_ucs2
from sms.gsm.coding import CODING_DEFAULT, CODING_UCS2
from sms.texts.render import render
from tests.sms.texts.samples import LABELS, LINK, LONG_LABEL, RECEIPT, answers

FORBIDDEN: Final = ("reddedil", "onaylan", "reject", "approv")
BEFORE_A_RECEIPT: Final = {
    Language.TR: ("İşlem no ", "Soru no ", "Şikayet no ", "DURUM "),
    Language.EN: ("Ref ", "Question ", "Complaint ", "complaint ", "DURUM "),
}
ACTS: Final = (RetAnswer, RetSeveral, RetAllDone, SetAside)


def rendered(label: str, language: Language) -> list[tuple[Answer, str]]:
    return [(answer, render(answer, language)) for answer in answers(label)]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("label", [*LABELS, LONG_LABEL])
class TestEveryText:
    def test_only_has_letters_that_short_messages_carry(self, label: str, language: Language) -> None:
        for _, text in rendered(label, language):
            septets = encode_septets(text)

            assert septets is not None, text
            assert decode(septets, CODING_DEFAULT, "gsm7", TURKISH) == text
            assert decode(encode_ucs2(text), CODING_UCS2, "gsm7") == text

    def test_never_says_what_reads_like_its_opposite(self, label: str, language: Language) -> None:
        for _, text in rendered(label, language):
            assert not [word for word in FORBIDDEN if word in fold(text)], text

    def test_is_neatly_spaced_and_pointed(self, label: str, language: Language) -> None:
        for _, text in rendered(label, language):
            assert not re.search(r"  |\s[.,;:?]|\.\.|\n\n|[{}]|^\s|\s$", text), text
            assert re.search(rf"\.( \d\d:\d\d)?$|\w {LINK}\w$", text), text  # no full stop follows a link

    def test_names_what_a_receipt_is_of_and_goes_on_in_words(self, label: str, language: Language) -> None:
        for _, text in rendered(label, language):
            for found in re.finditer(RECEIPT, text):
                before, after = text[: found.start()], text[found.end() :]

                assert before.endswith(BEFORE_A_RECEIPT[language]) or (not before and after.startswith(" no'lu")), text
                assert re.match(r"\.|\s[^\W\d_]", after), text

    def test_has_a_receipt_a_time_a_code_or_a_link(self, label: str, language: Language) -> None:
        for answer, text in rendered(label, language):
            if isinstance(answer, ACTS):
                assert f"{BEFORE_A_RECEIPT[language][0]}{RECEIPT}." in text
            elif isinstance(answer, RetAllQuestion):
                assert f"{BEFORE_A_RECEIPT[language][1]}{RECEIPT}." in text
            else:
                assert re.search(rf"14:05|482913|{RECEIPT}|{LINK}", text), text


def test_english_is_in_plain_letters() -> None:
    for answer in answers("ŞOK", outcome="done"):
        words = re.sub(r'".*?"', "", render(answer, Language.EN))
        assert words.isascii(), words


@given(st.text(min_size=1, max_size=80), st.sampled_from(Language))
@settings(max_examples=25)
def test_every_name_can_be_rendered(name: str, language: Language) -> None:
    for answer in answers(name):
        assert render(answer, language)
