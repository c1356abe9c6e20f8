"""Long messages: parts wait as rows for the rest of their set; what to do with a set whose time is over.

A set is told by operator, sender, destination, reference and total. The same part with other octets begins a new set:
phones use the same reference again. Keeping a part and testing completeness happen in one transaction.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from core.conversation.requests import (
    BrandAlone,
    Leftover,
    Mention,
    NotUnderstood,
    Onay,
    Piece,
    Reading,
    Request,
    Ret,
    Unreadable,
    Wish,
)
from core.domain.clock import Instant
from core.store.queries.segments import ADD_PIECE, DROP_SET, OVERDUE_SETS, PIECES_OF_SET, PIECES_OF_SETS
from core.store.transaction import Transaction

OVERDUE_MAX: Final = 100
"""Sets that one look finds; the next look finds the next ones."""

_GAP: Final = " […] "


class Part(NamedTuple):
    """A part that waits. `raw` are the octets of its message, None once they were removed."""

    number: int
    received_at: Instant
    raw: bytes | None


class OverdueSet(NamedTuple):
    """A set whose time is over; `first` is the request that began it."""

    recipient: str
    origin: str
    destination: str
    reference: int
    total: int
    first: int
    parts: tuple[Part, ...]


class Whole(NamedTuple):
    """A long message put together: what it says, and the keys of its parts (`core.conversation.requests`)."""

    reading: Reading
    keys: tuple[bytes, ...]


class _Kept(NamedTuple):
    octets: bytes
    key: bytes


def take_part(transaction: Transaction, request: Request, piece: Piece, request_id: int) -> Whole | None:
    """Keep a part; the whole message once all parts are there."""
    key = _key(request, piece)
    sets: dict[int, dict[int, _Kept]] = {}
    for first, number, octets, part_key in transaction.rows(PIECES_OF_SETS, **key):
        sets.setdefault(first, {})[number] = _Kept(octets, part_key)
    if any(piece.number in parts and parts[piece.number].octets == piece.octets for parts in sets.values()):
        return None
    first = next((first for first in reversed(sets) if piece.number not in sets[first]), request_id)
    together = {**sets.get(first, {}), piece.number: _Kept(piece.octets, request.key)}
    if len(together) < piece.total:
        row = (*key.values(), first, piece.number, piece.octets, request.key, request_id, request.received_at)
        transaction.run_many(ADD_PIECE, [row])
        return None
    transaction.run(DROP_SET, **key, of_first=first)
    parts = [part for _, part in sorted(together.items())]
    return Whole(piece.join([part.octets for part in parts]), tuple([part.key for part in parts]))


def take_leftover(transaction: Transaction, request: Request, leftover: Leftover) -> Whole | None:
    """End a set: what its parts say; None if another process ended it, or its last part came, in the meantime."""
    key = _key(request, leftover)
    parts = {number: octets for number, octets, *_ in transaction.rows(PIECES_OF_SET, **key, of_first=leftover.first)}
    if not parts:
        return None
    drop_set(transaction, request, leftover)
    return Whole(settled(leftover.read(parts)), ())


def drop_set(transaction: Transaction, request: Request, leftover: Leftover) -> None:
    """End a set whatever its parts say."""
    transaction.run(DROP_SET, **_key(request, leftover), of_first=leftover.first)


def overdue_sets(transaction: Transaction, before: Instant) -> list[OverdueSet]:
    """Sets that began before this moment, the oldest first."""
    return [
        OverdueSet._make((*row, _parts_of(transaction, *row)))
        for row in transaction.rows(OVERDUE_SETS, before=before, limit=OVERDUE_MAX)
    ]


def _parts_of(
    transaction: Transaction, recipient: str, origin: str, destination: str, reference: int, total: int, first: int
) -> tuple[Part, ...]:
    pieces = transaction.rows(
        PIECES_OF_SET,
        recipient=recipient,
        origin=origin,
        destination=destination,
        reference=reference,
        total=total,
        of_first=first,
    )
    return tuple([Part(number, received_at, octets) for number, _, received_at, octets in pieces])


def settled(readings: Sequence[Reading]) -> Reading:
    """What the runs of an incomplete message come to: the first that has an explicit verb beside an exact brand acts,
    otherwise the citizen is asked."""
    text = _GAP.join([reading.text or "" for reading in readings])
    mentions: list[Mention] = []
    for reading in readings:
        if isinstance(reading.said, Unreadable):
            return reading
        wish = _explicit(reading.said)
        if not isinstance(wish, NotUnderstood):
            return Reading(text, wish, reading.language)
        mentions += wish.mentions
    return Reading(text, NotUnderstood(tuple(mentions)), readings[0].language)


def _explicit(said: Wish) -> Ret | Onay | NotUnderstood:
    mentions: tuple[Mention, ...] = getattr(said, "mentions", ())
    if isinstance(said, BrandAlone):
        mentions = (said.mention,)
    exact = tuple([mention for mention in mentions if mention.exact and mention.is_clear])
    if isinstance(said, Ret | Onay) and exact:
        return said._replace(mentions=exact)
    return NotUnderstood(mentions)


def _key(request: Request, of_set: Piece | Leftover) -> dict[str, Any]:
    assert request.recipient is not None, "only a number's message has parts"
    return {
        "recipient": request.recipient.reveal(),
        "origin": request.origin,
        "destination": request.destination,
        "reference": of_set.reference,
        "total": of_set.total,
    }
