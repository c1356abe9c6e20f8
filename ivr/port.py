"""The port of a call to the rest of the line."""

from typing import NamedTuple, Protocol

from core.conversation.answers import Outcome, Undecided
from core.conversation.requests import Intent, Language
from core.domain.recipients import Msisdn
from ivr.states import Held, Known


class Dialled(NamedTuple):
    """Keys of a call until a wish was plain: the raw evidence of the request. `call` is Asterisk's unique id of the
    call, `step` counts the call's requests, `keys` are the answers to its questions, in order."""

    call: str
    step: int
    keys: tuple[str, ...]


class IvrPort(Protocol):
    """The desk behind the voice menu. Every method ends in a few seconds, whatever the database does."""

    async def known(self, number: Msisdn) -> Known:
        """Facts known of a calling number; none where it cannot be looked up."""

    async def hand_in(
        self, number: Msisdn, wish: Intent, dialled: Dialled, language: Language | None
    ) -> Outcome | Undecided:
        """Have a wish decided. `language` is kept for the number."""

    async def held(self, number: Msisdn) -> Held:
        """Brands that may reach a number whose holder has proven it."""
