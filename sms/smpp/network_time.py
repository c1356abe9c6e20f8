"""When a message was sent, as the operator's own TLV says it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from core.domain.clock import HOUR_MS, ISTANBUL, Instant, from_datetime

AGE_MAX_MS: Final = 7 * 24 * HOUR_MS
"""Of an older time the clock is wrong, not the message late: a refusal dated so would change nothing."""

_LEGAL: Final = {12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}
_ABSOLUTE: Final = re.compile(rb"(\d{12})(\d)(\d\d)([+-])")  # YYMMDDhhmmsstnnp (SMPP 3.4, 7.1.1.1)
_EPOCH: Final = {re.compile(rb"\d{10}"): 1000, re.compile(rb"\d{13}"): 1}
_SECONDS_OCTETS: Final = 4
_MILLISECONDS_OCTETS: Final = 8
_QUARTERS_MAX: Final = 48


def network_time(value: bytes, now: Instant) -> Instant | None:
    """The moment in SMPP's absolute format, in 12 or 14 digits of Türkiye time (YYMMDDhhmmss), or counted from 1970 in
    seconds (4 octets or 10 digits) or milliseconds (8 octets or 13 digits).

    None for anything else, and for a moment ahead of now or over 7 days ago.
    """
    moment = _moment(value.rstrip(b"\0")) if value[:1].isdigit() else _binary(value)
    return moment if moment is not None and now - AGE_MAX_MS <= moment <= now else None


def _binary(value: bytes) -> Instant | None:
    if len(value) == _SECONDS_OCTETS:
        return Instant(int.from_bytes(value) * 1000)
    return Instant(int.from_bytes(value)) if len(value) == _MILLISECONDS_OCTETS else None


def _moment(text: bytes) -> Instant | None:
    for digits, milliseconds in _EPOCH.items():
        if digits.fullmatch(text):
            return Instant(int(text) * milliseconds)
    try:
        if text.isdigit() and (form := _LEGAL.get(len(text))):
            return from_datetime(datetime.strptime(text.decode(), form).replace(tzinfo=ISTANBUL))
        match = _ABSOLUTE.fullmatch(text)
        if match is None or int(match[3]) > _QUARTERS_MAX:
            return None
        ahead = timedelta(minutes=15 * int(match[4] + match[3]))
        local = datetime.strptime(match[1].decode(), "%y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Instant(from_datetime(local - ahead) + 100 * int(match[2]))
