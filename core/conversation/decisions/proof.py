"""Codes: how they are counted and kept, and the one that shows who holds a number."""

import hmac
from typing import Final

from core.conversation.answers import NotProven, ProofCode, Proven
from core.conversation.conversation import Conversation, Question
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.requests import GiveCode
from core.domain.clock import MINUTE_MS, Instant, day_of

TRIES_MAX: Final = 3


def count_code(scene: Scene) -> Conversation | None:
    """The conversation that has counted one more code to this number today (the Istanbul day); None where the limit is
    reached. Codes of all doors count together."""
    limit = scene.rules.codes_per_number_day
    if not limit:
        return scene.conversation
    today = tuple([sent for sent in scene.conversation.codes if day_of(sent) == day_of(scene.now)])
    return None if len(today) >= limit else scene.conversation._replace(codes=(*today, scene.now))


def mac_of(scene: Scene, *bound: str) -> str:
    """The HMAC that is kept of a code: it is bound to the number and to what it is for (design, Decisions)."""
    message = "\0".join((scene.recipient, *bound)).encode()
    return hmac.digest(scene.rules.code_key, message, "sha256").hex()


def on_ask_code(scene: Scene) -> Decision:
    """Send a code; a newer one voids the older."""
    counted = count_code(scene)
    if counted is None:
        return Decision(NotProven(), scene.conversation)
    life_ms = scene.rules.call_code_ms
    question = Question("proof", scene.now, Instant(scene.now + life_ms), mac=_mac(scene, scene.code))
    older = [q._replace(closed=True) if q.kind == "proof" else q for q in counted.questions]
    conversation = counted._replace(questions=tuple(older)).ask(question)
    return Decision(ProofCode(scene.code, max(1, life_ms // MINUTE_MS), scene.request.door), conversation)


def on_give_code(scene: Scene, intent: GiveCode) -> Decision:
    question = scene.conversation.newest(lambda q: q.kind == "proof" and q.is_open(scene.now))
    if question is None:
        return Decision(NotProven(), scene.conversation)
    if hmac.compare_digest(question.mac, _mac(scene, intent.code)):
        return Decision(Proven(), scene.conversation.close(question))
    tries = question.tries + 1
    worse = question._replace(tries=tries, closed=tries >= TRIES_MAX)
    return Decision(NotProven(), scene.conversation.replace(question, worse))


def _mac(scene: Scene, code: str) -> str:
    return mac_of(scene, "proof", scene.request.door, code)
