"""Conversations through the desk and a real file: their rows, receipts, languages, budgets, and their answers at
another process's counter or after a restart."""

from collections.abc import AsyncIterator, Sequence

import pytest

from core.brands.brand import Brand
from core.conversation.answers import (
    BrandUnknown,
    ComplaintQuestion,
    LineClosed,
    ListPage,
    NotUnderstoodAnswer,
    OnayDone,
    OnayQuestion,
    ReceiptUnknown,
    RetAllDone,
    RetAllQuestion,
    RetAnswer,
    RetSeveral,
    SetAside,
    Silence,
    StatusOfAct,
    StatusOfComplaint,
    WrongCode,
)
from core.conversation.decisions.proof import TRIES_MAX
from core.conversation.requests import (
    BrandAlone,
    BrandMention,
    CloseLine,
    Devam,
    Digits,
    Door,
    DurumOf,
    Evet,
    Intent,
    Language,
    NotUnderstood,
    Reading,
    Ret,
    RetAll,
    RetAlone,
    Segment,
    Unreadable,
    Yardim,
)
from core.conversation.unanswered import Unanswered
from core.domain.clock import HOUR_MS
from core.domain.consent import ConsentType
from core.domain.rules import Rules
from core.domain.text import key
from core.ledger.anchors import Signer
from core.ledger.stored import verify_stored
from core.outbox.outbox import ANSWER_LIFE_MS, OutboxClass, sweep
from tests.container import Container, FakeClock, numbers, opened
from tests.core.conversation.decisions.scenes import (
    BOYNER,
    DENIZ,
    HOPI,
    MIGROS,
    NOBODY,
    TEKNOSA,
    near,
    onay,
    ret,
    sikayet,
)
from tests.core.intake.citizen import Citizen, furnish

MESAJ, ARAMA = ConsentType.MESAJ, ConsentType.ARAMA
CODE, ANSWER = OutboxClass.CODE, OutboxClass.ANSWER
RULES = Rules(answers_per_number_hour=0, errors_per_number_hour=0)
SHORT = RULES._replace(question_ms=HOUR_MS)
OTHER = numbers(1)[0]


@pytest.fixture
async def desk(container: Container) -> Container:
    """A counter, and a citizen who allows two brands."""
    furnish(container, RULES)
    for brand in (MIGROS, BOYNER):
        await container.allow(Citizen(container).number, brand=brand)
    return container


@pytest.fixture
async def other(url: str, clock: FakeClock, signer: Signer) -> AsyncIterator[Container]:
    """Another process's counter on the same file."""
    async with opened(url, clock, signer) as container:
        yield furnish(container, RULES)


async def allowed(container: Container) -> set[tuple[str, str]]:
    return set(await container.rows("SELECT brand_code, type FROM consent WHERE status = 'ONAY'"))


@pytest.mark.parametrize(
    ("intent", "outcome", "has_receipt"),
    [
        pytest.param(ret(MIGROS), "ret", True, id="RET"),
        pytest.param(Ret((NOBODY,)), "brand-unknown", False, id="unknown brand"),
        pytest.param(RetAlone(), "list", False, id="a list"),
        pytest.param(RetAll(), "ret-all-question", True, id="RET HEPSİ"),
        pytest.param(onay(HOPI), "onay-question", False, id="ONAY"),
        pytest.param(sikayet(MIGROS), "complaint", True, id="ŞİKAYET"),
        pytest.param(Yardim(), "help", False, id="YARDIM"),
        pytest.param(Evet(), "nothing-open", False, id="EVET"),
        pytest.param(DurumOf("K7M4Q2XS"), "status", False, id="DURUM of a receipt"),
        pytest.param(NotUnderstood(), "not-understood", False, id="not understood"),
        pytest.param(Unreadable("broken"), "set-aside", True, id="unreadable"),
    ],
)
async def test_each_request_leaves_its_evidence(
    desk: Container, intent: Intent, outcome: str, has_receipt: bool
) -> None:
    answer = await Citizen(desk).say(intent, "the text")

    receipt = getattr(answer, "receipt", None) if has_receipt else None
    assert await desk.rows("SELECT outcome, receipt, entry, repeat_of FROM request") == [
        (outcome, receipt, 1 if has_receipt else None, None)
    ]
    assert await desk.rows("SELECT octets, text FROM raw") == [(b"raw", "the text")]
    assert await desk.column("SELECT receipt FROM receipt") == ([receipt] if has_receipt else [])
    assert await desk.column("SELECT count(*) FROM ledger") == [int(has_receipt)]
    assert await desk.column("SELECT text FROM outbox") == [f"tr {type(answer).__name__}"]


@pytest.mark.parametrize(
    ("intents", "rank", "life_ms"),
    [
        pytest.param([onay(HOPI)], CODE, RULES.confirm_code_ms, id="a code"),
        pytest.param([RetAlone()], ANSWER, HOUR_MS, id="a list"),
        pytest.param([RetAlone(), Devam()], ANSWER, HOUR_MS - 60_000, id="a page, as long as its list"),
        pytest.param([RetAll()], ANSWER, HOUR_MS, id="RET HEPSİ"),
        pytest.param([Ret((DENIZ,))], ANSWER, HOUR_MS, id="which brand"),
        pytest.param([Ret((BrandMention.of(MIGROS), DENIZ))], ANSWER, HOUR_MS, id="which brand beside an act"),
        pytest.param([BrandAlone(near(MIGROS))], ANSWER, HOUR_MS, id="a brand meant"),
        pytest.param([sikayet(MIGROS)], ANSWER, HOUR_MS, id="a report"),
        pytest.param([ret(MIGROS)], ANSWER, ANSWER_LIFE_MS, id="an act"),
        pytest.param([ret(MIGROS, BOYNER)], ANSWER, ANSWER_LIFE_MS, id="an act of several"),
    ],
)
async def test_a_question_waits_in_the_outbox_no_longer_than_it_is_open(
    desk: Container, intents: Sequence[Intent], rank: OutboxClass, life_ms: int
) -> None:
    citizen = Citizen(furnish(desk, SHORT))
    for intent in intents:
        desk.clock.pass_ms(60_000)
        await citizen.say(intent)

    rows = await desk.rows("SELECT class, expires_at, state FROM outbox ORDER BY id")
    assert rows[-1] == (rank, desk.clock.now + life_ms, "ready")
    desk.clock.pass_ms(life_ms)
    await desk.writer.errand(lambda transaction: sweep(transaction, desk.clock()))
    assert (await desk.column("SELECT reason FROM outbox ORDER BY id"))[-1] == "expired"


async def test_another_process_hears_the_answer(desk: Container, other: Container) -> None:
    here, there = Citizen(desk), Citizen(other)

    assert isinstance(await here.say(RetAlone()), ListPage)
    told = await there.say(Digits((2,)))

    assert isinstance(told, RetAnswer)
    assert told.ended == (MESAJ,)
    assert isinstance(await there.say(RetAll()), RetAllQuestion)
    assert isinstance(await here.say(Evet()), RetAllDone)
    assert await allowed(desk) == set()


async def test_tries_of_a_code_are_counted_over_all_processes(desk: Container, other: Container) -> None:
    citizens = [Citizen(desk), Citizen(other)]
    asked = await citizens[0].say(onay(HOPI))
    assert isinstance(asked, OnayQuestion)
    wrong = "000000" if asked.code != "000000" else "000001"

    left = [await citizens[n % 2].say(Digits((), wrong)) for n in range(TRIES_MAX)]

    assert [one.left for one in left if isinstance(one, WrongCode)] == [2, 1, 0]
    assert not isinstance(await citizens[0].say(Digits((), asked.code)), OnayDone)


async def test_a_question_outlives_a_restart(url: str, clock: FakeClock, signer: Signer) -> None:
    async with opened(url, clock, signer) as before:
        citizen = Citizen(furnish(before, RULES))
        for brand in (MIGROS, BOYNER):
            await before.allow(citizen.number, brand=brand)
        asked = await citizen.say(onay(HOPI))
        await citizen.say(RetAlone())
    assert isinstance(asked, OnayQuestion)
    async with opened(url, clock, signer) as after:
        citizen = Citizen(furnish(after, RULES))
        assert isinstance(await citizen.say(Digits((1,))), RetAnswer)
        assert isinstance(await citizen.say(Digits((), asked.code)), OnayDone)

        assert {code for code, _ in await allowed(after)} == {BOYNER.code, HOPI.code}
        report = await after.writer.errand(lambda transaction: verify_stored(transaction, (), None))
        assert report.ok


async def test_messages_that_arrive_together_are_heard_in_their_order(desk: Container) -> None:
    answers = await Citizen(desk).say_all([RetAlone(), Digits((1,)), RetAll(), Evet(), RetAll()])

    assert [type(answer).__name__ for answer in answers] == [
        *("ListPage", "RetAnswer", "RetAllQuestion", "RetAllDone", "NothingOnRecord"),
    ]
    assert await desk.column("SELECT count(DISTINCT decided_at) FROM request") == [1]


async def test_a_code_that_does_not_stand_in_the_registry_is_stored_keyed(desk: Container) -> None:
    asked = await Citizen(desk).say(onay(HOPI))

    assert isinstance(asked, OnayQuestion)
    assert asked.code not in str(await desk.rows("SELECT * FROM conversation"))


async def test_the_language_is_kept(desk: Container, other: Container) -> None:
    here, there = Citizen(desk), Citizen(other)
    heard = []
    turns: list[tuple[Citizen, Intent, Language | None]] = [
        (here, Yardim(), Language.EN),
        (there, ret(MIGROS), None),
        (here, Unreadable("broken"), None),
        (Citizen(desk, OTHER), Yardim(), None),
        (there, Yardim(), Language.TR),
        (here, ret(MIGROS), None),
    ]
    for citizen, intent, language in turns:
        await citizen.say(intent, language=language)
        desk.clock.pass_ms(1)
        heard += await desk.column("SELECT text FROM outbox ORDER BY created_at DESC LIMIT 1")

    assert [text[:2] for text in heard] == ["en", "en", "en", "tr", "tr", "tr"]


async def test_a_long_message_brings_its_language(desk: Container) -> None:
    intent = Segment(7, 1, 1, b"please stop Migros", lambda _: Reading("please stop Migros", ret(MIGROS), Language.EN))
    await Citizen(desk).say(intent, None)

    assert await desk.column("SELECT text FROM outbox") == ["en RetAnswer"]


@pytest.mark.parametrize(
    ("intents", "what", "brands"),
    [
        pytest.param([ret(MIGROS)], "ended", [MIGROS], id="ended"),
        pytest.param([ret(MIGROS), ret(MIGROS)], "unchanged", [MIGROS], id="already"),
        pytest.param([ret(HOPI)], "kept", [HOPI], id="an objection"),
        pytest.param([ret(HOPI), ret(HOPI)], "kept", [HOPI], id="an objection again"),
        pytest.param([ret(HOPI, MIGROS, BOYNER)], "ended", [MIGROS, BOYNER], id="partly ended"),
        pytest.param([RetAll()], "question", [], id="a question"),
        pytest.param([RetAll(), Evet()], "ended", [MIGROS, BOYNER], id="all"),
        pytest.param([Unreadable("broken")], "set-aside", [], id="set aside"),
    ],
)
async def test_durum_of_a_receipt(
    desk: Container, intents: Sequence[Intent], what: str, brands: Sequence[Brand]
) -> None:
    citizen = Citizen(desk)
    for intent in intents[:-1]:
        await citizen.say(intent)
        desk.clock.pass_ms(1000)
    answer, acted_at = await citizen.say(intents[-1]), desk.clock.now
    receipt = str(getattr(answer, "receipt", None))
    desk.clock.pass_ms(1000)

    told = await citizen.say(DurumOf(receipt))

    assert isinstance(told, StatusOfAct)
    assert (told.what, told.total, told.acted_at, told.at) == (what, len(brands), acted_at, desk.clock.now)
    assert set(told.brands) == set(brands)
    assert isinstance(await Citizen(desk, OTHER).say(DurumOf(receipt)), ReceiptUnknown)


async def test_durum_of_an_allowing(desk: Container) -> None:
    citizen = Citizen(desk)
    await citizen.say(ret(HOPI))
    asked = await citizen.say(onay(HOPI))
    assert isinstance(asked, OnayQuestion)
    done = await citizen.say(Digits((), asked.code))
    assert isinstance(done, OnayDone)

    told = await citizen.say(DurumOf(done.receipt))

    assert isinstance(told, StatusOfAct)
    assert (told.what, told.brands) == ("allowed", (HOPI,))
    assert await desk.rows("SELECT * FROM objection") == []


async def test_durum_of_a_report(desk: Container) -> None:
    citizen = Citizen(desk)
    asked = await citizen.say(sikayet(MIGROS))
    assert isinstance(asked, ComplaintQuestion)
    opened_at = desk.clock.now
    desk.clock.pass_ms(5)

    told = await citizen.say(DurumOf(asked.receipt))

    assert told == StatusOfComplaint(asked.receipt, "unconfirmed", MIGROS, opened_at, None, desk.clock.now)
    assert isinstance(await Citizen(desk, OTHER).say(DurumOf(asked.receipt)), ReceiptUnknown)


async def test_a_new_holder_of_the_number_sees_nothing_of_what_was(desk: Container) -> None:
    citizen = Citizen(desk)
    act, report = await citizen.say(ret(MIGROS)), await citizen.say(sikayet(MIGROS))
    assert isinstance(act, RetAnswer)
    assert isinstance(report, ComplaintQuestion)
    await citizen.say(ret(HOPI))
    await citizen.say(onay(TEKNOSA))
    desk.clock.pass_ms(1000)

    closed = await citizen.say(CloseLine(), door=Door.CLERK)
    desk.clock.pass_ms(1000)

    assert isinstance(closed, LineClosed)
    assert (closed.ended, closed.cleared) == (1, 1)
    assert await allowed(desk) == set()
    assert await desk.rows("SELECT * FROM objection") == []
    assert await desk.column("SELECT source FROM consent WHERE brand_code = ?", BOYNER.code) == ["IYS_AHS_HAT_KAPATMA"]
    assert await desk.column("SELECT DISTINCT reason FROM outbox") == ["line closed"]
    for receipt in (act.receipt, report.receipt):
        assert isinstance(await citizen.say(DurumOf(receipt)), ReceiptUnknown)
    own = await citizen.say(ret(MIGROS))
    assert isinstance(own, RetAnswer)
    assert isinstance(await citizen.say(DurumOf(own.receipt)), StatusOfAct)


async def test_the_parts_of_a_closed_lines_message_are_gone(desk: Container) -> None:
    citizen = Citizen(desk)
    parts = [Segment(7, 2, n, b"x", lambda _: Reading("x", ret(MIGROS))) for n in (1, 2)]
    await citizen.say(parts[0], None)
    await citizen.say(CloseLine(), door=Door.CLERK)

    assert await citizen.say(parts[1], None) == Silence(Unanswered.SEGMENT)


async def test_an_act_happens_though_its_answer_is_silent(desk: Container) -> None:
    citizen = Citizen(furnish(desk, RULES._replace(answers_per_number_hour=1)))
    await citizen.say(Ret((NOBODY,)))

    told = await citizen.say(ret(MIGROS))

    assert isinstance(told, RetAnswer)
    assert told.ended == (MESAJ,)
    assert await allowed(desk) == {(BOYNER.code, "MESAJ")}
    assert await desk.column("SELECT text FROM outbox") == ["tr BrandUnknown"]
    assert await desk.column("SELECT receipt FROM receipt") == [told.receipt]


async def test_ret_hepsi_acts_though_its_question_was_silent(desk: Container) -> None:
    citizen = Citizen(furnish(desk, RULES._replace(answers_per_number_hour=1)))
    await citizen.say_all([Ret((NOBODY,)), RetAll(), RetAll()])

    assert await allowed(desk) == set()
    assert await desk.column("SELECT count(*) FROM outbox") == [1]


async def test_nothing_is_chosen_from_a_list_that_nobody_saw(desk: Container) -> None:
    citizen = Citizen(furnish(desk, RULES._replace(answers_per_number_hour=1)))

    answers = await citizen.say_all([Ret((NOBODY,)), RetAlone(), Digits((1,)), Evet()])

    assert [type(one) for one in answers[:3]] == [BrandUnknown, ListPage, NotUnderstoodAnswer]
    assert await allowed(desk) == {(MIGROS.code, "MESAJ"), (BOYNER.code, "MESAJ")}


async def test_a_silent_which_beside_an_act_is_not_asked(desk: Container) -> None:
    citizen = Citizen(furnish(desk, RULES._replace(answers_per_number_hour=1)))

    answers = await citizen.say_all([Ret((NOBODY,)), Ret((BrandMention.of(MIGROS), DENIZ)), Digits((1,))])

    assert isinstance(answers[1], RetSeveral)
    assert isinstance(answers[2], NotUnderstoodAnswer)
    assert await allowed(desk) == {(BOYNER.code, "MESAJ")}
    assert await desk.rows("SELECT * FROM objection") == []


async def test_the_budget_is_one_over_all_processes(desk: Container, other: Container) -> None:
    rules = RULES._replace(answers_per_number_hour=2)
    here, there = Citizen(furnish(desk, rules)), Citizen(furnish(other, rules))
    for citizen in (here, there, here, there):
        await citizen.say(Ret((NOBODY,)))

    assert await desk.column("SELECT count(*) FROM outbox") == [2]


async def test_codes_are_sent_whatever_the_budget_of_answers(desk: Container) -> None:
    citizen = Citizen(furnish(desk, RULES._replace(answers_per_number_hour=1, codes_per_number_day=2)))

    for _ in range(4):
        await citizen.say(onay(HOPI))

    assert await desk.column("SELECT text FROM outbox ORDER BY id") == [
        *("tr OnayQuestion", "tr OnayQuestion", "tr CodesUsedUp"),
    ]


async def test_an_auto_responder_ends_after_one_turn(desk: Container) -> None:
    citizen = Citizen(furnish(desk, Rules()))
    for text in ("Şu an yerimde yokum", "Migros çalışanıyım, 14:05'te dönerim"):
        intent = NotUnderstood((BrandMention.of(MIGROS),) if "migros" in key(text) else ())
        for _ in range(5):
            await citizen.say(intent, text)

    assert await desk.column("SELECT text FROM outbox ORDER BY id") == ["tr NotUnderstoodAnswer", "tr BrandAsked"]
    assert await desk.column("SELECT count(*) FROM request") == [10]


async def test_what_breaks_a_decision_leaves_the_conversation(desk: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    citizen = Citizen(desk)
    await citizen.say(RetAll())
    await citizen.say(Yardim(), language=Language.EN)
    with monkeypatch.context() as patched:
        patched.setattr("core.intake.batch.decide", lambda _: 1 / 0)
        assert isinstance(await citizen.say(ret(MIGROS)), SetAside)

    assert (await desk.column("SELECT text FROM outbox ORDER BY id"))[-1] == "en SetAside"
    assert isinstance(await citizen.say(Evet()), RetAllDone)
