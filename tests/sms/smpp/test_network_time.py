"""The operator's time of a message, in every form that is read, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.clock import Instant
from sms.smpp.network_time import AGE_MAX_MS, network_time

NOW = Instant(1_795_431_900_000)  # 2026-11-23 11:05:00 UTC, 14:05:00 in Istanbul


@pytest.mark.parametrize(
    ("label", "value", "seconds_ago"),
    [
        ("absolute, at UTC", b"261123110400000+", 60),
        ("absolute with its NUL", b"261123110400000+\0", 60),
        ("absolute, three hours ahead", b"261123140400012+", 60),
        ("absolute, five hours behind", b"261123060400020-", 60),
        ("absolute with tenths", b"261123110459500+", 0.5),
        ("14 digits of Türkiye time", b"20261123140400", 60),
        ("12 digits of Türkiye time", b"261123140400", 60),
        ("seconds in digits", b"1795431840", 60),
        ("milliseconds in digits", b"1795431899999", 0.001),
        ("seconds in octets", (1_795_431_840).to_bytes(4), 60),
        ("milliseconds in octets", (1_795_431_899_999).to_bytes(8), 0.001),
        ("now", b"1795431900000", 0),
        ("as old as it may be", str(NOW - AGE_MAX_MS).encode(), AGE_MAX_MS / 1000),
    ],
)
def test_a_time_is_read(label: str, value: bytes, seconds_ago: float) -> None:
    assert network_time(value, NOW) == NOW - round(seconds_ago * 1000), label


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("nothing", b""),
        ("a second ahead", b"1795431901"),
        ("a millisecond too old", str(NOW - AGE_MAX_MS - 1).encode()),
        ("the year 1970", bytes(4)),
        ("a relative time", b"000000001000000R"),
        ("31 February", b"260231110400000+"),
        ("an offset of 13 hours", b"261123110400052+"),
        ("no offset", b"261123110400000"),
        ("an id", b"a1b2c3d4e5"),
        ("three octets", b"\x01\x02\x03"),
        ("digits of another count", b"12345"),
        ("month 13 in digits", b"20261323140400"),
    ],
)
def test_what_is_no_time_is_none(label: str, value: bytes) -> None:
    assert network_time(value, NOW) is None, label


@given(st.binary(max_size=20) | st.from_regex(rb"[0-9+-]{0,20}", fullmatch=True))
def test_any_value_is_a_time_of_the_last_week_or_none(value: bytes) -> None:
    moment = network_time(value, NOW)

    assert moment is None or NOW - AGE_MAX_MS <= moment <= NOW
