"""DURUM: what is allowed now, what became of an act; and a closed line. DURUM changes nothing."""

import pytest

from core.conversation.answers import (
    LineClosed,
    NothingOnRecord,
    NothingOpen,
    NotUnderstoodAnswer,
    ReceiptUnknown,
    State,
    StatusOfAct,
    StatusOfAll,
    StatusOfBrand,
    StatusOfComplaint,
)
from core.conversation.conversation import Conversation
from core.conversation.decisions.scene import Past, Report
from core.conversation.requests import (
    CloseLine,
    Digits,
    Door,
    Durum,
    DurumOf,
    Evet,
    Intent,
    Language,
    NotUnderstood,
    RetAll,
    RetAlone,
)
from core.domain.clock import Instant
from core.domain.consent import Objection, RecipientType, Record, Source
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    AT,
    BOYNER,
    BRANDS,
    CODE,
    EPOSTA,
    HOPI,
    KIGILI,
    MESAJ,
    MIGROS,
    N11,
    NOW,
    RECEIPT,
    RET,
    SUVARI,
    TEKNOSA,
    Chat,
    decided,
    durum,
    objection,
    onay,
    record,
    ret,
    sikayet,
)

TACIR = record(MIGROS)._replace(recipient_type=RecipientType.TACIR)
CLERK = Door.CLERK


@pytest.mark.parametrize(
    ("rows", "mesaj", "arama"),
    [
        pytest.param([], "none", "none", id="nothing"),
        pytest.param([record(MIGROS)], "allowed", "none", id="messages allowed"),
        pytest.param([record(MIGROS, status=RET), record(MIGROS, ARAMA)], "refused", "allowed", id="each its own"),
        pytest.param([objection(MIGROS)], "objection", "none", id="objection"),
        pytest.param([record(MIGROS), objection(MIGROS)], "allowed", "none", id="a consent after an objection"),
        pytest.param([TACIR, record(MIGROS, status=RET)], "allowed", "none", id="TACİR allowed, BİREYSEL refused"),
        pytest.param([record(MIGROS, EPOSTA)], "none", "none", id="e-mail is not shown"),
    ],
)
def test_the_status_of_a_brand(rows: list[Record | Objection], mesaj: State, arama: State) -> None:
    chat = Chat(*rows)

    assert chat.say(durum(MIGROS)) == StatusOfBrand(MIGROS, mesaj, arama, chat.now)
    assert not chat.changes


def test_the_status_of_all_shows_the_newest_and_counts_the_rest() -> None:
    brands = (MIGROS, TEKNOSA, BOYNER, HOPI, N11, KIGILI)
    rows = [record(brand, days_ago=n) for n, brand in enumerate(brands, 1)]
    chat = Chat(*reversed(rows), record(SUVARI, status=RET), objection(SUVARI, ARAMA))

    assert chat.say(Durum()) == StatusOfAll(6, brands[:5], chat.now)


def test_the_status_of_nothing() -> None:
    chat = Chat(record(SUVARI, status=RET))

    assert chat.say(Durum()) == NothingOnRecord(chat.now)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(None, ReceiptUnknown(RECEIPT, NOW), id="unknown or another's"),
        pytest.param(
            Past("ended", (MIGROS.code,), AT), StatusOfAct(RECEIPT, "ended", (MIGROS,), 1, AT, NOW), id="one brand"
        ),
        pytest.param(
            Past("ended", tuple(brand.code for brand in BRANDS[:7]), AT),
            StatusOfAct(RECEIPT, "ended", BRANDS[:5], 7, AT, NOW),
            id="many brands",
        ),
        pytest.param(Past("question", (), AT), StatusOfAct(RECEIPT, "question", (), 0, AT, NOW), id="a question"),
        pytest.param(
            Report(RECEIPT, "closed", MIGROS.code, AT, "ceza"),
            StatusOfComplaint(RECEIPT, "closed", MIGROS, AT, "ceza", NOW),
            id="a report",
        ),
        pytest.param(
            Report(RECEIPT, "unconfirmed", None, AT, None),
            StatusOfComplaint(RECEIPT, "unconfirmed", None, AT, None, NOW),
            id="a report of an unknown sender",
        ),
    ],
)
def test_what_became_of_an_act(found: Past | Report | None, told: object) -> None:
    decision = decided(DurumOf(RECEIPT), found=found)

    assert (decision.answer, decision.changes) == (told, ())


def test_a_closed_line_ends_consents_and_objections() -> None:
    refused = record(HOPI, status=RET)
    chat = Chat(record(MIGROS), record(MIGROS, ARAMA), TACIR, refused, objection(N11))

    assert chat.say(CloseLine(), door=CLERK) == LineClosed(RECEIPT, 3, 1)
    assert (chat.allowed(), chat.objections()) == ({}, set())
    ended = [change.after for change in chat.changes if isinstance(change.after, Record)]
    assert {(row.source, row.consent_at, row.receipt) for row in ended} == {(Source.IYS_AHS_HAT_KAPATMA, AT, RECEIPT)}
    assert chat.held[HOPI.code].records[MESAJ, RecipientType.BIREYSEL] == refused


def test_a_closed_line_dates_no_end_before_its_beginning() -> None:
    chat = Chat(record(MIGROS, days_ago=-1))
    chat.say(CloseLine(), door=CLERK)

    [change] = chat.changes
    assert isinstance(change.before, Record)
    assert isinstance(change.after, Record)
    assert change.after.consent_at == change.before.consent_at


@pytest.mark.parametrize(
    ("asked", "intent", "told"),
    [
        pytest.param(RetAll(), Evet(), NothingOpen, id="RET HEPSİ"),
        pytest.param(RetAlone(), Digits((1,)), NotUnderstoodAnswer, id="a list"),
        pytest.param(onay(HOPI), Digits((), CODE), NotUnderstoodAnswer, id="a code"),
        pytest.param(sikayet(MIGROS), NotUnderstood(), NotUnderstoodAnswer, id="a report"),
    ],
)
def test_a_new_holder_inherits_no_conversation(asked: Intent, intent: Intent, told: type[object]) -> None:
    chat = Chat(record(MIGROS), record(BOYNER))
    chat.say(asked)
    chat.say(CloseLine(), door=CLERK)
    chat.give(record(TEKNOSA))

    assert isinstance(chat.say(intent), told)
    assert not chat.changes
    assert chat.allowed() == {TEKNOSA.code: (MESAJ,)}


def test_a_closed_line_forgets_language_and_budgets() -> None:
    chat = Chat()
    chat.conversation = Conversation(Language.EN, answered=(NOW,), erred=(NOW,), codes=(NOW,), helped_at=NOW)
    chat.wait(5).say(CloseLine(), door=CLERK)

    assert chat.conversation == Conversation(subscribed_at=Instant(NOW + 5))


def test_a_line_is_closed_even_while_a_report_waits_for_a_long_text() -> None:
    chat = Chat(record(MIGROS))
    chat.say(sikayet(MIGROS))

    assert isinstance(chat.say(CloseLine(), door=CLERK), LineClosed)


def test_a_sender_can_be_refused_by_the_new_holder() -> None:
    chat = Chat(record(MIGROS))
    chat.say(CloseLine(), door=CLERK)
    chat.give(record(MIGROS, days_ago=-1))
    chat.wait(2 * 86_400_000).say(ret(MIGROS))

    assert chat.allowed() == {}
