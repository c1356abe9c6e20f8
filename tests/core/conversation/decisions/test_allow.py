"""ONAY: one code, one brand, the types named; tries, days, what voids a code; codes and numbers do not meet."""

from datetime import datetime

import pytest

from core.brands.brand import Brand
from core.conversation.answers import (
    AlreadyAllowed,
    BrandClosed,
    CodesUsedUp,
    EpostaElsewhere,
    NoSuchNumber,
    NothingOpen,
    NotUnderstoodAnswer,
    OnayDone,
    OnayQuestion,
    OneAtATime,
    RetAnswer,
    TooLate,
    WrongCode,
)
from core.conversation.consent_state import Change
from core.conversation.decisions.proof import TRIES_MAX
from core.conversation.requests import Digits, Evet, Intent, OnayAll, RetAll, RetAlone, Types
from core.domain.clock import ISTANBUL, MINUTE_MS, Instant, from_datetime
from core.domain.consent import Objection, RecipientType, Record, Source, Status
from core.domain.rules import Rules
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    AT,
    BOYNER,
    CLOSED,
    CODE,
    DAY_MS,
    EPOSTA,
    HOPI,
    MESAJ,
    MIGROS,
    NOW,
    NUMBER,
    ONAY,
    RECEIPT,
    RET,
    Chat,
    alone,
    objection,
    onay,
    record,
    ret,
)

TYPED = Digits((), CODE)
OTHER = "600001"
WRONG = Digits((), "111111")
LIFE_MS = Rules().confirm_code_ms


def given(brand: Brand, types: Types = (MESAJ,)) -> list[Record]:
    source = Source.IYS_KISAMESAJ
    return [
        Record(NUMBER.reveal(), brand.code, t, RecipientType.BIREYSEL, ONAY, source, AT, None, RECEIPT) for t in types
    ]


@pytest.mark.parametrize(
    ("named", "types"),
    [
        pytest.param((), (MESAJ,), id="none named"),
        pytest.param((MESAJ,), (MESAJ,), id="messages"),
        pytest.param((ARAMA,), (ARAMA,), id="calls"),
        pytest.param((ARAMA, MESAJ), (ARAMA, MESAJ), id="both"),
        pytest.param((MESAJ, EPOSTA), (MESAJ,), id="messages and e-mail"),
    ],
)
def test_the_right_code_allows_one_brand_the_types_it_was_asked_for(named: Types, types: Types) -> None:
    chat = Chat(record(BOYNER, status=RET))

    assert chat.say(onay(MIGROS, types=named)) == OnayQuestion(MIGROS, types, CODE, 10)
    assert not chat.changes
    assert chat.say(TYPED) == OnayDone(MIGROS, types, RECEIPT)
    assert list(chat.changes) == [Change(None, row) for row in given(MIGROS, types)]


def test_a_refused_record_is_allowed_again_and_the_refusal_forgotten() -> None:
    refused = record(MIGROS, status=RET)
    chat = Chat(refused)
    chat.say(onay(MIGROS))
    chat.say(TYPED)

    assert chat.changes == (Change(refused, given(MIGROS)[0]),)


def test_onay_clears_an_objection() -> None:
    kept = objection(MIGROS)
    chat = Chat(kept)
    chat.say(onay(MIGROS))
    chat.say(TYPED)

    assert chat.changes == (Change(kept, None), Change(None, given(MIGROS)[0]))
    assert chat.objections() == set()


def test_onay_leaves_the_objection_of_the_other_type() -> None:
    chat = Chat(objection(MIGROS), objection(MIGROS, ARAMA))
    chat.say(onay(MIGROS))
    chat.say(TYPED)

    assert chat.objections() == {(MIGROS.code, ARAMA)}


def test_onay_is_never_dated_before_the_refusal_it_takes_back() -> None:
    """A clock that stepped back does not undo a wish."""
    later = Instant(AT + 60_000)
    chat = Chat(objection(MIGROS, at=later), record(BOYNER, status=RET, days_ago=-1))
    for brand in (MIGROS, BOYNER):
        chat.say(onay(brand))
        chat.say(TYPED)
        [row] = [change.after for change in chat.changes if change.after]
        assert isinstance(row, Record)
        assert row.consent_at > AT


@pytest.mark.parametrize(
    ("rows", "intent", "told"),
    [
        pytest.param([record(MIGROS)], onay(MIGROS), AlreadyAllowed(MIGROS, (MESAJ,), NOW), id="already"),
        pytest.param([], onay(CLOSED), BrandClosed(CLOSED, NOW), id="a closed brand"),
        pytest.param([], OnayAll(), OneAtATime(NOW), id="all"),
        pytest.param([], onay(MIGROS, BOYNER), OneAtATime(NOW), id="several"),
        pytest.param([], onay(MIGROS, types=(EPOSTA,)), EpostaElsewhere(MIGROS, NOW, onay=True), id="e-mail"),
    ],
)
def test_no_code_goes_out_for(rows: list[Record | Objection], intent: Intent, told: object) -> None:
    chat = Chat(*rows)

    assert chat.say(intent) == told
    assert (chat.changes, chat.conversation.codes, chat.conversation.questions) == ((), (), ())
    assert chat.say(TYPED) == NotUnderstoodAnswer(NOW)


def test_one_type_allowed_already_does_not_stand_for_the_other() -> None:
    chat = Chat(record(MIGROS))

    assert isinstance(chat.say(onay(MIGROS, types=(ARAMA, MESAJ))), OnayQuestion)


def test_a_brand_closed_since_the_code_went_out_is_not_allowed() -> None:
    chat = Chat()
    chat.say(onay(MIGROS))
    shut = MIGROS._replace(closed=True)

    assert chat.say(TYPED, find_brand={MIGROS.code: shut}.get) == BrandClosed(shut, chat.now)
    assert not chat.changes


def test_a_closed_brand_can_still_be_refused() -> None:
    chat = Chat(record(CLOSED))

    chat.say(ret(CLOSED))

    assert chat.allowed() == {}


@pytest.mark.parametrize("waits", [pytest.param(LIFE_MS - 1, id="in time"), pytest.param(LIFE_MS, id="late")])
def test_a_code_lives_for_its_time(waits: int) -> None:
    chat = Chat()
    chat.say(onay(MIGROS))

    told = chat.wait(waits).say(TYPED)

    assert told == (
        OnayDone(MIGROS, (MESAJ,), RECEIPT) if waits < LIFE_MS else TooLate("onay", MIGROS, chat.now, (MESAJ,))
    )
    assert bool(chat.changes) is (waits < LIFE_MS)


def test_three_wrong_tries_end_a_code() -> None:
    chat = Chat()
    chat.say(onay(MIGROS))

    told = [chat.say(WRONG) for _ in range(TRIES_MAX)]

    assert told == [WrongCode(MIGROS, left, chat.now) for left in (2, 1, 0)]
    assert chat.say(TYPED) == TooLate("onay", MIGROS, chat.now, (MESAJ,))
    assert chat.allowed() == {}


def test_the_third_try_may_be_right() -> None:
    chat = Chat()
    chat.say(onay(MIGROS))
    chat.say(WRONG)
    chat.say(WRONG)

    assert isinstance(chat.say(TYPED), OnayDone)


def test_a_newer_code_voids_the_one_before() -> None:
    chat = Chat()
    chat.say(onay(MIGROS))
    chat.say(onay(BOYNER), code=OTHER)

    assert chat.say(TYPED) == WrongCode(BOYNER, 2, chat.now)
    assert chat.say(Digits((), OTHER)) == OnayDone(BOYNER, (MESAJ,), RECEIPT)
    assert chat.allowed() == {BOYNER.code: (MESAJ,)}


@pytest.mark.parametrize(
    ("between", "is_void"),
    [
        pytest.param([ret(MIGROS)], True, id="RET of the brand"),
        pytest.param([ret(MIGROS, types=(ARAMA,))], True, id="any RET of the brand"),
        pytest.param([ret(BOYNER, MIGROS)], True, id="RET of several"),
        pytest.param([ret(BOYNER)], False, id="RET of another"),
        pytest.param([ret(MIGROS, types=(EPOSTA,))], False, id="a RET that does nothing"),
        pytest.param([alone(BOYNER)], False, id="another brand alone"),
        pytest.param([RetAll(), Evet()], True, id="RET HEPSİ"),
        pytest.param([RetAll()], False, id="a question about all"),
        pytest.param([RetAlone(is_no=True)], True, id="HAYIR"),
        pytest.param([RetAlone()], False, id="a list"),
        pytest.param([Digits((2,))], False, id="a number"),
        pytest.param([Digits((123, 456))], False, id="numbers"),
    ],
)
def test_what_voids_a_code(between: list[Intent], is_void: bool) -> None:
    chat = Chat(record(BOYNER), record(HOPI))
    chat.say(onay(MIGROS))
    for intent in between:
        chat.wait(1).say(intent)

    assert isinstance(chat.say(TYPED), TooLate if is_void else OnayDone)
    assert (MIGROS.code in chat.allowed()) is not is_void


def test_many_lists_later_a_code_is_still_a_code() -> None:
    chat = Chat(record(BOYNER), record(HOPI))
    chat.say(onay(MIGROS))
    for _ in range(20):
        chat.wait(1).say(RetAlone())

    assert isinstance(chat.say(TYPED), OnayDone)


def test_a_code_that_comes_twice_is_taken_once_and_answered_kindly() -> None:
    chat = Chat()
    chat.say(onay(MIGROS))
    chat.say(TYPED)

    assert chat.say(TYPED) == AlreadyAllowed(MIGROS, (MESAJ,), chat.now)
    chat.say(ret(MIGROS))
    assert chat.say(TYPED) == NothingOpen(chat.now)
    assert chat.allowed() == {}


@pytest.mark.parametrize(
    ("asked", "waits", "intent", "told"),
    [
        pytest.param([RetAlone()], 0, Digits((1,)), RetAnswer, id="a number to a list"),
        pytest.param([RetAlone(), onay(MIGROS)], 0, Digits((1,)), RetAnswer, id="a number beside a code"),
        pytest.param([RetAlone(), onay(MIGROS)], 0, WRONG, WrongCode, id="six digits beside a list: a code"),
        pytest.param([RetAlone(), onay(MIGROS)], DAY_MS - 1, WRONG, TooLate, id="six digits a day later: a late code"),
        pytest.param([RetAlone()], 0, WRONG, NoSuchNumber, id="six digits without a code: a choice"),
        pytest.param([], 0, WRONG, NotUnderstoodAnswer, id="six digits and nothing open"),
        pytest.param([onay(MIGROS)], 0, Digits((12345,)), NotUnderstoodAnswer, id="five digits: no code"),
        pytest.param([onay(MIGROS)], DAY_MS, WRONG, NotUnderstoodAnswer, id="a code of yesterday"),
    ],
)
def test_codes_and_numbers_do_not_meet(asked: list[Intent], waits: int, intent: Digits, told: type[object]) -> None:
    chat = Chat(record(BOYNER), record(HOPI))
    for before in asked:
        chat.wait(1).say(before)

    assert isinstance(chat.wait(waits).say(intent), told)


def test_a_choice_is_never_a_wrong_try() -> None:
    chat = Chat(record(BOYNER), record(HOPI))
    chat.say(RetAlone())
    chat.say(onay(MIGROS))
    for _ in range(TRIES_MAX):
        chat.say(Digits((9,)))

    assert isinstance(chat.say(TYPED), OnayDone)


@pytest.mark.parametrize(("limit", "sent"), [(5, 5), (1, 1), (0, 8)], ids=["five", "one", "no limit"])
def test_so_many_codes_a_day(limit: int, sent: int) -> None:
    chat = Chat(rules=Rules(codes_per_number_day=limit))

    told = [chat.wait(1).say(onay(MIGROS)) for _ in range(8)]

    assert [isinstance(answer, OnayQuestion) for answer in told] == [n < sent for n in range(8)]
    assert all(answer == CodesUsedUp(answer.at) for answer in told if isinstance(answer, CodesUsedUp))


def test_the_last_code_of_the_day_still_counts() -> None:
    chat = Chat(rules=Rules(codes_per_number_day=1))
    chat.say(onay(MIGROS))
    chat.say(onay(BOYNER))

    assert chat.say(TYPED) == OnayDone(MIGROS, (MESAJ,), RECEIPT)


def test_the_day_of_codes_is_that_of_istanbul() -> None:
    chat = Chat(rules=Rules(codes_per_number_day=1))
    evening = from_datetime(datetime(2026, 11, 23, 23, 59, 59, tzinfo=ISTANBUL))
    chat.wait(evening - chat.now)
    chat.say(onay(MIGROS))
    # 21:00 in UTC, so that the day of UTC goes on for three hours more.
    told = [chat.wait(milliseconds).say(onay(MIGROS)) for milliseconds in (999, 1)]

    assert [type(answer) for answer in told] == [CodesUsedUp, OnayQuestion]


def test_a_code_is_bound_to_number_brand_types_and_key() -> None:
    cases = [(MIGROS, MESAJ, b"a"), (BOYNER, MESAJ, b"a"), (MIGROS, ARAMA, b"a"), (MIGROS, MESAJ, b"b")]
    chats = [Chat(rules=Rules(code_key=key)) for _, _, key in cases]
    for chat, (brand, kind, _) in zip(chats, cases, strict=True):
        chat.say(onay(brand, types=(kind,)))

    assert len({chat.conversation.questions[0].mac for chat in chats}) == len(cases)
    assert all(CODE not in str(chat.conversation) for chat in chats)


def test_minutes_are_never_none() -> None:
    told = Chat(rules=Rules(confirm_code_ms=MINUTE_MS // 2)).say(onay(MIGROS))

    assert isinstance(told, OnayQuestion)
    assert told.minutes == 1


def test_a_merchants_refusal_and_a_persons_are_both_taken_back() -> None:
    tacir = record(MIGROS, status=RET)._replace(recipient_type=RecipientType.TACIR)
    chat = Chat(record(MIGROS, status=RET), tacir)
    chat.say(onay(MIGROS))
    chat.say(TYPED)

    rows = [change.after for change in chat.changes]
    assert [row.status for row in rows if isinstance(row, Record)] == [Status.ONAY, Status.ONAY]
