"""One text from many numbers that the line has not heard from before: somebody spoofs senders, or sells the text."""

import hashlib
from collections import Counter, deque
from typing import Final, NamedTuple

from core.domain.clock import MINUTE_MS, Instant
from core.domain.text import key

MINUTES: Final = 60
TEXTS_MAX: Final = 50_000
_DIGEST_OCTETS: Final = 8


class _Minute(NamedTuple):
    number: int
    texts: Counter[bytes]


class SpoofMonitor:
    """Counts of texts over a sliding hour. A number is new only once, so that each count is one of distinct numbers.

    No text is kept: a count hangs on a hash of the folded text, keyed with a secret of this process. `TEXTS_MAX` are
    counted at a time; when there are more, those that came once are dropped.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._minutes: deque[_Minute] = deque()
        self._totals: Counter[bytes] = Counter()
        self._largest = 0

    def hear(self, text: str, now: Instant) -> None:
        """A number sent the text, and nothing before it."""
        self._forget(now)
        name = hashlib.blake2b(key(text).encode(), key=self._secret, digest_size=_DIGEST_OCTETS).digest()
        if name not in self._totals and len(self._totals) >= TEXTS_MAX:
            self._drop_single()
            if len(self._totals) >= TEXTS_MAX:
                return
        number = now // MINUTE_MS
        # A clock that was set back counts in the newest minute.
        if not self._minutes or self._minutes[-1].number < number:
            self._minutes.append(_Minute(number, Counter()))
        self._minutes[-1].texts[name] += 1
        self._totals[name] += 1
        self._largest = max(self._largest, self._totals[name])

    def largest(self, now: Instant) -> int:
        """Count of the numbers that sent the text most of them sent."""
        self._forget(now)
        return self._largest

    def _forget(self, now: Instant) -> None:
        first = now // MINUTE_MS - MINUTES
        if not self._minutes or self._minutes[0].number > first:
            return
        while self._minutes and self._minutes[0].number <= first:
            self._totals -= self._minutes.popleft().texts
        self._largest = max(self._totals.values(), default=0)

    def _drop_single(self) -> None:
        single = {name for name, count in self._totals.items() if count == 1}
        for name in single:
            del self._totals[name]
        for _, texts in self._minutes:
            for name in single & texts.keys():
                del texts[name]
