"""EVET and HAYIR: the answer to the newest open question, or to none."""

from core.conversation.answers import Again, Answer, Cancelled, NothingOpen, NumberWanted, TooLate
from core.conversation.conversation import KEPT_MS, Question
from core.conversation.decisions.lists import on_list
from core.conversation.decisions.refuse import refuse, refuse_all
from core.conversation.decisions.report import prove
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.requests import RetAlone


def on_evet(scene: Scene) -> Decision:
    """EVET counts only for the newest open question; late, or with nothing open, it acts on nothing."""
    question = scene.conversation.newest(lambda q: q.is_open(scene.now) and q.kind != "proof")
    if question is None:
        return Decision(_late(scene) or NothingOpen(scene.now), scene.conversation)
    match question.kind:
        case "one":
            return refuse(_closing(scene, question), question.options)
        case "all":
            return refuse_all(_closing(scene, question), question.types)
        case "report":
            return prove(scene, question, is_evidence=False)
        case "list" | "which" | "code":
            return Decision(NumberWanted(scene.now, code=question.kind == "code"), scene.conversation)
        case "proof":
            raise AssertionError("a proof is no question to a text")


def on_ret_alone(scene: Scene, intent: RetAlone) -> Decision:
    """The list; a word that also means no closes an open question that takes yes or no instead."""
    if intent.is_no:
        opened = [q for q in scene.conversation.questions if q.is_yes_no and q.is_open(scene.now)]
        if opened:
            conversation = scene.conversation
            for question in opened:
                conversation = conversation.close(question)
            return Decision(Cancelled(scene.now), conversation)
    return on_list(scene, intent.types)


def on_none_of_them(scene: Scene) -> Decision:
    """No to every question that is open, a list and a choice of brands too; with nothing open it acts on nothing."""
    opened = [q for q in scene.conversation.questions if q.kind != "proof" and q.is_open(scene.now)]
    if not opened:
        return Decision(NothingOpen(scene.now), scene.conversation)
    conversation = scene.conversation
    for question in opened:
        conversation = conversation.close(question)
    return Decision(Cancelled(scene.now), conversation)


def _closing(scene: Scene, question: Question) -> Scene:
    return scene._replace(conversation=scene.conversation.close(question))


def _late(scene: Scene) -> Answer | None:
    """That the time of the newest question is over, if nobody answered it."""
    now = scene.now
    question = scene.conversation.newest(
        lambda q: q.kind != "proof" and not q.closed and not q.is_used and now - q.ends_at < KEPT_MS
    )
    if question is None:
        return None
    again: dict[str, Again] = {"all": "ret-all", "one": "ret", "code": "onay", "list": "list"}
    if question.kind not in ("one", "code"):
        return TooLate(again.get(question.kind, ""), None, now)
    option = question.options[0]
    return TooLate(again[question.kind], scene.brand(option.brand_code), now, option.types)
