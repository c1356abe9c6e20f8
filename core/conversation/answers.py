"""Answers of the desk: facts that were committed, free of any protocol and any language."""

from collections.abc import Callable
from datetime import date
from typing import Literal, NamedTuple

from core.brands.brand import Brand
from core.conversation.requests import Door, Language
from core.conversation.unanswered import Unanswered
from core.domain.clock import Instant
from core.domain.consent import ConsentType


class RetAnswer(NamedTuple):
    """Outcome of a refusal of one brand, type by type.

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


class Unclear(NamedTuple):
    """Words that may mean several brands, listed with the numbers to choose by. `typed` are the citizen's words."""

    typed: str
    options: tuple[tuple[int, Brand], ...]


class RetSeveral(NamedTuple):
    """Outcome of a refusal of several brands, named or chosen from a list, with one receipt.

    `outcomes` are those of the brands that were found, at least one; `unknown` the names that were not, as typed;
    `unclear` is asked about; `missing` are the chosen numbers that the list does not have.
    """

    receipt: str
    last_lawful_day: date
    outcomes: tuple[RetAnswer, ...]
    unknown: tuple[str, ...] = ()
    unclear: Unclear | None = None
    missing: tuple[int, ...] = ()


class RetAllDone(NamedTuple):
    """Every permission of these types (`brands` counts the brands that had one) is removed; `newer` brands have a
    consent dated after the wish, which stands."""

    brands: int
    types: tuple[ConsentType, ...]
    receipt: str
    last_lawful_day: date
    newer: int = 0


class EpostaElsewhere(NamedTuple):
    """E-mail permission hangs on the address, not on the number: nothing changed. `onay`: allowing it was asked."""

    brand: Brand
    at: Instant
    onay: bool = False


class BrandUnknown(NamedTuple):
    """None of the names is a known brand: nothing changed."""

    name: str
    at: Instant


class WhichBrand(NamedTuple):
    """A name that may mean several brands: a numbered question. `verb` is the wish it stands beside; `ret` also where
    a brand alone was written."""

    verb: Literal["ret", "onay", "durum", "sikayet"]
    unclear: Unclear
    at: Instant


class BrandAsked(NamedTuple):
    """A brand alone, or one in a pasted advert, where no wish is plain: what is wanted?"""

    brand: Brand
    at: Instant


class BrandMeant(NamedTuple):
    """A brand alone by near miss, which has a permission: is this one meant? EVET ends `types`."""

    brand: Brand
    types: tuple[ConsentType, ...]
    at: Instant


class ListPage(NamedTuple):
    """A page of the numbered list: `lines` are (number, brand, whether only calls stand). `total` counts all lines;
    `first` and `last` say whether the page is the list's first and last one."""

    lines: tuple[tuple[int, Brand, bool], ...]
    total: int
    first: bool
    last: bool
    at: Instant


class NothingOnRecord(NamedTuple):
    """No brand has a permission on record."""

    at: Instant


class OneOnRecord(NamedTuple):
    """One brand has a permission, and EVET will end `types`."""

    brand: Brand
    types: tuple[ConsentType, ...]
    at: Instant


class NoSuchNumber(NamedTuple):
    """The chosen numbers are not in the list, which ends with `last`."""

    numbers: tuple[int, ...]
    last: int
    at: Instant


class TwoLists(NamedTuple):
    """Two lists went out shortly after each other, and the number means another brand in each: nothing changed."""

    number: int
    older: Brand
    newer: Brand
    at: Instant


class RetAllQuestion(NamedTuple):
    """Shall the permissions of these types of so many brands be removed? The question stands for `hours`."""

    brands: int
    types: tuple[ConsentType, ...]
    receipt: str
    hours: int


class Cancelled(NamedTuple):
    """No to the open question: nothing changed."""

    at: Instant


Again = Literal["ret-all", "ret", "onay", "list", ""]
"""How to begin again: by which command."""


class TooLate(NamedTuple):
    """An answer to a question whose time is over: nothing changed. `again` with `brand` and `types` is the command to
    begin again with."""

    again: Again
    brand: Brand | None
    at: Instant
    types: tuple[ConsentType, ...] = ()


class NothingOpen(NamedTuple):
    """EVET, DEVAM or the like, and no question that it answers: nothing changed."""

    at: Instant


class NumberWanted(NamedTuple):
    """EVET to a list: which number? `code`: to a code's question, which wants the code."""

    at: Instant
    code: bool = False


class OnayQuestion(NamedTuple):
    """Shall the brand be allowed these types? `code` confirms it within `minutes`. `by_call`: a caller waits for it."""

    brand: Brand
    types: tuple[ConsentType, ...]
    code: str
    minutes: int
    by_call: bool = False


class OnayDone(NamedTuple):
    brand: Brand
    types: tuple[ConsentType, ...]
    receipt: str


class AlreadyAllowed(NamedTuple):
    brand: Brand
    types: tuple[ConsentType, ...]
    at: Instant


class OneAtATime(NamedTuple):
    """ONAY alone, HEPSİ or of several brands: one brand at a time."""

    at: Instant


class BrandClosed(NamedTuple):
    """A closed brand can be given no ONAY."""

    brand: Brand
    at: Instant


class CodesUsedUp(NamedTuple):
    """No more codes go to this number today."""

    at: Instant


class WrongCode(NamedTuple):
    """`left` more tries; 0: the code has ended, and `brand` names how to begin again."""

    brand: Brand
    left: int
    at: Instant


class StatusOfAll(NamedTuple):
    """So many brands may call or message; `brands` are the newest of them."""

    total: int
    brands: tuple[Brand, ...]
    at: Instant


State = Literal["allowed", "refused", "objection", "none"]


class StatusOfBrand(NamedTuple):
    brand: Brand
    mesaj: State
    arama: State
    at: Instant


Effect = Literal["ended", "allowed", "unchanged", "kept", "question", "set-aside", "resolved"]


class StatusOfAct(NamedTuple):
    """Outcome of an act: the brands and types that it ended, allowed, or kept as an objection, or how many brands
    (`brands` are the first of `total`). Also of a question, or of a message that was set aside and perhaps resolved by
    a person since: `what` says which."""

    receipt: str
    what: Effect
    brands: tuple[Brand, ...]
    total: int
    acted_at: Instant
    at: Instant


class StatusOfComplaint(NamedTuple):
    receipt: str
    state: "ComplaintState"
    brand: Brand | None
    opened_at: Instant
    outcome: str | None
    at: Instant


class ReceiptUnknown(NamedTuple):
    """No act of this number has that receipt."""

    receipt: str
    at: Instant


ComplaintState = Literal["unconfirmed", "open", "forwarded", "closed"]


class ComplaintQuestion(NamedTuple):
    """A report is opened and waits for the message itself, its day and its sender. `until`: the sender may lawfully
    write till that day, the report is kept. `name` is an unknown sender as typed, None where none was named."""

    brand: Brand | None
    name: str | None
    receipt: str
    hours: int
    until: date | None = None


class ComplaintOpened(NamedTuple):
    brand: Brand | None
    receipt: str


class ComplaintResult(NamedTuple):
    """A report was closed by a person: `outcome` in that person's words."""

    brand: Brand | None
    receipt: str
    outcome: str
    at: Instant


class ApprovalNotice(NamedTuple):
    """A sender's permission entered: which types, on which day, and the link that ends them. `again`: the citizen had
    refused before. It goes out by itself, not as an answer."""

    brand: Brand
    types: tuple[ConsentType, ...]
    at: Instant
    link: str
    again: bool = False


class ConsentEnded(NamedTuple):
    """A permission that a sender dated `consent_at` met the citizen's objection and ended with it; told once."""

    brand: Brand
    types: tuple[ConsentType, ...]
    consent_at: Instant
    at: Instant


class ProofCode(NamedTuple):
    """The code that proves the holder of the number to this door, for `minutes`."""

    code: str
    minutes: int
    door: Door


class Help(NamedTuple):
    """The words that matter; `more`: those that the first help had no room for. `voice_number` is where the line can
    be called, None while it cannot."""

    voice_number: str | None
    more: bool
    at: Instant


class NotUnderstoodAnswer(NamedTuple):
    at: Instant


class SetAside(NamedTuple):
    """The message is kept for a person to look at."""

    receipt: str


class ReviewResult(NamedTuple):
    """A person has looked at a message that was set aside: the answer in that person's words."""

    receipt: str
    words: str


Answer = (
    RetAnswer
    | RetSeveral
    | RetAllDone
    | EpostaElsewhere
    | BrandUnknown
    | WhichBrand
    | BrandAsked
    | BrandMeant
    | ListPage
    | NothingOnRecord
    | OneOnRecord
    | NoSuchNumber
    | TwoLists
    | RetAllQuestion
    | Cancelled
    | TooLate
    | NothingOpen
    | NumberWanted
    | OnayQuestion
    | OnayDone
    | AlreadyAllowed
    | OneAtATime
    | BrandClosed
    | CodesUsedUp
    | WrongCode
    | StatusOfAll
    | StatusOfBrand
    | StatusOfAct
    | StatusOfComplaint
    | ReceiptUnknown
    | ComplaintQuestion
    | ComplaintOpened
    | ComplaintResult
    | ApprovalNotice
    | ConsentEnded
    | ProofCode
    | Help
    | NotUnderstoodAnswer
    | SetAside
    | ReviewResult
)


class Silence(NamedTuple):
    """Committed, and nothing to say."""

    why: Unanswered


class Proven(NamedTuple):
    """The code was right: who typed it holds the number."""


class NotProven(NamedTuple):
    """The code was wrong, or its time or tries are over; or none can be sent to this number today."""


class LineClosed(NamedTuple):
    """The line of a number was closed: what the next holder would have inherited is ended. `ended` counts records,
    `cleared` objections. Nobody is texted: the number may be somebody else's already."""

    receipt: str
    ended: int
    cleared: int


Unspoken = Silence | Proven | NotProven | LineClosed


class Temporary(NamedTuple):
    """Not committed: whoever asked keeps the request and may bring it again."""

    reason: str


class Committed(NamedTuple):
    """The end of a request that is now durable; `request_id` names its evidence. `is_texted`: its answer goes out by
    SMS."""

    request_id: int
    answer: Answer | Unspoken
    is_texted: bool = False


Outcome = Committed | Temporary


class Undecided(NamedTuple):
    """Nobody knows yet: the request was taken, and its transaction has not ended in the time that its door has."""


Texts = Callable[[Answer, Language], str]
"""Renders answers as SMS text, as the short number's door words them."""
