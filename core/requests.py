"""What a door hands to the desk: who, through which door, what they said, when, and the raw evidence."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from core.brands import Brand
from core.clock import Instant
from core.consent import ConsentType, Source
from core.recipients import Msisdn


class Door(StrEnum):
    SMS = "sms"
    IVR = "ivr"
    LINK = "link"


SOURCE_OF_DOOR: Final = {
    Door.SMS: Source.IYS_KISAMESAJ,
    Door.IVR: Source.IYS_CM,
    Door.LINK: Source.IYS_WEB,
}


class Ret(NamedTuple):
    """The wish to end one brand's permission for these types."""

    brand: Brand
    types: tuple[ConsentType, ...]


class RetUnknown(NamedTuple):
    """A refusal that names no brand of the directory; `name` is the citizen's own word, folded by nobody."""

    name: str


class NotUnderstood(NamedTuple):
    """A text in which no wish was found."""


class Unreadable(NamedTuple):
    """A message in no known alphabet, or broken in itself: kept raw and set aside for a person."""

    reason: str


class Piece(NamedTuple):
    """One part of a long message. `join` reads the octets of all parts, in order, once they are together."""

    reference: int
    total: int
    number: int
    octets: bytes
    join: Callable[[Sequence[bytes]], "Reading"]


class Reading(NamedTuple):
    """A text as it was read, and the wish in it."""

    text: str | None
    said: "Wish"


Wish = Ret | RetUnknown | NotUnderstood | Unreadable
Said = Wish | Piece


class Request(NamedTuple):
    """One message, call step or page form, with everything that proves it.

    `recipient` is None where the network gave no usable number: such a request is set aside and cannot be answered.
    `origin` is the operator it came from, `link` the connection (`core.links`), 0 where there is none. `key` is equal
    for two deliveries of the same message and for nothing else. `raw` are the octets as they came.
    """

    door: Door
    recipient: Msisdn | None
    said: Said
    text: str | None
    raw: bytes
    key: bytes
    received_at: Instant
    destination: str = ""
    origin: str = ""
    link: int = 0
