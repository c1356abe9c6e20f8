"""Names that may mean several brands: the citizen's own tried first, else a numbered question for each verb."""

import pytest

from core.brands.brand import Brand
from core.brands.match import CANDIDATES_MAX
from core.conversation.answers import (
    AlreadyAllowed,
    BrandUnknown,
    EpostaElsewhere,
    NotUnderstoodAnswer,
    OnayDone,
    OnayQuestion,
    OneAtATime,
    RetAnswer,
    RetSeveral,
    StatusOfBrand,
    TooLate,
    Unclear,
    WhichBrand,
)
from core.conversation.decisions.which import OPTIONS_MAX
from core.conversation.requests import BrandAlone, BrandMention, Digits, Durum, Intent, Onay, Ret
from core.domain.consent import Objection, Record
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    BOYNER,
    CODE,
    DAY_MS,
    DENIZ,
    DENIZBANK,
    DENIZLI,
    EPOSTA,
    MESAJ,
    MIGROS,
    NOBODY,
    RECEIPT,
    RET,
    Chat,
    objection,
    record,
)

OPTIONS = ((1, DENIZBANK), (2, DENIZLI))
UNCLEAR = Unclear("deniz", OPTIONS)
ONE, TWO, BOTH = Digits((1,)), Digits((2,)), Digits((1, 2))
BOTH_HELD = (record(DENIZBANK), record(DENIZLI))


@pytest.mark.parametrize(
    ("rows", "meant"),
    [
        pytest.param([record(DENIZLI)], DENIZLI, id="one is allowed"),
        pytest.param([record(DENIZLI), record(DENIZBANK, status=RET)], DENIZLI, id="one allowed, the other refused"),
        pytest.param([record(DENIZLI, status=RET)], DENIZLI, id="one is known"),
        pytest.param([objection(DENIZLI)], DENIZLI, id="one was objected to"),
        pytest.param([], None, id="none is known"),
        pytest.param(BOTH_HELD, None, id="both are allowed"),
    ],
)
def test_the_citizens_own_brands_are_tried_first(rows: list[Record | Objection], meant: Brand | None) -> None:
    chat = Chat(*rows)

    told = chat.say(Ret((DENIZ,)))

    if meant:
        assert isinstance(told, RetAnswer)
        assert told.brand == meant
    else:
        assert told == WhichBrand("ret", UNCLEAR, chat.now)
        assert not chat.changes


def test_own_brands_stand_first_in_the_question() -> None:
    third = Brand("600112", "DENİZ")
    chat = Chat(record(DENIZLI), record(DENIZBANK))

    told = chat.say(Ret((BrandMention("deniz", (third, DENIZBANK, DENIZLI), exact=False),)))

    assert isinstance(told, WhichBrand)
    assert [brand for _, brand in told.unclear.options][2] == third


def test_the_question_has_no_more_lines_than_a_segment_takes() -> None:
    many = tuple(Brand(f"70000{n}", f"DENİZ{n}") for n in range(CANDIDATES_MAX - 1))
    chat = Chat()

    told = chat.say(Ret((BrandMention("deniz", many, exact=False),)))

    assert isinstance(told, WhichBrand)
    assert [number for number, _ in told.unclear.options] == list(range(1, OPTIONS_MAX + 1))


@pytest.mark.parametrize(
    ("intent", "choice", "ended"),
    [
        pytest.param(Ret((DENIZ,)), ONE, [(DENIZBANK, MESAJ)], id="RET"),
        pytest.param(Ret((DENIZ,), (ARAMA,)), ONE, [(DENIZBANK, ARAMA)], id="RET ARAMA"),
        pytest.param(Ret((DENIZ,), (ARAMA, MESAJ)), TWO, [(DENIZLI, ARAMA), (DENIZLI, MESAJ)], id="RET HEPSİ"),
        pytest.param(Ret((DENIZ,), (MESAJ, EPOSTA)), TWO, [(DENIZLI, MESAJ)], id="RET MESAJ EPOSTA"),
        pytest.param(Ret((DENIZ,)), BOTH, [(DENIZBANK, MESAJ), (DENIZLI, MESAJ)], id="RET, both chosen"),
        pytest.param(BrandAlone(DENIZ), TWO, [(DENIZLI, MESAJ)], id="the brand alone"),
    ],
)
def test_a_choice_refuses_what_was_meant(intent: Intent, choice: Digits, ended: list[tuple[Brand, str]]) -> None:
    chat = Chat(*BOTH_HELD, record(DENIZBANK, ARAMA), record(DENIZLI, ARAMA))
    assert isinstance(chat.say(intent), WhichBrand)

    told = chat.say(choice)

    assert isinstance(told, RetAnswer | RetSeveral)
    assert [(change.row.brand_code, change.row.type) for change in chat.changes] == [(b.code, t) for b, t in ended]


@pytest.mark.parametrize(
    "intent",
    [pytest.param(Ret((DENIZ,), (EPOSTA,)), id="RET"), pytest.param(BrandAlone(DENIZ, (EPOSTA,)), id="brand alone")],
)
def test_email_is_not_refused_by_a_choice_either(intent: Intent) -> None:
    chat = Chat()
    chat.say(intent)

    assert chat.say(ONE) == EpostaElsewhere(DENIZBANK, chat.now)
    assert not chat.changes


def test_a_choice_without_record_keeps_the_wish() -> None:
    chat = Chat()
    chat.say(Ret((DENIZ,)))
    chat.say(TWO)

    assert chat.objections() == {(DENIZLI.code, MESAJ)}


def test_a_choice_for_onay_asks_for_the_code() -> None:
    chat = Chat()
    assert chat.say(Onay((DENIZ,), (ARAMA,))) == WhichBrand("onay", UNCLEAR, chat.now)

    assert chat.say(TWO) == OnayQuestion(DENIZLI, (ARAMA,), CODE, 10)
    assert not chat.changes
    assert isinstance(chat.say(Digits((), CODE)), OnayDone)
    assert chat.allowed() == {DENIZLI.code: (ARAMA,)}


def test_a_choice_for_onay_of_what_is_allowed_needs_no_code() -> None:
    chat = Chat(*BOTH_HELD)
    chat.say(Onay((DENIZ,)))

    assert chat.say(ONE) == AlreadyAllowed(DENIZBANK, (MESAJ,), chat.now)


def test_onay_takes_one_choice_at_a_time_and_waits_for_it() -> None:
    chat = Chat()
    chat.say(Onay((DENIZ,)))

    assert chat.say(BOTH) == OneAtATime(chat.now)
    assert isinstance(chat.say(TWO), OnayQuestion)


def test_a_choice_for_durum_shows_and_changes_nothing() -> None:
    chat = Chat(*BOTH_HELD)
    assert chat.say(Durum((DENIZ,))) == WhichBrand("durum", UNCLEAR, chat.now)

    assert chat.say(TWO) == StatusOfBrand(DENIZLI, "allowed", "none", chat.now)
    assert not chat.changes


def test_an_answered_question_is_over_and_not_called_late() -> None:
    chat = Chat(*BOTH_HELD)
    chat.say(Ret((DENIZ,)))
    chat.say(ONE)

    assert chat.say(TWO) == NotUnderstoodAnswer(chat.now)
    assert not chat.changes


def test_a_late_choice_changes_nothing() -> None:
    chat = Chat(*BOTH_HELD)
    chat.say(Ret((DENIZ,)))

    assert isinstance(chat.wait(DAY_MS).say(ONE), TooLate)
    assert not chat.changes


def test_of_several_brands_the_clear_ones_act_and_the_unclear_one_is_asked() -> None:
    chat = Chat(record(MIGROS), record(BOYNER), *BOTH_HELD)

    told = chat.say(Ret((BrandMention.of(MIGROS), DENIZ, NOBODY, BrandMention.of(BOYNER))))

    assert isinstance(told, RetSeveral)
    assert [outcome.brand for outcome in told.outcomes] == [MIGROS, BOYNER]
    assert (told.unknown, told.unclear, told.receipt) == (("Abcx",), UNCLEAR, RECEIPT)
    assert {change.row.brand_code for change in chat.changes} == {MIGROS.code, BOYNER.code}
    chat.say(TWO)
    assert {change.row.brand_code for change in chat.changes} == {DENIZLI.code}


@pytest.mark.parametrize(
    ("mentions", "ended", "unknown"),
    [
        pytest.param((BrandMention.of(MIGROS), NOBODY), [MIGROS], ("Abcx",), id="one known, one not"),
        pytest.param((NOBODY, BrandMention.of(MIGROS)), [MIGROS], ("Abcx",), id="the unknown first"),
        pytest.param((BrandMention.of(MIGROS), BrandMention.of(BOYNER)), [MIGROS, BOYNER], (), id="both known"),
    ],
)
def test_several_brands_get_one_answer(
    mentions: tuple[BrandMention, ...], ended: list[Brand], unknown: tuple[str]
) -> None:
    chat = Chat(record(MIGROS), record(BOYNER))

    told = chat.say(Ret(mentions))

    assert isinstance(told, RetSeveral)
    assert [outcome.brand for outcome in told.outcomes if outcome.ended] == ended
    assert {outcome.receipt for outcome in told.outcomes} == {RECEIPT}
    assert (told.unknown, told.unclear) == (unknown, None)


def test_a_brand_named_twice_is_one_brand() -> None:
    chat = Chat(record(MIGROS))

    assert isinstance(
        chat.say(Ret((BrandMention.of(MIGROS), BrandMention("600100", (MIGROS,), exact=True)))), RetAnswer
    )


@pytest.mark.parametrize(
    "intent",
    [
        pytest.param(Ret((NOBODY,)), id="RET"),
        pytest.param(Onay((NOBODY,)), id="ONAY"),
        pytest.param(Durum((NOBODY,)), id="DURUM"),
    ],
)
def test_an_unknown_brand_changes_nothing(intent: Intent) -> None:
    chat = Chat(record(MIGROS))

    assert chat.say(intent) == BrandUnknown("Abcx", chat.now)
    assert not chat.changes
    assert chat.conversation.questions == ()


def test_one_brand_in_doubt_is_asked_about_before_it_is_touched() -> None:
    chat = Chat(record(BOYNER))
    doubtful = BrandMention("BOYNER SİGORTA", (BOYNER,), exact=False, sure=False)

    assert chat.say(Ret((doubtful,))) == WhichBrand("ret", Unclear("BOYNER SİGORTA", ((1, BOYNER),)), chat.now)
    assert not chat.changes

    told = chat.say(ONE)
    assert isinstance(told, RetAnswer)
    assert told.ended == (MESAJ,)
