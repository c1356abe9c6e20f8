"""The request that a door hands to the desk: who, through which door, what they said, when, and the raw evidence."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from core.brands.brand import Brand
from core.domain.clock import Instant
from core.domain.consent import ConsentType, Source
from core.domain.recipients import Recipient


class Door(StrEnum):
    SMS = "sms"
    IVR = "ivr"
    LINK = "link"
    CLERK = "clerk"  # a person of the registry, by command


SOURCE_OF_DOOR: Final = {
    Door.SMS: Source.IYS_KISAMESAJ,
    Door.IVR: Source.IYS_CM,
    Door.LINK: Source.IYS_WEB,
    Door.CLERK: Source.IYS_AHS_HAT_KAPATMA,
}


class Language(StrEnum):
    TR = "tr"
    EN = "en"


class BrandMention(NamedTuple):
    """Words that name a brand, and the brands that they may mean, the best first.

    No brand: the words name none that is known. One: it stands clearly out. Several: the citizen has to be asked,
    unless only one of them is a brand that already has to do with the citizen. `exact` says that the words are the
    registry number, the name or a short name of every brand given, as it stands. `typed` are the citizen's own words.
    `sure` is False where even one brand alone has to be asked about: GARANTİ SİGORTA, where only GARANTİ is known.
    """

    typed: str
    brands: tuple[Brand, ...]
    exact: bool
    sure: bool = True

    @property
    def is_clear(self) -> bool:
        """True if one brand stands clearly out."""
        return self.sure and len(self.brands) == 1

    @classmethod
    def of(cls, brand: Brand) -> "BrandMention":
        """A brand that was not written but picked: by a link, or from a menu."""
        return cls(brand.label, (brand,), exact=True)


Types = tuple[ConsentType, ...]
"""The types that a text names, in the order of `ConsentType`; empty where it names none."""


class Ret(NamedTuple):
    """The wish to end the permission of these brands; where no type is named, the door's own."""

    mentions: tuple[BrandMention, ...]
    types: Types = ()


class RetAlone(NamedTuple):
    """`RET` or `LİSTE` without a brand. `is_no`: a word that also answers a question with no (HAYIR, İPTAL, VAZGEÇ,
    DUR, STOP)."""

    types: Types = ()
    is_no: bool = False


class RetAll(NamedTuple):
    """`RET HEPSİ`. `bare`: `HEPSİ` alone, which to an open list is the whole list. `is_confirmed`: the door has said
    what will happen and was told yes."""

    types: Types = ()
    bare: bool = False
    is_confirmed: bool = False


class NoneOfThem(NamedTuple):
    """`HİÇBİRİ`, `KİMSE`: no to whatever question is open."""


class Onay(NamedTuple):
    """The wish to allow brands."""

    mentions: tuple[BrandMention, ...]
    types: Types = ()


class OnayAll(NamedTuple):
    """`ONAY HEPSİ`."""


class Durum(NamedTuple):
    """Question of what is allowed now: of these brands, of all where none is named."""

    mentions: tuple[BrandMention, ...] = ()


class DurumOf(NamedTuple):
    """Question of what became of the act with this receipt (`core.domain.receipts`)."""

    receipt: str


class Sikayet(NamedTuple):
    """A report of messages that still come; without a mention, of an unknown sender."""

    mentions: tuple[BrandMention, ...] = ()


class Yardim(NamedTuple):
    """`YARDIM`; also `ENGLISH` and `TÜRKÇE`, with the language beside it."""


class Evet(NamedTuple):
    """`EVET`: yes to the newest open question."""


class Devam(NamedTuple):
    """`DEVAM`: the next page of the list."""


class Digits(NamedTuple):
    """A text of digits only: numbers of a list, or a code. `code` is set where it is exactly six digits."""

    numbers: tuple[int, ...]
    code: str | None = None


class BrandAlone(NamedTuple):
    """A brand and nothing else."""

    mention: BrandMention
    types: Types = ()


class NotUnderstood(NamedTuple):
    """A text in which no wish was found; `mentions` are the brands that stand in it, as in a pasted advert."""

    mentions: tuple[BrandMention, ...] = ()


class RetThese(NamedTuple):
    """The wish to end just these types of these brands, picked from what stands."""

    chosen: tuple[tuple[Brand, Types], ...]


class Report(NamedTuple):
    """A report by who has proven to hold the number; the request's text is the message complained about."""

    brand: Brand


class AskCode(NamedTuple):
    """A code to prove that one holds the number, for the link pages or a call. It is bound to the door."""


class GiveCode(NamedTuple):
    """That code, typed back through the same door."""

    code: str


class OnayCode(NamedTuple):
    """The code of an open ONAY and nothing else, where a door knows that it is one: keyed in on the phone."""

    code: str


class CloseLine(NamedTuple):
    """The number's line was closed: a new holder must inherit nothing. Nobody says this through a citizen's door."""


class Unreadable(NamedTuple):
    """A message in no known alphabet, or broken in itself: kept raw and set aside for a person.

    `is_broken`: it may be no citizen's message at all but a delivery receipt of ours, which an answer would bring about
    again for ever. So only a person answers it.
    """

    reason: str
    is_broken: bool = False


class Segment(NamedTuple):
    """One part of a long message. `join` reads the octets of all parts, in order, once they are together."""

    reference: int
    total: int
    number: int
    octets: bytes
    join: Callable[[Sequence[bytes]], "Reading"]


class ExpiredSet(NamedTuple):
    """A long message whose time is over, of which some parts came. `first` is the request that began it; `read` reads
    the parts that are there, by number, run by run: at least one."""

    reference: int
    total: int
    first: int
    read: Callable[[Mapping[int, bytes]], Sequence["Reading"]]


class Reading(NamedTuple):
    """A text as it was read, the wish in it, and the language that it switches to."""

    text: str | None
    intent: "Intent"
    language: Language | None = None


Intent = (
    Ret
    | RetAlone
    | RetAll
    | NoneOfThem
    | Onay
    | OnayAll
    | Durum
    | DurumOf
    | Sikayet
    | Yardim
    | Evet
    | Devam
    | Digits
    | BrandAlone
    | NotUnderstood
    | RetThese
    | Report
    | AskCode
    | GiveCode
    | OnayCode
    | CloseLine
    | Unreadable
)
RequestIntent = Intent | Segment | ExpiredSet


class Request(NamedTuple):
    """One message, call step or page form, with everything that proves it.

    `recipient` is None where the network gave no usable number: such a request is set aside and cannot be answered.
    `origin` is the operator it came from, `connection` the connection (`core.outbox.connections`), 0 where there is
    none. `key` is equal for two deliveries of the same message and for nothing else; `is_named` where the network's own
    id of the message is in it. `raw` are the octets as they came. `sent_at` is the network's time of the message, None
    where it gives none.
    """

    door: Door
    recipient: Recipient | None
    intent: RequestIntent
    text: str | None
    raw: bytes
    key: bytes
    received_at: Instant
    destination: str = ""
    origin: str = ""
    connection: int = 0
    language: Language | None = None
    is_named: bool = False
    sent_at: Instant | None = None
