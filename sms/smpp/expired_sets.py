"""Long messages that stay incomplete: found when `part_s` is over, read run by run, and handed to the desk."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from core.brands.directory import Directory
from core.conversation.answers import Outcome
from core.conversation.requests import BrandMention, Door, ExpiredSet, Onay, Reading, Request, Ret, Segment, Unreadable
from core.domain.clock import Clock, Instant
from core.domain.recipients import Msisdn
from core.domain.text import key
from core.intake.concat import OverdueSegments, overdue_sets
from core.intake.desk import Desk
from core.store.transaction import Transaction
from sms.smpp.decode import Decoder

_GONE: Final = Reading(None, Unreadable("parts whose messages were removed"))


class ExpiredSets:
    """One process's look for sets that are over. `inbounds` are those of the operators by name; parts of an operator
    that the settings have no longer are read by `other`."""

    def __init__(
        self,
        decoders: Mapping[str, Decoder],
        other: Decoder,
        directory: Directory,
        desk: Desk,
        clock: Clock,
        part_ms: int,
    ) -> None:
        self._decoders = decoders
        self._other = other
        self._directory = directory
        self._desk = desk
        self._clock = clock
        self._part_ms = part_ms
        self._in_hand: set[int] = set()

    def find(self, transaction: Transaction) -> list[OverdueSegments]:
        """An errand, now and then."""
        return overdue_sets(transaction, Instant(self._clock() - self._part_ms))

    def hand_in(self, overdue: Iterable[OverdueSegments]) -> None:
        """Give each to the desk, unless it is there already; what is not committed is found again."""
        for one in overdue:
            if one.first not in self._in_hand:
                self._in_hand.add(one.first)
                self._desk.submit(self._request(one), partial(self._done, one.first))

    def _done(self, first: int, _outcome: Outcome) -> None:
        self._in_hand.discard(first)

    def _request(self, one: OverdueSegments) -> Request:
        """A request with the messages of all parts as evidence, dated when the last of them arrived."""
        request = self._sample(one)
        join = request.intent.join if request is not None and isinstance(request.intent, Segment) else None
        read = partial(self._read, join, one.total)
        return Request(
            Door.SMS,
            Msisdn(one.recipient),
            ExpiredSet(one.reference, one.total, one.first, read),
            None,
            b"".join([part.raw or b"" for part in one.parts]),
            b"parts %d" % one.first,
            max(part.received_at for part in one.parts),
            one.destination,
            one.origin,
            sent_at=None if request is None else request.sent_at,
        )

    def _sample(self, one: OverdueSegments) -> Request | None:
        """The request that the first part was, which knows how the others are read."""
        raw = next((part.raw for part in one.parts if part.raw is not None), None)
        return None if raw is None else self._decoders.get(one.origin, self._other).take(raw, 0).request

    def _read(
        self, join: Callable[[Sequence[bytes]], Reading] | None, total: int, parts: Mapping[int, bytes]
    ) -> list[Reading]:
        if join is None:
            return [_GONE]
        return [self._cut(join([parts[n] for n in run]), run, total) for run in _runs(sorted(parts))]

    def _cut(self, reading: Reading, run: range, total: int) -> Reading:
        """A name that touches a missing part may be a piece of a longer one: then it is not exact."""
        if not isinstance(reading.intent, Ret | Onay):
            return reading
        whole = key(reading.text or "")

        def cut(mention: BrandMention) -> BrandMention:
            typed = key(mention.typed)
            at_start = run.start > 1 and whole.startswith(typed)
            at_end = run.stop <= total and whole.endswith(typed)
            is_cut = (at_start or at_end) and self._directory.is_within(typed)
            return mention._replace(exact=False) if is_cut else mention

        return reading._replace(intent=reading.intent._replace(mentions=tuple(map(cut, reading.intent.mentions))))


def _runs(numbers: Sequence[int]) -> list[range]:
    """Consecutive numbers, in order, as ranges."""
    runs: list[range] = []
    for number in numbers:
        if runs and runs[-1].stop == number:
            runs[-1] = range(runs[-1].start, number + 1)
        else:
            runs.append(range(number, number + 1))
    return runs
