"""From when on each kind of row is over.

Kept for three years after a consent ended is what proves it (Yönetmelik m.13). The records themselves stay, and so do
objections and the date of a closed line: a refusal goes on protecting its citizen for as long as senders have old
consents to hand in. The ledger stays whole: once the salt of an act is gone, its pseudonym there tells nothing.
"""

from typing import Final, NamedTuple

from core.domain.clock import HOUR_MS, MINUTE_MS, Instant, from_datetime, istanbul
from core.domain.consent import Record, Status

PROOF_YEARS: Final = 3
_FEBRUARY_28: Final = 28
_SETTLED_MS: Final = 96 * HOUR_MS
"""By then every message was sent or has expired, and the network has told what became of it."""
_CLOCKS_MS: Final = MINUTE_MS
"""How far the clocks of two processes may be apart: what one holds for expired, another must not be about to send."""


class Spans(NamedTuple):
    """Lives of things, in milliseconds."""

    raw_text_ms: int
    redelivery_ms: int
    dedupe_ms: int
    help_repeat_ms: int
    link_ms: int


class Terms(NamedTuple):
    """Moments: what is of them, or older, is over. `texts` is about the texts and octets of messages, `messages` about
    those that were no act, `proofs` about what proves consents that ended then, `notices` about when a notice entered
    whose links may live longer than its proof is wanted, `codes` about when a code ended."""

    now: Instant
    texts: Instant
    messages: Instant
    proofs: Instant
    notices: Instant
    codes: Instant
    spans: Spans

    @classmethod
    def at(cls, now: Instant, spans: Spans) -> "Terms":
        proofs = years_before(now, PROOF_YEARS)
        return cls(
            now=now,
            texts=Instant(now - spans.raw_text_ms),
            messages=Instant(now - max(spans.raw_text_ms, spans.redelivery_ms, _SETTLED_MS)),
            proofs=proofs,
            notices=Instant(min(proofs, now - spans.link_ms - _SETTLED_MS)),
            codes=Instant(now - _CLOCKS_MS),
            spans=spans,
        )

    def wants_proof(self, record: Record) -> bool:
        """True if a permission that this record once was still has to be proven: it stands, or ended not long ago."""
        return record.status is Status.ONAY or record.consent_at > self.proofs


def years_before(now: Instant, years: int) -> Instant:
    """The same date and time of day in Türkiye; of a 29 February, where that year has none, the day before it."""
    moment = istanbul(now)
    day = min(moment.day, _FEBRUARY_28) if moment.month == 2 else moment.day
    return from_datetime(moment.replace(year=moment.year - years, day=day))
