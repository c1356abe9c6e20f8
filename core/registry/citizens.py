"""Records of the registry, as the rows of the store and as the values that decisions read."""

from collections.abc import Collection, Iterable
from typing import Any

import orjson

from core.conversation.consent_state import Change, ConsentState
from core.conversation.conversation import NEW, Conversation, dump, load
from core.domain.clock import Instant
from core.domain.consent import ConsentType, Objection, RecipientType, Record, Source, Status
from core.store.queries.consents import (
    ADD_CONSENT,
    ADD_IMPORT_LOG,
    CONSENTS_OF,
    CONSENTS_OF_BRAND,
    CONVERSATIONS_OF,
    DROP_OBJECTION,
    OBJECTIONS_OF,
    OBJECTIONS_OF_BRAND,
    PUT_CONSENT,
    PUT_CONVERSATION,
    PUT_OBJECTION,
)
from core.store.transaction import Transaction

Pair = tuple[str, str]
"""A recipient and a brand code."""

# A dictionary look-up costs a tenth of calling the enumeration.
_TYPES = {member.value: member for member in ConsentType}
_RECIPIENT_TYPES = {member.value: member for member in RecipientType}
_STATUSES = {member.value: member for member in Status}
_SOURCES = {member.value: member for member in Source}


def record_of(row: tuple[Any, ...]) -> Record:
    recipient, code, kind, recipient_type, status, source, *rest, _ = row
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
def _consent_row(r: Record, imported_at: Instant | None = None) -> tuple[object, ...]:
    who, brand, kind, to, status, source, consent_at, refused_at, receipt = r
    named = kind._value_, to._value_, status._value_, source._value_
    return (who, brand, *named, consent_at, refused_at, receipt, imported_at)


def _import_log_row(r: Record, imported_at: Instant) -> tuple[object, ...]:
    named = r.type._value_, r.recipient_type._value_
    return (r.recipient, r.brand_code, *named, r.consent_at, r.status._value_, r.source._value_, imported_at)


def _objection_row(o: Objection) -> tuple[object, ...]:
    return (o.recipient, o.brand_code, o.type._value_, o.source._value_, o.at, o.receipt)


class Citizens:
    """The consent states and conversations of one batch: read together, each request seeing the changes decided before
    it, written together."""

    def __init__(self, transaction: Transaction, pairs: Iterable[Pair], talkers: Iterable[str] = ()) -> None:
        self._transaction = transaction
        self._standings: dict[str, dict[str, ConsentState]] = {}
        self._whole: set[str] = set()  # recipients of whom everything was read
        self._added: dict[tuple[str, ...], Record] = {}
        self._changed: dict[tuple[str, ...], Record] = {}
        self._imported_at: dict[tuple[str, ...], Instant] = {}  # of the records that rows of imports made
        self._replaced: list[tuple[object, ...]] = []  # such rows, when something newer took their place
        self._objections: dict[tuple[str, ...], Objection | None] = {}  # None: to be removed
        self._conversations: dict[str, Conversation] = {}
        self._changed_conversations: dict[str, Conversation] = {}
        self._read(set(pairs))
        self._read_conversations(set(talkers))

    def standing(self, pair: Pair) -> ConsentState:
        recipient, code = pair
        if code not in self._standings.get(recipient, ()):
            self._read({pair})
        return self._standings[recipient][code]

    def standings(self, recipient: str, codes: Collection[str] | None) -> dict[str, ConsentState]:
        """By brand code; of everything that the citizen has where `codes` is None."""
        if codes is not None:
            return {code: self.standing((recipient, code)) for code in codes}
        if recipient not in self._whole:
            self._read_whole(recipient)
        return self._standings[recipient]

    def conversation(self, recipient: str) -> Conversation:
        """Of one of the talkers."""
        return self._conversations.get(recipient, NEW)

    def keep(self, recipient: str, conversation: Conversation) -> None:
        if conversation != self.conversation(recipient):
            self._conversations[recipient] = self._changed_conversations[recipient] = conversation

    def is_of_import(self, key: tuple[str, ...]) -> bool:
        """True if a row of an import made the record with this primary key."""
        return key in self._imported_at

    def apply(self, changes: Iterable[Change], imported_at: Instant | None = None) -> None:
        """`imported_at` is when an import took the row that these are of, and that now stands."""
        for change in changes:
            before, after = change
            if after == before:
                continue
            row = change.row
            records, objections = self.standing((row.recipient, row.brand_code))
            if isinstance(row, Record):
                # Nobody else can have added it meanwhile: whoever decides for these citizens has locked them.
                key, stood = row[:4], records.get((row.type, row.recipient_type))
                written = self._added if stood is None else self._changed
                records[row.type, row.recipient_type] = written[key] = row
                if stood is not None and (earlier := self._imported_at.pop(key, None)) is not None:
                    self._replaced.append(_import_log_row(stood, earlier))
                if imported_at is not None:
                    self._imported_at[key] = imported_at
            elif after is None:
                del objections[row.type]
                self._objections[row[:3]] = None
            else:
                objections[row.type] = row
                self._objections[row[:3]] = row

    def write(self, now: Instant) -> None:
        transaction, objections, imported_at = self._transaction, self._objections, self._imported_at.get
        transaction.add_many(ADD_CONSENT, [_consent_row(r, imported_at(key)) for key, r in self._added.items()])
        transaction.run_many(PUT_CONSENT, [_consent_row(r, imported_at(key)) for key, r in self._changed.items()])
        transaction.run_many(ADD_IMPORT_LOG, self._replaced)
        transaction.run_many(PUT_OBJECTION, [_objection_row(o) for o in objections.values() if o is not None])
        transaction.run_many(DROP_OBJECTION, [key for key, o in objections.items() if o is None])
        transaction.run_many(
            PUT_CONVERSATION,
            [(who, dump(conversation), now) for who, conversation in self._changed_conversations.items()],
        )

    def _read(self, pairs: set[Pair]) -> None:
        if not pairs:
            return
        for recipient, code in pairs:
            self._standings.setdefault(recipient, {})[code] = ConsentState({}, {})
        keys = orjson.dumps(list(pairs)).decode()
        self._add(
            self._transaction.rows(CONSENTS_OF_BRAND, keys=keys), self._transaction.rows(OBJECTIONS_OF_BRAND, keys=keys)
        )

    def _read_whole(self, recipient: str) -> None:
        """The rest is read; what was read and changed before in this batch stays as it is."""
        before = self._standings.get(recipient, {})
        self._standings[recipient] = {}
        self._add(
            self._transaction.rows(CONSENTS_OF, recipient=recipient),
            self._transaction.rows(OBJECTIONS_OF, recipient=recipient),
        )
        self._standings[recipient].update(before)
        self._whole.add(recipient)

    def _add(self, consents: list[Any], objections: list[Any]) -> None:
        for row in consents:
            record = record_of(row)
            self._of(record).records[record.type, record.recipient_type] = record
            if row[-1] is not None and record[:4] not in self._changed:
                self._imported_at[record[:4]] = row[-1]
        for objection in map(objection_of, objections):
            self._of(objection).objections[objection.type] = objection

    def _of(self, row: Record | Objection) -> ConsentState:
        return self._standings[row.recipient].setdefault(row.brand_code, ConsentState({}, {}))

    def _read_conversations(self, talkers: set[str]) -> None:
        if talkers:
            for recipient, state in self._transaction.rows(CONVERSATIONS_OF, keys=orjson.dumps(list(talkers)).decode()):
                self._conversations[recipient] = load(state)
