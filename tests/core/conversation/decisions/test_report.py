"""ŞİKAYET: a report, its question, its evidence, and the days until which a sender may still write."""

from datetime import date

import pytest

from core.brands.brand import Brand
from core.conversation.answers import (
    BrandAsked,
    ComplaintOpened,
    ComplaintQuestion,
    ListPage,
    NothingOpen,
    NotUnderstoodAnswer,
    RetAllQuestion,
    RetAnswer,
    RetSeveral,
    SetAside,
    Silence,
)
from core.conversation.decisions.report import COMMAND_LETTERS_MAX, COMMAND_WORDS_MAX
from core.conversation.decisions.scene import NewReport, Proof
from core.conversation.requests import (
    BrandMention,
    Digits,
    Evet,
    Intent,
    NotUnderstood,
    Ret,
    RetAll,
    RetAlone,
    Sikayet,
    Unreadable,
)
from core.conversation.unanswered import Unanswered
from core.domain.clock import HOUR_MS, MINUTE_MS
from core.domain.consent import Objection, Record
from core.domain.rules import Rules
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    BOYNER,
    DAY_MS,
    DENIZ,
    EPOSTA,
    MIGROS,
    NOBODY,
    RECEIPT,
    RET,
    Chat,
    alone,
    objection,
    record,
    ret,
    sikayet,
)

ADVERT = "Migros'ta %50 indirim! RET MIGROS yaz 4609'a gonder B001"
THURSDAY = date(2026, 11, 26)  # the third business day after the Monday of the scenes
DONE, PROVEN = ComplaintOpened(MIGROS, RECEIPT), Proof(RECEIPT, is_evidence=True)


@pytest.mark.parametrize(
    ("mentions", "brand", "name"),
    [
        pytest.param((BrandMention.of(MIGROS),), MIGROS, None, id="a brand"),
        pytest.param((NOBODY,), None, "Abcx", id="an unknown sender"),
        pytest.param((), None, None, id="no sender"),
        pytest.param((DENIZ,), None, "deniz", id="an unclear sender"),
        pytest.param((NOBODY, BrandMention.of(MIGROS)), MIGROS, None, id="several"),
    ],
)
def test_a_report_is_opened_and_asks_for_the_message(
    mentions: tuple[BrandMention, ...], brand: Brand | None, name: str | None
) -> None:
    chat = Chat()

    decision = chat.decide(Sikayet(mentions))

    assert decision.answer == ComplaintQuestion(brand, name, RECEIPT, 24, None)
    assert decision.report == NewReport(RECEIPT, brand and brand.code, name)
    assert decision.changes == ()


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        pytest.param(alone(MIGROS), ADVERT, id="an advert with a brand in it"),
        pytest.param(alone(BOYNER), "B" * (COMMAND_LETTERS_MAX + 1), id="too many letters"),
        pytest.param(alone(BOYNER), "b " * (COMMAND_WORDS_MAX + 1), id="too many words"),
        pytest.param(NotUnderstood(), "dün aradılar", id="no wish in it"),
        pytest.param(NotUnderstood((BrandMention.of(BOYNER),)), "Boyner'den geldi", id="a brand and no wish"),
        pytest.param(RetAlone(), ADVERT, id="a long text that begins with RET"),
    ],
)
def test_a_longer_text_is_evidence_and_never_a_command(intent: Intent, text: str) -> None:
    chat = Chat(record(MIGROS), record(BOYNER))
    chat.say(sikayet(MIGROS))

    decision = chat.decide(intent, text=text)

    assert (decision.answer, decision.report, decision.changes) == (DONE, PROVEN, ())


@pytest.mark.parametrize(
    ("intent", "text", "told"),
    [
        pytest.param(ret(MIGROS), "RET MIGROS", RetAnswer, id="a refusal"),
        pytest.param(alone(MIGROS), "MIGROS", RetAnswer, id="a brand alone"),
        pytest.param(RetAlone(), "RET", ListPage, id="RET"),
        pytest.param(ret(BOYNER), "RET " + "X" * (COMMAND_LETTERS_MAX - 4), RetAnswer, id="just short enough"),
        pytest.param(ret(BOYNER), "ret x y z", RetAnswer, id="just few words"),
        pytest.param(Unreadable("data_coding 0x04"), "", SetAside, id="unreadable"),
    ],
)
def test_a_short_command_stays_one_while_a_report_waits(intent: Intent, text: str, told: type[object]) -> None:
    chat = Chat(record(MIGROS), record(BOYNER))
    chat.say(sikayet(MIGROS))

    decision = chat.decide(intent, text=text)

    assert isinstance(decision.answer, told)
    assert decision.report is None


def test_many_numbers_are_a_choice_and_no_message() -> None:
    chat = Chat(record(MIGROS), record(BOYNER))
    chat.say(RetAlone())
    chat.say(sikayet(MIGROS))

    assert isinstance(chat.say(Digits((1, 2, 7, 8, 9)), text="1 2 7 8 9"), RetSeveral)


def test_further_messages_are_evidence_too() -> None:
    chat = Chat()
    chat.say(sikayet(MIGROS))

    decisions = [chat.wait(HOUR_MS).decide(NotUnderstood(), text=f"mesaj {n}") for n in range(3)]

    assert [decision.report for decision in decisions] == [PROVEN] * 3


def test_further_evidence_is_kept_without_an_answer_each() -> None:
    chat = Chat()
    chat.say(sikayet(MIGROS))
    assert chat.say(NotUnderstood(), text=ADVERT) == DONE

    assert chat.say(NotUnderstood(), text="Şu an müsait değilim") == Silence(Unanswered.EVIDENCE)


def test_evidence_ends_with_the_questions_time() -> None:
    chat = Chat(record(MIGROS))
    chat.say(sikayet(MIGROS))

    decisions = [chat.wait(waits).decide(NotUnderstood(), text=ADVERT) for waits in (DAY_MS - 1, 1)]

    assert [decision.report for decision in decisions] == [PROVEN, None]
    assert isinstance(decisions[1].answer, NotUnderstoodAnswer)


def test_a_long_advert_outside_the_question_is_asked_about() -> None:
    chat = Chat(record(MIGROS))

    assert isinstance(chat.say(NotUnderstood((BrandMention.of(MIGROS),)), text=ADVERT), BrandAsked)


def test_evet_proves_the_holder_and_answers_the_question() -> None:
    chat = Chat()
    chat.say(sikayet(MIGROS))

    decision = chat.decide(Evet(), text="EVET")

    assert (decision.answer, decision.report) == (DONE, Proof(RECEIPT, is_evidence=False))
    assert chat.say(Evet()) == NothingOpen(chat.now)


def test_hayir_leaves_the_report_unconfirmed() -> None:
    chat = Chat()
    chat.say(sikayet(MIGROS))

    assert chat.decide(RetAlone(is_no=True), text="HAYIR").report is None
    assert chat.decide(NotUnderstood(), text="başka").report is None


def test_of_two_reports_the_newest_gets_the_message() -> None:
    chat = Chat()
    chat.say(sikayet(MIGROS), receipt="A0000001")
    chat.say(sikayet(BOYNER), receipt="A0000002")

    assert chat.decide(NotUnderstood(), text=ADVERT).report == Proof("A0000002", is_evidence=True)
    chat.say(Evet())
    assert chat.decide(NotUnderstood(), text=ADVERT).report == Proof("A0000001", is_evidence=True)


def test_a_report_outlives_many_lists() -> None:
    chat = Chat(record(MIGROS), record(BOYNER))
    chat.say(sikayet(MIGROS))
    for _ in range(20):
        chat.wait(1).say(RetAlone(), text="RET")

    assert chat.decide(NotUnderstood(), text=ADVERT).report == PROVEN


@pytest.mark.parametrize(
    ("rows", "until"),
    [
        pytest.param([], None, id="never refused"),
        pytest.param([record(MIGROS)], None, id="allowed"),
        pytest.param([record(MIGROS, status=RET, days_ago=0)], THURSDAY, id="refused today"),
        pytest.param([record(MIGROS, ARAMA, RET, days_ago=0)], THURSDAY, id="calls refused today"),
        pytest.param([objection(MIGROS)], THURSDAY, id="objected today"),
        pytest.param([record(MIGROS, status=RET, days_ago=5)], date(2026, 11, 23), id="the last day is today"),
        pytest.param([record(MIGROS, status=RET, days_ago=6)], None, id="the last day is over"),
        pytest.param([record(BOYNER, status=RET, days_ago=0)], None, id="another brand"),
        pytest.param([record(MIGROS, EPOSTA, RET, days_ago=0)], None, id="e-mail"),
    ],
)
def test_until_when_the_sender_may_still_write(rows: list[Record | Objection], until: date | None) -> None:
    told = Chat(*rows).say(sikayet(MIGROS))

    assert isinstance(told, ComplaintQuestion)
    assert told.until == until


def test_a_repeated_refusal_gives_the_sender_no_new_time() -> None:
    chat = Chat(record(MIGROS))
    chat.say(ret(MIGROS))
    chat.wait(7 * DAY_MS).say(ret(MIGROS))

    told = chat.say(sikayet(MIGROS))

    assert isinstance(told, ComplaintQuestion)
    assert told.until is None


def test_the_hours_are_the_settings_and_never_none() -> None:
    told = [
        Chat(rules=Rules(question_ms=HOUR_MS * 3 // 2)).say(sikayet()),
        Chat(rules=Rules(question_ms=1)).say(sikayet()),
    ]

    assert [one.hours for one in told if isinstance(one, ComplaintQuestion)] == [1, 1]


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        pytest.param(Ret((BrandMention.of(MIGROS),)), "lütfen bana artık migrostan mesaj atmayın", id="a clear brand"),
        pytest.param(RetAll(), "hiçbir firmadan artık mesaj almak istemiyorum", id="everything"),
    ],
)
def test_an_open_report_swallows_no_plain_refusal(intent: Intent, text: str) -> None:
    chat = Chat(record(MIGROS))
    chat.say(sikayet(BOYNER))

    decision = chat.wait(MINUTE_MS).decide(intent, text=text)

    assert decision.report is None
    assert isinstance(decision.answer, RetAnswer | RetAllQuestion)
