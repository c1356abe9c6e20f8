"""The budget of answers: loops and pumping silence replies, never the act (`[limits]`)."""

from collections import Counter
from collections.abc import Callable
from functools import partial
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
from core.conversation.unanswered import Unanswered
from core.domain.clock import HOUR_MS, MINUTE_MS, Instant
from core.domain.rules import Rules

_PREFIX_LESS = 4  # a prefix is the number without its last four digits
_PREFIXES_MAX = 100_000


Undo = Callable[[Callable[[], object]], None]
"""`Transaction.undo`: takes what is to be called if the transaction is rolled back."""


class Admitted(NamedTuple):
    """The conversation that has counted the answer, and why it does not go out, if it does not."""

    silence: Unanswered | None
    conversation: Conversation

    @property
    def speaks(self) -> bool:
        return self.silence is None


class ReplyQuota:
    """One process's budgets. Those of a number lie in its conversation; that of a prefix, which pumping from a block of
    numbers would use up, is counted here for each minute."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._minute = 0
        self._errors: Counter[str] = Counter()

    def admit(
        self,
        recipient: str,
        answer: Answer | Unspoken,
        before: Conversation,
        after: Conversation,
        now: Instant,
        undo: Undo,
    ) -> Admitted:
        """Count the answer against its budget: `before` is the conversation that its decision found, `after` the one it
        left. What a rolled back transaction counted is taken back. Codes are counted where they are drawn, and only
        there."""
        counted = self._count(recipient, answer, after, now, undo)
        if isinstance(counted, Conversation):
            return Admitted(None, counted)
        return Admitted(counted, _unsaid(answer, before, after))

    def _count(
        self, recipient: str, answer: Answer | Unspoken, conversation: Conversation, now: Instant, undo: Undo
    ) -> Conversation | Unanswered:
        """The conversation with the answer counted, or why it does not go out."""
        match answer:
            case Silence(why):
                return why
            case Proven() | NotProven():
                return conversation
            case LineClosed():
                return Unanswered.LINE_CLOSED
            case OnayQuestion() | ProofCode():
                return conversation
            case NotUnderstoodAnswer():
                erred = _within_hour(conversation.erred, self._rules.errors_per_number_hour, now)
                if erred is None:
                    return Unanswered.ERROR_QUOTA
                if not self._admit_prefix(recipient, now, undo):
                    return Unanswered.PREFIX_QUOTA
                return conversation._replace(erred=erred)
            case _:
                answered = _within_hour(conversation.answered, self._rules.answers_per_number_hour, now)
                if answered is None:
                    return Unanswered.NUMBER_QUOTA
                return conversation._replace(answered=answered)

    def _admit_prefix(self, recipient: str, now: Instant, undo: Undo) -> bool:
        limit = self._rules.errors_per_prefix_minute
        if not limit:
            return True
        if self._minute != now // MINUTE_MS or len(self._errors) >= _PREFIXES_MAX:
            self._minute = now // MINUTE_MS
            self._errors.clear()
        prefix = recipient[:-_PREFIX_LESS]
        self._errors[prefix] += 1
        undo(partial(self._take_back, self._minute, prefix))
        return self._errors[prefix] <= limit

    def _take_back(self, minute: int, prefix: str) -> None:
        if minute == self._minute:
            self._errors[prefix] -= 1


def _unsaid(answer: Answer | Unspoken, before: Conversation, after: Conversation) -> Conversation:
    """The conversation without the questions of an unsaid answer: a number or EVET must never choose from a list that
    nobody saw. RET HEPSİ stays asked, for its own repetition answers it: the refusal is never silenced."""
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
