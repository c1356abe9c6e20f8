"""Submits that an operator refuses for causes that are not the message's: said once, and named until it takes one."""

from collections.abc import Callable
from typing import Final

import structlog

from sms.smpp import codes
from sms.smpp.statuses import Fault

LASTING_S: Final = 30.0  # an operator that cannot now is named once it could not for so long

_log = structlog.get_logger(component="sms")


class Refusals:
    """Refusals that stand between this operator and our submits. `now` is a clock that never steps back, in seconds."""

    def __init__(self, operator: str, now: Callable[[], float]) -> None:
        self._operator = operator
        self._now = now
        self._status: int | None = None
        self._fault = Fault.SETTINGS
        self._since = 0.0

    @property
    def trouble(self) -> str | None:
        """The trouble that is named to people; None while submits are taken."""
        if self._status is None or (self._fault is not Fault.SETTINGS and self._now() < self._since + LASTING_S):
            return None
        return f"submits refused {codes.status_name(self._status)}"

    def refused(self, status: int, fault: Fault) -> None:
        """A submit was refused. A run of one status is one line in the log."""
        if self._status is None:
            self._since = self._now()
        if status != self._status:
            say = _log.error if fault is Fault.SETTINGS else _log.warning
            say("submits are refused", operator=self._operator, status=codes.status_name(status), fault=fault.value)
        self._status, self._fault = status, fault

    def taken(self) -> None:
        """A submit was accepted."""
        if self._status is not None:
            _log.info("submits are taken again", operator=self._operator)
        self._status = None
