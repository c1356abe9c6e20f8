"""Delivery receipts: deliver_sm of an SMSC about a message that it took (SMPP 3.4, 5.2.12 and appendix B)."""

import re
from enum import Enum
from typing import Final

from core.outbox.deliveries import Delivery, Fate
from sms.smpp.addresses import number_of
from sms.smpp.codes import ESM_UDHI, TLV_MESSAGE_STATE, TLV_RECEIPTED_MESSAGE_ID
from sms.smpp.pdu import Message, payload

# message_state (5.2.28), and how the text of a receipt spells it.
_STATES: Final = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_FATES: Final = {
    "DELIVRD": Fate.DELIVERED,
    "UNDELIV": Fate.UNDELIVERED,
    "EXPIRED": Fate.ENDED,
    "DELETED": Fate.ENDED,
    "REJECTD": Fate.ENDED,
}
# How vendors spell others of them.
_VENDOR_STATES: Final = {"FAILED": "UNDELIV", "SYSERR": "UNDELIV", "NACK": "REJECTD"}
_UNDER_WAY: Final = frozenset(_STATES.values()) - _FATES.keys()
_TYPE: Final = 0x3C  # esm_class, bits 5 to 2 (5.2.12)
_RECEIPT_TYPES: Final = frozenset({0x04, 0x20})  # delivery receipt, intermediate notification
_RECEIPT_TEXT: Final = re.compile(r"\s*id\s*[:=].*\bstat", re.IGNORECASE | re.ASCII | re.DOTALL)
_ID: Final = re.compile(r"\bid\s*[:=]\s*([^\s,;]{1,65})", re.IGNORECASE | re.ASCII)
_STATE: Final = re.compile(r"\bstat(?:us)?\s*[:=]\s*([A-Z]{1,16}|[0-9]{1,3})", re.IGNORECASE | re.ASCII)
_ERROR: Final = re.compile(r"\berr\s*[:=]\s*([0-9A-Z]{1,8})\b", re.IGNORECASE | re.ASCII)
_HEX_PREFIX: Final = "0x"
MESSAGE_ID_OCTETS_MAX: Final = 65  # 5.2.23
_HEX: Final = re.compile(r"[0-9a-f]{1,16}")


class Unsettled(Enum):
    """A receipt that ends nothing; the values are labels of a metric."""

    UNDER_WAY = "under-way"  # its state is no end
    UNREADABLE = "unreadable"  # it does not say which message, or not what became of it


def is_receipt(message: Message) -> bool:
    """True if it is one by any of its marks: its type, the TLV of a message's id, or the text of appendix B."""
    if message.esm_class & _TYPE in _RECEIPT_TYPES or TLV_RECEIPTED_MESSAGE_ID in message.tlvs:
        return True
    return not message.esm_class & ESM_UDHI and _RECEIPT_TEXT.match(_text(message)) is not None


def read_delivery(message: Message, operator: str) -> Delivery | Unsettled:
    """The outcome that a receipt tells, and of which message.

    Its TLVs come before its text: a text may be cut, and its fields are whatever the vendor likes.
    """
    text = _text(message)
    given = message.tlvs.get(TLV_RECEIPTED_MESSAGE_ID, b"").split(b"\0")[0].decode("latin-1")
    if not given and (found := _ID.search(text)):
        given = found[1]
    state = message.tlvs.get(TLV_MESSAGE_STATE, b"")
    word = _STATES.get(state[0], "") if len(state) == 1 else ""
    if not word and (found := _STATE.search(text)):
        word = _spelt(found[1])
    fate = _FATES.get(word)
    if given and word in _UNDER_WAY:
        return Unsettled.UNDER_WAY
    if not given or fate is None:
        return Unsettled.UNREADABLE
    error = _ERROR.search(text)
    reason = f"receipt {word}" + (f" {error[1]}" if error else "")
    return Delivery(operator, forms(given), _parties(message), fate, reason)


def normal_id(message_id: str) -> str:
    """A message id as it is stored and looked up: its first 65 octets, in small letters, without `0x` and leading
    zeros."""
    given = message_id[:MESSAGE_ID_OCTETS_MAX].strip().lower()
    if given.startswith(_HEX_PREFIX) and given != _HEX_PREFIX:
        given = given.removeprefix(_HEX_PREFIX)
    return given.lstrip("0") or given[:1]


def forms(message_id: str) -> tuple[str, ...]:
    """A receipt's message id, and the same number in the other base: many SMSCs answer the submit in hexadecimal and
    write the receipt in decimals, some the other way round."""
    own = normal_id(message_id)
    found = [own]
    if own.isdecimal() and own.isascii() and len(own) <= 20:
        found.append(f"{int(own):x}")
    if _HEX.fullmatch(own):
        found.append(str(int(own, 16)))
    return tuple(dict.fromkeys(found))


def _spelt(word: str) -> str:
    """The usual spelling of a state: DELIVERED, delivrd and 2 are one."""
    word = word.upper()
    if word.isdecimal():
        return _STATES.get(int(word), "")
    word = _VENDOR_STATES.get(word, word)
    return next((state for state in _STATES.values() if word[:5] == state[:5]), word)


def _parties(message: Message) -> tuple[str, ...]:
    """Whose message it was: mostly the sender of the receipt, with some SMSCs its destination."""
    numbers = number_of(message.source, message.source_ton), number_of(message.dest, message.dest_ton)
    return tuple(number.reveal() for number in numbers if number is not None)


def _text(message: Message) -> str:
    return payload(message).decode("latin-1").replace("\0", "")  # UCS2 too: what counts is ASCII
