"""Every answer in every alphabet, beside an operator's code: how many segments it takes at most."""

from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.brands.brand import Brand
from core.conversation.answers import (
    Answer,
    ApprovalNotice,
    ComplaintResult,
    ConsentEnded,
    ListPage,
    RetSeveral,
    StatusOfComplaint,
    WhichBrand,
)
from core.conversation.requests import Language
from sms.gsm.alphabet import ReplyAlphabet
from sms.gsm.segments import cost
from sms.texts.fitting import OPERATOR_CODE
from sms.texts.render import render
from tests.sms.texts.samples import ARAMA, LABELS, LONG_LABEL, MESAJ, RECEIPT, answers, notices, ret

# With names of up to eleven letters, also dear ones: one segment, but two for notices, which keep all they have to say,
# and where several names stand in one answer, and three for four different outcomes with a question behind them. With
# 40 letters two instead of one.
SEVERAL_NAMES: Final = (RetSeveral, ListPage, WhichBrand)
NOTICES: Final = (ApprovalNotice, ConsentEnded)
UCS2_MAX: Final = {1: 3, 2: 5, 3: 6}


def segments_max(answer: Answer, label: str) -> int:
    if isinstance(answer, RetSeveral) and answer.unclear and len(answer.outcomes) > 2:
        return 3
    return 2 if isinstance(answer, SEVERAL_NAMES + NOTICES) or len(label) > 11 else 1


def segments(text: str, alphabet: ReplyAlphabet = "turkish-single") -> int:
    return cost(text + OPERATOR_CODE, alphabet).segments


def test_the_samples_have_every_answer() -> None:
    assert {type(answer) for answer in answers("MIGROS")} == set(get_args(Answer))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("label", [*LABELS, LONG_LABEL])
def test_an_answer_takes_few_segments(label: str, language: Language) -> None:
    for answer in answers(label):
        text, limit = render(answer, language), segments_max(answer, label)

        assert segments(text) <= limit, text
        assert segments(text, "ascii") <= limit, text
        assert segments(text, "ucs2") <= UCS2_MAX[limit], text


@pytest.mark.parametrize("language", Language)
def test_names_in_plain_letters_leave_three_segments_to_none(language: Language) -> None:
    for answer in answers("MIGROS"):
        assert segments(render(answer, language)) <= 2


@pytest.mark.parametrize("language", Language)
def test_a_persons_words_may_take_more(language: Language) -> None:
    for answer in answers("MIGROS", outcome="ab şğ " * 33):
        if isinstance(answer, ComplaintResult | StatusOfComplaint):
            assert segments(render(answer, language)) <= 3


@given(st.integers(1, 60), st.sampled_from(Language))
def test_a_tail_never_makes_a_second_segment(length: int, language: Language) -> None:
    brand = Brand("600100", "İ" * length)

    text = render(ret(brand, ended=(MESAJ,), allowed=(ARAMA,)), language)

    assert text.endswith(f"{RECEIPT}.") or segments(text) == 1


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("label", [*LABELS, LONG_LABEL])
def test_a_notice_keeps_both_ways_out_however_long_it_gets(label: str, language: Language) -> None:
    for notice in notices(Brand("600100", label)):
        if isinstance(notice, ApprovalNotice):
            text = render(notice, language)

            assert "RET " in text
            assert text.endswith(notice.link)
