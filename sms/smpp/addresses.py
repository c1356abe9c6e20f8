"""SMPP addresses: a type of number (TON) and its digits (SMPP 3.4, 5.2.5) → whose number it is."""

from typing import Final

from core.domain.recipients import BadAddress, Msisdn

ADDRESS_CHARACTERS_MAX: Final = 21
"""Of source_addr and destination_addr: what is longer is nobody's number, and is not kept whole."""

_INTERNATIONAL: Final = 1
_NATIONAL: Final = 2
_ALPHANUMERIC: Final = 5


def number_of(address: str, ton: int) -> Msisdn | None:
    """The number that an address means; None where it is none. A number of an unknown or of a network's own type is
    read by the Turkish forms."""
    if ton == _ALPHANUMERIC or len(address) > ADDRESS_CHARACTERS_MAX:
        return None
    try:
        if ton == _INTERNATIONAL:
            return Msisdn.international(address)
        return Msisdn.national(address) if ton == _NATIONAL else Msisdn.parse(address)
    except BadAddress:
        return None
