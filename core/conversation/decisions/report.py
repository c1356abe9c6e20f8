"""ŞİKAYET: a report of messages that still come, from its question to its evidence."""

from datetime import date
from typing import Final

from core.brands.brand import Brand
from core.conversation.answers import ComplaintOpened, ComplaintQuestion, Silence
from core.conversation.conversation import Option, Question
from core.conversation.decisions.scene import Decision, NewReport, Proof, Scene
from core.conversation.decisions.which import Named
from core.conversation.requests import Digits, Door, NotUnderstood, Report, Ret, RetAll, Sikayet
from core.conversation.unanswered import Unanswered
from core.domain.clock import day_of
from core.domain.consent import PHONE_TYPES, Status
from core.domain.text import words

# While a report waits for its message, a text over these sizes is that message and never a command.
COMMAND_WORDS_MAX: Final = 4
COMMAND_LETTERS_MAX: Final = 40


def on_sikayet(scene: Scene, intent: Sikayet) -> Decision:
    """Open a report, unconfirmed until the holder of the number answers. An unclear name is kept as it was typed: the
    message itself will say who sent it."""
    named = Named.of(scene, intent.mentions)
    brand = named.clear[0] if named.clear else None
    name = None if brand else next((mention.typed for mention in intent.mentions), None)
    about = (Option(1, brand.code, ()),) if brand else ()
    question = Question("report", scene.now, scene.question_end, about, receipt=scene.receipt)
    until = _lawful_until(scene, brand) if brand else None
    answer = ComplaintQuestion(brand, name, scene.receipt, scene.question_hours, until)
    report = NewReport(scene.receipt, brand.code if brand else None, name)
    return Decision(answer, scene.conversation.ask(question), report=report)


def on_report(scene: Scene, intent: Report) -> Decision:
    """Take a report of who has proven to hold the number: it is open at once."""
    report = NewReport(scene.receipt, intent.brand.code, None, is_proven=True)
    return Decision(ComplaintOpened(intent.brand, scene.receipt), scene.conversation, report=report)


def awaited_report(scene: Scene) -> Question | None:
    """The open report of which this text is the message complained about. Numbers are no message, however many, and a
    plain refusal is not swallowed, however long it is: no advert reads so (domain, ŞİKAYET)."""
    if isinstance(scene.intent, Digits | RetAll) or scene.request.door is not Door.SMS:
        return None
    if isinstance(scene.intent, Ret) and any(mention.is_clear for mention in scene.intent.mentions):
        return None
    question = scene.conversation.newest(lambda q: q.kind == "report" and q.is_open(scene.now))
    if question is None or (not isinstance(scene.intent, NotUnderstood) and not _is_long(scene.text)):
        return None
    return question


def prove(scene: Scene, question: Question, *, is_evidence: bool) -> Decision:
    """The holder of the number answered: the report is open from now on, and after EVET the question has its answer.
    Further messages are kept as evidence without an answer each: they may be an auto-responder's."""
    brand = scene.brand(question.options[0].brand_code) if question.options else None
    report = Proof(question.receipt, is_evidence)
    if not is_evidence:
        return Decision(ComplaintOpened(brand, question.receipt), scene.conversation.close(question), report=report)
    if question.is_used:
        return Decision(Silence(Unanswered.EVIDENCE), scene.conversation, report=report)
    conversation = scene.conversation.replace(question, question._replace(is_used=True))
    return Decision(ComplaintOpened(brand, question.receipt), conversation, report=report)


def _is_long(text: str) -> bool:
    return len(text) > COMMAND_LETTERS_MAX or len(words(text)) > COMMAND_WORDS_MAX


def _lawful_until(scene: Scene, brand: Brand) -> date | None:
    """The day until which the sender may still write after the citizen's refusal (Kanun 6563 m.8/3). A refusal that is
    repeated gives no new time."""
    standing = scene.standing(brand.code)
    refusals = [o.at for o in standing.objections.values()]
    refusals += [r.consent_at for r in standing.records.values() if r.status is Status.RET and r.type in PHONE_TYPES]
    if not refusals:
        return None
    day = scene.calendar.last_lawful_day(max(refusals))
    return day if day >= day_of(scene.now) else None
