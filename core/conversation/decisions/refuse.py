"""Refusing: what a RET changes, brand by brand."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from core.conversation.answers import BrandUnknown, EpostaElsewhere, RetAllDone, RetAnswer, RetSeveral
from core.conversation.consent_state import Change, ConsentState
from core.conversation.conversation import Option
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.decisions.which import ALL_CLEAR, Named, which_brand
from core.conversation.requests import Door, Ret, RetThese, Types
from core.domain.clock import Instant, to_second
from core.domain.consent import ConsentType, Objection, Record, Status

# Yönetmelik m.9: a refusal ends the channel on which the message came.
_OF_DOOR: Final = {Door.SMS: (ConsentType.MESAJ,)}

Fate = Literal["ended", "already", "kept", "newer"]


class _Refused(NamedTuple):
    answer: RetAnswer
    changes: list[Change]


def on_ret(scene: Scene, intent: Ret) -> Decision:
    """Refuse the brands that are clear; ask about one that is not."""
    named = Named.of(scene, intent.mentions)
    types = ended_types(scene, intent.types)
    if named.clear and not types:
        return Decision(EpostaElsewhere(named.clear[0], scene.now), scene.conversation)
    if named.clear:
        return refuse(scene, [Option(0, brand.code, types) for brand in named.clear], named)
    if named.unclear is not None:
        return which_brand(scene, named.unclear, "ret", intent.types)
    return Decision(BrandUnknown(named.unknown[0], scene.now), scene.conversation)


def on_ret_these(scene: Scene, intent: RetThese) -> Decision:
    return refuse(scene, [Option(0, brand.code, types) for brand, types in intent.chosen])


def ended_types(scene: Scene, named: Types) -> Types:
    """The types that a refusal ends, the door's own where it names none. None are left where a number's names e-mail
    alone: that permission hangs on the address."""
    wanted = named or _OF_DOOR.get(scene.request.door, scene.kinds)
    return tuple([t for t in scene.kinds if t in wanted])


def refuse(scene: Scene, chosen: Sequence[Option], named: Named = ALL_CLEAR, missing: Sequence[int] = ()) -> Decision:
    """Refuse every option's types; `named` has what was not found or is not clear, `missing` the numbers that no list
    has."""
    refused = [_refuse_brand(scene, option.brand_code, option.types) for option in chosen]
    changes = tuple([change for one in refused for change in one.changes])
    conversation = scene.conversation.void_codes(option.brand_code for option in chosen)
    unclear = None
    if named.unclear is not None:
        conversation, unclear = named.ask(scene._replace(conversation=conversation), "ret", chosen[0].types)
    if len(refused) == 1 and not (named.unknown or unclear or missing):
        return Decision(refused[0].answer, conversation, changes)
    answer = RetSeveral(
        scene.receipt,
        refused[0].answer.last_lawful_day,
        tuple([one.answer for one in refused]),
        named.unknown,
        unclear,
        tuple(missing),
    )
    return Decision(answer, conversation, changes)


def refuse_all(scene: Scene, types: Types) -> Decision:
    """Refuse these types of every brand that has one of them allowed at this moment."""
    refused = []
    for code, standing in scene.standings.items():
        wanted = [t for t in types if standing.is_allowed(t)]
        if wanted:
            refused.append(_refuse_brand(scene, code, wanted))
    ended = sum(bool(one.answer.ended) for one in refused)
    day = scene.calendar.last_lawful_day(scene.request.received_at)
    answer = RetAllDone(ended, types, scene.receipt, day, newer=len(refused) - ended)
    changes = tuple([change for one in refused for change in one.changes])
    return Decision(answer, scene.conversation.void_codes(None), changes)


def _refuse_brand(scene: Scene, brand_code: str, types: Iterable[ConsentType]) -> _Refused:
    standing, changes, types = scene.standing(brand_code), list[Change](), tuple(types)
    fates: dict[Fate, list[ConsentType]] = {"ended": [], "already": [], "kept": [], "newer": []}
    newest: dict[Fate, Instant] = {}
    for wanted in types:
        for fate, at in _refuse_type(scene, brand_code, wanted, standing, changes).items():
            fates[fate].append(wanted)
            newest[fate] = max(at, newest.get(fate, at))
    answer = RetAnswer(
        brand=scene.brand(brand_code),
        receipt=scene.receipt,
        last_lawful_day=scene.calendar.last_lawful_day(scene.request.received_at),
        ended=tuple(fates["ended"]),
        already=tuple(fates["already"]),
        since=newest.get("already"),
        kept=tuple(fates["kept"]),
        newer=tuple(fates["newer"]),
        newer_at=newest.get("newer"),
        allowed=tuple([t for t in scene.kinds if t not in types and standing.is_allowed(t)]),
    )
    return _Refused(answer, changes)


def _refuse_type(
    scene: Scene, brand_code: str, wanted: ConsentType, standing: ConsentState, changes: list[Change]
) -> dict[Fate, Instant]:
    """Refuse one type: what became of it, each with the moment that the answer names."""
    source = scene.source
    at = scene.acted_at
    records = standing.of_type(wanted)
    if not records:
        kept = standing.objections.get(wanted)
        # The newest wish counts: a consent dated between two objections must not stand.
        intent = Objection(scene.recipient, brand_code, wanted, source, at, scene.receipt)
        changes.append(Change(kept, intent if kept is None or kept.at < at else kept))
        return {"kept": at}
    fates: dict[Fate, Instant] = {}
    for record in records:
        if _is_newer(scene, record):
            changes.append(Change(record, record))
            fates["newer"] = max(record.consent_at, fates.get("newer", record.consent_at))
        elif record.status is Status.ONAY:
            # A citizen's own act is never dated before the one it follows, even when the clock stepped back.
            dated = Instant(max(at, to_second(record.consent_at)))
            after = record._replace(
                status=Status.RET, source=source, consent_at=dated, refused_at=dated, receipt=scene.receipt
            )
            changes.append(Change(record, after))
            fates["ended"] = at
        else:
            wished = Instant(max(at, record.refused_at or record.consent_at))
            changes.append(Change(record, record._replace(refused_at=wished)))
    return fates or {"already": max(record.consent_at for record in records)}


def _is_newer(scene: Scene, record: Record) -> bool:
    """İYS H178: an act older than the record changes nothing. In the same second RET wins; the citizen's own earlier
    acts make a later one stale only where the network dates it (design, Decisions)."""
    if record.status is not Status.ONAY or to_second(record.consent_at) <= scene.acted_at:
        return False
    return not record.source.is_citizens or scene.request.sent_at is not None
