"""DURUM: what is allowed now, and what became of an act. Nothing changes."""

from typing import Final

from core.brands.brand import Brand
from core.conversation.answers import (
    BrandUnknown,
    NothingOnRecord,
    ReceiptUnknown,
    State,
    StatusOfAct,
    StatusOfAll,
    StatusOfBrand,
    StatusOfComplaint,
)
from core.conversation.decisions.scene import Decision, Past, Report, Scene
from core.conversation.decisions.which import Named, which_brand
from core.conversation.requests import Durum, DurumOf
from core.domain.consent import ConsentType, Status

BRANDS_SHOWN: Final = 5


def on_durum(scene: Scene, intent: Durum) -> Decision:
    if not intent.mentions:
        return _status_of_all(scene)
    named = Named.of(scene, intent.mentions)
    if named.clear:
        return status_of_brand(scene, named.clear[0])
    if named.unclear is not None:
        return which_brand(scene, named.unclear, "durum", ())
    return Decision(BrandUnknown(named.unknown[0], scene.now), scene.conversation)


def status_of_brand(scene: Scene, brand: Brand) -> Decision:
    mesaj, arama = _state(scene, brand, ConsentType.MESAJ), _state(scene, brand, ConsentType.ARAMA)
    return Decision(StatusOfBrand(brand, mesaj, arama, scene.now), scene.conversation)


def on_durum_of(scene: Scene, intent: DurumOf) -> Decision:
    """Answers only the number that made the act, on the same subscription: `found` is None for any other."""
    found, conversation = scene.found, scene.conversation
    match found:
        case Past(what, codes, acted_at):
            shown = tuple(map(scene.brand, codes[:BRANDS_SHOWN]))
            return Decision(StatusOfAct(intent.receipt, what, shown, len(codes), acted_at, scene.now), conversation)
        case Report(receipt, state, code, opened_at, outcome):
            brand = scene.brand(code) if code else None
            return Decision(StatusOfComplaint(receipt, state, brand, opened_at, outcome, scene.now), conversation)
        case None:
            return Decision(ReceiptUnknown(intent.receipt, scene.now), conversation)


def _status_of_all(scene: Scene) -> Decision:
    allowed = {code: standing for code, standing in scene.standings.items() if standing.allowed}
    if not allowed:
        return Decision(NothingOnRecord(scene.now), scene.conversation)
    newest = sorted(allowed, key=lambda code: (-allowed[code].newest_consent, code))
    return Decision(
        StatusOfAll(len(allowed), tuple(map(scene.brand, newest[:BRANDS_SHOWN])), scene.now), scene.conversation
    )


def _state(scene: Scene, brand: Brand, wanted: ConsentType) -> State:
    standing = scene.standing(brand.code)
    records = standing.of_type(wanted)
    if any(record.status is Status.ONAY for record in records):
        return "allowed"
    if records:
        return "refused"
    return "objection" if wanted in standing.objections else "none"
