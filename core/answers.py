"""What the desk answers: facts that were committed, free of any protocol and any language."""

from datetime import date
from typing import NamedTuple, Protocol

from core.brands import Brand
from core.clock import Instant
from core.consent import ConsentType


class RetAnswer(NamedTuple):
    """What became of a refusal of one brand, type by type.

    `ended` had a permission that is now removed; `already` had none, `since` when; `kept` had no record, the wish is
    kept as an objection; `newer` has a consent dated after the wish, which stands. `allowed` are the brand's other
    types that are still permitted. One answer for both recipient types: it does not say which of them existed.
    """

    brand: Brand
    receipt: str
    last_lawful_day: date
    ended: tuple[ConsentType, ...] = ()
    already: tuple[ConsentType, ...] = ()
    since: Instant | None = None
    kept: tuple[ConsentType, ...] = ()
    newer: tuple[ConsentType, ...] = ()
    newer_at: Instant | None = None
    allowed: tuple[ConsentType, ...] = ()


class EpostaElsewhere(NamedTuple):
    """E-mail permission hangs on the address, not on the number: nothing changed."""

    brand: Brand
    at: Instant


class BrandUnknown(NamedTuple):
    name: str
    at: Instant


class NotUnderstoodAnswer(NamedTuple):
    at: Instant


class SetAside(NamedTuple):
    """The message is kept for a person to look at."""

    receipt: str


Answer = RetAnswer | EpostaElsewhere | BrandUnknown | NotUnderstoodAnswer | SetAside


class Silence(NamedTuple):
    """Committed, and nothing to say: a duplicate, a part of a message that is not complete, a sender without number."""


class Temporary(NamedTuple):
    """Not committed: whoever asked keeps the request and may bring it again."""

    reason: str


class Committed(NamedTuple):
    """The end of a request that is now durable; `request_id` names its evidence."""

    request_id: int
    answer: Answer | Silence


Outcome = Committed | Temporary


class Texts(Protocol):
    """Renders answers as SMS text, as the short number's door words them."""

    def __call__(self, answer: Answer) -> str: ...
