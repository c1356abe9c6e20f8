"""Refusals that are held back a while.

An operator that is told "not now" may try again at once: held back, that is once a second for each message and not
thousands of times.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

HOLD_BACK_S: Final = 1.0
HELD_MAX: Final = 10_000  # beyond it the oldest goes at once

Give = Callable[[], object]


class DelayedNacks:
    """Gives each answer `HOLD_BACK_S` after it came, in their order."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answers: deque[tuple[float, Give]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def hold(self, give: Give) -> None:
        self._answers.append((self._loop.time() + HOLD_BACK_S, give))
        if len(self._answers) > HELD_MAX:
            self._answers.popleft()[1]()
        self._set_timer()

    def release(self) -> None:
        """Give all of them now."""
        while self._answers:
            self._answers.popleft()[1]()

    def _due(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._answers and self._answers[0][0] <= now:
            self._answers.popleft()[1]()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._answers and self._timer is None:
            self._timer = self._loop.call_at(self._answers[0][0], self._due)
