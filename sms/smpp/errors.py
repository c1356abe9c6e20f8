"""Errors of octets on an SMPP connection; those of texts are in `sms.gsm.errors`.

SmsError
 +-- FramingError       the stream is out of step; only a disconnect helps
 +-- BrokenPdu          one PDU is unreadable; the stream is not

No error carries contents of a message or an address: each may be logged as it stands.
"""

from sms.gsm.errors import SmsError


class FramingError(SmsError):
    """A command_length outside 16 to 65,536 octets.

    `sequence` is the number to answer with in the generic_nack; 0 when the header was not read whole.
    """

    def __init__(self, sequence: int) -> None:
        super().__init__("command_length is outside 16 to 65536 octets")
        self.sequence = sequence


class BrokenPdu(SmsError):
    """A PDU whose body contradicts itself. `field` is the SMPP name of the first unreadable field."""

    def __init__(self, field: str) -> None:
        super().__init__(f"broken PDU: {field}")
        self.field = field
