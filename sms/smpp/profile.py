"""The profile of an SMSC: its address, its credentials, its habits."""

from collections.abc import Mapping
from pathlib import Path
from ssl import SSLContext
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from sms.gsm.alphabet import DefaultAlphabet, ReplyAlphabet
from sms.smpp import codes
from sms.smpp.pdu import Bind

Validity = Literal["relative", "absolute", "none"]
BindAs = Literal["transceiver", "receiver", "transmitter", "pair"]

_COMMANDS: Final[dict[BindAs, tuple[int, ...]]] = {
    "transceiver": (codes.BIND_TRANSCEIVER,),
    "receiver": (codes.BIND_RECEIVER,),
    "transmitter": (codes.BIND_TRANSMITTER,),
    "pair": (codes.BIND_RECEIVER, codes.BIND_TRANSMITTER),
}


class Profile(NamedTuple):
    """One operator. `numbers` are those of the line beside `line_number`. `submit_tlvs` are the operator's own TLVs
    on submits, by tag; a peer that takes no TLVs gets none. `receive_host` and `receive_port` are those of a
    receiver that has an address of its own. `window` is unanswered submits, `rate` submits a second (0: no limit),
    both for each bind; times are seconds. `bind_as` is bound `binds` times over."""

    name: str
    host: str
    port: int
    bind: Bind
    line_number: str
    bind_as: BindAs = "transceiver"
    binds: int = 1
    tls: SSLContext | None = None
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
    message_statuses: tuple[int, ...] = ()
    enquire_link_s: float = 30
    response_timeout_s: float = 10

    receive_host: str = ""
    receive_port: int = 0
    validity: Validity = "relative"
    reference_tlv: bool = True
    service_type: str = ""
    protocol_id: int = 0
    priority: int = 0
    submit_tlvs: Mapping[int, bytes] = MappingProxyType({})
    log_pdus: Path | None = None
    numbers: tuple[str, ...] = ()

    @property
    def own_numbers(self) -> tuple[str, ...]:
        return self.line_number, *self.numbers

    def texted(self, destination: str) -> str | None:
        """Which of our numbers a message was sent to, in whatever form it stands (3338, 903338, +903338)."""
        return next((number for number in self.own_numbers if destination.endswith(number)), None)

    def address(self, command: int) -> tuple[str, int]:
        """Host and port to which this bind request goes."""
        if command != codes.BIND_RECEIVER:
            return self.host, self.port
        return self.receive_host or self.host, self.receive_port or self.port

    @property
    def commands(self) -> tuple[int, ...]:
        """The bind request of each of its binds."""
        return _COMMANDS[self.bind_as] * self.binds
