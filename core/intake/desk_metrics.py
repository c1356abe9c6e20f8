"""Metrics of what the desk has committed."""

import os
import time
from collections import Counter
from collections.abc import Iterable
from typing import Final

from core.conversation.consent_state import Change
from core.conversation.requests import Door, Request
from core.domain.consent import Objection, Status
from core.domain.metrics import REFUSALS, REQUEST_SECONDS, REQUESTS, UNANSWERED
from core.intake.batch import Outgoing, outcome_of
from core.intake.spoof_monitor import SpoofMonitor

_SECRET_OCTETS: Final = 16


class DeskMetrics:
    """`spoof_monitor` is of the texts of this process."""

    def __init__(self) -> None:
        self.spoof_monitor = SpoofMonitor(os.urandom(_SECRET_OCTETS))
        self._seconds = {door: REQUEST_SECONDS.labels(door) for door in Door}

    def count(self, decided: Iterable[tuple[Request, float, Outgoing]]) -> None:
        """Requests that were committed together, each with the moment (`time.monotonic`) when it came to the desk."""
        now = time.monotonic()
        outcomes: Counter[tuple[Door, str]] = Counter()
        unanswered: Counter[tuple[Door, str]] = Counter()
        refused: Counter[str] = Counter()
        for request, since, out in decided:
            self._seconds[request.door].observe(now - since)
            outcomes[request.door, outcome_of(out)] += 1
            if out.silence is not None:
                unanswered[request.door, out.silence] += 1
            if request.door is not Door.CLERK:
                refused.update({change.row.brand_code for change in out.changes if _refuses(change)})
            if out.is_first and request.door is Door.SMS and out.read:
                self.spoof_monitor.hear(out.read, request.received_at)
        for labels, count in outcomes.items():
            REQUESTS.labels(*labels).inc(count)
        for labels, count in unanswered.items():
            UNANSWERED.labels(*labels).inc(count)
        for brand, count in refused.items():
            REFUSALS.labels(brand).inc(count)


def _refuses(change: Change) -> bool:
    before, after = change
    if after is None or after == before:
        return False
    return isinstance(after, Objection) or after.status is Status.RET
