"""Errors of texts and user data headers.

SmsError
 +-- BrokenUdh          a user data header whose lengths lie
 +-- UnknownAlphabet    the octets are whole, but in an alphabet that is not carried
 +-- TextTooLong        a text that no 255 segments hold

No error carries contents of a message or an address: each may be logged as it stands.
"""


class SmsError(ValueError):
    """Base of all errors of this floor."""


class BrokenUdh(SmsError):
    """A user data header that contradicts itself. `place` says where."""

    def __init__(self, place: str) -> None:
        super().__init__(f"broken user data header: {place}")
        self.place = place


class UnknownAlphabet(SmsError):
    """Text in an alphabet that this line does not read or write.

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
