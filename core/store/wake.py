"""News of a commit to the processes that send, so that they need not find it at their next look."""

from enum import StrEnum


class Wake(StrEnum):
    """Why they are woken. It is a hint: one that is lost costs what is left of a second."""

    OUTBOX = "outbox"  # rows may leave
    NOTICES = "notices"  # notices may be due, and then rows may leave
