"""Conversations: what nothing is decided by any more is forgotten, and nothing else."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversation.conversation import KEPT_MS, NEW, Last, Option, Question, Talk, dump, load
from core.conversation.requests import Language, RetAlone
from core.domain.clock import HOUR_MS, Instant
from core.store.queries.consents import PUT_TALK
from tests.core.conversation.decisions.scenes import DAY_MS, MESAJ, NOW
from tests.core.retention.sweeping import citizen_of, sweep
from tests.counter import MIGROS, NUMBER, Counter, numbers

HELP_MS: Final = 2 * HOUR_MS
DEDUPE_MS: Final = 60_000


def living(talk: Talk, now: Instant = NOW) -> Talk:
    return talk.living(now, HELP_MS, DEDUPE_MS)


def ago(milliseconds: int) -> Instant:
    return Instant(NOW - milliseconds)


def question(ended_ms_ago: int, **fields: Any) -> Question:
    whole = Question("one", ago(ended_ms_ago + 1000), ago(ended_ms_ago), (Option(1, MIGROS.code, (MESAJ,)),))
    return whole._replace(**fields)


@pytest.mark.parametrize(
    ("over", "alive"),
    [
        pytest.param(
            Talk(questions=(question(KEPT_MS),)), Talk(questions=(question(KEPT_MS - 1),)), id="a question long ended"
        ),
        pytest.param(Talk(answered=(ago(HOUR_MS),)), Talk(answered=(ago(HOUR_MS - 1),)), id="an answer"),
        pytest.param(Talk(erred=(ago(HOUR_MS),)), Talk(erred=(ago(HOUR_MS - 1),)), id="not understood"),
        pytest.param(Talk(codes=(ago(DAY_MS),)), Talk(codes=(ago(14 * HOUR_MS),)), id="a code of yesterday"),
        pytest.param(Talk(helped_at=ago(HELP_MS)), Talk(helped_at=ago(HELP_MS - 1)), id="help"),
        pytest.param(
            Talk(advert="ab", advert_at=ago(HOUR_MS)), Talk(advert="ab", advert_at=ago(HOUR_MS - 1)), id="an advert"
        ),
        pytest.param(
            Talk(last=Last(("ab",), 1, ago(DEDUPE_MS))), Talk(last=Last(("ab",), 1, ago(DEDUPE_MS - 1))), id="a message"
        ),
    ],
)
def test_each_thing_is_forgotten_when_its_time_is_over_and_not_before(over: Talk, alive: Talk) -> None:
    assert living(over) == NEW
    assert living(alive) == alive


@pytest.mark.parametrize("talk", [Talk(language=Language.EN), Talk(subscribed_at=ago(4000 * DAY_MS))])
def test_the_language_and_the_date_of_a_closed_line_are_for_ever(talk: Talk) -> None:
    assert living(talk) == talk


MOMENTS = st.integers(0, 3 * DAY_MS).map(ago)
TALKS = st.builds(
    Talk,
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


@given(talk=TALKS, later_ms=st.integers(0, DAY_MS))
def test_forgetting_twice_is_forgetting_once_and_what_is_forgotten_never_comes_back(talk: Talk, later_ms: int) -> None:
    later = Instant(NOW + later_ms)

    assert living(living(talk), later) == living(talk, later)
    assert living(living(talk)) == living(talk)


async def put(counter: Counter, talks: list[Talk], changed_at: Instant) -> None:
    rows = [(number.reveal(), dump(talk), changed_at) for number, talk in zip(numbers(len(talks)), talks, strict=True)]
    await counter.database.transact(lambda transaction: transaction.run_many(PUT_TALK, rows))


async def test_what_is_empty_goes_and_the_rest_is_what_still_lives(counter: Counter) -> None:
    old = question(2 * KEPT_MS)
    talks = [Talk(questions=(old,)), Talk(language=Language.EN, questions=(old,)), Talk(subscribed_at=ago(DAY_MS))]
    await put(counter, talks, ago(KEPT_MS))

    removed = await sweep(counter)

    assert removed.talks == 2
    kept = [load(state) for state in await counter.column("SELECT state FROM talk ORDER BY recipient")]
    assert kept == [Talk(language=Language.EN), talks[2]]
    before = await counter.everything()
    await sweep(counter)
    assert await counter.everything() == before


async def test_a_question_that_is_open_is_answered_after_it_too(counter: Counter) -> None:
    await counter.allow(NUMBER)
    citizen = citizen_of(counter)
    asked = await citizen.say(RetAlone())
    counter.clock.pass_ms(2 * HOUR_MS)

    removed = await sweep(counter)

    assert type(asked).__name__ == "OneOnRecord"
    assert removed.talks == 0
    assert len(await counter.column("SELECT state FROM talk")) == 1
