"""Wishes that come from the voice menu: confirmed refusals, codes that are keyed in."""

import pytest

from core.conversation.answers import (
    AlreadyAllowed,
    BrandClosed,
    ComplaintQuestion,
    NothingOpen,
    NotProven,
    OnayDone,
    OnayQuestion,
    ProofCode,
    Proven,
    RetAllDone,
    RetAnswer,
    TooLate,
    WrongCode,
)
from core.conversation.decisions.proof import TRIES_MAX
from core.conversation.decisions.scene import NewReport
from core.conversation.requests import AskCode, Digits, Door, GiveCode, OnayCode, RetAll, Types
from core.domain.consent import PHONE_TYPES, Source
from core.domain.rules import Rules
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    BOYNER,
    CALENDAR,
    CLOSED,
    CODE,
    HOPI,
    MESAJ,
    MIGROS,
    NOW,
    RECEIPT,
    Chat,
    onay,
    record,
    ret,
    sikayet,
)

IVR = Door.IVR
DAY = CALENDAR.last_lawful_day(NOW)


def test_a_refusal_by_phone_has_the_phones_source() -> None:
    chat = Chat(record(MIGROS), record(MIGROS, ARAMA))

    told = chat.say(ret(MIGROS, types=(ARAMA,)), door=IVR)

    assert told == RetAnswer(MIGROS, RECEIPT, DAY, ended=(ARAMA,), allowed=(MESAJ,))
    assert chat.held[MIGROS.code].of_type(ARAMA)[0].source is Source.IYS_CM


@pytest.mark.parametrize(
    ("types", "brands", "left"),
    [
        pytest.param(PHONE_TYPES, 2, {}, id="messages and calls"),
        pytest.param((ARAMA,), 1, {MIGROS.code: (MESAJ,), BOYNER.code: (MESAJ,)}, id="calls alone"),
    ],
)
def test_a_confirmed_refusal_of_all_asks_no_more(types: Types, brands: int, left: dict[str, Types]) -> None:
    chat = Chat(record(MIGROS), record(MIGROS, ARAMA), record(BOYNER))

    told = chat.say(RetAll(types, is_confirmed=True), door=IVR)

    assert told == RetAllDone(brands, types, RECEIPT, DAY)
    assert chat.allowed() == left


def test_a_confirmed_refusal_of_all_without_any_permission_is_done_too() -> None:
    assert Chat().say(RetAll(PHONE_TYPES, is_confirmed=True), door=IVR) == RetAllDone(0, PHONE_TYPES, RECEIPT, DAY)


def test_a_code_asked_for_by_phone_lives_as_long_as_calls_codes() -> None:
    chat = Chat(rules=Rules(confirm_code_ms=600_000, call_code_ms=180_000))

    assert chat.say(onay(HOPI), door=IVR) == OnayQuestion(HOPI, (MESAJ,), CODE, 3, by_call=True)
    assert chat.wait(180_000).say(OnayCode(CODE), door=IVR) == TooLate("onay", HOPI, chat.now, (MESAJ,))


def test_the_code_allows_the_brand_in_this_call_or_the_next() -> None:
    chat = Chat()
    chat.say(onay(HOPI, types=(ARAMA,)), door=IVR)

    told = chat.wait(179_999).say(OnayCode(CODE), door=IVR)

    assert told == OnayDone(HOPI, (ARAMA,), RECEIPT)
    assert chat.allowed() == {HOPI.code: (ARAMA,)}


def test_it_can_be_texted_as_well() -> None:
    chat = Chat()
    chat.say(onay(HOPI), door=IVR)

    assert isinstance(chat.say(Digits((), CODE)), OnayDone)


def test_a_code_that_was_not_sent_is_no_choice_from_a_list() -> None:
    assert Chat(record(MIGROS), record(BOYNER)).say(OnayCode("000001"), door=IVR) == NothingOpen(NOW)


def test_wrong_codes_are_counted() -> None:
    chat = Chat()
    chat.say(onay(HOPI), door=IVR)

    left = [chat.say(OnayCode("000000"), door=IVR) for _ in range(TRIES_MAX)]

    assert left == [WrongCode(HOPI, TRIES_MAX - n, NOW) for n in range(1, TRIES_MAX + 1)]
    assert isinstance(chat.say(OnayCode(CODE), door=IVR), TooLate)
    assert chat.allowed() == {}


def test_what_is_allowed_or_closed_gets_no_code() -> None:
    chat = Chat(record(MIGROS))

    assert isinstance(chat.say(onay(MIGROS), door=IVR), AlreadyAllowed)
    assert isinstance(chat.say(onay(CLOSED), door=IVR), BrandClosed)
    assert chat.conversation.codes == ()


@pytest.mark.parametrize(
    ("asked", "given", "answer"),
    [
        pytest.param(IVR, IVR, Proven, id="asked and given by phone"),
        pytest.param(Door.LINK, Door.LINK, Proven, id="on the page"),
        pytest.param(IVR, Door.LINK, NotProven, id="the phone's code is worth nothing on the page"),
        pytest.param(Door.LINK, IVR, NotProven, id="nor the page's on the phone"),
    ],
)
def test_a_proof_counts_only_at_the_door_that_asked_for_it(asked: Door, given: Door, answer: type) -> None:
    chat = Chat()

    assert chat.say(AskCode(), door=asked) == ProofCode(CODE, 3, asked)
    assert type(chat.say(GiveCode(CODE), door=given)) is answer


def test_a_report_by_phone_waits_for_the_message_itself() -> None:
    decision = Chat().decide(sikayet(MIGROS), door=IVR)

    assert isinstance(decision.answer, ComplaintQuestion)
    assert decision.report == NewReport(RECEIPT, MIGROS.code, None)
