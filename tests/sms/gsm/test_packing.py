"""Septets packed and unpacked, by the examples of the specification and both ways for any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.gsm.packing import pack, unpack


@pytest.mark.parametrize(
    ("label", "septets", "header_octets", "packed"),
    [
        ("nothing", b"", 0, ""),
        ("one", b"A", 0, "41"),
        ("two", b"AB", 0, "4121"),
        ("a word as phones pack it", b"hellohello", 0, "e8329bfd4697d9ec37"),
        ("seven leave room for one, which a carriage return takes", b"1234567", 0, "31d98c56b3dd1a"),
        ("eight fill seven octets", b"12345678", 0, "31d98c56b3dd70"),
        ("behind a header of 4 octets, 3 fill bits", b"A", 4, "0802"),
        ("behind a header of 6 octets, 1 fill bit", b"A", 6, "82"),
        ("behind a header of 7 octets, none", b"A", 7, "41"),
    ],
)
def test_septets_are_packed(label: str, septets: bytes, header_octets: int, packed: str) -> None:
    assert pack(septets, header_octets) == bytes.fromhex(packed), label
    assert unpack(bytes.fromhex(packed), header_octets) == septets


@pytest.mark.parametrize("last", ["00", "1a"])
def test_seven_last_bits_of_zeros_or_a_carriage_return_are_padding(last: str) -> None:
    assert unpack(bytes.fromhex("31d98c56b3dd" + last)) == b"1234567"


@pytest.mark.parametrize(("octets", "header_octets"), [(b"", 0), (b"", 6), (b"\x01", 4)])
def test_too_few_octets_for_a_septet_are_none(octets: bytes, header_octets: int) -> None:
    assert unpack(octets, header_octets) == b""


@given(st.lists(st.integers(0, 127), max_size=170), st.integers(0, 20))
def test_septets_are_unpacked_again(values: list[int], header_octets: int) -> None:
    septets = bytes(values)

    unpacked = unpack(pack(septets, header_octets), header_octets)

    assert unpacked == septets or (septets.endswith((b"\x00", b"\r")) and unpacked == septets[:-1])


@given(st.binary(max_size=200), st.integers(0, 20))
def test_any_octets_are_septets(octets: bytes, header_octets: int) -> None:
    assert all(septet < 128 for septet in unpack(octets, header_octets))
