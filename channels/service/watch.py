"""Tells the supervisor each second how the service is: ready or what is missing, and that it makes progress."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from channels.service.supervisor import Supervisor

PERIOD_S: Final = 1.0
STATUS_MAX: Final = 500  # characters

_log = structlog.get_logger(component="service")


class Watch:
    """`missing` is what `/readyz` names. `busy_s` is for how long the writer has been at one transaction.

    A sign of life is given by the event loop, so that a loop that stands still gives none; and only while the writer
    comes back from its transactions. It does from those that a database refuses or lets wait, in the time that each
    statement has: a database that is down is no reason to be ended, for a new process would find it no better.
    """

    def __init__(self, supervisor: Supervisor, missing: Callable[[], list[str]], busy_s: Callable[[], float]) -> None:
        self._supervisor = supervisor
        self._missing = missing
        self._busy_s = busy_s
        self._ready = False
        self._stopping = False
        self._hanging = False
        self._status = ""

    async def run(self) -> None:
        watchdog_s = self._supervisor.watchdog_s
        while True:
            self.look()
            await asyncio.sleep(PERIOD_S if watchdog_s is None else min(PERIOD_S, watchdog_s / 2))

    def stop(self) -> None:
        """The service is ending; signs of life go on until `run` is cancelled."""
        self._stopping = True
        self.look()

    def look(self) -> None:
        """Tell what is to be told now. What is not taken is told again the next time."""
        missing = self._missing()
        ready = self._ready or not (missing or self._stopping)
        status = ("stopping" if self._stopping else "; ".join(missing) or "ready")[:STATUS_MAX]
        lines = self._signs_of_life(ready)
        if ready and not self._ready:
            lines.append("READY=1")
        if status != self._status:
            lines += [f"STATUS={status}", *(["STOPPING=1"] if self._stopping else [])]
        if self._supervisor.tell(lines):
            self._ready, self._status = ready, status

    def _signs_of_life(self, ready: bool) -> list[str]:
        watchdog_s = self._supervisor.watchdog_s
        if watchdog_s is None:
            return []
        was_hanging, self._hanging = self._hanging, self._busy_s() >= watchdog_s / 2
        if self._hanging:
            if not was_hanging:
                _log.critical("the writer does not come back: no more signs of life", watchdog_s=watchdog_s)
            return []
        # systemd's watchdog begins with READY=1. Until then each sign asks for as much time again: an operator that
        # refuses the bind may keep a service from being ready for hours.
        return ["WATCHDOG=1", *([] if ready else [f"EXTEND_TIMEOUT_USEC={round(watchdog_s * 1e6)}"])]
