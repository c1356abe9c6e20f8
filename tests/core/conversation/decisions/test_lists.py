"""The numbered list: its order, its pages, the choice from it, two lists, late numbers."""

import pytest

from core.brands.brand import Brand
from core.conversation.answers import (
    ListPage,
    NoSuchNumber,
    NothingOnRecord,
    NothingOpen,
    NotUnderstoodAnswer,
    NumberWanted,
    OneOnRecord,
    RetAllDone,
    RetAllQuestion,
    RetAnswer,
    RetSeveral,
    TooLate,
    TwoLists,
    WhichBrand,
)
from core.conversation.decisions.lists import CONFUSION_MS
from core.conversation.requests import Devam, Digits, Evet, Intent, Ret, RetAll, RetAlone
from core.domain.consent import ConsentType, Objection, Record
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    BOYNER,
    DAY_MS,
    DENIZ,
    DENIZBANK,
    DENIZLI,
    EPOSTA,
    HOPI,
    KIGILI,
    MESAJ,
    MIGROS,
    N11,
    RECEIPT,
    RET,
    SECOND_MS,
    SUVARI,
    TEKNOSA,
    Chat,
    objection,
    record,
    ret,
)

LIST = RetAlone()
WHOLE = RetAll(bare=True)
SEVEN = tuple(record(b, days_ago=n) for n, b in enumerate((MIGROS, TEKNOSA, BOYNER, HOPI, N11, KIGILI, SUVARI), 1))
TWO = SEVEN[:2]


def numbers(*chosen: int) -> Digits:
    return Digits(chosen)


def test_the_newest_consent_comes_first_a_page_at_a_time() -> None:
    chat = Chat(*reversed(SEVEN))

    first, second = chat.say(LIST), chat.say(Devam())

    assert first == ListPage(
        ((1, MIGROS, False), (2, TEKNOSA, False), (3, BOYNER, False), (4, HOPI, False), (5, N11, False)),
        *(7, True, False, chat.now),
    )
    assert second == ListPage(((6, KIGILI, False), (7, SUVARI, False)), 7, False, True, chat.now)
    assert chat.say(Devam()) == second


@pytest.mark.parametrize(
    ("count", "pages"), [pytest.param(2, [2, 2], id="one page again"), pytest.param(5, [5, 5], id="a page just full")]
)
def test_devam_after_the_last_page_brings_it_again(count: int, pages: list[int]) -> None:
    chat = Chat(*SEVEN[:count])

    shown = [chat.say(LIST), chat.say(Devam())]

    assert [len(page.lines) for page in shown if isinstance(page, ListPage)] == pages
    assert len(chat.conversation.questions) == 1


@pytest.mark.parametrize(
    ("rows", "named", "marked", "ends"),
    [
        pytest.param([record(MIGROS)], (), False, MESAJ, id="messages"),
        pytest.param([record(MIGROS), record(MIGROS, ARAMA)], (), False, MESAJ, id="both: messages"),
        pytest.param([record(MIGROS, ARAMA)], (), True, ARAMA, id="calls only: marked"),
        pytest.param([record(MIGROS, MESAJ, RET), record(MIGROS, ARAMA)], (), True, ARAMA, id="calls left: marked"),
        pytest.param([record(MIGROS), record(MIGROS, ARAMA)], (ARAMA,), True, ARAMA, id="calls named"),
    ],
)
def test_a_line_says_what_choosing_it_ends(
    rows: list[Record | Objection], named: tuple[ConsentType, ...], marked: bool, ends: ConsentType
) -> None:
    chat = Chat(*rows, record(BOYNER, ends, days_ago=90))

    page, told = chat.say(RetAlone(named)), chat.say(numbers(1))

    assert isinstance(page, ListPage)
    assert page.lines[0] == (1, MIGROS, marked)
    assert isinstance(told, RetAnswer)
    assert (told.brand, told.ended) == (MIGROS, (ends,))


def test_what_is_not_allowed_is_not_listed() -> None:
    chat = Chat(*TWO, record(HOPI, status=RET), objection(N11), record(SUVARI, EPOSTA))

    page = chat.say(LIST)

    assert isinstance(page, ListPage)
    assert page.total == 2


def test_nothing_to_list() -> None:
    chat = Chat(record(HOPI, status=RET), objection(N11))

    assert chat.say(LIST) == NothingOnRecord(chat.now)
    assert chat.say(numbers(1)) == NotUnderstoodAnswer(chat.now)


@pytest.mark.parametrize("kind", [ARAMA, EPOSTA])
@pytest.mark.parametrize("intent", [RetAlone, RetAll], ids=["RET", "RET HEPSİ"])
def test_a_type_that_nobody_has_is_not_answered_as_if_nothing_were_allowed(
    intent: type[RetAlone] | type[RetAll], kind: ConsentType
) -> None:
    chat = Chat(*TWO)

    page = chat.say(intent((kind,)))

    assert isinstance(page, ListPage)
    assert page.lines == ((1, MIGROS, False), (2, TEKNOSA, False))
    assert not chat.changes


def test_one_brand_is_no_list() -> None:
    chat = Chat(*SEVEN[:1])

    assert isinstance(chat.say(LIST), OneOnRecord)
    assert chat.say(numbers(1)) == NotUnderstoodAnswer(chat.now)
    assert not chat.changes


@pytest.mark.parametrize(
    ("chosen", "ended", "missing"),
    [
        pytest.param((2,), [TEKNOSA], (), id="one"),
        pytest.param((2, 5), [TEKNOSA, N11], (), id="two"),
        pytest.param((5, 2), [N11, TEKNOSA], (), id="in the citizen's order"),
        pytest.param((2, 2), [TEKNOSA], (), id="one twice"),
        pytest.param((7,), [SUVARI], (), id="from a page not shown yet"),
        pytest.param((2, 9), [TEKNOSA], (9,), id="one that is missing"),
    ],
)
def test_the_chosen_numbers_are_ended(chosen: tuple[int, ...], ended: list[Brand], missing: tuple[int, ...]) -> None:
    chat = Chat(*SEVEN)
    chat.say(LIST)

    told = chat.say(numbers(*chosen))

    outcomes = told.outcomes if isinstance(told, RetSeveral) else (told,)
    assert [one.brand for one in outcomes if isinstance(one, RetAnswer) and one.ended] == ended
    assert isinstance(told, RetSeveral) is (len(ended) > 1 or bool(missing))
    if isinstance(told, RetSeveral):
        assert (told.receipt, told.missing) == (RECEIPT, missing)
    assert set(chat.allowed()) == {row.brand_code for row in SEVEN} - {brand.code for brand in ended}


def test_six_digits_without_a_code_are_a_number_that_no_list_has() -> None:
    chat = Chat(*TWO)
    chat.say(LIST)

    assert chat.say(Digits((), "482913")) == NoSuchNumber((482913,), 2, chat.now)
    assert not chat.changes


@pytest.mark.parametrize("chosen", [(0,), (8,), (25,), (99, 100)], ids=str)
def test_numbers_that_the_list_lacks_change_nothing(chosen: tuple[int, ...]) -> None:
    chat = Chat(*SEVEN)
    chat.say(LIST)

    assert chat.say(numbers(*chosen)) == NoSuchNumber(chosen, 7, chat.now)
    assert not chat.changes


def test_twelve_is_item_twelve() -> None:
    brands = [Brand(f"7000{n:02}", f"MARKA{n}") for n in range(1, 16)]
    chat = Chat(*(record(brand, days_ago=n) for n, brand in enumerate(brands, 1)))
    chat.say(LIST)

    chat.say(numbers(12))

    assert [change.row.brand_code for change in chat.changes] == [brands[11].code]


def test_hepsi_is_the_whole_list_and_no_more() -> None:
    chat = Chat(*SEVEN, record(MIGROS, ARAMA))
    chat.say(LIST)
    chat.give(record(DENIZLI))

    told = chat.say(WHOLE)

    assert isinstance(told, RetSeveral)
    assert len(told.outcomes) == 7
    assert chat.allowed() == {MIGROS.code: (ARAMA,), DENIZLI.code: (MESAJ,)}


@pytest.mark.parametrize(
    ("asked", "intent", "told"),
    [
        pytest.param([], WHOLE, RetAllQuestion, id="HEPSİ with nothing open is RET HEPSİ"),
        pytest.param([LIST], RetAll(), RetAllQuestion, id="RET HEPSİ to a list asks about all"),
        pytest.param([LIST, RetAll()], WHOLE, RetAllDone, id="HEPSİ after RET HEPSİ is its EVET"),
        pytest.param([RetAll(), LIST], WHOLE, RetSeveral, id="HEPSİ after a newer list is the list"),
        pytest.param([LIST, RetAll(), Devam()], WHOLE, RetSeveral, id="HEPSİ after a newer page is the list"),
        pytest.param([Ret((DENIZ,))], WHOLE, RetSeveral, id="HEPSİ to which brand"),
    ],
)
def test_what_hepsi_means(asked: list[Intent], intent: Intent, told: type[object]) -> None:
    chat = Chat(*SEVEN)
    for before in asked:
        chat.wait(1).say(before)

    assert isinstance(chat.wait(1).say(intent), told)


def test_numbers_stay_fixed_for_the_lists_life() -> None:
    chat = Chat(*SEVEN)
    chat.say(LIST)
    chat.say(numbers(1))
    chat.give(record(DENIZLI, days_ago=0.5))

    page = chat.wait(DAY_MS - 1).say(Devam())
    chat.say(numbers(2))

    assert isinstance(page, ListPage)
    assert page.lines == ((6, KIGILI, False), (7, SUVARI, False))
    assert [change.row.brand_code for change in chat.changes] == [TEKNOSA.code]


def test_a_page_gives_the_list_no_longer_life() -> None:
    chat = Chat(*SEVEN)
    chat.say(LIST)
    chat.wait(DAY_MS - 1).say(Devam())

    assert chat.wait(1).say(numbers(2)) == TooLate("list", None, chat.now)
    assert not chat.changes


@pytest.mark.parametrize("intent", [numbers(2), Devam(), numbers(2, 5)], ids=["2", "DEVAM", "2 5"])
def test_late_numbers_change_nothing_and_say_so(intent: Intent) -> None:
    chat = Chat(*SEVEN)
    chat.say(LIST)

    assert chat.wait(DAY_MS).say(intent) == TooLate("list", None, chat.now)
    assert not chat.changes


def test_numbers_and_devam_without_a_list() -> None:
    chat = Chat(*SEVEN)

    assert chat.say(numbers(2)) == NotUnderstoodAnswer(chat.now)
    assert chat.say(Devam()) == NothingOpen(chat.now)


def test_a_choice_is_made_once_and_repeated_without_harm() -> None:
    chat = Chat(*SEVEN)
    chat.say(LIST)
    chat.say(numbers(2))

    told = chat.say(numbers(2))

    assert isinstance(told, RetAnswer)
    assert (told.ended, told.already) == ((), (MESAJ,))


def test_a_consent_newer_than_the_choice_is_named() -> None:
    chat = Chat(*TWO)
    chat.say(LIST)
    chat.give(record(MIGROS, days_ago=-1))

    told = chat.say(numbers(1))

    assert isinstance(told, RetAnswer)
    assert (told.ended, told.newer) == ((), (MESAJ,))


@pytest.mark.parametrize(
    ("gap", "asks"),
    [
        pytest.param(CONFUSION_MS, True, id="within 120 s"),
        pytest.param(CONFUSION_MS + 1, False, id="later"),
    ],
)
def test_two_lists_shortly_after_each_other_are_asked_about(gap: int, asks: bool) -> None:
    chat = Chat(*TWO)
    chat.say(LIST)
    chat.give(record(HOPI, days_ago=0.5))
    chat.wait(gap).say(LIST)

    told = chat.wait(SECOND_MS).say(numbers(1))

    if asks:
        assert told == TwoLists(1, MIGROS, HOPI, chat.now)
        assert not chat.changes
    else:
        assert [change.row.brand_code for change in chat.changes] == [HOPI.code]


@pytest.mark.parametrize(
    ("newcomer", "chosen"),
    [
        pytest.param(0.5, (4,), id="only the newer list has it"),
        pytest.param(60, (1,), id="the same brand in both"),
        pytest.param(60, (2, 3), id="the same brands in both"),
    ],
)
def test_two_lists_that_agree_are_no_question(newcomer: float, chosen: tuple[int, ...]) -> None:
    chat = Chat(*SEVEN[:3])
    chat.say(LIST)
    chat.give(record(HOPI, days_ago=newcomer))
    chat.wait(SECOND_MS).say(LIST)

    assert isinstance(chat.say(numbers(*chosen)), RetAnswer | RetSeveral)


def test_any_of_three_lists_may_be_the_one_meant() -> None:
    chat = Chat(*TWO)
    chat.say(LIST)
    chat.give(record(HOPI, days_ago=0.5))
    for _ in range(2):
        chat.wait(SECOND_MS).say(LIST)

    assert chat.say(numbers(1)) == TwoLists(1, MIGROS, HOPI, chat.now)


def test_a_list_used_in_between_is_not_the_one_meant() -> None:
    chat = Chat(*SEVEN[:3])
    chat.say(LIST)
    chat.say(numbers(1))
    chat.wait(SECOND_MS).say(LIST)

    assert isinstance(chat.say(numbers(1)), RetAnswer)
    assert [change.row.brand_code for change in chat.changes] == [TEKNOSA.code]


def test_a_list_and_which_brand_may_be_confused_too() -> None:
    chat = Chat(*TWO)
    chat.say(LIST)

    assert isinstance(chat.wait(SECOND_MS).say(Ret((DENIZ,))), WhichBrand)
    assert chat.say(numbers(2)) == TwoLists(2, TEKNOSA, DENIZLI, chat.now)
    assert not chat.changes


def test_a_page_that_went_out_last_is_what_a_number_answers() -> None:
    chat = Chat(*SEVEN)
    chat.say(LIST)
    chat.wait(CONFUSION_MS + 1).say(Ret((DENIZ,)))
    chat.wait(CONFUSION_MS + 1).say(Devam())

    chat.say(numbers(2))

    assert [change.row.brand_code for change in chat.changes] == [TEKNOSA.code]


def test_a_page_that_went_out_after_another_list_is_confused_with_it() -> None:
    chat = Chat(*SEVEN)
    chat.say(LIST)
    chat.wait(CONFUSION_MS + 1).say(Ret((DENIZ,)))
    chat.wait(SECOND_MS).say(Devam())

    assert chat.say(numbers(2)) == TwoLists(2, DENIZLI, TEKNOSA, chat.now)
    assert chat.say(Evet()) == NumberWanted(chat.now)
    assert isinstance(chat.say(numbers(6)), RetAnswer)


def test_the_list_stays_after_an_answered_question_of_which() -> None:
    chat = Chat(*TWO)
    chat.say(LIST)
    chat.wait(CONFUSION_MS + 1).say(Ret((DENIZ,)))
    chat.say(numbers(1))
    chat.say(numbers(1))

    assert [change.row.brand_code for change in chat.changes] == [MIGROS.code]
    assert chat.objections() == {(DENIZBANK.code, MESAJ)}


def test_a_refusal_by_name_leaves_the_list() -> None:
    chat = Chat(*SEVEN)
    chat.say(LIST)
    chat.say(ret(MIGROS))

    chat.say(numbers(2))

    assert [change.row.brand_code for change in chat.changes] == [TEKNOSA.code]
