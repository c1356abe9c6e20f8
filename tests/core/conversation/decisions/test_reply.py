"""EVET and HAYIR, RET HEPSİ and its question: only the newest open question is answered, and only in its time."""

import pytest

from core.conversation.answers import (
    Answer,
    Cancelled,
    ComplaintOpened,
    ListPage,
    NothingOnRecord,
    NothingOpen,
    NumberWanted,
    OnayDone,
    OneOnRecord,
    RetAllDone,
    RetAllQuestion,
    RetAnswer,
    TooLate,
    Unspoken,
)
from core.conversation.requests import BrandAlone, BrandMention, Digits, Evet, Intent, NoneOfThem, Ret, RetAll, RetAlone
from core.domain.clock import HOUR_MS, Instant
from core.domain.consent import Record
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    BOYNER,
    CODE,
    DAY_MS,
    DENIZ,
    DENIZBANK,
    DENIZLI,
    HOPI,
    MESAJ,
    MIGROS,
    RECEIPT,
    TEKNOSA,
    Chat,
    near,
    objection,
    onay,
    record,
    ret,
    sikayet,
)

NO = RetAlone(is_no=True)
TWO = (record(MIGROS), record(BOYNER, days_ago=40))
ASK_ALL = RetAll()


def test_one_brand_is_named_and_ended_by_evet() -> None:
    chat = Chat(record(MIGROS))

    assert chat.say(RetAlone()) == OneOnRecord(MIGROS, (MESAJ,), chat.now)
    assert not chat.changes
    told = chat.say(Evet())

    assert isinstance(told, RetAnswer)
    assert (told.brand, told.ended) == (MIGROS, (MESAJ,))
    assert chat.allowed() == {}


def test_of_one_brand_only_what_was_named_is_ended() -> None:
    chat = Chat(record(MIGROS), record(MIGROS, ARAMA))

    chat.say(RetAlone())
    told = chat.say(Evet())

    assert isinstance(told, RetAnswer)
    assert told.allowed == (ARAMA,)
    assert chat.allowed() == {MIGROS.code: (ARAMA,)}


def test_a_brand_that_only_calls_is_ended_for_calls() -> None:
    chat = Chat(record(MIGROS, ARAMA))

    assert chat.say(RetAlone()) == OneOnRecord(MIGROS, (ARAMA,), chat.now)
    chat.say(Evet())

    assert chat.allowed() == {}


def test_evet_to_one_brand_leaves_a_brand_that_came_after_the_question() -> None:
    chat = Chat(record(MIGROS))
    chat.say(RetAlone())
    chat.give(record(BOYNER))

    chat.say(Evet())

    assert chat.allowed() == {BOYNER.code: (MESAJ,)}


def test_evet_ends_what_stands_when_it_comes() -> None:
    """The records are read anew: a newer consent than the question's is ended too, an ended one is not claimed."""
    chat = Chat(record(MIGROS))
    chat.say(RetAlone())
    chat.say(ret(MIGROS))

    told = chat.say(Evet())

    assert isinstance(told, RetAnswer)
    assert (told.ended, told.already) == ((), (MESAJ,))


def test_ret_hepsi_asks_and_evet_ends_messages_and_calls_of_all() -> None:
    chat = Chat(*TWO, record(MIGROS, ARAMA), record(HOPI, ARAMA), objection(TEKNOSA))

    assert chat.say(ASK_ALL) == RetAllQuestion(3, (ARAMA, MESAJ), RECEIPT, 24)
    assert not chat.changes
    told = chat.say(Evet())

    assert isinstance(told, RetAllDone)
    assert (told.brands, told.types, told.receipt, told.newer) == (3, (ARAMA, MESAJ), RECEIPT, 0)
    assert chat.allowed() == {}
    assert chat.objections() == {(TEKNOSA.code, MESAJ)}


def test_ret_hepsi_takes_what_stands_at_the_moment_of_evet() -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)
    chat.give(record(HOPI, days_ago=1))

    told = chat.wait(HOUR_MS).say(Evet())

    assert isinstance(told, RetAllDone)
    assert told.brands == 3
    assert chat.allowed() == {}


def test_ret_hepsi_counts_brands_with_a_newer_consent_apart() -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)
    chat.give(record(HOPI, days_ago=-1))

    told = chat.say(Evet())

    assert isinstance(told, RetAllDone)
    assert (told.brands, told.newer) == (2, 1)
    assert chat.allowed() == {HOPI.code: (MESAJ,)}


@pytest.mark.parametrize(
    ("first", "second", "acts"),
    [
        pytest.param(ASK_ALL, ASK_ALL, True, id="the same again"),
        pytest.param(ASK_ALL, RetAll(bare=True), True, id="HEPSİ alone"),
        pytest.param(RetAll((MESAJ,)), RetAll((MESAJ,)), True, id="the same types again"),
        pytest.param(ASK_ALL, RetAll((MESAJ,)), False, id="fewer types: another question"),
        pytest.param(RetAll((MESAJ,)), ASK_ALL, False, id="more types: another question"),
    ],
)
def test_ret_hepsi_repeated_counts_as_evet(first: Intent, second: Intent, acts: bool) -> None:
    chat = Chat(*TWO)
    chat.say(first)

    told = chat.say(second)

    assert isinstance(told, RetAllDone if acts else RetAllQuestion)
    assert bool(chat.changes) is acts


def test_ret_hepsi_repeated_after_its_time_only_asks_again() -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)

    told = chat.wait(DAY_MS).say(ASK_ALL)

    assert isinstance(told, RetAllQuestion)
    assert not chat.changes


def test_ret_hepsi_of_one_type_ends_that_type() -> None:
    chat = Chat(record(MIGROS), record(MIGROS, ARAMA), record(BOYNER, ARAMA))

    assert chat.say(RetAll((ARAMA,))) == RetAllQuestion(2, (ARAMA,), RECEIPT, 24)
    chat.say(Evet())

    assert chat.allowed() == {MIGROS.code: (MESAJ,)}


def test_ret_hepsi_with_nothing_on_record_asks_nothing() -> None:
    chat = Chat(objection(MIGROS))

    assert chat.say(ASK_ALL) == NothingOnRecord(chat.now)
    assert chat.say(Evet()) == NothingOpen(chat.now)


@pytest.mark.parametrize("words", [pytest.param(NO, id="HAYIR"), pytest.param(RetAlone((), True), id="DUR")])
@pytest.mark.parametrize(
    ("asks", "rows"),
    [
        pytest.param(ASK_ALL, TWO, id="all"),
        pytest.param(RetAlone(), TWO[:1], id="one"),
        pytest.param(onay(HOPI), TWO, id="code"),
        pytest.param(BrandAlone(near(MIGROS)), TWO, id="a brand meant"),
        pytest.param(sikayet(MIGROS), TWO, id="report"),
    ],
)
def test_no_closes_an_open_question_and_changes_nothing(asks: Intent, rows: tuple[Record, ...], words: Intent) -> None:
    chat = Chat(*rows)
    before = chat.allowed()
    chat.say(asks)

    assert chat.say(words) == Cancelled(chat.now)
    assert not chat.changes
    assert chat.say(Evet()) == NothingOpen(chat.now)
    assert not isinstance(chat.say(Digits((), CODE)), OnayDone)
    assert chat.allowed() == before


def test_no_closes_every_open_question() -> None:
    chat = Chat(*TWO)
    for asks in (onay(HOPI), sikayet(MIGROS), ASK_ALL):
        chat.say(asks)
    chat.say(NO)

    assert chat.say(Evet()) == NothingOpen(chat.now)
    assert isinstance(chat.say(Digits((), CODE)), TooLate)


def test_no_after_the_time_of_the_question_means_ret() -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)

    assert isinstance(chat.wait(DAY_MS).say(NO), ListPage)


@pytest.mark.parametrize(
    "asks",
    [pytest.param(None, id="nothing"), pytest.param(RetAlone(), id="a list"), pytest.param(Ret((DENIZ,)), id="which")],
)
def test_no_where_no_question_of_yes_or_no_is_open_means_ret(asks: Intent | None) -> None:
    chat = Chat(*TWO)
    if asks:
        chat.say(asks)

    assert isinstance(chat.say(NO), ListPage)


def test_ret_alone_is_no_answer() -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)

    assert isinstance(chat.say(RetAlone()), ListPage)


def test_no_with_a_brand_refuses_it_and_leaves_the_question() -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)

    assert isinstance(chat.say(ret(MIGROS)), RetAnswer)
    assert isinstance(chat.say(Evet()), RetAllDone)


@pytest.mark.parametrize(
    ("asks", "told"),
    [
        pytest.param(ASK_ALL, TooLate("ret-all", None, Instant(0)), id="all"),
        pytest.param(BrandAlone(near(MIGROS)), TooLate("ret", MIGROS, Instant(0), (MESAJ,)), id="one"),
        pytest.param(onay(HOPI), TooLate("onay", HOPI, Instant(0), (MESAJ,)), id="code"),
        pytest.param(RetAlone(), TooLate("list", None, Instant(0)), id="list"),
        pytest.param(Ret((DENIZ,)), TooLate("", None, Instant(0)), id="which"),
        pytest.param(sikayet(MIGROS), TooLate("", None, Instant(0)), id="report"),
    ],
)
def test_a_late_evet_acts_on_nothing_and_says_how_to_begin_again(asks: Intent, told: TooLate) -> None:
    chat = Chat(*TWO)
    before = chat.allowed()
    chat.say(asks)

    assert chat.wait(DAY_MS).say(Evet()) == told._replace(at=chat.now)
    assert not chat.changes
    assert chat.allowed() == before


@pytest.mark.parametrize(
    ("waits", "acts"), [pytest.param(DAY_MS - 1, True, id="just in time"), pytest.param(DAY_MS, False, id="just late")]
)
def test_a_question_lives_for_its_time_and_no_longer(waits: int, acts: bool) -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)

    assert isinstance(chat.wait(waits).say(Evet()), RetAllDone if acts else TooLate)
    assert bool(chat.changes) is acts


def test_a_question_long_over_is_forgotten() -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)

    assert chat.wait(2 * DAY_MS).say(Evet()) == NothingOpen(chat.now)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param([], NothingOpen, id="nothing"),
        pytest.param([RetAlone()], NumberWanted, id="a list wants a number"),
        pytest.param([Ret((DENIZ,))], NumberWanted, id="which brand wants a number"),
        pytest.param([onay(HOPI)], NumberWanted, id="a code's question wants the code"),
        pytest.param([ASK_ALL, RetAlone()], NumberWanted, id="a list after RET HEPSİ: the list"),
        pytest.param([RetAlone(), ASK_ALL], RetAllDone, id="RET HEPSİ after a list: all"),
        pytest.param([ASK_ALL, BrandAlone(near(MIGROS))], RetAnswer, id="one brand after RET HEPSİ: that brand"),
        pytest.param([BrandAlone(near(MIGROS)), ASK_ALL], RetAllDone, id="RET HEPSİ after one brand: all"),
        pytest.param([ASK_ALL, sikayet(MIGROS)], ComplaintOpened, id="a report after RET HEPSİ: the report"),
        pytest.param([sikayet(MIGROS), ASK_ALL], RetAllDone, id="RET HEPSİ after a report: all"),
        pytest.param([ASK_ALL, onay(HOPI)], NumberWanted, id="a code after RET HEPSİ: the code"),
    ],
)
def test_evet_counts_only_for_the_newest_open_question(asked: list[Intent], told: type[Answer | Unspoken]) -> None:
    chat = Chat(*TWO)
    for intent in asked:
        chat.wait(1).say(intent)

    answer = chat.wait(1).say(Evet())

    assert isinstance(answer, told)
    if isinstance(answer, NumberWanted):
        assert answer.code is (asked[-1] == onay(HOPI))


def test_evet_repeated_acts_once() -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)
    chat.say(Evet())
    chat.give(record(HOPI))

    assert chat.say(Evet()) == NothingOpen(chat.now)
    assert chat.allowed() == {HOPI.code: (MESAJ,)}


@pytest.mark.parametrize("asks", [pytest.param(ASK_ALL, id="all"), pytest.param(sikayet(BOYNER), id="report")])
def test_a_code_outlives_other_questions(asks: Intent) -> None:
    """It ends by its time, three wrong tries, a newer one or a RET of its brand, and by nothing else."""
    chat = Chat(*TWO)
    chat.say(onay(HOPI))
    chat.say(asks)

    assert isinstance(chat.say(Digits((), CODE)), OnayDone)


def test_ret_hepsi_voids_every_code() -> None:
    chat = Chat(*TWO)
    chat.say(ASK_ALL)
    chat.say(onay(HOPI))
    chat.say(ASK_ALL)
    chat.say(Evet())

    assert chat.say(Digits((), CODE)) == TooLate("onay", HOPI, chat.now, (MESAJ,))
    assert chat.allowed() == {}


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(RetAlone(), id="a list"),
        pytest.param(RetAll(), id="RET HEPSİ"),
        pytest.param(Ret((BrandMention("deniz", (DENIZBANK, DENIZLI), exact=False),)), id="which brand"),
    ],
)
def test_none_of_them_is_a_no_to_any_question(asked: Intent) -> None:
    chat = Chat(record(MIGROS), record(BOYNER), record(DENIZLI), record(DENIZBANK))
    chat.say(asked)

    assert isinstance(chat.wait(1).say(NoneOfThem()), Cancelled)
    assert chat.allowed() == {brand.code: (MESAJ,) for brand in (MIGROS, BOYNER, DENIZLI, DENIZBANK)}
    assert isinstance(chat.wait(1).say(Evet()), NothingOpen)


def test_none_of_them_with_nothing_open_acts_on_nothing() -> None:
    chat = Chat(record(MIGROS))

    assert isinstance(chat.say(NoneOfThem()), NothingOpen)
    assert chat.allowed() == {MIGROS.code: (MESAJ,)}
