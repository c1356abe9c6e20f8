"""What the registry holds, as the rows of the store and as the values that `decide` reads."""

from collections.abc import Iterable
from typing import Any

import orjson

from core.consent import ConsentType, Objection, RecipientType, Record, Source, Status
from core.decide import Change, Standing
from core.store.queries import CONSENTS_OF_BRAND, OBJECTIONS_OF_BRAND, PUT_CONSENT, PUT_OBJECTION
from core.store.transaction import Transaction

Pair = tuple[str, str]
"""A recipient and a brand code."""

# A dictionary look-up costs a tenth of calling the enumeration.
_TYPES = {member.value: member for member in ConsentType}
_RECIPIENT_TYPES = {member.value: member for member in RecipientType}
_STATUSES = {member.value: member for member in Status}
_SOURCES = {member.value: member for member in Source}


def record_of(row: tuple[Any, ...]) -> Record:
    recipient, code, kind, recipient_type, status, source, *rest = row
    return Record(
        recipient,
        code,
        _TYPES[kind],
        _RECIPIENT_TYPES[recipient_type],
        _STATUSES[status],
        _SOURCES[source],
        *rest,
    )


def objection_of(row: tuple[Any, ...]) -> Objection:
    recipient, code, kind, source, at, receipt = row
    return Objection(recipient, code, _TYPES[kind], _SOURCES[source], at, receipt)


# sqlite3 binds a plain str several times faster than a member of an enumeration; `_value_` is its public sunder name.
def _consent_row(r: Record) -> tuple[object, ...]:
    kind, to, status, source = r.type._value_, r.recipient_type._value_, r.status._value_, r.source._value_
    return (r.recipient, r.brand_code, kind, to, status, source, r.consent_at, r.refused_at, r.receipt)


def _objection_row(o: Objection) -> tuple[object, ...]:
    return (o.recipient, o.brand_code, o.type._value_, o.source._value_, o.at, o.receipt)


class Citizens:
    """The standings of one batch: read together, each seeing the changes decided before it, written together."""

    def __init__(self, transaction: Transaction, pairs: Iterable[Pair]) -> None:
        self._transaction = transaction
        self._standings: dict[Pair, Standing] = {}
        self._changed: dict[tuple[str, ...], Record | Objection] = {}
        self._read(set(pairs))

    def standing(self, pair: Pair) -> Standing:
        if pair not in self._standings:
            self._read({pair})
        return self._standings[pair]

    def apply(self, changes: Iterable[Change]) -> None:
        for before, after in changes:
            if after == before:
                continue
            records, objections = self.standing((after.recipient, after.brand_code))
            if isinstance(after, Record):
                records[after.type, after.recipient_type] = after
                self._changed[after[:4]] = after
            else:
                objections[after.type] = after
                self._changed[after[:3]] = after

    def write(self) -> None:
        changed = self._changed.values()
        self._transaction.run_many(PUT_CONSENT, [_consent_row(r) for r in changed if isinstance(r, Record)])
        self._transaction.run_many(PUT_OBJECTION, [_objection_row(o) for o in changed if isinstance(o, Objection)])

    def _read(self, pairs: set[Pair]) -> None:
        if not pairs:
            return
        for pair in pairs:
            self._standings[pair] = Standing({}, {})
        keys = orjson.dumps(list(pairs)).decode()
        for row in self._transaction.rows(CONSENTS_OF_BRAND, keys=keys):
            record = record_of(row)
            self._standings[record.recipient, record.brand_code].records[record.type, record.recipient_type] = record
        for row in self._transaction.rows(OBJECTIONS_OF_BRAND, keys=keys):
            objection = objection_of(row)
            self._standings[objection.recipient, objection.brand_code].objections[objection.type] = objection
