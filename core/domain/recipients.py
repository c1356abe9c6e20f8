"""The addresses a consent belongs to: numbers and e-mail addresses that mask themselves when printed."""

import re
from functools import lru_cache
from typing import Final

import phonenumbers

_TURKISH: Final = re.compile(r"(?:(?:\+|00)?90)?0?([2-589]\d{9})", re.ASCII)
_TURKISH_ABROAD: Final = re.compile(r"(?:\+|00)?90([2-589]\d{9})", re.ASCII)
# A bare international number (49170…) is how operators write a roaming foreigner's address; at most 15 digits (E.164).
# Letters are refused here: `phonenumbers` would dial a sender's name.
_INTERNATIONAL: Final = re.compile(r"(?:\+|00)?([1-9]\d{4,14})", re.ASCII)
_SPACING: Final = re.compile(r"[\s().\-/]+")
_EMAIL: Final = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]+\.[^\s@,;<>\".]{2,}")
_EMAIL_CHARS: Final = range(6, 266)  # İYS API, limits.recipient.email_chars


class BadAddress(ValueError):
    """The text is neither a phone number nor an e-mail address. The message never repeats it."""


class Address:
    """Common base of `Msisdn` and `Email`: whole only through `reveal()`, masked in every other rendering."""

    __slots__ = ("_whole",)

    def __init__(self, whole: str) -> None:
        self._whole = whole

    def reveal(self) -> str:
        """The whole address, for the store, the wire and the eyes of who is entitled to it; never for a log."""
        return self._whole

    def masked(self) -> str:
        raise NotImplementedError

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked()})"

    def __format__(self, spec: str) -> str:
        return format(self.masked(), spec)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._whole == self._whole

    def __hash__(self) -> int:
        return hash(self._whole)


class Msisdn(Address):
    """A phone number in E.164 with its plus sign, at most 15 digits."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Msisdn":
        """Read a number in any usual form (0532 123 45 67, 905321234567, +90532…); national forms are Turkish.

        Raises `BadAddress`.
        """
        return cls(_e164(text))

    @classmethod
    def international(cls, text: str) -> "Msisdn":
        """Read a number that begins with its country's code: 4740012345 is Norwegian, not one of Türkiye's 474.

        A leading zero begins no such code: that one is read as a Turkish form. Raises `BadAddress`.
        """
        if text.startswith("0") and not text.startswith("00"):
            return cls.national(text)
        turkish = _TURKISH_ABROAD.fullmatch(text)
        return cls(f"+90{turkish[1]}" if turkish else _foreign(text))

    @classmethod
    def national(cls, text: str) -> "Msisdn":
        """Read a Turkish number in any usual form, and no other country's. Raises `BadAddress`."""
        turkish = _TURKISH.fullmatch(_SPACING.sub("", text))
        if turkish is None:
            raise BadAddress("not a phone number")
        return cls(f"+90{turkish[1]}")

    @property
    def takes_messages(self) -> bool:
        """True if it is, or may be, a mobile number: in Türkiye +905…, elsewhere by its country's plan."""
        if self._whole.startswith("+90"):
            return self._whole.startswith("+905")
        return phonenumbers.number_type(phonenumbers.parse(self._whole)) != phonenumbers.PhoneNumberType.FIXED_LINE

    def masked(self) -> str:
        return f"{self._whole[:3]}…{self._whole[-2:]}"


class Email(Address):
    """An e-mail address; İYS stores it in lower case."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Email":
        """Raises `BadAddress` unless the text is one address of 6 to 265 characters."""
        address = text.strip()
        if len(address) not in _EMAIL_CHARS or not _EMAIL.fullmatch(address):
            raise BadAddress("not an e-mail address")
        return cls(address.lower())

    def masked(self) -> str:
        return f"…@{self._whole.rpartition('@')[2]}"


Recipient = Msisdn | Email


def parse_recipient(text: str) -> Recipient:
    """A number or an e-mail address. Raises `BadAddress`."""
    return Email.parse(text) if "@" in text else Msisdn.parse(text)


def _e164(text: str) -> str:
    turkish = _TURKISH.fullmatch(text)
    if turkish is None:
        turkish = _TURKISH.fullmatch(_SPACING.sub("", text))
    return f"+90{turkish[1]}" if turkish else _foreign(text)


@lru_cache(maxsize=4096)
def _foreign(text: str) -> str:
    digits = _INTERNATIONAL.fullmatch(_SPACING.sub("", text))
    if digits is None:
        raise BadAddress("not a phone number")
    try:
        number = phonenumbers.parse(f"+{digits[1]}")
    except phonenumbers.NumberParseException as error:
        raise BadAddress("not a phone number") from error
    if number.country_code == 90 or not phonenumbers.is_valid_number(number):
        raise BadAddress("not a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
