"""The voice menu, step by step: every path of the contract, wrong keys, silence, and bounds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.brands.brand import Brand
from core.conversation.answers import (
    AlreadyAllowed,
    Answer,
    BrandClosed,
    CodesUsedUp,
    Committed,
    ComplaintQuestion,
    Help,
    ListPage,
    NothingOnRecord,
    NothingOpen,
    NotProven,
    OnayDone,
    OnayQuestion,
    ProofCode,
    Proven,
    RetAnswer,
    SetAside,
    Temporary,
    TooLate,
    Undecided,
    Unspoken,
    WrongCode,
)
from core.conversation.requests import (
    AskCode,
    BrandMention,
    Door,
    GiveCode,
    Intent,
    Language,
    Onay,
    OnayCode,
    Ret,
    RetAll,
    RetAlone,
    Sikayet,
    Types,
    Yardim,
)
from core.domain.consent import PHONE_TYPES
from core.domain.recipients import Msisdn
from ivr.menu import BRAND_KEYS_MAX, NUMBER_KEYS_MAX
from ivr.speech import Fixed, Named
from ivr.states import QUESTIONS_MAX, TRIES_MAX, Ask, End, HandIn, Held, Known, LookUp, Pressed
from tests.ivr.dialogue import (
    ARAMA,
    AT,
    BOYNER,
    BRANDS,
    DENIZBANK,
    DENIZLI,
    FIXED,
    MESAJ,
    MIGROS,
    MOBILE,
    MODA,
    RECEIPT,
    Dialogue,
    all_done,
    ret_answer,
)

RET_DONE = ret_answer(MIGROS, ended=(MESAJ,))
QUESTION = OnayQuestion(MIGROS, (MESAJ,), "482913", 3, by_call=True)
ONAY_DONE = OnayDone(MIGROS, (MESAJ,), RECEIPT)
PAGE = ListPage(((1, MIGROS, False),), 1, first=True, last=True, at=AT)
HELP = Help("3338", more=False, at=AT)
REPORT = ComplaintQuestion(MIGROS, None, RECEIPT, 24)
PROOF = ProofCode("482913", 3, Door.IVR)

MAIN = ["main.menu", "english_offer", "main.rest", "main.repeat"]


def same(wishes: list[Intent], expected: list[Intent]) -> bool:
    """Named tuples of no field equal each other, whatever their names."""
    return list(map(repr, wishes)) == list(map(repr, expected))


def ret(brand: Brand, *types: str) -> Ret:
    return Ret((BrandMention.of(brand),), tuple(t for t in PHONE_TYPES if t in types))


@pytest.mark.parametrize(
    ("number", "keys", "wish"),
    [
        pytest.param(MOBILE, ["1", "600100", "1", "1"], ret(MIGROS, "MESAJ"), id="by number, messages"),
        pytest.param(MOBILE, ["1", "644767", "2", "1"], ret(MIGROS, "ARAMA"), id="by letters, calls"),
        pytest.param(MOBILE, ["1", "644767", "3", "1"], ret(MIGROS, "ARAMA", "MESAJ"), id="both"),
        pytest.param(MOBILE, ["1", "33649", "2", "1", "1"], ret(DENIZLI, "MESAJ"), id="the second of two matches"),
        pytest.param(MOBILE, ["1", "0", "1"], RetAll(PHONE_TYPES, is_confirmed=True), id="all brands"),
        pytest.param(MOBILE, ["2"], RetAlone(), id="the list"),
        pytest.param(MOBILE, ["3", "644767", "1"], Onay((BrandMention.of(MIGROS),), (MESAJ,)), id="allow messages"),
        pytest.param(MOBILE, ["3", "644767", "2"], Onay((BrandMention.of(MIGROS),), (ARAMA,)), id="allow calls"),
        pytest.param(MOBILE, ["4", "644767", "1"], Sikayet((BrandMention.of(MIGROS),)), id="a report"),
        pytest.param(FIXED, ["1", "644767", "1"], ret(MIGROS, "ARAMA"), id="a fixed line is asked for no type"),
        pytest.param(FIXED, ["1", "0", "1"], RetAll((ARAMA,), is_confirmed=True), id="a fixed line, all brands"),
        pytest.param(FIXED, ["4", "644767", "1"], Sikayet((BrandMention.of(MIGROS),)), id="a report from a fixed line"),
        pytest.param(None, ["05321234567"], AskCode(), id="a hidden number is asked for"),
        pytest.param(MOBILE, ["", "7", "1", "600100", "1", "1"], ret(MIGROS, "MESAJ"), id="after silence and a slip"),
        pytest.param(MOBILE, ["9", "1", "600100", "1", "1"], ret(MIGROS, "MESAJ"), id="in English"),
        pytest.param(MOBILE, ["1", "999", "600100", "1", "1"], ret(MIGROS, "MESAJ"), id="after an unknown brand"),
        pytest.param(MOBILE, ["*", "1", "*", "600100", "*", "1", "*", "1"], ret(MIGROS, "MESAJ"), id="with repeats"),
        pytest.param(MOBILE, ["#", "1", "600100", "#", "1", "#", "1"], ret(MIGROS, "MESAJ"), id="squares swallowed"),
    ],
)
def test_keys_lead_to_a_wish(number: Msisdn | None, keys: list[str], wish: Intent) -> None:
    assert same(Dialogue(number).press(*keys).wishes, [wish])


@pytest.mark.parametrize(
    ("number", "keys", "expected"),
    [
        pytest.param(MOBILE, [], ["welcome", *MAIN], id="the main menu"),
        pytest.param(
            FIXED,
            [],
            ["welcome", "main.menu_fixed", "english_offer", "main.rest_fixed", "main.repeat"],
            id="a fixed line's",
        ),
        pytest.param(None, [], ["number.english", "welcome", "number.ask"], id="a hidden number"),
        pytest.param(MOBILE, ["1"], ["brand.enter_ret"], id="which brand to refuse"),
        pytest.param(MOBILE, ["3"], ["brand.enter"], id="which brand to allow"),
        pytest.param(MOBILE, ["4"], ["brand.enter"], id="which brand to report"),
        pytest.param(MOBILE, ["1", "644767"], ["MIGROS", "types.ask"], id="a single match opens the next prompt"),
        pytest.param(MOBILE, ["3", "644767"], ["MIGROS", "types.ask_onay"], id="which type to allow"),
        pytest.param(MOBILE, ["1", "644767", "1"], ["MIGROS", "confirm.MESAJ"], id="said back: messages"),
        pytest.param(MOBILE, ["1", "644767", "2"], ["MIGROS", "confirm.ARAMA"], id="said back: calls"),
        pytest.param(MOBILE, ["1", "644767", "3"], ["MIGROS", "confirm.ARAMA_MESAJ"], id="said back: both"),
        pytest.param(MOBILE, ["1", "0"], ["confirm_all.ARAMA_MESAJ"], id="said back: all brands"),
        pytest.param(FIXED, ["1", "0"], ["confirm_all.ARAMA"], id="said back: all brands, a fixed line"),
        pytest.param(MOBILE, ["5"], ["confirm_all.ARAMA_MESAJ"], id="said back: everything"),
        pytest.param(FIXED, ["5"], ["confirm_all.ARAMA"], id="said back: everything, a fixed line"),
        pytest.param(MOBILE, ["4", "644767"], ["MIGROS", "confirm_report"], id="said back: a report"),
        pytest.param(
            MOBILE,
            ["1", "33649"],
            ["brand.choose_head", "DENİZBANK", "brand.choice.1", "DENİZLİ", "brand.choice.2"],
            id="several matches with a number each",
        ),
        pytest.param(MOBILE, ["1", "999"], ["brand.unknown", "brand.enter_ret"], id="no such brand"),
        pytest.param(MOBILE, ["1", "6632"], ["brand.too_many", "brand.enter_ret"], id="ten brands are too many"),
        pytest.param(MOBILE, ["1", "600100", "4"], ["wrong_key", "MIGROS", "types.ask"], id="a wrong key"),
        pytest.param(MOBILE, ["1", "600100", ""], ["no_key", "MIGROS", "types.ask"], id="no key"),
        pytest.param(MOBILE, ["1", "33649", "3"], None, id="a third of two matches"),
        pytest.param(MOBILE, ["3", "600100", "3"], ["wrong_key", "MIGROS", "types.ask_onay"], id="one code, one thing"),
        pytest.param(MOBILE, ["0"], None, id="0 without a person"),
        pytest.param(FIXED, ["2"], None, id="no list for a fixed line"),
        pytest.param(FIXED, ["3"], None, id="no ONAY for a fixed line"),
        pytest.param(
            MOBILE,
            ["1", "600100", "1", "2"],
            ["not_done", *MAIN],
            id="no: nothing changed",
        ),
        pytest.param(None, ["123"], ["number.wrong", "number.ask"], id="not a number"),
        pytest.param(None, ["02121234567"], ["number.fixed", "number.ask"], id="a fixed one"),
        pytest.param(None, ["9"], ["number.english", "welcome", "number.ask"], id="English for a hidden number"),
    ],
)
def test_keys_lead_to_what_is_said(number: Msisdn | None, keys: list[str], expected: list[str] | None) -> None:
    dialogue = Dialogue(number).press(*keys)

    assert dialogue.wishes == []
    if expected is None:
        assert dialogue.said[0] == "wrong_key"
    else:
        assert dialogue.said == expected


STOPPED = ["done.thanks", "done.stops_head", "2026-11-26", "done.stops_tail"]
ONCE = ["done.receipt", f"/{RECEIPT}/"]
TWICE = [*ONCE, "done.again", f"/{RECEIPT}/ slowly"]


@pytest.mark.parametrize(
    ("number", "answer", "is_texted", "expected"),
    [
        pytest.param(MOBILE, RET_DONE, True, [*STOPPED, *ONCE, "done.texted"], id="ended"),
        pytest.param(MOBILE, RET_DONE, False, [*STOPPED, *ONCE], id="no SMS is promised where none goes out"),
        pytest.param(
            MOBILE, ret_answer(MIGROS, already=(MESAJ,), since=AT), True, [*STOPPED, *ONCE, "done.texted"], id="already"
        ),
        pytest.param(MOBILE, ret_answer(MIGROS, kept=(MESAJ,)), True, [*STOPPED, *ONCE, "done.texted"], id="kept"),
        pytest.param(
            MOBILE,
            ret_answer(MIGROS, newer=(MESAJ,), newer_at=AT),
            True,
            ["done.newer", *ONCE, "done.texted"],
            id="a newer permission stands: not done",
        ),
        pytest.param(
            MOBILE,
            ret_answer(MIGROS, ended=(ARAMA,), newer=(MESAJ,), newer_at=AT),
            True,
            [*STOPPED, "done.newer", *ONCE, "done.texted"],
            id="one ended, one newer",
        ),
        pytest.param(FIXED, ret_answer(MIGROS, ended=(ARAMA,)), False, [*STOPPED, *TWICE], id="a fixed line"),
        pytest.param(MOBILE, SetAside(RECEIPT), True, ["done.set_aside", *ONCE], id="set aside for a person"),
    ],
)
def test_the_outcome_of_a_refusal_is_told(number: Msisdn, answer: Answer, is_texted: bool, expected: list[str]) -> None:
    types = ["1"] if number is MOBILE else []
    dialogue = Dialogue(number).press("1", "600100", *types, "1")

    dialogue.answer(answer, is_texted=is_texted)

    assert dialogue.said == [*expected, "done.more"]


@pytest.mark.parametrize(
    "answer",
    [ret_answer(MIGROS, already=(MESAJ,), since=AT), ret_answer(MIGROS, kept=(MESAJ,)), RET_DONE],
    ids=["already", "kept", "ended"],
)
def test_who_has_not_proven_to_hold_the_number_cannot_hear_what_stood(answer: RetAnswer) -> None:
    told = Dialogue().press("1", "600100", "1", "1").answer(answer).said

    assert told == [*STOPPED, *ONCE, "done.texted", "done.more"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(ret_answer(MIGROS, already=(MESAJ,), since=AT), "done.already", id="already"),
        pytest.param(ret_answer(MIGROS, kept=(MESAJ,)), "done.kept", id="kept"),
    ],
)
def test_who_has_proven_it_hears_what_stood(answer: RetAnswer, sentence: str) -> None:
    proven = Dialogue(None).press("05321234567").answer(PROOF).press("482913").answer(Proven()).held()

    proven.press("1", "600100", "1", "1").answer(answer)

    assert proven.said[:2] == ["done.thanks", sentence]


def test_all_brands_are_told_as_done_however_many_they_were() -> None:
    said = [Dialogue().press("1", "0", "1").answer(all_done(count)).said for count in (0, 9)]

    assert said[0] == said[1] == [*STOPPED, *ONCE, "done.texted", "done.more"]


def test_after_an_act_there_may_be_another() -> None:
    dialogue = Dialogue().press("1", "600100", "1", "1").answer(RET_DONE)

    dialogue.press("1", "1", "269637", "2", "1")

    assert same(dialogue.wishes, [ret(MIGROS, "MESAJ"), ret(BOYNER, "ARAMA")])


def test_silence_after_an_act_ends_the_call_kindly() -> None:
    dialogue = Dialogue().press("1", "600100", "1", "1").answer(RET_DONE).press("")

    assert dialogue.has_ended
    assert dialogue.said == ["last.goodbye"]


class TestList:
    def test_it_goes_by_sms_at_once_and_is_offered_by_voice(self) -> None:
        assert Dialogue().press("2").answer(PAGE).said == ["list.texted", "list.hear"]

    def test_what_is_said_does_not_tell_whether_there_is_a_list(self) -> None:
        assert Dialogue().press("2").answer(NothingOnRecord(AT)).said == ["list.texted", "list.hear"]

    def test_no_sms_is_promised_where_none_goes_out(self) -> None:
        assert Dialogue().press("2").answer(PAGE, is_texted=False).said == ["list.not_texted", "list.hear"]

    def test_hearing_it_takes_a_code_that_goes_to_the_number(self) -> None:
        dialogue = Dialogue().press("2").answer(PAGE).press("1")
        assert same([dialogue.wish], [AskCode()])

        dialogue.answer(PROOF)
        assert dialogue.said == ["code.sent", "code.enter"]

        dialogue.press("482913")
        assert same([dialogue.wish], [GiveCode("482913")])
        assert dialogue.answer(Proven()).effect == LookUp(MOBILE)

    def test_five_lines_are_read_at_a_time(self) -> None:
        lines = [(brand, (MESAJ,)) for brand in MODA[:7]]
        dialogue = Dialogue().press("2").answer(PAGE).press("1").answer(PROOF).press("482913").answer(Proven())

        dialogue.held(*lines)
        assert dialogue.said[:2] == ["7 brands", "list.head"]
        assert [word for word in dialogue.said if word.startswith("MODA")] == [f"MODA {n:02}" for n in range(5)]
        assert dialogue.said[-1] == "list.more"

        dialogue.press("1")
        assert dialogue.said == ["MODA 05", "list.MESAJ", "MODA 06", "list.MESAJ", "list.end", "done.more"]

    @pytest.mark.parametrize("types", [(MESAJ,), (ARAMA,), (ARAMA, MESAJ)], ids=["messages", "calls", "both"])
    def test_a_line_says_how_the_brand_may_reach_the_number(self, types: Types) -> None:
        dialogue = Dialogue().press("2").answer(PAGE).press("1").answer(PROOF).press("482913").answer(Proven())

        dialogue.held((MIGROS, types))

        assert dialogue.said[:4] == ["1 brands", "list.head", "MIGROS", f"list.{'_'.join(types)}"]

    def test_an_empty_one_is_said_so(self) -> None:
        dialogue = Dialogue().press("2").answer(PAGE).press("1").answer(PROOF).press("482913").answer(Proven())

        assert dialogue.held().said == ["list.none", "done.more"]

    def test_one_that_cannot_be_looked_up_is_never_called_empty(self) -> None:
        dialogue = Dialogue().press("2").answer(PAGE).press("1").answer(PROOF).press("482913").answer(Proven())

        assert dialogue.hear(Held(None)).said == ["down"]

    def test_who_has_proven_the_number_needs_no_second_code(self) -> None:
        dialogue = Dialogue().press("2").answer(PAGE).press("1").answer(PROOF).press("482913").answer(Proven())
        dialogue.held((MIGROS, (MESAJ,))).press("1", "2").answer(PAGE)

        assert dialogue.press("1").effect == LookUp(MOBILE)


class TestHiddenNumber:
    def test_the_right_code_leads_to_the_menu_of_that_number(self) -> None:
        dialogue = Dialogue(None).press("05321234567").answer(PROOF)
        assert dialogue.said == ["code.sent", "code.enter"]

        dialogue.press("482913").answer(Proven()).held((MIGROS, (MESAJ,)))

        assert dialogue.said == MAIN
        assert dialogue.call.number == MOBILE
        assert dialogue.call.is_proven

    def test_the_callers_own_brands_are_tried_first(self) -> None:
        dialogue = Dialogue(None).press("05321234567").answer(PROOF).press("482913").answer(Proven())
        dialogue.held((DENIZLI, (MESAJ,)))

        assert dialogue.press("1", "33649").said == ["DENİZLİ", "types.ask"]

    def test_of_an_unproven_caller_they_are_not(self) -> None:
        assert Dialogue().press("1", "33649").said[0] == "brand.choose_head"

    def test_own_brands_stand_first_where_several_fit(self) -> None:
        dialogue = Dialogue(None).press("05321234567").answer(PROOF).press("482913").answer(Proven())
        dialogue.held((DENIZLI, (MESAJ,)), (DENIZBANK, (MESAJ,)))

        assert dialogue.press("1", "33649").said[1::2] == ["DENİZBANK", "DENİZLİ"]

    def test_three_wrong_codes_end_the_call(self) -> None:
        dialogue = Dialogue(None).press("05321234567").answer(PROOF)
        for _ in range(TRIES_MAX - 1):
            dialogue.press("111111").answer(NotProven())
            assert dialogue.said == ["code.wrong", "code.enter"]

        dialogue.press("111111").answer(NotProven())

        assert dialogue.has_ended
        assert dialogue.said == ["code.over", "last.goodbye"]

    def test_a_number_without_codes_left_is_told(self) -> None:
        dialogue = Dialogue(None).press("05321234567").answer(NotProven())

        assert dialogue.has_ended
        assert dialogue.said == ["code.none_left", "last.goodbye"]

    def test_three_useless_numbers_end_the_call_without_an_sms(self) -> None:
        dialogue = Dialogue(None).press("1", "2", "3")

        assert dialogue.has_ended
        assert dialogue.said == ["last.not_understood"]
        assert dialogue.wishes == []

    def test_fewer_digits_are_no_try_of_the_code(self) -> None:
        dialogue = Dialogue(None).press("05321234567").answer(PROOF).press("4829")

        assert same(dialogue.wishes, [AskCode()])
        assert dialogue.said == ["wrong_key", "code.enter"]


class TestOnay:
    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(QUESTION, id="a code was sent"),
            pytest.param(AlreadyAllowed(MIGROS, (MESAJ,), AT), id="allowed already"),
            pytest.param(CodesUsedUp(AT), id="no codes left"),
        ],
    )
    def test_what_is_said_does_not_tell_what_stands(self, answer: Answer) -> None:
        assert Dialogue().press("3", "600100", "1").answer(answer).said == ["code.enter_onay"]

    def test_the_code_allows_the_brand(self) -> None:
        dialogue = Dialogue().press("3", "600100", "1").answer(QUESTION).press("482913")
        assert same([dialogue.wish], [OnayCode("482913")])

        dialogue.answer(ONAY_DONE)

        assert dialogue.said == ["MIGROS", "onay.done.MESAJ", *ONCE, "done.texted", "done.more"]

    @pytest.mark.parametrize("answer", [WrongCode(MIGROS, 2, AT), NothingOpen(AT)], ids=["wrong", "none was sent"])
    def test_a_wrong_code_sounds_the_same_whether_one_was_sent_or_not(self, answer: Answer) -> None:
        dialogue = Dialogue().press("3", "600100", "1").answer(QUESTION)
        for _ in range(TRIES_MAX - 1):
            assert dialogue.press("111111").answer(answer).said == ["code.wrong", "code.enter_onay"]

        assert dialogue.press("111111").answer(answer).said == ["code.over", "last.goodbye"]

    @pytest.mark.parametrize(
        "answer",
        [WrongCode(MIGROS, 0, AT), TooLate("onay", MIGROS, AT, (MESAJ,))],
        ids=["its tries are over", "its time is over"],
    )
    def test_a_code_that_has_ended_ends_the_call(self, answer: Answer) -> None:
        dialogue = Dialogue().press("3", "600100", "1").answer(QUESTION).press("111111").answer(answer)

        assert dialogue.has_ended
        assert dialogue.said == ["code.over", "last.goodbye"]

    @pytest.mark.parametrize("is_late", [False, True], ids=["at once", "after the code"])
    def test_a_closed_brand_leads_back_to_the_menu(self, is_late: bool) -> None:
        dialogue = Dialogue().press("3", "600100", "1")
        if is_late:
            dialogue.answer(QUESTION).press("482913")

        dialogue.answer(BrandClosed(MIGROS, AT))

        assert dialogue.said[:3] == ["MIGROS", "onay.closed", "main.menu"]

    def test_who_calls_back_in_time_comes_straight_to_the_code(self) -> None:
        dialogue = Dialogue(known=Known(has_code=True))
        assert dialogue.said == ["welcome", "code.pending"]

        assert same([dialogue.press("482913").wish], [OnayCode("482913")])

    @pytest.mark.parametrize("keys", ["#", ""], ids=["square", "no key"])
    def test_and_from_there_to_the_menu(self, keys: str) -> None:
        assert Dialogue(known=Known(has_code=True)).press(keys).said == MAIN

    def test_who_waits_in_vain_is_told_to_call_back(self) -> None:
        dialogue = Dialogue().press("3", "600100", "1").answer(QUESTION).press("", "", "")

        assert dialogue.has_ended
        assert dialogue.said == ["code.call_back", "last.goodbye"]


def test_a_report_is_told_with_its_number_and_what_to_text() -> None:
    told = Dialogue().press("4", "600100", "1").answer(REPORT).said

    assert told == [*("done.thanks", "done.complaint_receipt", f"/{RECEIPT}/", "done.complaint_asked", "done.more")]


class TestLanguage:
    def test_nine_switches_and_is_kept_for_the_number(self) -> None:
        dialogue = Dialogue().press("9")

        assert dialogue.call.language is Language.EN
        assert dialogue.call.is_chosen

    def test_nine_again_switches_back(self) -> None:
        assert Dialogue().press("9", "9").call.language is Language.TR

    def test_the_language_kept_for_the_number_is_spoken_first(self) -> None:
        dialogue = Dialogue(known=Known(Language.EN))

        assert dialogue.call.language is Language.EN
        assert not dialogue.call.is_chosen


class TestRepeat:
    def test_a_star_says_it_again(self) -> None:
        dialogue = Dialogue().press("1", "600100")
        asked = dialogue.effect

        assert dialogue.press("*").effect == asked

    def test_two_stars_say_it_slowly(self) -> None:
        effect = Dialogue().press("1", "600100", "*", "*").effect

        assert isinstance(effect, Ask)
        assert effect.is_slow

    def test_in_an_entry_both_stars_come_together(self) -> None:
        effect = Dialogue().press("1", "**").effect

        assert isinstance(effect, Ask)
        assert effect.is_slow

    def test_a_star_among_digits_is_no_repeat(self) -> None:
        assert Dialogue().press("1", "644*767").said == ["brand.unknown", "brand.enter_ret"]

    def test_the_outcome_is_said_again_too(self) -> None:
        dialogue = Dialogue().press("1", "600100", "1", "1").answer(RET_DONE)
        told = dialogue.said

        assert dialogue.press("*").said == told

    def test_stars_are_no_misses(self) -> None:
        assert not Dialogue().press(*"****************").has_ended


class TestTries:
    @pytest.mark.parametrize("keys", [["", "", ""], ["7", "8", "6"], ["", "7", ""]], ids=["silence", "wrong", "mixed"])
    def test_the_third_miss_sends_help_and_says_so(self, keys: list[str]) -> None:
        dialogue = Dialogue().press(*keys)
        assert same([dialogue.wish], [Yardim()])

        dialogue.answer(HELP)

        assert dialogue.has_ended
        assert dialogue.said == ["last.not_understood", "last.texted"]

    def test_no_sms_is_promised_where_the_budget_is_used_up(self) -> None:
        assert Dialogue().press("", "", "").answer(HELP, is_texted=False).said == ["last.not_understood"]

    def test_a_fixed_line_gets_the_sentence_alone(self) -> None:
        dialogue = Dialogue(FIXED).press("", "", "")

        assert dialogue.has_ended
        assert dialogue.said == ["last.not_understood"]

    def test_two_misses_and_a_right_key_begin_to_count_anew(self) -> None:
        assert not Dialogue().press("", "", "1", "999", "999").has_ended

    def test_after_an_act_nobody_is_told_that_nothing_changed(self) -> None:
        dialogue = Dialogue().press("1", "600100", "1", "1").answer(RET_DONE).press("1", "", "", "").answer(HELP)

        assert dialogue.said == ["last.texted", "last.goodbye"]

    @pytest.mark.parametrize("key", ["*", "#", "9"], ids=["repeating", "squares", "changing the language"])
    def test_a_call_has_so_many_questions_at_the_most(self, key: str) -> None:
        dialogue = Dialogue()
        asked = 1
        while not dialogue.has_ended:
            dialogue.press(key)
            asked += not dialogue.has_ended

        assert asked == QUESTIONS_MAX


class TestTrouble:
    @pytest.mark.parametrize("keys", [["1", "600100", "1", "1"], ["2"], ["3", "600100", "1"], ["", "", ""]])
    def test_what_was_not_committed_is_said_so(self, keys: list[str]) -> None:
        dialogue = Dialogue().press(*keys).hear(Temporary("database: locked"))

        assert dialogue.has_ended
        assert dialogue.said == ["down"]

    def test_what_nobody_knows_is_said_so(self) -> None:
        dialogue = Dialogue().press("1", "600100", "1", "1").hear(Undecided())

        assert dialogue.has_ended
        assert dialogue.said == ["unknown", "last.goodbye"]


def test_zero_leads_to_a_person_where_there_is_one() -> None:
    dialogue = Dialogue(has_agent=True)
    assert "main.agent" in dialogue.said

    dialogue.press("0")

    assert dialogue.effect == End((Fixed("agent.connecting"),), to_agent=True)


@pytest.mark.parametrize("length", [BRAND_KEYS_MAX - 1, BRAND_KEYS_MAX])
def test_a_long_entry_is_taken_up_to_its_bound(length: int) -> None:
    asked = Dialogue().press("1").effect
    assert isinstance(asked, Ask)
    assert asked.keys_max == BRAND_KEYS_MAX

    assert Dialogue().press("1", "5" * length).said[0] == "brand.unknown"


def test_a_number_and_a_code_have_bounds_of_their_own() -> None:
    number = Dialogue(None)
    assert isinstance(number.effect, Ask)
    assert number.effect.keys_max == NUMBER_KEYS_MAX

    code = number.press("05321234567").answer(PROOF).effect
    assert isinstance(code, Ask)
    assert code.keys_max == 6


def answers_to(wish: Intent) -> list[Answer | Unspoken]:
    """What the desk may answer to a wish."""
    match wish:
        case Ret():
            return [RET_DONE, SetAside(RECEIPT), ret_answer(MIGROS, newer=(MESAJ,), newer_at=AT)]
        case RetAll():
            return [all_done(0), all_done(3), SetAside(RECEIPT)]
        case Onay():
            return [QUESTION, AlreadyAllowed(MIGROS, (MESAJ,), AT), CodesUsedUp(AT), BrandClosed(MIGROS, AT)]
        case OnayCode():
            return [ONAY_DONE, WrongCode(MIGROS, 1, AT), WrongCode(MIGROS, 0, AT), NothingOpen(AT)]
        case AskCode():
            return [PROOF, NotProven(), SetAside(RECEIPT)]
        case GiveCode():
            return [Proven(), NotProven()]
        case Sikayet():
            return [REPORT, SetAside(RECEIPT)]
        case RetAlone():
            return [PAGE, NothingOnRecord(AT)]
        case Yardim():
            return [HELP]
        case _:
            raise AssertionError(f"no menu wishes {wish}")


KEYS = st.one_of(
    st.sampled_from(["", "#", "*", "0", "1", "2", "3", "4", "9", "600100", "644767", "33649", "482913", "05321234567"]),
    st.text(alphabet="0123456789*#ABCD", max_size=BRAND_KEYS_MAX),
)
LINES = st.lists(st.tuples(st.sampled_from(BRANDS), st.just((MESAJ,))), max_size=12).map(tuple)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([MOBILE, FIXED, None]),
    st.builds(Known, st.sampled_from(Language), st.booleans()),
    st.booleans(),
    st.data(),
)
def test_from_any_state_with_any_keys_a_call_ends_and_never_acts_unsaid(
    number: Msisdn | None, known: Known, has_agent: bool, data: st.DataObject
) -> None:
    dialogue = Dialogue(number, known, has_agent=has_agent)
    steps, confirmed = 0, None
    while not isinstance(dialogue.effect, End):
        steps += 1
        assert steps <= 4 * QUESTIONS_MAX, "every question leads to at most a request, a look and a question"
        match dialogue.effect:
            case Ask(speech, keys_max):
                digits = data.draw(KEYS)
                answer = Pressed("", False) if digits == "#" else Pressed(digits[:keys_max], data.draw(st.booleans()))
                confirmed = (speech, answer.digits)
                dialogue.hear(answer)
            case HandIn(to, wish):
                check_was_said(wish, *(confirmed or ((), "")))
                assert dialogue.call.number is None or to == dialogue.call.number
                failed = data.draw(st.sampled_from([False, False, False, True]))
                done = Committed(1, data.draw(st.sampled_from(answers_to(wish))), data.draw(st.booleans()))
                undone: Temporary | Undecided = Undecided() if data.draw(st.booleans()) else Temporary("x")
                dialogue.hear(undone if failed else done)
            case LookUp():
                assert dialogue.call.is_proven
                dialogue.hear(Held(data.draw(st.none() | LINES)))

    assert dialogue.effect.speech, "never a bare hang-up"


def check_was_said(wish: Intent, speech: tuple[object, ...], digits: str) -> None:
    """What acts was said in the question that its key answered."""
    match wish:
        case Ret((mention,), types):
            assert speech[-2:] == (Named(mention.brands[0]), Fixed(f"confirm.{'_'.join(types)}"))
            assert digits == "1"
        case RetAll(types):
            assert speech[-1] == Fixed(f"confirm_all.{'_'.join(types)}")
            assert digits == "1"
        case Sikayet((mention,)):
            assert speech[-2:] == (Named(mention.brands[0]), Fixed("confirm_report"))
            assert digits == "1"
        case OnayCode(code) | GiveCode(code):
            assert digits == code
        case _:
            pass


@pytest.mark.parametrize("keys", [["1", "644767", "1"], ["1", "0"], ["5"], ["4", "644767"]], ids=" ".join)
def test_a_confirmation_takes_no_key_that_was_pressed_before_it_sounds(keys: list[str]) -> None:
    asked = Dialogue().press(*keys).effect

    assert isinstance(asked, Ask)
    assert asked.drops_ahead


@pytest.mark.parametrize("keys", [[], ["1"], ["3", "644767"], ["1", "644767"]], ids=" ".join)
def test_entries_and_choices_are_keyed_ahead(keys: list[str]) -> None:
    asked = Dialogue().press(*keys).effect

    assert isinstance(asked, Ask)
    assert not asked.drops_ahead
