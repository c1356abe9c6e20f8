"""A log of one peer's junk: a few lines a minute, with a count of what they leave out."""

from collections.abc import Callable
from time import monotonic
from typing import Final

import structlog

LINES_MAX: Final = 5  # a span
SPAN_S: Final = 60.0

_log = structlog.get_logger(component="smpp")


class JunkLog:
    """Says at most `LINES_MAX` lines in `SPAN_S`; the next one says how many were `left_out`. `now` is a clock that
    never steps back, in seconds."""

    def __init__(self, operator: str, now: Callable[[], float] = monotonic) -> None:
        self._operator = operator
        self._now = now
        self._since = -SPAN_S
        self._lines = 0
        self._left_out = 0

    def say(self, event: str, **fields: str | int) -> None:
        """A line, unless there were too many; no field may hold a number or a text of a citizen."""
        now = self._now()
        if self._since + SPAN_S <= now:
            self._since, self._lines = now, 0
        if self._lines >= LINES_MAX:
            self._left_out += 1
            return
        if self._left_out:
            fields["left_out"] = self._left_out
        self._lines, self._left_out = self._lines + 1, 0
        _log.warning(event, operator=self._operator, **fields)
