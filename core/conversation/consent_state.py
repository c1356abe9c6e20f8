"""State of one citizen's consents to one brand, and a change of it."""

from collections.abc import Iterable
from typing import NamedTuple

from core.domain.clock import Instant
from core.domain.consent import PHONE_TYPES, ConsentType, Objection, RecipientType, Record, Status

_RecordKey = tuple[ConsentType, RecipientType]


class ConsentState(NamedTuple):
    records: dict[_RecordKey, Record]
    objections: dict[ConsentType, Objection]

    @classmethod
    def of(cls, records: Iterable[Record] = (), objections: Iterable[Objection] = ()) -> "ConsentState":
        return cls({(r.type, r.recipient_type): r for r in records}, {o.type: o for o in objections})

    def of_type(self, wanted: ConsentType) -> list[Record]:
        return [record for (kind, _), record in self.records.items() if kind is wanted]

    def is_allowed(self, wanted: ConsentType) -> bool:
        return any(record.status is Status.ONAY for record in self.of_type(wanted))

    @property
    def allowed(self) -> tuple[ConsentType, ...]:
        """The types of a phone number that are allowed."""
        return tuple([t for t in PHONE_TYPES if self.is_allowed(t)])

    @property
    def newest_consent(self) -> Instant:
        """When the newest permission of a phone number was given, of those that stand; there must be one."""
        given = [r for r in self.records.values() if r.status is Status.ONAY and r.type in PHONE_TYPES]
        return max(record.consent_at for record in given)

    def __bool__(self) -> bool:
        return bool(self.records or self.objections)


NOTHING = ConsentState({}, {})


class Change(NamedTuple):
    """One record or objection that was looked at, before and after; equal where the decision left it as it was.

    A citizen's consent ends an objection: then there is nothing after it.
    """

    before: Record | Objection | None
    after: Record | Objection | None

    @property
    def row(self) -> Record | Objection:
        """Whose recipient, brand and type are those of the change."""
        before, after = self
        row = before if after is None else after
        assert row is not None, "a change has a before or an after"
        return row
