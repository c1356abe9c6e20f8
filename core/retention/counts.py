"""Counts of removed rows, by kind."""

from typing import NamedTuple


class Removed(NamedTuple):
    """`texts` are those of messages; `messages` those that were no act; `proofs` acts with everything that proved them;
    `answers` what was sent for either; `codes` those that stood in clear; `conversations` conversations of which
    something was forgotten; `import_log` what is remembered of imports; `connections` those to operators that
    are closed."""

    texts: int = 0
    messages: int = 0
    proofs: int = 0
    answers: int = 0
    codes: int = 0
    notices: int = 0
    links: int = 0
    redeliveries: int = 0
    conversations: int = 0
    reports: int = 0
    import_log: int = 0
    connections: int = 0

    def plus(self, other: "Removed") -> "Removed":
        return Removed(*map(sum, zip(self, other, strict=True)))

    def __bool__(self) -> bool:
        return any(self)

    def __str__(self) -> str:
        return " ".join(f"{name}={count}" for name, count in self._asdict().items())
