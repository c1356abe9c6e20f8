"""The pace at which one bind may submit: so many a second, and slower for a while when the operator says that it is too
fast."""

from collections import deque
from math import inf
from typing import Final

SECOND_S: Final = 1.05  # a little more than one: what left a second apart may arrive closer together
PAUSE_S: Final = 1.0  # nothing leaves for so long after the operator complained
RECOVERY: Final = 1.1  # the factor by which a lowered rate rises each second
RECOVERY_MIN: Final = 0.05  # and the least that it rises, of what it was
RATE_MIN: Final = 1.0
UNLIMITED: Final = 100.0  # what "no limit" is taken for once the operator complains, unless it turned out to be more

_STEPS_MAX: Final = 300  # as many steps lift the lowest rate above any


class Pace:
    """Counts the submits of the last second, and so never lets more leave within any second than the rate.

    A rate of 0 is none. Times are seconds of a clock that never steps back.
    """

    def __init__(self, rate: int) -> None:
        self._most = float(rate) or inf
        self._rate = self._most
        self._left: deque[float] = deque()
        self._paused_until = -inf
        self._raised_at = -inf

    def rate(self, now: float) -> float:
        """Submits a second, as it is now; infinite for none."""
        if self._rate < self._most:
            least = RECOVERY_MIN * (UNLIMITED if self._most == inf else self._most)
            for _ in range(int(min(now - self._raised_at, _STEPS_MAX))):
                self._raised_at += 1
                self._rate = min(self._most, max(self._rate * RECOVERY, self._rate + least))
        return self._rate

    def is_paused(self, now: float) -> bool:
        return now < self._paused_until

    def room(self, now: float, most: int) -> int:
        """The number of submits that may leave now, at most `most`."""
        if self.is_paused(now):
            return 0
        left = self._left
        while left and left[0] <= now - SECOND_S:
            left.popleft()
        rate = self.rate(now)
        return most if rate == inf else max(0, min(most, int(rate) - len(left)))

    def spend(self, now: float) -> None:
        """One submit leaves."""
        self._left.append(now)

    def wait_s(self, now: float) -> float:
        """Seconds until the next submit may leave, when none may leave now."""
        freed_at = self._left[0] + SECOND_S if self._left else now
        return max(0.0, freed_at - now, self._paused_until - now)

    def slow_down(self, now: float) -> bool:
        """The operator complained: pause, and halve the rate; whether that is news.

        What was under way when it complained brings more complaints of the same cause: the rate is halved once for
        them all.
        """
        if self.is_paused(now):
            return False
        rate = self.rate(now)
        if rate == inf:
            self.room(now, 0)
            rate = max(UNLIMITED, float(len(self._left)))
        self._rate = max(RATE_MIN, rate / 2)
        self._paused_until = self._raised_at = now + PAUSE_S
        return True
