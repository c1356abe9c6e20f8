"""An answer of every kind and branch, about brands with a given label."""

from collections.abc import Sequence
from datetime import date
from itertools import product
from typing import Any, Final, get_args

from core.brands.brand import Brand
from core.conversation.answers import (
    Again,
    AlreadyAllowed,
    Answer,
    ApprovalNotice,
    BrandAsked,
    BrandClosed,
    BrandMeant,
    BrandUnknown,
    Cancelled,
    CodesUsedUp,
    ComplaintOpened,
    ComplaintQuestion,
    ComplaintResult,
    ComplaintState,
    ConsentEnded,
    EpostaElsewhere,
    Help,
    ListPage,
    NoSuchNumber,
    NothingOnRecord,
    NothingOpen,
    NotUnderstoodAnswer,
    NumberWanted,
    OnayDone,
    OnayQuestion,
    OneAtATime,
    OneOnRecord,
    ProofCode,
    ReceiptUnknown,
    RetAllDone,
    RetAllQuestion,
    RetAnswer,
    RetSeveral,
    ReviewResult,
    SetAside,
    State,
    StatusOfAct,
    StatusOfAll,
    StatusOfBrand,
    StatusOfComplaint,
    TooLate,
    TwoLists,
    Unclear,
    WhichBrand,
    WrongCode,
)
from core.conversation.requests import Door
from core.domain.clock import parse_legal_time
from core.domain.consent import PHONE_TYPES, ConsentType

ARAMA, MESAJ = ConsentType.ARAMA, ConsentType.MESAJ
BOTH: Final = (ARAMA, MESAJ)
TYPES: Final = ((MESAJ,), (ARAMA,), BOTH)
RECEIPT: Final = "K7M4Q2XS"
DAY: Final = date(2026, 11, 26)
SINCE: Final = parse_legal_time("2025-03-12 23:30:00")
NEWER: Final = parse_legal_time("2026-11-23 10:20:00")
AT: Final = parse_legal_time("2026-11-23 14:05:59")

LINK: Final = "https://izin.example/r/Q7m2XbT9kLw4Zp1s"

MIGROS: Final = Brand("600100", "MIGROS")
HOPI: Final = Brand("600101", "HOPİ")
DEAR_LABEL: Final = "ŞŞŞĞĞĞİİİıı"
"""Eleven letters that take two septets each."""

LABELS: Final = ("A", "N11", "MIGROS", DEAR_LABEL, "ABCDEFGHIJK", "ÇÖÜÇÖÜÇÖÜÇÖ", "ı" * 11)
LONG_LABEL: Final = "TÜRKİYE ŞİŞE VE CAM FABRİKALARI ANONİM Ş"
"""A name of 40 letters without a short one."""

_FATES: Final = ("ended", "already", "kept", "newer")


def ret(brand: Brand = MIGROS, **fields: Any) -> RetAnswer:
    return RetAnswer(brand, RECEIPT, DAY)._replace(**fields)


def several(*outcomes: RetAnswer, **fields: Any) -> RetSeveral:
    return RetSeveral(RECEIPT, DAY, outcomes)._replace(**fields)


def ret_answers(brand: Brand) -> list[RetAnswer]:
    """Every answer to a refusal of one type or both."""
    found = []
    for first, second in product((*_FATES, None), repeat=2):
        fates = {fate: tuple(t for t, f in ((ARAMA, first), (MESAJ, second)) if f == fate) for fate in _FATES}
        asked = [t for t, f in ((ARAMA, first), (MESAJ, second)) if f]
        if not asked:
            continue
        base = ret(brand, **fates)
        base = base._replace(since=SINCE if base.already else None, newer_at=NEWER if base.newer else None)
        found += [base, base._replace(allowed=tuple(t for t in PHONE_TYPES if t not in asked))]
    one_recipient_type_newer = [
        ret(brand, ended=types, newer=types, newer_at=NEWER, allowed=tuple(t for t in PHONE_TYPES if t not in types))
        for types in TYPES
    ]
    return found + one_recipient_type_newer


def unclear(brand: Brand, options: int = 3) -> Unclear:
    return Unclear(brand.label, tuple((number, brand) for number in range(1, options + 1)))


def several_answers(brand: Brand) -> list[RetSeveral]:
    """Refusals of several brands that ended alike, ended each in its own way, and met no brand or an unclear one."""
    ended, calls = ret(brand, ended=(MESAJ,)), ret(brand, ended=(ARAMA,))
    already, kept = ret(brand, already=(MESAJ,), since=SINCE), ret(brand, kept=(MESAJ,))
    newer = ret(brand, newer=(MESAJ,), newer_at=NEWER)
    part = ret(brand, ended=(MESAJ,), newer=(MESAJ,), newer_at=NEWER)
    allowed = ended._replace(allowed=(ARAMA,))
    mixtures: list[Sequence[RetAnswer]] = [
        [ended],
        [ended, ended],
        [ended] * 30,
        [allowed, allowed],
        [calls, ended],
        [ret(brand, ended=BOTH)] * 5,
        [already],
        [kept, kept],
        [newer],
        [part],
        [ended, already, kept, newer],
        [ended, calls, already, kept, newer, part] * 5,
    ]
    found = [several(*mixture) for mixture in mixtures]
    found += [answer._replace(unknown=("ABCX",)) for answer in found]
    found.append(several(ended, ended, unknown=("ABCX", "bit.ly/x7", "12345678", "ş" * 20, "Ж" * 20, *["abc"] * 9)))
    found.append(several(ended, missing=(12, 14)))
    found.append(several(ended, missing=(123456,)))
    found += [several(*mixture, unclear=unclear(brand)) for mixture in mixtures]
    return found


def page(brand: Brand, lines: int = 5, **fields: Any) -> ListPage:
    numbered = tuple((number, brand, number % 2 == 0) for number in range(1, lines + 1))
    return ListPage(numbered, 9, first=True, last=False, at=AT)._replace(**fields)


def pages(brand: Brand) -> list[Answer]:
    last = tuple((number, brand, True) for number in range(123, 127))
    return [
        page(brand),
        page(brand, first=False),
        page(brand, lines=2, total=2, last=True),
        page(brand, first=False, last=True),
        ListPage(last, 126, first=False, last=True, at=AT),
    ]


def permission_answers(brand: Brand) -> list[Answer]:
    by_types = [
        (
            BrandMeant(brand, types, AT),
            OneOnRecord(brand, types, AT),
            OnayQuestion(brand, types, "482913", 10),
            OnayDone(brand, types, RECEIPT),
            AlreadyAllowed(brand, types, AT),
            RetAllQuestion(1, types, RECEIPT, 1),
            RetAllQuestion(12_345, types, RECEIPT, 24),
            RetAllDone(9, types, RECEIPT, DAY),
            RetAllDone(1_234, types, RECEIPT, DAY, newer=123),
            RetAllDone(0, types, RECEIPT, DAY, newer=1),
            RetAllDone(0, types, RECEIPT, DAY),
        )
        for types in TYPES
    ]
    return [
        *[answer for answers in by_types for answer in answers],
        *[OnayQuestion(brand, (kind,), "482913", 3, by_call=True) for kind in PHONE_TYPES],
        OneAtATime(AT),
        BrandClosed(brand, AT),
        CodesUsedUp(AT),
        WrongCode(brand, 2, AT),
        WrongCode(brand, 0, AT),
        EpostaElsewhere(brand, AT),
        EpostaElsewhere(brand, AT, onay=True),
    ]


def status_answers(brand: Brand) -> list[Answer]:
    of_brand = [StatusOfBrand(brand, m, a, AT) for m, a in product(get_args(State), repeat=2)]
    of_act = [
        StatusOfAct(RECEIPT, what, (brand,) * named, total, NEWER, AT)
        for what in ("ended", "allowed", "unchanged", "kept")
        for named, total in ((1, 1), (3, 3), (3, 123), (0, 7))
    ]
    return [
        *of_brand,
        *of_act,
        StatusOfAct(RECEIPT, "unchanged", (), 0, NEWER, AT),
        StatusOfAct(RECEIPT, "question", (), 0, NEWER, AT),
        StatusOfAct(RECEIPT, "set-aside", (), 0, NEWER, AT),
        StatusOfAct(RECEIPT, "resolved", (), 0, NEWER, AT),
        StatusOfAll(0, (), AT),
        StatusOfAll(1, (brand,), AT),
        StatusOfAll(3, (brand,) * 3, AT),
        StatusOfAll(123, (brand,) * 5, AT),
        StatusOfAll(123, (), AT),
        ReceiptUnknown(RECEIPT, AT),
        ReceiptUnknown("A2345678", AT),
    ]


def complaint_answers(brand: Brand, outcome: str) -> list[Answer]:
    questions = [
        ComplaintQuestion(of, name, RECEIPT, 24, until)
        for of, name in ((brand, None), (None, "ABCX"), (None, "bit.ly/12345"), (None, "Ж"), (None, None))
        for until in ((None, DAY) if of else (None,))
    ]
    states = [
        StatusOfComplaint(RECEIPT, state, of, NEWER, outcome if state == "closed" else None, AT)
        for state in get_args(ComplaintState)
        for of in (brand, None)
    ]
    return [
        *questions,
        *states,
        ComplaintOpened(brand, RECEIPT),
        ComplaintOpened(None, RECEIPT),
        ComplaintResult(brand, RECEIPT, outcome, AT),
        ReviewResult(RECEIPT, outcome),
    ]


def general_answers(brand: Brand) -> list[Answer]:
    verbs: list[Any] = ["ret", "onay", "durum", "sikayet"]
    return [
        *[WhichBrand(verb, unclear(brand, options), AT) for verb in verbs for options in (2, 5)],
        *[WhichBrand(verb, Unclear("12345678", unclear(brand).options), AT) for verb in verbs],
        *[TooLate(again, of, AT, types) for again in get_args(Again) for of in (brand, None) for types in TYPES],
        BrandUnknown(brand.label, AT),
        BrandUnknown("ş" * 20, AT),
        BrandUnknown("Ж" * 20, AT),
        BrandUnknown("", AT),
        BrandAsked(brand, AT),
        NothingOnRecord(AT),
        NoSuchNumber((12, 14), 9, AT),
        NoSuchNumber((123456,), 9, AT),
        TwoLists(1, brand, brand, AT),
        Cancelled(AT),
        NothingOpen(AT),
        NumberWanted(AT),
        NotUnderstoodAnswer(AT),
        SetAside(RECEIPT),
        *[Help(voice, more, AT) for voice in ("3338", None) for more in (False, True)],
    ]


def notices(brand: Brand) -> list[Answer]:
    """What goes out by itself; the link as it leaves, which is longer than as it is stored."""
    return [
        *[ApprovalNotice(brand, types, AT, f"{LINK}A", again) for types in TYPES for again in (False, True)],
        *[ConsentEnded(brand, types, SINCE, AT) for types in TYPES],
        ProofCode("482913", 1, Door.LINK),
        ProofCode("482913", 30, Door.LINK),
        ProofCode("482913", 3, Door.IVR),
    ]


def answers(label: str, outcome: str = "MIGROS hakkında işlem yapıldı") -> list[Answer]:
    brand = Brand("600100", label)
    return [
        *ret_answers(brand),
        *several_answers(brand),
        *pages(brand),
        *permission_answers(brand),
        *status_answers(brand),
        *complaint_answers(brand, outcome),
        *notices(brand),
        *general_answers(brand),
    ]
