"""Notices of consents that entered from senders: one for each citizen and brand, of all types that changed.

A notice waits until its import has ended, so that types which stand far apart in a file are announced together; then
`core.registry.notifier` puts it into the outbox.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any, Final, Literal, NamedTuple

import orjson

from core.conversation.consent_state import ConsentState
from core.conversation.requests import Types
from core.domain.clock import ISTANBUL, Instant, from_datetime, istanbul
from core.domain.consent import ConsentType, Record, Status
from core.domain.ids import Ids
from core.outbox.outbox import OutboxClass
from core.store.queries.notices import PUT_NOTICE, WAITING_NOTICES_OF
from core.store.transaction import Transaction

Kind = Literal["given", "again", "ended"]
"""`given`: a permission entered; `again`: one after a refusal; `ended`: one that met the citizen's objection and ended
with it."""

NoticeState = Literal["waiting", "queued", "dropped"]

_SEPARATOR: Final = "|"


class Notice(NamedTuple):
    """One notice. `due_at` is the first moment at which it may leave, `rank` says by which way."""

    id: int
    recipient: str
    brand_code: str
    kind: Kind
    types: Types
    consent_at: Instant
    entered_at: Instant
    due_at: Instant
    book: int
    state: NoticeState
    rank: OutboxClass


class Entered(NamedTuple):
    """A sender's consent that was taken."""

    recipient: str
    brand_code: str
    type: ConsentType
    kind: Kind
    at: Instant


class OpenHours(NamedTuple):
    """When notices may leave, in minutes of the day in Türkiye: from `start` until before `end`."""

    start: int
    end: int

    def due(self, now: Instant) -> Instant:
        """Now within the hours; their beginning before them; at once when they are over, because the day is not to
        end with the notice unsent (Yönetmelik m.7)."""
        day = istanbul(now)
        if day.hour * 60 + day.minute >= self.start:
            return now
        start = datetime.combine(day.date(), time(self.start // 60, self.start % 60), ISTANBUL)
        return from_datetime(start)


class NoticeWriter:
    """Notes what enters, in the transaction that takes it."""

    def __init__(self, ids: Ids, book: int, hours: OpenHours) -> None:
        self._ids = ids
        self._book = book
        self._hours = hours

    def note(self, transaction: Transaction, entered: Sequence[Entered], now: Instant) -> None:
        if not entered:
            return
        waiting = _waiting(transaction, entered)
        for one in entered:
            key = _key(one)
            before = waiting.get(key)
            waiting[key] = self._new(one, now) if before is None else _merged(before, one, now, self._book)
        transaction.run_many(PUT_NOTICE, [row_of(waiting[key]) for key in dict.fromkeys(map(_key, entered))])

    def _new(self, one: Entered, now: Instant) -> Notice:
        return Notice(
            *(self._ids.next(), one.recipient, one.brand_code, one.kind, (one.type,)),
            *(one.at, now, self._hours.due(now), self._book, "waiting"),
            OutboxClass.MAIL if one.type is ConsentType.EPOSTA else OutboxClass.NOTICE,
        )


def notice_of(row: tuple[Any, ...]) -> Notice:
    notice = Notice(*row)
    types = tuple(map(ConsentType, row[4].split(_SEPARATOR)))
    return notice._replace(types=types, rank=OutboxClass(notice.rank))


def row_of(notice: Notice) -> tuple[object, ...]:
    return tuple(notice._replace(types=_SEPARATOR.join(notice.types)))  # type: ignore[arg-type]  # as it is stored


def kind_of(standing: ConsentState, kind: ConsentType, subscribed_at: Instant | None = None) -> Kind:
    """The kind of a permission that enters now for this type: the citizen may have refused it before. What was before
    `subscribed_at` somebody else did who had the number."""
    since = subscribed_at or 0
    refused = any(_refused_at(record) > since for record in standing.of_type(kind))
    return "again" if refused or kind in standing.objections else "given"


def _refused_at(record: Record) -> Instant:
    """When it was last refused, of whichever is the later; before all time if never."""
    ended_at = record.consent_at if record.status is Status.RET else Instant(0)
    return max(ended_at, record.refused_at or Instant(0))


def _key(one: Entered | Notice) -> tuple[str, str, bool]:
    """Key of a notice: what ended by an objection is told apart from what stands."""
    return one.recipient, one.brand_code, one.kind == "ended"


def _merged(before: Notice, one: Entered, now: Instant, book: int) -> Notice:
    types = tuple(sorted({*before.types, one.type}))
    kind: Kind = "again" if "again" in (before.kind, one.kind) else one.kind
    newest = Instant(max(before.consent_at, one.at))
    return before._replace(kind=kind, types=types, consent_at=newest, entered_at=now, book=book)


def _waiting(transaction: Transaction, entered: Iterable[Entered]) -> dict[tuple[str, str, bool], Notice]:
    keys = orjson.dumps(list({(one.recipient, one.brand_code) for one in entered})).decode()
    found = map(notice_of, transaction.rows(WAITING_NOTICES_OF, keys=keys))
    return {_key(one): one for one in found}
