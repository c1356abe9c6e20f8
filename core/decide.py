"""The decision, pure: what a request changes for a citizen, and what is true afterwards.

No I/O, no clock, no await: the desk gives the state that it read under the citizen's lock.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, assert_never

from core.answers import Answer, BrandUnknown, EpostaElsewhere, NotUnderstoodAnswer, RetAnswer, SetAside
from core.calendar import Calendar
from core.clock import Instant, to_second
from core.consent import PHONE_TYPES, ConsentType, Objection, RecipientType, Record, Status
from core.requests import SOURCE_OF_DOOR, NotUnderstood, Request, Ret, RetUnknown, Unreadable, Wish

Fate = Literal["ended", "already", "kept", "newer"]
_RecordKey = tuple[ConsentType, RecipientType]


class Standing(NamedTuple):
    """What the registry holds for one citizen and one brand."""

    records: dict[_RecordKey, Record]
    objections: dict[ConsentType, Objection]

    @classmethod
    def of(cls, records: Iterable[Record] = (), objections: Iterable[Objection] = ()) -> "Standing":
        return cls({(r.type, r.recipient_type): r for r in records}, {o.type: o for o in objections})

    def of_type(self, wanted: ConsentType) -> list[Record]:
        return [record for (kind, _), record in self.records.items() if kind is wanted]

    def is_allowed(self, wanted: ConsentType) -> bool:
        return any(record.status is Status.ONAY for record in self.of_type(wanted))


class Change(NamedTuple):
    """One record or objection that was looked at, before and after; equal where the decision left it as it was."""

    before: Record | Objection | None
    after: Record | Objection


class Decision(NamedTuple):
    changes: tuple[Change, ...]
    answer: Answer


def decide(
    request: Request, said: Wish, standing: Standing, now: Instant, receipt: str, calendar: Calendar
) -> Decision:
    """Decide one request. `standing` is that of the brand named; `receipt` is taken if the decision needs one."""
    match said:
        case Ret():
            return _ret(request, said, standing, receipt, calendar)
        case RetUnknown(name):
            return Decision((), BrandUnknown(name, now))
        case NotUnderstood():
            return Decision((), NotUnderstoodAnswer(now))
        case Unreadable():
            return Decision((), SetAside(receipt))
        case _:
            assert_never(said)


def _ret(request: Request, wish: Ret, standing: Standing, receipt: str, calendar: Calendar) -> Decision:
    types = [t for t in PHONE_TYPES if t in wish.types]
    if not types:
        return Decision((), EpostaElsewhere(wish.brand, request.received_at))
    changes: list[Change] = []
    fates: dict[Fate, list[ConsentType]] = {"ended": [], "already": [], "kept": [], "newer": []}
    newest: dict[Fate, Instant] = {}
    for wanted in types:
        for fate, at in _refuse(request, wish.brand.code, wanted, standing, receipt, changes).items():
            fates[fate].append(wanted)
            newest[fate] = max(at, newest.get(fate, at))
    answer = RetAnswer(
        brand=wish.brand,
        receipt=receipt,
        last_lawful_day=calendar.last_lawful_day(request.received_at),
        ended=tuple(fates["ended"]),
        already=tuple(fates["already"]),
        since=newest.get("already"),
        kept=tuple(fates["kept"]),
        newer=tuple(fates["newer"]),
        newer_at=newest.get("newer"),
        allowed=tuple([t for t in PHONE_TYPES if t not in types and standing.is_allowed(t)]),
    )
    return Decision(tuple(changes), answer)


def _refuse(
    request: Request,
    brand_code: str,
    wanted: ConsentType,
    standing: Standing,
    receipt: str,
    changes: list[Change],
) -> dict[Fate, Instant]:
    """Refuse one type: what became of it, each with the moment that the answer names."""
    assert request.recipient is not None, "a request without a number is set aside before it is decided"
    source = SOURCE_OF_DOOR[request.door]
    at = to_second(request.received_at)
    records = standing.of_type(wanted)
    if not records:
        kept = standing.objections.get(wanted)
        # The newest wish counts: a consent dated between two objections must not stand.
        wish = Objection(request.recipient.reveal(), brand_code, wanted, source, at, receipt)
        changes.append(Change(kept, wish if kept is None or kept.at < at else kept))
        return {"kept": at}
    fates: dict[Fate, Instant] = {}
    for record in records:
        if _is_newer(record, at):
            changes.append(Change(record, record))
            fates["newer"] = max(record.consent_at, fates.get("newer", record.consent_at))
        elif record.status is Status.ONAY:
            # A citizen's own act is never dated before the one it follows, even when the clock stepped back.
            dated = Instant(max(at, to_second(record.consent_at)))
            after = record._replace(
                status=Status.RET, source=source, consent_at=dated, refused_at=dated, receipt=receipt
            )
            changes.append(Change(record, after))
            fates["ended"] = at
        else:
            wished = Instant(max(at, record.refused_at or record.consent_at))
            changes.append(Change(record, record._replace(refused_at=wished)))
    return fates or {"already": max(record.consent_at for record in records)}


def _is_newer(record: Record, at: Instant) -> bool:
    """İYS H178: an act older than the record changes nothing. In the same second RET wins; the citizen's own earlier
    acts never make a later one stale (design, Decisions)."""
    return record.status is Status.ONAY and to_second(record.consent_at) > at and not record.source.is_citizens
