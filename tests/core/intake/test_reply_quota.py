"""The budgets of answers: a sliding hour, errors first, prefixes; codes count apart; what is not said is not asked."""

from collections.abc import Callable
from datetime import date

import pytest

from core.brands.brand import Brand
from core.conversation.answers import (
    Answer,
    BrandMeant,
    BrandUnknown,
    Help,
    LineClosed,
    ListPage,
    NotUnderstoodAnswer,
    OnayQuestion,
    OneOnRecord,
    RetAllQuestion,
    RetAnswer,
    RetSeveral,
    SetAside,
    Silence,
    Unclear,
    Unspoken,
    WhichBrand,
)
from core.conversation.conversation import NEW, QUESTIONS_MAX, Conversation, Option, Question
from core.conversation.unanswered import Unanswered
from core.domain.clock import HOUR_MS, MINUTE_MS, Instant
from core.domain.consent import ConsentType
from core.domain.rules import Rules
from core.intake import reply_quota as reply_quotas
from core.intake.reply_quota import ReplyQuota

NOW = Instant(1_795_431_900_000)
NUMBER = "+905321234567"
MIGROS = Brand("600100", "MIGROS")
MESAJ = (ConsentType.MESAJ,)
DAY = date(2026, 11, 26)

ERROR = NotUnderstoodAnswer(NOW)
SAID = BrandUnknown("Abcx", NOW)
CODE = OnayQuestion(MIGROS, MESAJ, "482913", 10)
RET = RetAnswer(MIGROS, "K7M4Q2XS", DAY, ended=MESAJ)


def for_good(_take_back: Callable[[], object]) -> None:
    """The transaction is committed: nothing is taken back."""


class Mouth:
    """One citizen's talk with one guard."""

    def __init__(self, rules: Rules) -> None:
        self.reply_quota = ReplyQuota(rules)
        self.conversation = NEW
        self.now = NOW

    def speaks(self, answer: Answer | Unspoken, *, later: int = 0, number: str = NUMBER) -> bool:
        self.now = Instant(self.now + later)
        admitted = self.reply_quota.admit(number, answer, self.conversation, self.conversation, self.now, for_good)
        self.conversation = admitted.conversation
        return admitted.speaks


@pytest.mark.parametrize(
    "answer",
    [SAID, RET, Help(None, False, NOW), SetAside("K7M4Q2XS"), RetAllQuestion(2, MESAJ, "K7M4Q2XS", 24)],
    ids=lambda answer: type(answer).__name__,
)
def test_every_answer_counts_against_the_hour_of_its_number(answer: Answer) -> None:
    mouth = Mouth(Rules(answers_per_number_hour=2))

    assert [mouth.speaks(answer) for _ in range(4)] == [True, True, False, False]


def test_the_hour_slides() -> None:
    mouth = Mouth(Rules(answers_per_number_hour=2))

    gaps = [0, HOUR_MS // 2, HOUR_MS // 2 - 1, 1, 0, HOUR_MS // 2 - 1, 1]
    assert [mouth.speaks(SAID, later=gap) for gap in gaps] == [True, True, False, True, False, False, True]


def test_what_was_silent_does_not_lengthen_the_silence() -> None:
    mouth = Mouth(Rules(answers_per_number_hour=1))
    mouth.speaks(SAID)
    for _ in range(10):
        mouth.speaks(SAID, later=MINUTE_MS)

    assert mouth.speaks(SAID, later=HOUR_MS - 10 * MINUTE_MS)


def test_errors_have_a_smaller_budget_of_their_own() -> None:
    mouth = Mouth(Rules(answers_per_number_hour=2, errors_per_number_hour=1))

    assert [mouth.speaks(answer) for answer in (ERROR, ERROR, SAID, SAID, SAID)] == [True, False, True, True, False]
    assert mouth.speaks(ERROR, later=HOUR_MS)


def test_codes_go_out_whatever_was_answered_and_count_against_nothing_here() -> None:
    mouth = Mouth(Rules(answers_per_number_hour=1))

    assert [mouth.speaks(answer) for answer in (CODE, CODE, SAID, CODE, SAID)] == [True, True, True, True, False]


@pytest.mark.parametrize(
    "answer", [Silence(Unanswered.ADVERT_REPEATED), LineClosed("K7M4Q2XS", 1, 0)], ids=["silence", "a closed line"]
)
def test_what_nobody_is_told_counts_against_nothing(answer: Unspoken) -> None:
    mouth = Mouth(Rules(answers_per_number_hour=1))

    assert not mouth.speaks(answer)
    assert mouth.conversation == NEW


def test_no_limit_keeps_no_moments() -> None:
    mouth = Mouth(Rules(answers_per_number_hour=0, errors_per_number_hour=0, errors_per_prefix_minute=0))

    assert all(mouth.speaks(answer) for answer in (SAID, ERROR) * 50)
    assert mouth.conversation == NEW


def test_the_moments_kept_are_bounded_by_the_limit() -> None:
    mouth = Mouth(Rules(answers_per_number_hour=3))
    for _ in range(50):
        mouth.speaks(SAID, later=MINUTE_MS)

    assert len(mouth.conversation.answered) <= 3


def errs(reply_quota: ReplyQuota, number: str, now: int = NOW) -> bool:
    return reply_quota.admit(number, ERROR, NEW, NEW, Instant(now), for_good).speaks


def test_errors_of_a_block_of_numbers_are_counted_together() -> None:
    reply_quota = ReplyQuota(Rules(errors_per_prefix_minute=2))

    heard = [errs(reply_quota, f"+90532123{n:04}") for n in range(4)]

    assert heard == [True, True, False, False]
    assert errs(reply_quota, "+905321240000")
    assert errs(reply_quota, "+905321239999", NOW + MINUTE_MS)


def test_only_errors_count_against_a_block() -> None:
    reply_quota = ReplyQuota(Rules(errors_per_prefix_minute=1))
    for n in range(5):
        assert reply_quota.admit(f"+90532123{n:04}", SAID, NEW, NEW, NOW, for_good).speaks

    assert errs(reply_quota, NUMBER)


def test_an_error_silenced_by_its_block_leaves_the_numbers_own_budget() -> None:
    reply_quota = ReplyQuota(Rules(errors_per_prefix_minute=1))

    assert reply_quota.admit(NUMBER, ERROR, NEW, NEW, NOW, for_good) == (None, Conversation(erred=(NOW,)))
    assert reply_quota.admit("+905321230001", ERROR, NEW, NEW, NOW, for_good) == (Unanswered.PREFIX_QUOTA, NEW)


def test_blocks_in_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_quotas, "_PREFIXES_MAX", 10)
    reply_quota = ReplyQuota(Rules())
    for n in range(100):
        errs(reply_quota, f"+90532{n:03}0000")

    assert len(reply_quota._errors) <= 10


OLD = Question("list", NOW, Instant(NOW + 1000), (Option(1, "600102", MESAJ),), shown=1)
CODED = Question("code", NOW, Instant(NOW + 1000), (Option(1, "600100", MESAJ),))
FULL = (CODED, *[OLD._replace(kind="which", shown=n) for n in range(QUESTIONS_MAX - 1)])
"""So many that a further one makes the oldest of its kind give way."""
PUT = Question("which", NOW, Instant(NOW + 1000), (Option(1, "600100", MESAJ),))
UNCLEAR = Unclear("deniz", ((1, MIGROS),))


@pytest.mark.parametrize(
    ("answer", "stays"),
    [
        pytest.param(ListPage(((1, MIGROS, False),), 2, True, False, NOW), False, id="a list"),
        pytest.param(WhichBrand("ret", UNCLEAR, NOW), False, id="which brand"),
        pytest.param(OneOnRecord(MIGROS, MESAJ, NOW), False, id="the only brand"),
        pytest.param(BrandMeant(MIGROS, MESAJ, NOW), False, id="a brand meant"),
        pytest.param(RetSeveral("K7M4Q2XS", DAY, (RET,), unclear=UNCLEAR), False, id="which brand beside an act"),
        pytest.param(RetSeveral("K7M4Q2XS", DAY, (RET,)), True, id="an act alone"),
        pytest.param(RetAllQuestion(2, MESAJ, "K7M4Q2XS", 24), True, id="RET HEPSİ, which its repetition answers"),
        pytest.param(RET, True, id="an act"),
    ],
)
@pytest.mark.parametrize("is_silent", [True, False], ids=["silent", "said"])
def test_what_is_not_said_is_not_asked(answer: Answer, stays: bool, is_silent: bool) -> None:
    before = Conversation(questions=FULL, answered=(NOW,) if is_silent else ())
    after = before.ask(PUT)

    admitted = ReplyQuota(Rules(answers_per_number_hour=1)).admit(NUMBER, answer, before, after, NOW, for_good)

    assert admitted.speaks is not is_silent
    if stays or not is_silent:
        assert admitted.conversation.questions == after.questions
    else:
        assert [q.kind for q in admitted.conversation.questions] == [q.kind for q in FULL]
        assert admitted.conversation.questions[1:] == FULL[1:]


def test_a_silent_refusal_voids_the_code_of_its_brand_all_the_same() -> None:
    before = Conversation(questions=FULL, answered=(NOW,))
    after = before.void_codes([MIGROS.code]).ask(PUT)
    told = RetSeveral("K7M4Q2XS", DAY, (RET,), unclear=UNCLEAR)

    conversation = (
        ReplyQuota(Rules(answers_per_number_hour=1)).admit(NUMBER, told, before, after, NOW, for_good).conversation
    )

    assert conversation.questions == (CODED._replace(closed=True), *FULL[1:])


def test_help_that_was_not_said_is_not_remembered() -> None:
    before = Conversation(answered=(NOW,))
    after = before._replace(helped_at=NOW)

    admitted = ReplyQuota(Rules(answers_per_number_hour=1)).admit(
        NUMBER, Help(None, False, NOW), before, after, NOW, for_good
    )

    assert admitted == (Unanswered.NUMBER_QUOTA, before)


def test_what_a_rolled_back_transaction_counted_is_taken_back() -> None:
    reply_quota, undone = ReplyQuota(Rules(errors_per_prefix_minute=1)), list[Callable[[], object]]()
    assert reply_quota.admit(NUMBER, ERROR, NEW, NEW, NOW, undone.append).speaks

    for take_back in undone:
        take_back()

    assert errs(reply_quota, NUMBER)
    assert not errs(reply_quota, NUMBER)
