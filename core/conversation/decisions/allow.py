"""Allowing: ONAY asks for one confirming code before anything changes (KVKK İlke Kararı 2025/1072: a code confirms one
thing, and says which)."""

import hmac
from typing import Final

from core.brands.brand import Brand
from core.conversation.answers import (
    AlreadyAllowed,
    BrandClosed,
    BrandUnknown,
    CodesUsedUp,
    EpostaElsewhere,
    NothingOpen,
    OnayDone,
    OnayQuestion,
    OneAtATime,
    TooLate,
    WrongCode,
)
from core.conversation.consent_state import Change, ConsentState
from core.conversation.conversation import KEPT_MS, Option, Question
from core.conversation.decisions.proof import TRIES_MAX, count_code, mac_of
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.decisions.which import Named, which_brand
from core.conversation.requests import Door, Onay, OnayCode, Types
from core.domain.clock import MINUTE_MS, Instant, to_second
from core.domain.consent import PHONE_TYPES, ConsentType, Objection, RecipientType, Record, Status

_CODE_TYPES: Final = (ConsentType.MESAJ,)


def on_onay(scene: Scene, intent: Onay) -> Decision:
    if len(intent.mentions) != 1:
        return Decision(OneAtATime(scene.now), scene.conversation)
    named = Named.of(scene, intent.mentions)
    if named.unclear is not None:
        return which_brand(scene, named.unclear, "onay", intent.types)
    if not named.clear:
        return Decision(BrandUnknown(named.unknown[0], scene.now), scene.conversation)
    return on_onay_of(scene, named.clear[0], intent.types)


def on_onay_of(scene: Scene, brand: Brand, named: Types) -> Decision:
    """Ask for the code that allows the brand these types, MESAJ where none is named."""
    types = tuple([t for t in PHONE_TYPES if t in (named or _CODE_TYPES)])
    if not types:
        return Decision(EpostaElsewhere(brand, scene.now, onay=True), scene.conversation)
    standing = scene.standing(brand.code)
    if all(standing.is_allowed(t) for t in types):
        return Decision(AlreadyAllowed(brand, types, scene.now), scene.conversation)
    if brand.closed:
        return Decision(BrandClosed(brand, scene.now), scene.conversation)
    conversation = count_code(scene)
    if conversation is None:
        return Decision(CodesUsedUp(scene.now), scene.conversation)
    by_call = scene.request.door is Door.IVR
    life_ms = scene.rules.call_code_ms if by_call else scene.rules.confirm_code_ms
    option = Option(1, brand.code, types)
    question = Question("code", scene.now, Instant(scene.now + life_ms), (option,), mac=_mac(scene, option, scene.code))
    answer = OnayQuestion(brand, types, scene.code, max(1, life_ms // MINUTE_MS), by_call)
    return Decision(answer, conversation.ask(question))


def on_code(scene: Scene, code: str) -> Decision | None:
    """Take six digits as a code; None if none was sent in the last day."""
    now = scene.now
    question = scene.conversation.newest(lambda q: q.kind == "code" and now - q.asked_at < KEPT_MS)
    if question is None:
        return None
    option = question.options[0]
    brand = scene.brand(option.brand_code)
    is_right = hmac.compare_digest(question.mac, _mac(scene, option, code))
    if not question.is_open(now):
        if is_right and question.is_used:
            return _repeated(scene, brand, option)
        return Decision(TooLate("onay", brand, now, option.types), scene.conversation)
    if not is_right:
        tries = question.tries + 1
        worse = question._replace(tries=tries, closed=tries >= TRIES_MAX)
        return Decision(WrongCode(brand, TRIES_MAX - tries, now), scene.conversation.replace(question, worse))
    conversation = scene.conversation.replace(question, question._replace(closed=True, is_used=True))
    if brand.closed:
        return Decision(BrandClosed(brand, now), conversation)
    changes = _allow(scene, option)
    return Decision(OnayDone(brand, option.types, scene.receipt), conversation, changes)


def on_onay_code(scene: Scene, intent: OnayCode) -> Decision:
    return on_code(scene, intent.code) or Decision(NothingOpen(scene.now), scene.conversation)


def _repeated(scene: Scene, brand: Brand, option: Option) -> Decision:
    """A code that was taken comes once more."""
    if all(scene.standing(brand.code).is_allowed(t) for t in option.types):
        return Decision(AlreadyAllowed(brand, option.types, scene.now), scene.conversation)
    return Decision(NothingOpen(scene.now), scene.conversation)


def _allow(scene: Scene, option: Option) -> tuple[Change, ...]:
    standing, changes = scene.standing(option.brand_code), list[Change]()
    for wanted in option.types:
        if objection := standing.objections.get(wanted):
            changes.append(Change(objection, None))
        changes += _allow_type(scene, option.brand_code, wanted, standing, objection)
    return tuple(changes)


def _allow_type(
    scene: Scene, brand_code: str, wanted: ConsentType, standing: ConsentState, objection: Objection | None
) -> list[Change]:
    at = scene.acted_at
    source = scene.source
    records = standing.of_type(wanted)
    if not records:
        dated = Instant(max(at, objection.at)) if objection else at
        given = Record(
            *(scene.recipient, brand_code, wanted, RecipientType.BIREYSEL, Status.ONAY, source),
            *(dated, None, scene.receipt),
        )
        return [Change(None, given)]
    return [
        Change(
            record,
            record._replace(
                status=Status.ONAY,
                source=source,
                consent_at=Instant(max(at, to_second(record.consent_at))),
                refused_at=None,
                receipt=scene.receipt,
            ),
        )
        for record in records
        if record.status is Status.RET
    ]


def _mac(scene: Scene, option: Option, code: str) -> str:
    return mac_of(scene, "onay", option.brand_code, *option.types, code)
