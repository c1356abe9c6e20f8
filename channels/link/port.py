"""The port of the link pages to the rest of the line. The pages themselves know no store and no desk."""

from typing import Literal, NamedTuple, Protocol

from core.brands.brand import Brand
from core.conversation.answers import ComplaintState, RetAnswer, RetSeveral, State
from core.domain.clock import Instant
from core.domain.consent import ConsentType, Source
from core.domain.recipients import Msisdn


class LinkDown(Exception):
    """The store does not answer: nothing changed."""


class Held(NamedTuple):
    """One line of what stands: `state` as in core.answers.State."""

    brand: Brand
    type: ConsentType
    state: State
    since: Instant
    source: Source
    receipt: str | None


class Offer(NamedTuple):
    """The matter of a link.

    `tail`: last two digits of the number (or the masked e-mail address). `covered`: the types its notice announced.
    `held`: what stands now for this brand, all types of this address.
    """

    brand: Brand
    tail: str
    covered: tuple[ConsentType, ...]
    held: tuple[Held, ...]
    is_mail: bool


class ReportLine(NamedTuple):
    """A report of the citizen. `name` is an unknown sender as typed; `outcome` a person's words, once it is closed."""

    receipt: str
    state: ComplaintState
    brand: Brand | None
    name: str | None
    opened_at: Instant
    outcome: str | None


class ReceiptState(NamedTuple):
    """Time and state of an act, for anybody who has its receipt: no number, no brand."""

    receipt: str
    what: Literal["ended", "allowed", "unchanged", "kept", "question", "set-aside", "resolved", "report"]
    at: Instant


class LinkPort(Protocol):
    """The desk behind the pages. Every method may raise `LinkDown`; only `offer`, `holdings`, `reports` and
    `receipt` are called by GET and HEAD, and only read."""

    async def offer(self, token: str) -> Offer | None:
        """The matter of the link; None: unknown, expired, or its line was closed."""

    async def refuse(self, token: str, types: tuple[ConsentType, ...], raw: bytes) -> RetAnswer | None:
        """End these types, which the link covers. `raw` is the body as it came. None as for `offer`."""

    async def send_code(self, number: Msisdn) -> None:
        """Send a code to the number; outwardly always alike."""

    async def prove(self, number: Msisdn, code: str, raw: bytes) -> bool:
        """True if these six digits are the code that was sent; it counts the tries."""

    async def holdings(self, number: Msisdn) -> tuple[Held, ...]:
        """Everything that stands for the number, from every door."""

    async def refuse_held(
        self, number: Msisdn, chosen: tuple[tuple[str, ConsentType], ...], raw: bytes
    ) -> RetAnswer | RetSeveral:
        """End these (brand code, type) of the holdings."""

    async def report(self, number: Msisdn, brand_code: str, text: str, raw: bytes) -> str:
        """Open a report on a brand of the holdings; its receipt."""

    async def reports(self, number: Msisdn) -> tuple[ReportLine, ...]:
        """The reports of the number."""

    async def receipt(self, receipt: str) -> ReceiptState | None:
        """The fate of the act with this receipt; None: there is none."""
