"""Memory of the conversation with one citizen: the language, the questions, the answers it gave.

Pure values; every change makes a new one. Kept as one row of the store, read and written under the citizen's lock, so
that a question survives a restart and any process can hear its answer.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, NamedTuple

import orjson

from core.conversation.requests import Language, Types
from core.domain.clock import HOUR_MS, Instant, day_of
from core.domain.consent import ConsentType

QUESTIONS_MAX: Final = 8
"""The oldest give way, but for the newest of each kind: repeated lists must not end a code or an open report."""

KEPT_MS: Final = 24 * HOUR_MS
"""A question is remembered so long after it ended, so that a late answer is answered kindly."""

Kind = Literal["list", "which", "one", "all", "code", "report", "proof"]
"""`list`: brands with a permission, by numbers; `which`: brands that a name may mean, by numbers; `one`: EVET ends one
brand's; `all`: EVET ends all; `code`: six digits allow a brand; `report`: the message that is complained about;
`proof`: the code that shows on a page or in a call who holds the number, which no text answers."""

Verb = Literal["ret", "onay", "durum"]

_NUMBERED: Final = frozenset({"list", "which"})
_YES_NO: Final = frozenset({"one", "all", "code", "report"})
_ANSWERED_BY_EVET: Final = frozenset({"one", "all"})


class Option(NamedTuple):
    """A numbered line of a question, or its only brand: what choosing it means."""

    number: int
    brand_code: str
    types: Types


class Question(NamedTuple):
    """One question to the citizen. `asked_at` is when it, or the last page of it, went out; `shown` counts the lines of
    a list that did; `receipt` is a report's number;
    `mac` is a code's keyed HMAC and `tries` its wrong tries; `closed` once it is answered, refused or superseded;
    `is_used` once a number of it was chosen, which a list outlives."""

    kind: Kind
    asked_at: Instant
    ends_at: Instant
    options: tuple[Option, ...] = ()
    verb: Verb = "ret"
    types: Types = ()
    shown: int = 0
    receipt: str = ""
    mac: str = ""
    tries: int = 0
    closed: bool = False
    is_used: bool = False

    def is_open(self, now: Instant) -> bool:
        return not self.closed and now < self.ends_at

    @property
    def is_numbered(self) -> bool:
        return self.kind in _NUMBERED

    @property
    def is_yes_no(self) -> bool:
        return self.kind in _YES_NO

    def option(self, number: int) -> Option | None:
        return next((option for option in self.options if option.number == number), None)


class Last(NamedTuple):
    """The citizen's newest message, through whatever door, decided `at`. `keys` are those that its repeats have
    (`core.conversation.requests`): one of each part where it came in parts, none where no message can be its repeat."""

    keys: tuple[str, ...]
    request_id: int
    at: Instant


class Conversation(NamedTuple):
    """`subscribed_at` is when the number's line was closed last: what was before it belongs to somebody else.

    `questions` are ordered by when they went out last. `answered`, `erred` and `codes` are the moments of answers,
    error answers and codes that count against `[limits]`; `helped_at` that of the last help; `advert` and
    `advert_at` the digest and moment of the last advert that was asked about; `last` is the newest message.
    """

    language: Language = Language.TR
    subscribed_at: Instant | None = None
    questions: tuple[Question, ...] = ()
    answered: tuple[Instant, ...] = ()
    erred: tuple[Instant, ...] = ()
    codes: tuple[Instant, ...] = ()
    helped_at: Instant | None = None
    advert: str = ""
    advert_at: Instant | None = None
    last: Last | None = None

    def newest(self, fits: Callable[[Question], bool]) -> Question | None:
        return next(filter(fits, reversed(self.questions)), None)

    def ask(self, question: Question) -> "Conversation":
        """Put a question. One of yes or no takes the place of those that EVET answers, and a code that of the one
        before it; nothing else but a refusal voids a code (design, Decisions)."""
        now = question.asked_at
        kept = [q for q in self.questions if now - q.ends_at < KEPT_MS]
        if question.is_yes_no:
            replaced = _ANSWERED_BY_EVET | {question.kind} - {"report"}
            kept = [q._replace(closed=True) if q.kind in replaced else q for q in kept]
        return self._replace(questions=_bounded((*kept, question)))

    def show(self, question: Question, page: Question) -> "Conversation":
        """Put the next page of a list: what went out last is what a number or EVET answers."""
        rest = [q for q in self.questions if q is not question]
        return self._replace(questions=(*rest, page))

    def replace(self, old: Question, new: Question) -> "Conversation":
        return self._replace(questions=tuple([new if q is old else q for q in self.questions]))

    def close(self, question: Question) -> "Conversation":
        return self.replace(question, question._replace(closed=True))

    def void_codes(self, brand_codes: Iterable[str] | None) -> "Conversation":
        """A refusal of a brand ends the codes that would allow it; None: of all brands."""
        refused = None if brand_codes is None else set(brand_codes)
        conversation = self
        for question in self.questions:
            if question.kind == "code" and (refused is None or question.options[0].brand_code in refused):
                conversation = conversation.close(question)
        return conversation

    def living(self, now: Instant, help_repeat_ms: int, dedupe_ms: int) -> "Conversation":
        """The conversation without what nothing is decided by any more; `NEW` where nothing is left. Language and
        `subscribed_at` are for ever."""
        helped, advert, last = self.helped_at, self.advert_at, self.last
        is_asked_about = advert is not None and now - advert < HOUR_MS
        return self._replace(
            questions=tuple([q for q in self.questions if now - q.ends_at < KEPT_MS]),
            answered=tuple([at for at in self.answered if now - at < HOUR_MS]),
            erred=tuple([at for at in self.erred if now - at < HOUR_MS]),
            codes=tuple([at for at in self.codes if day_of(at) == day_of(now)]),
            helped_at=helped if helped is not None and now - helped < help_repeat_ms else None,
            advert=self.advert if is_asked_about else "",
            advert_at=advert if is_asked_about else None,
            last=last if last is not None and now - last.at < dedupe_ms else None,
        )


NEW: Final = Conversation()


def dump(conversation: Conversation) -> str:
    """The conversation as JSON, for the store."""
    return orjson.dumps(conversation, default=tuple).decode()


def load(text: str) -> Conversation:
    """A conversation that `dump` wrote."""
    language, subscribed_at, questions, answered, erred, codes, helped_at, advert, advert_at, *last = orjson.loads(text)
    return Conversation(
        Language(language),
        subscribed_at,
        tuple([_question(row) for row in questions]),
        tuple(answered),
        tuple(erred),
        tuple(codes),
        helped_at,
        advert,
        advert_at,
        _last(last[0]) if last and last[0] else None,
    )


def _bounded(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    if len(questions) <= QUESTIONS_MAX:
        return questions
    newest = {question.kind: question for question in questions}
    oldest = next(question for question in questions if question is not newest[question.kind])
    return tuple([question for question in questions if question is not oldest])


def _question(row: list[Any]) -> Question:
    kind, asked_at, ends_at, options, verb, types, *rest = row
    read = tuple([Option(number, code, _types(named)) for number, code, named in options])
    return Question(kind, asked_at, ends_at, read, verb, _types(types), *rest)


def _last(row: list[Any]) -> Last:
    keys, request_id, at = row
    return Last(tuple(keys), request_id, at)


def _types(names: list[str]) -> Types:
    return tuple([ConsentType(name) for name in names])
