"""The budget of answers: loops and pumping silence replies, never the act (`[limits]`)."""

from collections import Counter
from typing import NamedTuple

from core.conversation.answers import (
    Answer,
    BrandMeant,
    Help,
    LineClosed,
    ListPage,
    NotProven,
    NotUnderstoodAnswer,
    OnayQuestion,
    OneOnRecord,
    ProofCode,
    Proven,
    RetSeveral,
    Silence,
    Unclear,
    Unspoken,
    WhichBrand,
)
from core.conversation.conversation import Conversation
from core.domain.clock import HOUR_MS, MINUTE_MS, Instant
from core.domain.rules import Rules

_PREFIX_LESS = 4  # a prefix is the number without its last four digits
_PREFIXES_MAX = 100_000


class Admitted(NamedTuple):
    """Whether the answer goes out, and the talk that has counted it."""

    speaks: bool
    conversation: Conversation


class ReplyQuota:
    """One process's guard. The budgets of a number lie in its talk; that of a prefix, which pumping from a block of
    numbers would use up, is counted here for each minute."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._minute = 0
        self._errors: Counter[str] = Counter()

    def admit(
        self, recipient: str, answer: Answer | Unspoken, before: Conversation, after: Conversation, now: Instant
    ) -> Admitted:
        """Count the answer against its budget: `before` is the talk that its decision found, `after` the one it left.
        Codes are counted where they are drawn, and only there."""
        conversation = self._count(recipient, answer, after, now)
        return Admitted(False, _unsaid(answer, before, after)) if conversation is None else Admitted(True, conversation)

    def _count(
        self, recipient: str, answer: Answer | Unspoken, conversation: Conversation, now: Instant
    ) -> Conversation | None:
        """The talk with the answer counted; None where there is none or no budget for it."""
        match answer:
            case Silence() | Proven() | NotProven() | LineClosed():
                return None
            case OnayQuestion() | ProofCode():
                return conversation
            case NotUnderstoodAnswer():
                erred = _within_hour(conversation.erred, self._rules.errors_per_number_hour, now)
                if erred is None or not self._admit_prefix(recipient, now):
                    return None
                return conversation._replace(erred=erred)
            case _:
                answered = _within_hour(conversation.answered, self._rules.answers_per_number_hour, now)
                return None if answered is None else conversation._replace(answered=answered)

    def _admit_prefix(self, recipient: str, now: Instant) -> bool:
        limit = self._rules.errors_per_prefix_minute
        if not limit:
            return True
        if self._minute != now // MINUTE_MS or len(self._errors) >= _PREFIXES_MAX:
            self._minute = now // MINUTE_MS
            self._errors.clear()
        prefix = recipient[:-_PREFIX_LESS]
        self._errors[prefix] += 1
        return self._errors[prefix] <= limit


def _unsaid(answer: Answer | Unspoken, before: Conversation, after: Conversation) -> Conversation:
    """What is not said is not asked: a number or EVET must never choose from a list that nobody saw. RET HEPSİ stays
    asked, for its own repetition answers it: the refusal is never silenced."""
    match answer:
        case ListPage() | WhichBrand() | OneOnRecord() | BrandMeant():
            return after._replace(questions=before.questions)
        case RetSeveral(outcomes=refused, unclear=Unclear()):
            return after._replace(questions=before.void_codes(one.brand.code for one in refused).questions)
        case Help():
            return after._replace(helped_at=before.helped_at)
        case _:
            return after


def _within_hour(moments: tuple[Instant, ...], limit: int, now: Instant) -> tuple[Instant, ...] | None:
    """The moments of a sliding hour with this one; None where the limit is reached. Without a limit nothing is kept."""
    if not limit:
        return ()
    recent = tuple([moment for moment in moments if now - moment < HOUR_MS])
    return None if len(recent) >= limit else (*recent, now)
