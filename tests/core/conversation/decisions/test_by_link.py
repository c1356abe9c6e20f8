"""Wishes that come from the link pages: picked brands, e-mail addresses, reports of a proven number."""

from typing import Any, Final

import pytest

from core.conversation.answers import ComplaintOpened, EpostaElsewhere, OnayQuestion, RetAnswer, RetSeveral
from core.conversation.decisions.decide import brands_needed, decide
from core.conversation.decisions.report import COMMAND_LETTERS_MAX
from core.conversation.decisions.scene import Decision, NewReport, Proof
from core.conversation.requests import AskCode, Digits, Door, GiveCode, Intent, NotUnderstood, Report, RetThese, Types
from core.domain.consent import RecipientType, Record, Source
from core.domain.recipients import Email
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    AT,
    BOYNER,
    CODE,
    EPOSTA,
    HOPI,
    MESAJ,
    MIGROS,
    RECEIPT,
    RET,
    Chat,
    holds,
    objection,
    onay,
    record,
    ret,
    scene,
    sikayet,
)

BOTH: Final = (ARAMA, MESAJ)
MAIL: Final = Email.parse("ali@ornek.example")
ADVERT: Final = "Migros'ta %50 indirim! RET MIGROS yaz 4609'a gonder B001"


def of_mail(row: Record) -> Record:
    return row._replace(recipient=MAIL.reveal(), type=EPOSTA)


def by_mail(intent: Intent, *rows: Record, **fields: Any) -> Decision:
    """What a link in an e-mail leads to."""
    found = scene(intent, holds(rows), door=Door.LINK, **fields)
    return decide(found._replace(request=found.request._replace(recipient=MAIL)))


def test_what_is_picked_is_ended_and_nothing_else() -> None:
    chat = Chat(record(MIGROS), record(MIGROS, ARAMA), record(BOYNER), record(HOPI))

    told = chat.say(RetThese(((MIGROS, (MESAJ,)), (BOYNER, (MESAJ,)))), door=Door.LINK)

    assert isinstance(told, RetSeveral)
    assert [(one.brand, one.ended, one.allowed) for one in told.outcomes] == [
        (MIGROS, (MESAJ,), (ARAMA,)),
        (BOYNER, (MESAJ,), ()),
    ]
    assert chat.allowed() == {MIGROS.code: (ARAMA,), HOPI.code: (MESAJ,)}
    assert {change.row.source for change in chat.changes} == {Source.IYS_WEB}


@pytest.mark.parametrize(
    ("types", "left"),
    [
        pytest.param((MESAJ,), (ARAMA,), id="messages"),
        pytest.param((ARAMA,), (MESAJ,), id="calls"),
        pytest.param(BOTH, (), id="both"),
    ],
)
def test_one_brand_picked_is_answered_for_that_brand(types: Types, left: Types) -> None:
    chat = Chat(record(MIGROS), record(MIGROS, ARAMA))

    told = chat.say(RetThese(((MIGROS, types),)), door=Door.LINK)

    assert isinstance(told, RetAnswer)
    assert (told.ended, told.allowed) == (types, left)


def test_a_pick_that_is_refused_already_is_a_success() -> None:
    before = record(MIGROS, status=RET)
    chat = Chat(before)

    told = chat.say(RetThese(((MIGROS, (MESAJ,)),)), door=Door.LINK)

    assert isinstance(told, RetAnswer)
    assert (told.already, told.since) == ((MESAJ,), before.consent_at)


def test_a_pick_voids_the_code_that_would_allow_its_brand() -> None:
    chat = Chat(record(MIGROS, ARAMA))
    assert isinstance(chat.say(onay(MIGROS)), OnayQuestion)

    chat.say(RetThese(((MIGROS, (ARAMA,)),)), door=Door.LINK)
    chat.say(Digits((), CODE), text=CODE)

    assert chat.allowed() == {}


def test_a_pick_needs_its_brands_only() -> None:
    assert brands_needed(RetThese(((MIGROS, (MESAJ,)), (BOYNER, (ARAMA,))))) == frozenset({MIGROS.code, BOYNER.code})


@pytest.mark.parametrize(
    "types",
    [pytest.param((), id="none named"), pytest.param((EPOSTA,), id="e-mail"), pytest.param((*BOTH, EPOSTA), id="all")],
)
def test_a_link_in_an_email_ends_email_by_its_own_source(types: Types) -> None:
    before = of_mail(record(MIGROS))

    decision = by_mail(ret(MIGROS, types=types), before)

    assert isinstance(decision.answer, RetAnswer)
    assert (decision.answer.ended, decision.answer.allowed) == ((EPOSTA,), ())
    [change] = decision.changes
    assert change.before == before
    assert isinstance(change.after, Record)
    assert (change.after.status, change.after.source, change.after.consent_at) == (RET, Source.IYS_EPOSTA, AT)


def test_a_link_in_an_email_ends_the_private_persons_and_the_merchants_record() -> None:
    merchant = of_mail(record(MIGROS))._replace(recipient_type=RecipientType.TACIR)

    decision = by_mail(ret(MIGROS), of_mail(record(MIGROS)), merchant)

    assert isinstance(decision.answer, RetAnswer)
    assert decision.answer.ended == (EPOSTA,)
    assert [change.row.type for change in decision.changes] == [EPOSTA, EPOSTA]


@pytest.mark.parametrize("types", [pytest.param((MESAJ,), id="messages"), pytest.param(BOTH, id="messages and calls")])
def test_an_email_address_has_no_messages_and_no_calls_to_end(types: Types) -> None:
    decision = by_mail(ret(MIGROS, types=types), of_mail(record(MIGROS)))

    assert isinstance(decision.answer, EpostaElsewhere)
    assert decision.changes == ()


def test_a_number_has_no_email_to_end() -> None:
    chat = Chat(record(MIGROS))

    told = chat.say(ret(MIGROS), door=Door.LINK)

    assert isinstance(told, RetAnswer)
    assert (told.ended, told.kept) == ((MESAJ,), (ARAMA,))
    assert isinstance(chat.say(ret(MIGROS, types=(EPOSTA,)), door=Door.LINK), EpostaElsewhere)


def test_who_has_proven_the_number_opens_a_report_at_once() -> None:
    chat = Chat(record(MIGROS), objection(BOYNER))

    decision = chat.decide(Report(MIGROS), door=Door.LINK, text=ADVERT)

    assert decision.answer == ComplaintOpened(MIGROS, RECEIPT)
    assert decision.report == NewReport(RECEIPT, MIGROS.code, None, is_proven=True)
    assert (decision.changes, chat.conversation.questions) == ((), ())


@pytest.mark.parametrize(
    "intent",
    [
        pytest.param(ret(MIGROS), id="a refusal"),
        pytest.param(RetThese(((MIGROS, (MESAJ,)),)), id="a pick"),
        pytest.param(Report(BOYNER), id="another report"),
        pytest.param(AskCode(), id="a code is asked for"),
        pytest.param(GiveCode(CODE), id="a code"),
    ],
)
def test_what_a_page_says_is_never_the_message_that_a_report_by_sms_waits_for(intent: Intent) -> None:
    chat = Chat(record(MIGROS))
    chat.say(sikayet(MIGROS))
    assert len(ADVERT) > COMMAND_LETTERS_MAX

    decision = chat.decide(intent, door=Door.LINK, text=ADVERT)

    assert not isinstance(decision.report, Proof)
    assert isinstance(chat.decide(NotUnderstood(), text=ADVERT).report, Proof)
