"""Long messages: parts wait as rows for the rest of their set; what to do with a set whose time is over.

A set is told by operator, sender, destination, reference and total. The same part with other octets begins a new set:
phones use the same reference again. Keeping a part and testing completeness happen in one transaction.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from core.conversation.requests import (
    BrandAlone,
    BrandMention,
    ExpiredSet,
    Intent,
    NotUnderstood,
    Onay,
    Reading,
    Request,
    Ret,
    Segment,
    Unreadable,
)
from core.domain.clock import Instant
from core.store.queries.segments import ADD_SEGMENT, DROP_SET, OVERDUE_SETS, SEGMENTS_OF_SET, SEGMENTS_OF_SETS
from core.store.transaction import Transaction

OVERDUE_MAX: Final = 100
"""Sets that one look finds; the next look finds the next ones."""

_GAP: Final = " […] "


class StoredSegment(NamedTuple):
    """A part that waits. `raw` are the octets of its message, None once they were removed."""

    number: int
    received_at: Instant
    raw: bytes | None


class OverdueSegments(NamedTuple):
    """A set whose time is over; `first` is the request that began it."""

    recipient: str
    origin: str
    destination: str
    reference: int
    total: int
    first: int
    parts: tuple[StoredSegment, ...]


class WholeMessage(NamedTuple):
    """A long message put together: what it says, and the keys of its parts (`core.conversation.requests`)."""

    reading: Reading
    keys: tuple[bytes, ...]


class _Kept(NamedTuple):
    octets: bytes
    key: bytes


def take_segment(transaction: Transaction, request: Request, segment: Segment, request_id: int) -> WholeMessage | None:
    """Keep a part; the whole message once all parts are there."""
    key = _key(request, segment)
    sets: dict[int, dict[int, _Kept]] = {}
    for first, number, octets, part_key in transaction.rows(SEGMENTS_OF_SETS, **key):
        sets.setdefault(first, {})[number] = _Kept(octets, part_key)
    if any(segment.number in parts and parts[segment.number].octets == segment.octets for parts in sets.values()):
        return None
    first = next((first for first in reversed(sets) if segment.number not in sets[first]), request_id)
    together = {**sets.get(first, {}), segment.number: _Kept(segment.octets, request.key)}
    if len(together) < segment.total:
        row = (*key.values(), first, segment.number, segment.octets, request.key, request_id, request.received_at)
        transaction.run_many(ADD_SEGMENT, [row])
        return None
    transaction.run(DROP_SET, **key, of_first=first)
    parts = [part for _, part in sorted(together.items())]
    return WholeMessage(segment.join([part.octets for part in parts]), tuple([part.key for part in parts]))


def take_expired_set(transaction: Transaction, request: Request, expired_set: ExpiredSet) -> WholeMessage | None:
    """End a set: what its parts say; None if another process ended it, or its last part came, in the meantime."""
    key = _key(request, expired_set)
    parts = {
        number: octets for number, octets, *_ in transaction.rows(SEGMENTS_OF_SET, **key, of_first=expired_set.first)
    }
    if not parts:
        return None
    drop_set(transaction, request, expired_set)
    return WholeMessage(settled(expired_set.read(parts)), ())


def drop_set(transaction: Transaction, request: Request, expired_set: ExpiredSet) -> None:
    """End a set whatever its parts say."""
    transaction.run(DROP_SET, **_key(request, expired_set), of_first=expired_set.first)


def overdue_sets(transaction: Transaction, before: Instant) -> list[OverdueSegments]:
    """Sets that began before this moment, the oldest first."""
    return [
        OverdueSegments._make((*row, _parts_of(transaction, *row)))
        for row in transaction.rows(OVERDUE_SETS, before=before, limit=OVERDUE_MAX)
    ]


def _parts_of(
    transaction: Transaction, recipient: str, origin: str, destination: str, reference: int, total: int, first: int
) -> tuple[StoredSegment, ...]:
    segments = transaction.rows(
        SEGMENTS_OF_SET,
        recipient=recipient,
        origin=origin,
        destination=destination,
        reference=reference,
        total=total,
        of_first=first,
    )
    return tuple([StoredSegment(number, received_at, octets) for number, _, received_at, octets in segments])


def settled(readings: Sequence[Reading]) -> Reading:
    """The reading of an incomplete message's runs: the first that has an explicit verb beside an exact brand acts,
    otherwise the citizen is asked."""
    text = _GAP.join([reading.text or "" for reading in readings])
    mentions: list[BrandMention] = []
    for reading in readings:
        if isinstance(reading.intent, Unreadable):
            return reading
        intent = _explicit(reading.intent)
        if not isinstance(intent, NotUnderstood):
            return Reading(text, intent, reading.language)
        mentions += intent.mentions
    return Reading(text, NotUnderstood(tuple(mentions)), readings[0].language)


def _explicit(intent: Intent) -> Ret | Onay | NotUnderstood:
    mentions: tuple[BrandMention, ...] = getattr(intent, "mentions", ())
    if isinstance(intent, BrandAlone):
        mentions = (intent.mention,)
    exact = tuple([mention for mention in mentions if mention.exact and mention.is_clear])
    if isinstance(intent, Ret | Onay) and exact:
        return intent._replace(mentions=exact)
    return NotUnderstood(mentions)


def _key(request: Request, of_set: Segment | ExpiredSet) -> dict[str, Any]:
    assert request.recipient is not None, "only a number's message has parts"
    return {
        "recipient": request.recipient.reveal(),
        "origin": request.origin,
        "destination": request.destination,
        "reference": of_set.reference,
        "total": of_set.total,
    }
