"""Ends of a call before its menu has ended.

CallEnded
 +-- HungUp           the caller is gone: result -1, HANGUP, 511, or Read says so
 +-- ConnectionLost   Asterisk closed the connection, or it broke
 +-- AgiTimeout       Asterisk did not speak within the limit
 +-- AgiBroken        what Asterisk said is no environment or no answer

What was decided before stays decided. No error carries what was said or keyed in: each may be logged as it stands.
"""

from typing import ClassVar


class CallEnded(Exception):
    """Base of all ends. `how` is its name in the metrics; the docstring is the message of those that take none."""

    how: ClassVar[str]

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "")


class HungUp(CallEnded):
    """the caller hung up"""

    how = "hung-up"


class ConnectionLost(CallEnded):
    """the connection to Asterisk was lost"""

    how = "lost"


class AgiTimeout(CallEnded):
    """Asterisk did not speak in time"""

    how = "timeout"


class AgiBroken(CallEnded):
    """An environment or answer that is none; the message names what is wrong with it."""

    how = "broken"

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
