"""The scene of a decision, and what it comes to."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from core.brands.brand import Brand
from core.conversation.answers import Answer, ComplaintState, Effect, Unspoken
from core.conversation.consent_state import NOTHING, Change, ConsentState
from core.conversation.conversation import Conversation
from core.conversation.requests import SOURCE_OF_DOOR, Door, Intent, Request, Types
from core.domain.calendar import Calendar
from core.domain.clock import HOUR_MS, Instant, to_second
from core.domain.consent import PHONE_TYPES, ConsentType, Source
from core.domain.recipients import Email
from core.domain.rules import Rules


class Past(NamedTuple):
    """An act of this number, found by its receipt."""

    what: Effect
    brand_codes: tuple[str, ...]
    acted_at: Instant


class Report(NamedTuple):
    """A citizen's report ("şikayet"), found by its number."""

    receipt: str
    state: ComplaintState
    brand_code: str | None
    opened_at: Instant
    outcome: str | None


class Scene(NamedTuple):
    """One wish with everything that its decision may look at. `text` is the whole text, `receipt` and `code` are
    drawn and are taken if the decision needs them; `found` is what stands under the receipt asked for."""

    request: Request
    intent: Intent
    text: str
    conversation: Conversation
    standings: Mapping[str, ConsentState]
    find_brand: Callable[[str], Brand | None]
    now: Instant
    receipt: str
    code: str
    calendar: Calendar
    rules: Rules
    found: Past | Report | None = None

    def standing(self, brand_code: str) -> ConsentState:
        return self.standings.get(brand_code, NOTHING)

    def brand(self, code: str) -> Brand:
        """A brand that stands in the registry; one that this process has not read yet goes by its number."""
        return self.find_brand(code) or Brand(code, code)

    @property
    def question_end(self) -> Instant:
        """When a question that is put now ends."""
        return Instant(self.now + self.rules.question_ms)

    @property
    def question_hours(self) -> int:
        """The hours that it stands, as texts say it."""
        return max(1, self.rules.question_ms // HOUR_MS)

    @property
    def kinds(self) -> Types:
        """The types that this address has records of."""
        return (ConsentType.EPOSTA,) if isinstance(self.request.recipient, Email) else PHONE_TYPES

    @property
    def source(self) -> Source:
        """Where an act comes from: also a link opened in a mail."""
        is_mail = self.request.door is Door.LINK and isinstance(self.request.recipient, Email)
        return Source.IYS_EPOSTA if is_mail else SOURCE_OF_DOOR[self.request.door]

    @property
    def acted_at(self) -> Instant:
        """The date of the act: when the network says that it was sent, else when it arrived."""
        sent_at, received_at = self.request.sent_at, self.request.received_at
        return to_second(received_at if sent_at is None else sent_at)

    @property
    def recipient(self) -> str:
        assert self.request.recipient is not None, "a request without a number is set aside before it is decided"
        return self.request.recipient.reveal()


class NewReport(NamedTuple):
    """A report to be opened, unconfirmed. `name` is an unknown sender's, as the citizen typed it. `is_proven`: who
    holds the number is known, and the message itself has come with it."""

    receipt: str
    brand_code: str | None
    name: str | None
    is_proven: bool = False


class Proof(NamedTuple):
    """This message proves the holder of the number, and opens the report; `is_evidence`: its text belongs to it."""

    receipt: str
    is_evidence: bool


class Decision(NamedTuple):
    """`conversation` is what the line remembers from now on."""

    answer: Answer | Unspoken
    conversation: Conversation
    changes: tuple[Change, ...] = ()
    report: NewReport | Proof | None = None
