"""Answers as texts: true, short, and free of words that read like the opposite."""

from datetime import date
from itertools import product
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answers import Answer, BrandUnknown, EpostaElsewhere, NotUnderstoodAnswer, RetAnswer, SetAside
from core.brands import Brand
from core.clock import Instant, parse_legal_time
from core.consent import PHONE_TYPES, ConsentType
from core.text import fold
from sms.segments import cost
from sms.texts.render import OPERATOR_CODE, echo, render

ARAMA, MESAJ = ConsentType.ARAMA, ConsentType.MESAJ
BOTH = (ARAMA, MESAJ)
MIGROS = Brand("600100", "MIGROS")
RECEIPT = "K7M4Q2XS"
DAY = date(2026, 11, 26)
SINCE = parse_legal_time("2025-03-12 23:30:00")
NEWER = parse_legal_time("2026-11-23 10:20:00")
AT = parse_legal_time("2026-11-23 14:05:59")
LABELS = ["A", "N11", "MIGROS", "ŞŞŞĞĞĞİİİıı", "ABCDEFGHIJK", "ÇÖÜÇÖÜÇÖÜÇÖ"]  # up to 11 letters, the dearest too


def ret(brand: Brand = MIGROS, **fields: Any) -> RetAnswer:
    return RetAnswer(brand, RECEIPT, DAY)._replace(**fields)


class Case(NamedTuple):
    label: str
    answer: Answer
    text: str


CASES = [
    Case(
        "done, calls still allowed",
        ret(ended=(MESAJ,), allowed=(ARAMA,)),
        "MIGROS için reklam mesajı izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS."
        " Aramalar için: RET MIGROS ARAMA yazın.",
    ),
    Case(
        "calls done, messages still allowed",
        ret(ended=(ARAMA,), allowed=(MESAJ,)),
        "MIGROS için reklam araması izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS."
        " Mesajlar için: RET MIGROS yazın.",
    ),
    Case(
        "both done",
        ret(ended=BOTH),
        "MIGROS için reklam mesajı ve araması izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS.",
    ),
    Case(
        "one done, the other had none",
        ret(ended=(MESAJ,), already=(ARAMA,), since=SINCE),
        "MIGROS için reklam mesajı izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS."
        " Arama izniniz zaten yok.",
    ),
    Case(
        "one done, the other kept as a wish",
        ret(ended=(ARAMA,), kept=(MESAJ,)),
        "MIGROS için reklam araması izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS."
        " Mesaj izniniz zaten yok.",
    ),
    Case(
        "already without permission",
        ret(already=(MESAJ,), since=SINCE),
        "MIGROS için reklam mesajı izniniz 12.03.2025 tarihinden beri yok. İşlem no K7M4Q2XS.",
    ),
    Case(
        "objection kept",
        ret(kept=(MESAJ,)),
        "MIGROS için kayıtlı izniniz yok, isteğinizi yine de sakladık. İşlem no K7M4Q2XS.",
    ),
    Case(
        "newer record",
        ret(newer=(MESAJ,), newer_at=NEWER),
        "MIGROS için sizden sonra, 23.11.2026 10:20 tarihli yeni bir izin var; değişmedi. Kesmek için şimdi RET MIGROS"
        " yazın. İşlem no K7M4Q2XS.",
    ),
    Case(
        "unknown brand",
        BrandUnknown("ABCX", AT),
        '"ABCX" adlı marka bulunamadı, hiçbir şey değişmedi. Mesajdaki adı yazın, örnek: RET MIGROS. 14:05',
    ),
    Case(
        "unknown brand that is not repeated",
        BrandUnknown("12345678", AT),
        "Bu adda bir marka bulunamadı, hiçbir şey değişmedi. Mesajdaki adı yazın, örnek: RET MIGROS. 14:05",
    ),
    Case(
        "not understood",
        NotUnderstoodAnswer(AT),
        "Anlayamadık, hiçbir şey değişmedi. RET ve markanın adını yazın, örnek: RET MIGROS. 14:05",
    ),
    Case(
        "set aside",
        SetAside(RECEIPT),
        "İsteğinizi aldık, bir görevli bakacak. Sonucu SMS ile bildiririz. İşlem no K7M4Q2XS.",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_an_answer_reads(case: Case) -> None:
    assert render(case.answer) == case.text


FATES = ("ended", "already", "kept", "newer")


def ret_answers(brand: Brand) -> list[RetAnswer]:
    """Every answer to a refusal of one type or both."""
    found = []
    for first, second in product((*FATES, None), repeat=2):
        fates = {fate: tuple(t for t, f in ((ARAMA, first), (MESAJ, second)) if f == fate) for fate in FATES}
        asked = [t for t, f in ((ARAMA, first), (MESAJ, second)) if f]
        if not asked:
            continue
        base = ret(brand, **fates)
        base = base._replace(since=SINCE if base.already else None, newer_at=NEWER if base.newer else None)
        found += [base, base._replace(allowed=tuple(t for t in PHONE_TYPES if t not in asked))]
    # One recipient type ended, the other newer.
    found.append(ret(brand, ended=(MESAJ,), newer=(MESAJ,), newer_at=NEWER, allowed=(ARAMA,)))
    return found


def answers(label: str) -> list[Answer]:
    brand = Brand("600100", label)
    others: list[Answer] = [
        EpostaElsewhere(brand, AT),
        BrandUnknown(label, AT),
        BrandUnknown("ş" * 20, AT),
        BrandUnknown("", AT),
        NotUnderstoodAnswer(AT),
        SetAside(RECEIPT),
    ]
    return [*ret_answers(brand), *others]


@pytest.mark.parametrize("label", LABELS)
def test_an_answer_is_one_segment_with_an_operators_code(label: str) -> None:
    for answer in answers(label):
        assert cost(render(answer) + OPERATOR_CODE, "turkish-single").segments == 1, answer


@pytest.mark.parametrize("label", LABELS)
def test_no_answer_says_what_reads_like_its_opposite(label: str) -> None:
    for answer in answers(label):
        text = fold(render(answer))
        assert not any(word in text for word in ("reddedil", "onaylan")), answer


@pytest.mark.parametrize("label", LABELS)
def test_an_act_carries_its_receipt_and_everything_else_the_time(label: str) -> None:
    for answer in answers(label):
        text = render(answer)
        if isinstance(answer, RetAnswer | SetAside):
            assert f"İşlem no {RECEIPT}." in text
        else:
            assert text.endswith("14:05")


def test_a_long_name_is_replaced_by_the_shortest_short_name() -> None:
    brand = Brand("600100", "TÜRKİYE ŞİŞE VE CAM FABRİKALARI", ("SISECAM", "CAM"))

    assert render(ret(brand, ended=(MESAJ,))).startswith("CAM için reklam mesajı")


def test_a_long_name_without_a_short_one_stands_whole_and_costs_the_tail() -> None:
    brand = Brand("600100", "TÜRKİYE ŞİŞE VE CAM FABRİKALARI")

    text = render(ret(brand, ended=(MESAJ,), allowed=(ARAMA,)))

    assert text.startswith("TÜRKİYE ŞİŞE VE CAM FABRİKALARI için reklam mesajı izniniz kaldırıldı")
    assert text.endswith(f"İşlem no {RECEIPT}.")


@given(st.integers(1, 40))
def test_a_tail_never_makes_a_second_segment(length: int) -> None:
    brand = Brand("600100", "İ" * length)

    bare, full = render(ret(brand, ended=(MESAJ,))), render(ret(brand, ended=(MESAJ,), allowed=(ARAMA,)))

    assert full.startswith(bare)
    assert full == bare or cost(full + OPERATOR_CODE, "turkish-single").segments == 1


def test_each_answer_has_its_own_receipt() -> None:
    first = render(ret(ended=(MESAJ,)))
    other = render(ret(ended=(MESAJ,), receipt="A0000003"))

    assert other == first.replace(RECEIPT, "A0000003")


@pytest.mark.parametrize(
    ("label", "name", "kept"),
    [
        ("a word", "Abcx", "Abcx"),
        ("Turkish letters stay", "ŞişeÇöğ", "ŞişeÇöğ"),
        ("20 letters", "a" * 20, "a" * 20),
        ("21 letters", "a" * 21, ""),
        ("20 letters in words", "abcde abcde abcde abcde", "abcde abcde abcde abcde"),
        ("what is over 20 letters is cut by words", "abcde abcde abcde abcdef", "abcde abcde abcde"),
        ("no dots, slashes or links", "bit.ly/x7", "bit ly x7"),
        ("4 digits", "kod 1234", "kod 1234"),
        ("5 digits", "kod 12345", "kod"),
        ("5 digits inside a word", "a12345b", ""),
        ("a number in groups", "0532 123 45 67", "0532"),
        ("signs alone", "!?.", ""),
        ("nothing", "", ""),
    ],
)
def test_an_unknown_word_is_repeated_only_in_part(label: str, name: str, kept: str) -> None:
    assert echo(name) == kept, label


@given(st.text())
def test_whatever_was_typed_the_line_does_not_speak_for_a_spoofer(name: str) -> None:
    text = render(BrandUnknown(name, Instant(AT)))

    assert cost(text + OPERATOR_CODE, "turkish-single").segments == 1
    assert "http" not in text or "http" in name
    assert not any(sign in echo(name) for sign in "./:\\@")
