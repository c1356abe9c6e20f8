"""Conversations: what nothing is decided by any more is forgotten, and nothing else."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversation.conversation import KEPT_MS, NEW, Conversation, Last, Option, Question, dump, load
from core.conversation.requests import Language, RetAlone
from core.domain.clock import HOUR_MS, Instant
from core.store.queries.consents import PUT_CONVERSATION
from tests.container import MIGROS, NUMBER, Container, numbers
from tests.core.conversation.decisions.scenes import DAY_MS, MESAJ, NOW
from tests.core.retention.sweeping import citizen_of, sweep

HELP_MS: Final = 2 * HOUR_MS
DEDUPE_MS: Final = 60_000


def living(conversation: Conversation, now: Instant = NOW) -> Conversation:
    return conversation.living(now, HELP_MS, DEDUPE_MS)


def ago(milliseconds: int) -> Instant:
    return Instant(NOW - milliseconds)


def question(ended_ms_ago: int, **fields: Any) -> Question:
    whole = Question("one", ago(ended_ms_ago + 1000), ago(ended_ms_ago), (Option(1, MIGROS.code, (MESAJ,)),))
    return whole._replace(**fields)


@pytest.mark.parametrize(
    ("over", "alive"),
    [
        pytest.param(
            Conversation(questions=(question(KEPT_MS),)),
            Conversation(questions=(question(KEPT_MS - 1),)),
            id="a question long ended",
        ),
        pytest.param(
            Conversation(answered=(ago(HOUR_MS),)), Conversation(answered=(ago(HOUR_MS - 1),)), id="an answer"
        ),
        pytest.param(Conversation(erred=(ago(HOUR_MS),)), Conversation(erred=(ago(HOUR_MS - 1),)), id="not understood"),
        pytest.param(
            Conversation(codes=(ago(DAY_MS),)), Conversation(codes=(ago(14 * HOUR_MS),)), id="a code of yesterday"
        ),
        pytest.param(Conversation(helped_at=ago(HELP_MS)), Conversation(helped_at=ago(HELP_MS - 1)), id="help"),
        pytest.param(
            Conversation(advert="ab", advert_at=ago(HOUR_MS)),
            Conversation(advert="ab", advert_at=ago(HOUR_MS - 1)),
            id="an advert",
        ),
        pytest.param(
            Conversation(last=Last(("ab",), 1, ago(DEDUPE_MS))),
            Conversation(last=Last(("ab",), 1, ago(DEDUPE_MS - 1))),
            id="a message",
        ),
    ],
)
def test_each_thing_is_forgotten_when_its_time_is_over_and_not_before(over: Conversation, alive: Conversation) -> None:
    assert living(over) == NEW
    assert living(alive) == alive


@pytest.mark.parametrize(
    "conversation", [Conversation(language=Language.EN), Conversation(subscribed_at=ago(4000 * DAY_MS))]
)
def test_the_language_and_the_date_of_a_closed_line_are_for_ever(conversation: Conversation) -> None:
    assert living(conversation) == conversation


MOMENTS = st.integers(0, 3 * DAY_MS).map(ago)
CONVERSATIONS = st.builds(
    Conversation,
    st.sampled_from(Language),
    st.none() | MOMENTS,
    st.lists(st.integers(-DAY_MS, 3 * DAY_MS).map(question), max_size=3).map(tuple),
    st.lists(MOMENTS, max_size=3).map(tuple),
    st.lists(MOMENTS, max_size=3).map(tuple),
    st.lists(MOMENTS, max_size=3).map(tuple),
    st.none() | MOMENTS,
    st.just("ab"),
    MOMENTS,
    st.none() | st.builds(Last, st.just(("ab",)), st.just(1), MOMENTS),
)


@given(conversation=CONVERSATIONS, later_ms=st.integers(0, DAY_MS))
def test_forgetting_twice_is_forgetting_once_and_what_is_forgotten_never_comes_back(
    conversation: Conversation, later_ms: int
) -> None:
    later = Instant(NOW + later_ms)

    assert living(living(conversation), later) == living(conversation, later)
    assert living(living(conversation)) == living(conversation)


async def put(container: Container, conversations: list[Conversation], changed_at: Instant) -> None:
    rows = [
        (number.reveal(), dump(conversation), changed_at)
        for number, conversation in zip(numbers(len(conversations)), conversations, strict=True)
    ]
    await container.database.transact(lambda transaction: transaction.run_many(PUT_CONVERSATION, rows))


async def test_what_is_empty_goes_and_the_rest_is_what_still_lives(container: Container) -> None:
    old = question(2 * KEPT_MS)
    conversations = [
        Conversation(questions=(old,)),
        Conversation(language=Language.EN, questions=(old,)),
        Conversation(subscribed_at=ago(DAY_MS)),
    ]
    await put(container, conversations, ago(KEPT_MS))

    removed = await sweep(container)

    assert removed.conversations == 2
    kept = [load(state) for state in await container.column("SELECT state FROM conversation ORDER BY recipient")]
    assert kept == [Conversation(language=Language.EN), conversations[2]]
    before = await container.everything()
    await sweep(container)
    assert await container.everything() == before


async def test_a_question_that_is_open_is_answered_after_it_too(container: Container) -> None:
    await container.allow(NUMBER)
    citizen = citizen_of(container)
    asked = await citizen.say(RetAlone())
    container.clock.pass_ms(2 * HOUR_MS)

    removed = await sweep(container)

    assert type(asked).__name__ == "OneOnRecord"
    assert removed.conversations == 0
    assert len(await container.column("SELECT state FROM conversation")) == 1
