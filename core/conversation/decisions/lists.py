"""The numbered list of brands that have a permission, its pages, and the choice from it."""

from collections.abc import Sequence
from typing import Final

from core.conversation.answers import (
    Answer,
    EpostaElsewhere,
    ListPage,
    NoSuchNumber,
    NothingOnRecord,
    NothingOpen,
    NotUnderstoodAnswer,
    OneAtATime,
    OneOnRecord,
    TooLate,
    TwoLists,
)
from core.conversation.conversation import KEPT_MS, Option, Question
from core.conversation.decisions.allow import on_code, on_onay_of
from core.conversation.decisions.refuse import ended_types, refuse
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.decisions.status import status_of_brand
from core.conversation.requests import Digits, Types
from core.domain.consent import ConsentType

PAGE_LINES: Final = 5
CONFUSION_MS: Final = 120_000
"""Of two lists that went out within this time, nobody knows which one a number belongs to."""

_CALLS: Final = (ConsentType.ARAMA,)


def on_list(scene: Scene, types: Types) -> Decision:
    """List what is allowed, the newest consent first; only `types` where the citizen named some and allows them: with
    others allowed, "nothing on record" would be untrue. A brand alone is asked about by name."""
    options = _options(scene, types) or _options(scene, ())
    if not options:
        return Decision(NothingOnRecord(scene.now), scene.conversation)
    if len(options) == 1:
        return ask_one(scene, options[0])
    question = Question("list", scene.now, scene.question_end, options)
    page, question = _page(scene, question, 0)
    return Decision(page, scene.conversation.ask(question))


def ask_one(scene: Scene, option: Option) -> Decision:
    """Name the only brand: EVET ends it."""
    question = Question("one", scene.now, scene.question_end, (option._replace(number=1),))
    answer = OneOnRecord(scene.brand(option.brand_code), option.types, scene.now)
    return Decision(answer, scene.conversation.ask(question))


def on_devam(scene: Scene) -> Decision:
    """The list's next page; after the last one, that one again."""
    question = scene.conversation.newest(lambda q: q.kind == "list" and q.is_open(scene.now))
    if question is None:
        return Decision(_no_list(scene) or NothingOpen(scene.now), scene.conversation)
    last_page = (len(question.options) - 1) // PAGE_LINES * PAGE_LINES
    page, paged = _page(scene, question, min(question.shown, last_page))
    return Decision(page, scene.conversation.show(question, paged))


def on_digits(scene: Scene, digits: Digits) -> Decision:
    """A code if one was sent, else numbers of a list (design, Decisions: codes and numbers do not meet)."""
    if digits.code is not None and (decision := on_code(scene, digits.code)):
        return decision
    question = scene.conversation.newest(lambda q: q.is_numbered and q.is_open(scene.now))
    if question is None:
        return Decision(_no_list(scene) or NotUnderstoodAnswer(scene.now), scene.conversation)
    numbers = digits.numbers or (int(digits.code or 0),)
    if confused := _confused(scene, question, numbers):
        return Decision(confused, scene.conversation)
    return choose(scene, question, numbers)


def choose(scene: Scene, question: Question, numbers: Sequence[int]) -> Decision:
    """Do what the question stands for with the options of these numbers."""
    wanted = dict.fromkeys(numbers)
    chosen = [option for number in wanted if (option := question.option(number))]
    missing = [number for number in wanted if question.option(number) is None]
    if not chosen:
        return Decision(NoSuchNumber(tuple(missing), question.options[-1].number, scene.now), scene.conversation)
    if question.verb == "onay" and len(chosen) > 1:
        return Decision(OneAtATime(scene.now), scene.conversation)
    answered = question._replace(closed=question.kind == "which", is_used=True)
    scene = scene._replace(conversation=scene.conversation.replace(question, answered))
    if question.verb == "onay":
        return on_onay_of(scene, scene.brand(chosen[0].brand_code), chosen[0].types)
    if question.verb == "durum":
        return status_of_brand(scene, scene.brand(chosen[0].brand_code))
    refused = [option._replace(types=ended_types(scene, option.types)) for option in chosen]
    if not refused[0].types:
        return Decision(EpostaElsewhere(scene.brand(refused[0].brand_code), scene.now), scene.conversation)
    return refuse(scene, refused, missing=missing)


def _options(scene: Scene, types: Types) -> tuple[Option, ...]:
    found = []
    for code, standing in scene.standings.items():
        allowed = [t for t in standing.allowed if not types or t in types]
        if allowed:
            found.append((standing.newest_consent, code, tuple(allowed)))
    found.sort(key=lambda one: (-one[0], one[1]))
    return tuple([Option(n, code, _ended_by(allowed, types)) for n, (_, code, allowed) in enumerate(found, 1)])


def _ended_by(allowed: Types, named: Types) -> Types:
    """Types that choosing a line ends: those named, else MESAJ, or ARAMA where only that stands."""
    if named:
        return allowed
    return (ConsentType.MESAJ,) if ConsentType.MESAJ in allowed else _CALLS


def _page(scene: Scene, question: Question, start: int) -> tuple[ListPage, Question]:
    """The lines from `start` on, and the list that has shown them."""
    lines = question.options[start : start + PAGE_LINES]
    shown = start + len(lines)
    page = ListPage(
        tuple([(o.number, scene.brand(o.brand_code), o.types == _CALLS) for o in lines]),
        total=len(question.options),
        first=start == 0,
        last=shown == len(question.options),
        at=scene.now,
    )
    return page, question._replace(asked_at=scene.now, shown=shown)


def _confused(scene: Scene, newest: Question, numbers: Sequence[int]) -> TwoLists | None:
    """The first number that means something else in a list which went out shortly before, and was not used since."""
    if newest.is_used:
        return None
    for older in scene.conversation.questions:
        if older is newest or not older.is_numbered or older.is_used or not older.is_open(scene.now):
            continue
        if newest.asked_at - older.asked_at > CONFUSION_MS:
            continue
        for number in numbers:
            one, other = older.option(number), newest.option(number)
            if one and other and one.brand_code != other.brand_code:
                return TwoLists(number, scene.brand(one.brand_code), scene.brand(other.brand_code), scene.now)
    return None


def _no_list(scene: Scene) -> Answer | None:
    """That the list's time is over, if there was one lately."""
    late = scene.conversation.newest(lambda q: q.is_numbered and not q.closed and scene.now - q.ends_at < KEPT_MS)
    return TooLate("list", None, scene.now) if late else None
