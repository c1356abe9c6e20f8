"""Delivery receipts: deliver_sm of an SMSC about a message that it took (SMPP 3.4, 5.2.12 and appendix B)."""

import re
from typing import Final

from core.domain.recipients import BadAddress, Msisdn
from core.outbox.deliveries import Delivery, Fate
from sms.smpp.codes import TLV_MESSAGE_STATE, TLV_RECEIPTED_MESSAGE_ID
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
_ID: Final = re.compile(r"\bid:\s*([^\s]{1,65})", re.IGNORECASE | re.ASCII)
_STATE: Final = re.compile(r"\bstat(?:us)?:\s*([A-Z]{1,16})", re.IGNORECASE | re.ASCII)
_ERROR: Final = re.compile(r"\berr:\s*([0-9A-Z]{1,8})\b", re.IGNORECASE | re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]{1,16}")


def read_delivery(message: Message, operator: str) -> Delivery | None:
    """What a receipt says; None where it says nothing final, or not about which message.

    Its TLVs come before its text: a text may be cut, and its fields are whatever the vendor likes.
    """
    text = payload(message).decode("latin-1").replace("\0", "")  # UCS2 too: what counts is ASCII
    given = message.tlvs.get(TLV_RECEIPTED_MESSAGE_ID, b"").split(b"\0")[0].decode("latin-1")
    if not given and (found := _ID.search(text)):
        given = found[1]
    state = message.tlvs.get(TLV_MESSAGE_STATE, b"")
    word = _STATES.get(state[0], "") if len(state) == 1 else ""
    if not word and (found := _STATE.search(text)):
        word = _spelt(found[1])
    fate = _FATES.get(word)
    if not given or fate is None:
        return None
    error = _ERROR.search(text)
    reason = f"receipt {word}" + (f" {error[1]}" if error else "")
    return Delivery(operator, forms(given), _parties(message), fate, reason)


def normal_id(message_id: str) -> str:
    """A message id as it is stored and looked up: in small letters, without leading zeros."""
    given = message_id.strip().lower()
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
    """The usual spelling of a state: DELIVERED and delivrd are one."""
    word = word.upper()
    return next((state for state in _FATES if word[:5] == state[:5]), word)


def _parties(message: Message) -> tuple[str, ...]:
    """Whose message it was: mostly the sender of the receipt, with some SMSCs its destination."""
    found = []
    for address in (message.source, message.dest):
        try:
            found.append(Msisdn.parse(address).reveal())
        except BadAddress:
            continue
    return tuple(found)
