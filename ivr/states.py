"""Where a call stands: the caller, the question that is put, and what has to be done next. Pure values."""

from typing import Final, Literal, NamedTuple

from core.brands.brand import Brand
from core.conversation.answers import Outcome, Undecided
from core.conversation.requests import Intent, Language, Types
from core.domain.recipients import Msisdn
from ivr.speech import Speech

TRIES_MAX: Final = 3
"""Of one question; then the last sentence."""

QUESTIONS_MAX: Final = 80
"""Of one call: whoever repeats for ever is told goodbye."""

Purpose = Literal["ret", "onay", "report"]


class MainMenu(NamedTuple):
    """The question what is wanted."""


class NumberEntry(NamedTuple):
    """Which number? It was hidden, or nobody vouches for it."""


class ProofEntry(NamedTuple):
    """The code that went to this number. `to_list`: the caller wants to hear the list."""

    number: Msisdn
    wrong: int = 0
    to_list: bool = False


class BrandEntry(NamedTuple):
    """Which brand?"""

    purpose: Purpose


class BrandChoice(NamedTuple):
    """Which of these? At most nine."""

    purpose: Purpose
    brands: tuple[Brand, ...]


class TypeChoice(NamedTuple):
    """Messages, calls, or, where it is refused, both?"""

    purpose: Literal["ret", "onay"]
    brand: Brand


class Confirm(NamedTuple):
    """Yes or no to ending these types, of all brands where none is named."""

    brand: Brand | None
    types: Types


class ConfirmReport(NamedTuple):
    """Yes or no to reporting the brand."""

    brand: Brand


class OnayEntry(NamedTuple):
    """The code that allows a brand. `is_pending`: it was asked for in an earlier call."""

    wrong: int = 0
    is_pending: bool = False


class ListOffer(NamedTuple):
    """The list was sent: shall it be read out too?"""


class Reading(NamedTuple):
    """The list is read out, from the line `at` on."""

    lines: tuple[tuple[Brand, Types], ...]
    at: int = 0


class More(NamedTuple):
    """Anything else?"""


class AskingProof(NamedTuple):
    """A code to this number was asked for. `to_list` as in `ProofEntry`."""

    number: Msisdn
    to_list: bool = False


class AskingOnay(NamedTuple):
    """A code that allows a brand was asked for."""


class SendingList(NamedTuple):
    """The list by SMS was asked for."""


class Leaving(NamedTuple):
    """Nothing useful was keyed in: how to text was asked for, the last sentence follows."""


Question = (
    MainMenu
    | NumberEntry
    | ProofEntry
    | BrandEntry
    | BrandChoice
    | TypeChoice
    | Confirm
    | ConfirmReport
    | OnayEntry
    | ListOffer
    | Reading
    | More
)
"""States that wait for keys."""

State = Question | AskingProof | AskingOnay | SendingList | Leaving


class Call(NamedTuple):
    """One call. `number` is whose permissions it is about: the calling one where the network vouches for it, else the
    one that was proven by a code; None before that. `language` is spoken, and with `is_chosen` kept for the number.
    `own`: brand codes that may reach a proven caller. `notice` is said before the question, once; `misses` counts
    useless answers to it in a row, `repeats` the stars, `questions` those of the whole call. `has_acted`: something was
    committed, so that "nothing changed" would be untrue."""

    number: Msisdn | None
    language: Language = Language.TR
    is_chosen: bool = False
    is_proven: bool = False
    own: frozenset[str] = frozenset()
    state: State = MainMenu()
    notice: Speech = ()
    misses: int = 0
    repeats: int = 0
    questions: int = 0
    has_acted: bool = False

    @property
    def takes_messages(self) -> bool:
        """True if answers, lists and codes can go to the number by SMS. A fixed line has calls only."""
        return self.number is not None and self.number.takes_messages


class Known(NamedTuple):
    """Facts known of the calling number: the language kept for it, and whether a code that allows a brand waits."""

    language: Language = Language.TR
    has_code: bool = False


class Pressed(NamedTuple):
    """The keys that answered a question; `is_timeout`: no further key came in time."""

    digits: str
    is_timeout: bool = False


class Held(NamedTuple):
    """The brands that may reach the number, the newest permission first, and how; None: it could not be looked up."""

    lines: tuple[tuple[Brand, Types], ...] | None


Event = Pressed | Outcome | Undecided | Held


class Ask(NamedTuple):
    """Say this and take keys: one, or up to `keys_max` ended by `#`, which is no part of the answer. `is_unhurried`:
    there is more time for the keys. `drops_ahead`: keys that were pressed before this began to sound are no answer."""

    speech: Speech
    keys_max: int = 1
    is_slow: bool = False
    is_unhurried: bool = False
    drops_ahead: bool = False


class HandIn(NamedTuple):
    """Hand this wish in for this number."""

    number: Msisdn
    wish: Intent


class LookUp(NamedTuple):
    """Look up what may reach this number; only for who has proven to hold it."""

    number: Msisdn


class End(NamedTuple):
    """Say this and hang up, or connect to a person."""

    speech: Speech
    to_agent: bool = False


Effect = Ask | HandIn | LookUp | End


class Move(NamedTuple):
    call: Call
    effect: Effect
