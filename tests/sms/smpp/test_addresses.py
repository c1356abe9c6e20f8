"""TON is part of an address."""

import pytest

from sms.smpp.addresses import number_of


@pytest.mark.parametrize(
    ("label", "address", "ton", "number"),
    [
        ("international", "905321234567", 1, "+905321234567"),
        ("international with a plus sign", "+905321234567", 1, "+905321234567"),
        ("international with 00", "00905321234567", 1, "+905321234567"),
        ("a Norwegian one of ten digits", "4740012345", 1, "+4740012345"),
        ("a national form beside the wrong TON", "05321234567", 1, "+905321234567"),
        ("too short", "3338", 1, None),
        ("national", "5321234567", 2, "+905321234567"),
        ("national with its zero", "05321234567", 2, "+905321234567"),
        ("national and foreign", "491701234567", 2, None),
        ("alphanumeric, though digits", "905321234567", 5, None),
        ("alphanumeric", "MIGROS", 5, None),
        ("unknown", "5321234567", 0, "+905321234567"),
        ("network specific", "05321234567", 3, "+905321234567"),
        ("subscriber", "905321234567", 4, "+905321234567"),
        ("abbreviated", "905321234567", 6, "+905321234567"),
        ("spaces beyond the field", "905321234567" + " " * 10, 0, None),
        ("nothing", "", 1, None),
    ],
)
def test_a_number_is_read_as_its_ton_says(label: str, address: str, ton: int, number: str | None) -> None:
    found = number_of(address, ton)

    assert (found and found.reveal()) == number, label
