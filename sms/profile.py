"""What an SMSC is to this link: its address, its credentials, its habits."""

from typing import NamedTuple

from sms.alphabet import DefaultAlphabet, ReplyAlphabet
from sms.pdu import Bind


class Profile(NamedTuple):
    """One operator. `window` is unanswered submits, `rate` submits a second (0: no limit), times are seconds."""

    name: str
    host: str
    port: int
    bind: Bind
    line_number: str
    window: int = 50
    rate: int = 100
    source_ton: int = 3
    source_npi: int = 0
    dest_ton: int = 1
    dest_npi: int = 1
    default_alphabet: DefaultAlphabet = "gsm7"
    reply_alphabet: ReplyAlphabet = "turkish-single"
    receipts: bool = True
    temporary_status: int = 0x14
    permanent_status: int = 0x65
    throttle_statuses: tuple[int, ...] = (0x58, 0x14)
    enquire_link_s: float = 30
    response_timeout_s: float = 10
