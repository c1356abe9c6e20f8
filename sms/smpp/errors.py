"""What can be wrong with octets and texts on an SMPP link.

SmsError
 +-- FramingError       the stream is out of step; only a disconnect helps
 +-- BrokenPdu          one PDU or user data header is unreadable; the stream is not
 +-- UnknownAlphabet    the octets are whole, but in an alphabet that is not carried
 +-- TextTooLong        a text that no 255 segments hold

No error carries contents of a message or an address: each may be logged as it stands.
"""


class SmsError(ValueError):
    """Base of all errors of this floor."""


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


class UnknownAlphabet(SmsError):
    """Text in an alphabet that this link does not read or write.

    `alphabet` names it, like `data_coding 0x04`.
    """

    def __init__(self, alphabet: str) -> None:
        super().__init__(f"unknown alphabet: {alphabet}")
        self.alphabet = alphabet


class TextTooLong(SmsError):
    """A text that needs more segments than a concatenation header can count (255)."""

    def __init__(self, segments: int) -> None:
        super().__init__(f"text needs {segments} segments, at most 255 can be sent")
        self.segments = segments
