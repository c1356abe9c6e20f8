"""Unknown words are repeated only in part: the line does not speak for a spoofer."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversation.answers import Answer, BrandUnknown, ComplaintQuestion, NoSuchNumber, ReceiptUnknown, WhichBrand
from core.conversation.requests import Language
from sms.texts.echo import echo, echo_sendable, echo_several
from sms.texts.fitting import fits
from sms.texts.render import render
from tests.sms.texts.samples import AT, MESAJ, MIGROS, RECEIPT, ret, several, unclear

SPOOFED = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"(https?://)?[a-z0-9]{2,8}\.(ly|com|tr)/[a-z0-9]{0,8}", fullmatch=True),
    st.from_regex(r"0?5[0-9]{2}[ .-]?[0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{2}", fullmatch=True),
    st.from_regex(r"[A-Z]{0,3}[0-9]{1,9}[A-Z]{0,3}", fullmatch=True),
)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("Abcx", "Abcx", id="a word"),
        pytest.param("ŞişeÇöğ", "ŞişeÇöğ", id="Turkish letters stay"),
        pytest.param("a" * 20, "a" * 20, id="20 letters"),
        pytest.param("a" * 21, "", id="21 letters"),
        pytest.param("abcde abcde abcde abcde", "abcde abcde abcde abcde", id="20 letters in words"),
        pytest.param("abcde abcde abcde abcdef", "abcde abcde abcde", id="what is over 20 letters is cut by words"),
        pytest.param("bit.ly/x7", "bit ly x7", id="no dots, slashes or links"),
        pytest.param("kod 1234", "kod 1234", id="4 digits"),
        pytest.param("kod 12345", "kod", id="5 digits"),
        pytest.param("a12345b", "", id="5 digits inside a word"),
        pytest.param("0532 123 45 67", "0532", id="a number in groups"),
        pytest.param("!?.", "", id="signs alone"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_an_unknown_word_is_repeated_only_in_part(name: str, kept: str) -> None:
    assert echo(name) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("Şişe", "Şişe", id="Turkish letters"),
        pytest.param("Kâğıt", "kagit", id="a letter that no short message has"),
        pytest.param("Ж", "", id="another script"),
    ],
)
def test_what_is_repeated_can_be_sent(name: str, kept: str) -> None:
    assert echo_sendable(name) == kept


def test_several_words_share_the_digits() -> None:
    assert echo_several(["0532", "123", "45 67", "N11"]) == ["0532"]


def test_of_many_words_eight_are_repeated() -> None:
    assert len(echo_several(["abc"] * 9)) == 8


def test_a_receipt_like_a_number_is_not_repeated() -> None:
    assert "A2345678" not in render(ReceiptUnknown("A2345678", AT), Language.TR)


def spoofed_answers(words: list[str], numbers: tuple[int, ...]) -> list[Answer]:
    first = words[0]
    return [
        BrandUnknown(first, AT),
        several(ret(ended=(MESAJ,)), unknown=tuple(words)),
        several(ret(ended=(MESAJ,)), missing=numbers),
        several(ret(ended=(MESAJ,)), unclear=unclear(MIGROS)._replace(typed=first)),
        ComplaintQuestion(None, first, RECEIPT, 24),
        WhichBrand("ret", unclear(MIGROS)._replace(typed=first), AT),
        NoSuchNumber(numbers, 9, AT),
    ]


@given(
    st.lists(SPOOFED, min_size=1, max_size=12),
    st.lists(st.integers(0, 10**12), min_size=1, max_size=12),
    st.sampled_from(Language),
)
def test_whatever_was_typed_the_line_does_not_speak_for_a_spoofer(
    words: list[str], numbers: list[int], language: Language
) -> None:
    for answer in spoofed_answers(words, tuple(numbers)):
        text = render(answer, language)
        quoted = " ".join(re.findall(r'"(.*?)"', text))

        assert not re.search(r"\d{5}", text)
        assert sum(map(str.isdigit, quoted)) <= 4
        assert not re.search(r"[^\w ]", quoted)
        assert "://" not in text


@given(st.text(), st.sampled_from(Language))
def test_an_unknown_brand_is_one_segment_whatever_was_typed(name: str, language: Language) -> None:
    assert fits(render(BrandUnknown(name, AT), language))
