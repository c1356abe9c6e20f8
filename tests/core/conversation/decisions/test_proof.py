"""The code that shows who holds a number: sent, typed back, counted, forgotten."""

from typing import Final

import pytest

from core.conversation.answers import NotProven, NotUnderstoodAnswer, OnayQuestion, ProofCode, Proven
from core.conversation.conversation import NEW, QUESTIONS_MAX
from core.conversation.decisions.proof import TRIES_MAX, mac_of
from core.conversation.requests import AskCode, CloseLine, Digits, Door, GiveCode
from core.domain.clock import ISTANBUL, Instant, from_datetime, istanbul
from core.domain.rules import Rules
from tests.core.conversation.decisions.scenes import BOYNER, CODE, DAY_MS, MIGROS, NOW, Chat, onay, record, ret, scene

LIFE_MS: Final = Rules().call_code_ms
WRONG: Final = GiveCode("000000")
RIGHT: Final = GiveCode(CODE)


def proves(chat: Chat, intent: GiveCode = RIGHT) -> bool:
    """Whether the code proves the holder. Answers without a field are equal, so that only their types tell."""
    answer = chat.say(intent, door=Door.LINK)
    assert isinstance(answer, Proven | NotProven)
    return isinstance(answer, Proven)


def asked(rules: Rules | None = None) -> Chat:
    chat = Chat(rules=rules)
    chat.say(AskCode(), door=Door.LINK)
    return chat


def test_a_code_is_sent_with_its_minutes_and_changes_nothing() -> None:
    chat = Chat(record(MIGROS))

    decision = chat.decide(AskCode(), door=Door.LINK)

    assert decision.answer == ProofCode(CODE, 3, Door.LINK)
    assert decision.changes == ()
    assert CODE not in repr(chat.conversation)


@pytest.mark.parametrize(
    ("life_ms", "minutes"),
    [
        pytest.param(1, 1, id="never none"),
        pytest.param(119_999, 1, id="whole ones"),
        pytest.param(600_000, 10, id="ten"),
    ],
)
def test_the_minutes_are_the_settings(life_ms: int, minutes: int) -> None:
    assert Chat(rules=Rules(call_code_ms=life_ms)).say(AskCode(), door=Door.LINK) == ProofCode(CODE, minutes, Door.LINK)


@pytest.mark.parametrize("code", ["", "48291", "4829130", "482914", "４８２９１３", "482913 ", "\0", "9" * 100_000])
def test_only_the_code_itself_proves(code: str) -> None:
    chat = asked()

    assert not proves(chat, GiveCode(code))
    assert proves(chat)


def test_a_code_is_used_up_by_proving() -> None:
    chat = asked()

    assert [proves(chat) for _ in range(2)] == [True, False]


def test_nothing_proves_where_no_code_was_sent() -> None:
    assert not proves(Chat())


@pytest.mark.parametrize(
    ("passed_ms", "is_good"),
    [
        pytest.param(LIFE_MS - 1, True, id="last moment"),
        pytest.param(LIFE_MS, False, id="over"),
        pytest.param(DAY_MS, False, id="long over"),
    ],
)
def test_a_code_ends_with_its_time(passed_ms: int, is_good: bool) -> None:
    assert proves(asked().wait(passed_ms)) is is_good


@pytest.mark.parametrize(
    ("wrong", "is_good"),
    [
        pytest.param(TRIES_MAX - 1, True, id="below"),
        pytest.param(TRIES_MAX, False, id="at"),
        pytest.param(TRIES_MAX + 1, False, id="above"),
    ],
)
def test_a_code_ends_after_so_many_wrong_tries(wrong: int, is_good: bool) -> None:
    chat = asked()
    for _ in range(wrong):
        assert not proves(chat, WRONG)

    assert proves(chat) is is_good


def test_a_newer_code_voids_the_older_one_for_good() -> None:
    chat = asked()
    chat.say(AskCode(), code="111222", door=Door.LINK)
    assert not proves(chat)
    for _ in range(TRIES_MAX - 1):
        chat.say(RIGHT)

    assert not proves(chat, GiveCode("111222"))
    assert not proves(chat)


def test_a_code_is_bound_to_its_number_its_purpose_and_the_key() -> None:
    here = scene(AskCode())
    served_by_others = scene(AskCode(), rules=Rules(code_key=b"other"))

    assert len({mac_of(here, "proof", CODE), mac_of(here, "onay", CODE), mac_of(served_by_others, "proof", CODE)}) == 3


def test_a_code_for_the_page_allows_no_brand_and_a_code_for_a_brand_opens_no_page() -> None:
    chat = asked()
    assert isinstance(chat.say(Digits((), CODE), text=CODE), NotUnderstoodAnswer)
    assert isinstance(chat.say(onay(MIGROS), code="111222"), OnayQuestion)

    assert not proves(chat, GiveCode("111222"))
    assert chat.allowed() == {}
    assert proves(chat)


def test_a_refusal_leaves_the_code_of_the_page() -> None:
    chat = asked()
    chat.say(ret(MIGROS))

    assert proves(chat)


def test_other_questions_never_push_the_code_out() -> None:
    chat = asked(Rules(codes_per_number_day=0))
    for _ in range(2 * QUESTIONS_MAX):
        chat.say(onay(BOYNER))

    assert proves(chat)


def test_a_closed_line_ends_its_code() -> None:
    chat = asked()
    chat.say(CloseLine(), door=Door.CLERK)

    assert not proves(chat)


@pytest.mark.parametrize(
    ("limit", "sent"),
    [pytest.param(1, 1, id="one"), pytest.param(5, 5, id="five"), pytest.param(0, 12, id="no limit")],
)
def test_so_many_codes_a_day_go_to_a_number(limit: int, sent: int) -> None:
    chat = Chat(rules=Rules(codes_per_number_day=limit))

    told = [chat.say(AskCode(), door=Door.LINK) for _ in range(12)]

    assert told[:sent] == [ProofCode(CODE, 3, Door.LINK)] * sent
    assert all(isinstance(one, NotProven) for one in told[sent:])


def test_codes_of_all_doors_count_together_and_the_last_one_stays_good() -> None:
    chat = Chat(rules=Rules(codes_per_number_day=2))
    chat.say(onay(MIGROS))
    chat.say(AskCode(), code="111222", door=Door.LINK)

    assert isinstance(chat.say(AskCode(), door=Door.LINK), NotProven)
    assert proves(chat, GiveCode("111222"))


def test_codes_are_counted_by_the_day_of_istanbul() -> None:
    chat = Chat(rules=Rules(codes_per_number_day=1))
    midnight = from_datetime(istanbul(NOW).replace(day=24, hour=0, minute=0, second=0, microsecond=0, tzinfo=ISTANBUL))
    chat.say(AskCode(), door=Door.LINK)
    chat.now = Instant(midnight - 1)
    assert isinstance(chat.say(AskCode(), door=Door.LINK), NotProven)

    chat.now = midnight

    assert chat.say(AskCode(), door=Door.LINK) == ProofCode(CODE, 3, Door.LINK)


def test_a_code_that_cannot_be_sent_leaves_the_talk_as_it_was() -> None:
    full = NEW._replace(codes=(NOW,))
    chat = Chat(rules=Rules(codes_per_number_day=1))
    chat.conversation = full

    assert chat.decide(AskCode(), door=Door.LINK).conversation == full
