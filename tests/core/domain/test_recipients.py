"""Numbers and addresses: every usual form, every way to print one, and nothing but `BadAddress` for the rest."""

import logging
import re
from typing import NamedTuple

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from core.domain.recipients import BadAddress, Email, Msisdn, parse_recipient

WHOLE = "+905321234567"
MASKED = "+90…67"


class Form(NamedTuple):
    label: str
    text: str
    whole: str = WHOLE


FORMS = [
    Form("E.164", "+905321234567"),
    Form("E.164 without the plus", "905321234567"),
    Form("with 00", "00905321234567"),
    Form("national with 0", "05321234567"),
    Form("national without 0", "5321234567"),
    Form("spaces", " 0532 123 45 67 "),
    Form("brackets and hyphens", "+90 (532) 123-45-67"),
    Form("dots and slashes", "0532.123/45.67"),
    Form("no-break spaces", "0532\u00a0123\u00a045\u00a067"),
    Form("land line", "0212 123 45 67", "+902121234567"),
    Form("service number", "0850 222 33 44", "+908502223344"),
    Form("German, bare", "4915112345678", "+4915112345678"),
    Form("German with plus", "+49 151 12345678", "+4915112345678"),
    Form("German with 00", "004915112345678", "+4915112345678"),
    Form("US", "+12025550123", "+12025550123"),
]


@pytest.mark.parametrize("form", FORMS, ids=[form.label for form in FORMS])
def test_a_number_is_read_in_every_usual_form(form: Form) -> None:
    assert Msisdn.parse(form.text).reveal() == form.whole


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("nothing", ""),
        ("spaces", "   "),
        ("a short number", "3338"),
        ("a sender's name", "MIGROS"),
        ("a sender's name that begins like a number", "49KAMPANYA"),
        ("vanity letters", "+1800FLOWERS"),
        ("an extension", "+4915112345678 ext 5"),
        ("one digit short", "0532123456"),
        ("one digit more", "053212345678"),
        ("a Turkish number that is none", "+901234567890"),
        ("over 15 digits", "+4915112345678901"),
        ("two numbers", "05321234567,05321234568"),
        ("a plus inside", "0532+1234567"),
        ("Arabic digits", "٠٥٣٢١٢٣٤٥٦٧"),
        ("Turkish area, foreign digits", "5٣٢١٢٣٤٥٦٧"),
        ("NUL", "0532123456\0"),
    ],
)
def test_what_is_no_number_is_refused_without_repeating_it(label: str, text: str) -> None:
    with pytest.raises(BadAddress) as raised:
        Msisdn.parse(text)

    assert str(raised.value) == "not a phone number", label


@given(st.text() | st.from_regex(r"[+0-9 ()./-]{5,18}", fullmatch=True))
def test_any_text_is_a_number_in_e164_or_a_bad_address(text: str) -> None:
    try:
        number = Msisdn.parse(text)
    except BadAddress:
        return

    assert re.fullmatch(r"\+[1-9][0-9]{4,14}", number.reveal())
    assert Msisdn.parse(number.reveal()) == number


@given(st.text() | st.from_regex(r"[a-z@.]{3,20}", fullmatch=True))
def test_any_text_is_a_recipient_or_a_bad_address(text: str) -> None:
    try:
        recipient = parse_recipient(text)
    except BadAddress as error:
        assert str(error) in ("not a phone number", "not an e-mail address")  # noqa: PT017
        return

    assert parse_recipient(recipient.reveal()) == recipient


def test_an_address_is_masked_wherever_it_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    number = Msisdn.parse(WHOLE)

    assert str(number) == f"{number}" == "%s" % number == MASKED  # noqa: UP031
    assert f"{number:>10}" == f"    {MASKED}"
    assert repr(number) == f"{number!r}" == f"Msisdn({MASKED})"
    assert str([number]) == f"[Msisdn({MASKED})]"
    assert str(BadAddress(number)) == MASKED
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("from %s, %r", number, {"number": number})
    assert caplog.messages == [f"from {MASKED}, {{'number': Msisdn({MASKED})}}"]
    with structlog.testing.capture_logs() as entries:
        structlog.get_logger().info("came", number=number)
    assert "5321234567" not in structlog.processors.JSONRenderer(default=str)(None, "info", dict(entries[0]))


def test_an_email_is_masked_and_in_lower_case() -> None:
    address = Email.parse(" Ayse.Yilmaz@Example.COM ")

    assert address.reveal() == "ayse.yilmaz@example.com"
    assert str(address) == "…@example.com"
    assert repr(address) == "Email(…@example.com)"


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("5 characters", "a@b.c"),
        ("no domain", "ayse@"),
        ("no dot", "ayse@example"),
        ("two signs", "a@b@example.com"),
        ("a space", "ay se@example.com"),
        ("a list", "a@example.com,b@example.com"),
        ("266 characters", "a" * 64 + "@" + "b" * 197 + ".com"),
    ],
)
def test_what_is_no_email_is_refused(label: str, text: str) -> None:
    with pytest.raises(BadAddress, match=r"^not an e-mail address$"):
        parse_recipient(text)


def test_an_email_may_have_265_characters() -> None:
    assert Email.parse("a" * 64 + "@" + "b" * 196 + ".com").reveal().endswith("b.com")


def test_equality_is_that_of_the_whole_address_and_its_kind() -> None:
    assert Msisdn(WHOLE) == Msisdn(WHOLE)
    assert hash(Msisdn(WHOLE)) == hash(Msisdn(WHOLE))
    assert Msisdn(WHOLE) != Msisdn("+905321234568")
    assert Msisdn(WHOLE) != Email(WHOLE)
    assert Msisdn(WHOLE) != WHOLE
