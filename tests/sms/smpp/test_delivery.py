"""Delivery receipts as SMSCs word them."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.outbox.deliveries import Delivery, Fate
from sms.smpp.codes import TLV_MESSAGE_PAYLOAD, TLV_MESSAGE_STATE, TLV_RECEIPTED_MESSAGE_ID
from sms.smpp.delivery import Unsettled, forms, is_receipt, normal_id, read_delivery
from sms.smpp.pdu import Message

NUMBER = "+905321234567"
FULL = "id:0123456789 sub:001 dlvrd:001 submit date:2611231405 done date:2611231406 stat:DELIVRD err:000 text:RET"


class Case(NamedTuple):
    label: str
    text: str | bytes
    id: str
    fate: Fate
    reason: str = "receipt DELIVRD"
    tlvs: Mapping[int, bytes] = {}


CASES = [
    Case("all fields", FULL, "123456789", Fate.DELIVERED, "receipt DELIVRD 000"),
    Case("small letters", FULL.lower(), "123456789", Fate.DELIVERED, "receipt DELIVRD 000"),
    Case("capitals", FULL.upper(), "123456789", Fate.DELIVERED, "receipt DELIVRD 000"),
    Case("id and state alone", "id:7 stat:DELIVRD", "7", Fate.DELIVERED),
    Case("state before id", "stat:DELIVRD id:7", "7", Fate.DELIVERED),
    Case("a space after each colon", "id: 7 stat: DELIVRD", "7", Fate.DELIVERED),
    Case("the state written out", "id:7 stat:DELIVERED", "7", Fate.DELIVERED),
    Case("undeliverable", "id:7 stat:UNDELIV err:27", "7", Fate.UNDELIVERED, "receipt UNDELIV 27"),
    Case("undeliverable, written out", "id:7 stat:UNDELIVERABLE", "7", Fate.UNDELIVERED, "receipt UNDELIV"),
    Case("expired", "id:7 stat:EXPIRED", "7", Fate.ENDED, "receipt EXPIRED"),
    Case("deleted", "id:7 stat:DELETED", "7", Fate.ENDED, "receipt DELETED"),
    Case("rejected", "id:7 stat:REJECTD", "7", Fate.ENDED, "receipt REJECTD"),
    Case("an error in letters", "id:7 stat:REJECTD err:00A", "7", Fate.ENDED, "receipt REJECTD 00A"),
    Case("an id in hexadecimal", "id:0x1F stat:DELIVRD", "1f", Fate.DELIVERED),
    Case("equals signs", "id=7 stat=DELIVRD err=0", "7", Fate.DELIVERED, "receipt DELIVRD 0"),
    Case("commas", "id:7,sub:001,dlvrd:001,stat:DELIVRD,err:000", "7", Fate.DELIVERED, "receipt DELIVRD 000"),
    Case("a vendor's FAILED", "id:7 stat:FAILED", "7", Fate.UNDELIVERED, "receipt UNDELIV"),
    Case("a vendor's SYSERR", "id:7 stat:SYSERR", "7", Fate.UNDELIVERED, "receipt UNDELIV"),
    Case("a vendor's NACK", "id:7 stat:NACK", "7", Fate.ENDED, "receipt REJECTD"),
    Case("a state as a number", "id:7 stat:2", "7", Fate.DELIVERED),
    Case("a state as a number with zeros", "id:7 status:005", "7", Fate.UNDELIVERED, "receipt UNDELIV"),
    Case("an id with a dash", "id:550e-8400 stat:DELIVRD", "550e-8400", Fate.DELIVERED),
    Case("the text's own id is not the message's", FULL + " id:99", "123456789", Fate.DELIVERED, "receipt DELIVRD 000"),
    Case(
        "both TLVs and no text",
        "",
        "ab",
        Fate.DELIVERED,
        tlvs={TLV_RECEIPTED_MESSAGE_ID: b"00AB\0", TLV_MESSAGE_STATE: b"\2"},
    ),
    Case("an id TLV without its NUL", "stat:EXPIRED", "ab", Fate.ENDED, "receipt EXPIRED", {0x001E: b"AB"}),
    Case("TLVs come before the text", FULL, "8", Fate.UNDELIVERED, "receipt UNDELIV 000", {0x1E: b"8\0", 0x427: b"\5"}),
    Case("a state TLV beside an id in the text", "id:9", "9", Fate.ENDED, "receipt REJECTD", {0x0427: b"\x08"}),
    Case("a state TLV of another length is none", "id:9 stat:DELIVRD", "9", Fate.DELIVERED, tlvs={0x0427: b"\0\0\5"}),
    Case("a state TLV that is not defined", "id:9 stat:DELIVRD", "9", Fate.DELIVERED, tlvs={0x0427: b"\x63"}),
    Case("text in message_payload", "", "7", Fate.DELIVERED, tlvs={TLV_MESSAGE_PAYLOAD: b"id:7 stat:DELIVRD"}),
    Case("text in UCS2", "id:7 stat:DELIVRD".encode("utf-16-be"), "7", Fate.DELIVERED),
]


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_a_receipt_is_read(case: Case) -> None:
    text = case.text.encode() if isinstance(case.text, str) else case.text

    delivery = read_delivery(Message("905321234567", "3338", text, esm_class=4, tlvs=case.tlvs), "a")

    assert isinstance(delivery, Delivery)
    assert (delivery.operator, delivery.ids[0], delivery.fate) == ("a", case.id, case.fate)
    assert delivery.reason == case.reason
    assert delivery.parties == (NUMBER,)


@pytest.mark.parametrize(
    ("label", "text", "said"),
    [
        ("nothing", b"", Unsettled.UNREADABLE),
        ("no id", b"stat:DELIVRD", Unsettled.UNREADABLE),
        ("no state", b"id:7", Unsettled.UNREADABLE),
        ("under way", b"id:7 stat:ENROUTE", Unsettled.UNDER_WAY),
        ("accepted", b"id:7 stat:ACCEPTD", Unsettled.UNDER_WAY),
        ("unknown", b"id:7 stat:UNKNOWN", Unsettled.UNDER_WAY),
        ("under way, as a number", b"id:7 stat:1", Unsettled.UNDER_WAY),
        ("a state of a vendor's own", b"id:7 stat:QUEUED", Unsettled.UNREADABLE),
        ("a number that is no state", b"id:7 stat:77", Unsettled.UNREADABLE),
        ("an empty id", b"id: ", Unsettled.UNREADABLE),
    ],
)
def test_a_receipt_that_says_nothing_final_is_named_so(label: str, text: bytes, said: Unsettled) -> None:
    assert read_delivery(Message("905321234567", "3338", text, esm_class=4), "a") is said, label


@pytest.mark.parametrize(
    ("label", "esm_class", "tlvs", "text", "is_one"),
    [
        ("the type of a receipt", 0x04, {}, b"", True),
        ("an intermediate notification", 0x20, {}, b"", True),
        ("the TLV of the message's id", 0, {0x1E: b"7\0"}, b"", True),
        ("the text of appendix B", 0, {}, FULL.encode(), True),
        ("in capitals", 0, {}, FULL.upper().encode(), True),
        ("with equals signs", 0, {}, b"id=7 stat=DELIVRD", True),
        ("in UCS2", 0, {}, FULL.encode("utf-16-be"), True),
        ("in message_payload", 0, {TLV_MESSAGE_PAYLOAD: FULL.encode()}, b"", True),
        ("a wish", 0, {}, b"RET MIGROS", False),
        ("id later in the text", 0, {}, b"RET id:7 stat:DELIVRD", False),
        ("no state", 0, {}, b"id:7", False),
        ("the middle of a word", 0, {}, b"id: istatistik", False),
        ("text behind a user data header", 0x40, {}, FULL.encode(), False),
    ],
)
def test_a_receipt_is_known_by_any_of_its_marks(
    label: str, esm_class: int, tlvs: Mapping[int, bytes], text: bytes, is_one: bool
) -> None:
    assert is_receipt(Message("905321234567", "3338", text, esm_class=esm_class, tlvs=tlvs)) is is_one, label


def test_an_id_is_bounded() -> None:
    assert normal_id("A" * 100) == "a" * 65


def test_the_citizen_may_be_the_destination_too() -> None:
    delivery = read_delivery(Message("3338", "905321234567", FULL.encode(), esm_class=4), "a")

    assert isinstance(delivery, Delivery)
    assert delivery.parties == (NUMBER,)


@given(
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from([0x1E, 0x427, 0x424]), st.binary(max_size=80), max_size=3),
)
def test_no_octets_raise(text: bytes, tlvs: dict[int, bytes]) -> None:
    read_delivery(Message("905321234567", "3338", text, esm_class=4, tlvs=tlvs), "a")


@pytest.mark.parametrize(
    ("submitted", "received"),
    [
        pytest.param("1A2B", "6699", id="hexadecimal then decimal"),
        pytest.param("001a2b", "0000006699", id="both with leading zeros"),
        pytest.param("6699", "1A2B", id="decimal then hexadecimal"),
        pytest.param("6699", "00001a2b", id="decimal then hexadecimal with leading zeros"),
        pytest.param("ABCDEF01", "abcdef01", id="another case"),
        pytest.param("0000123", "123", id="leading zeros"),
        pytest.param("0x1A2B", "6699", id="0x, then decimal"),
        pytest.param("1a2b", "0x1A2B", id="0x in the receipt"),
        pytest.param("f" * 90, "F" * 90, id="too long, both"),
        pytest.param("msg-Z9", "MSG-z9", id="no number at all"),
        pytest.param("000", "0", id="nothing but zeros"),
    ],
)
def test_both_spellings_of_an_id_meet(submitted: str, received: str) -> None:
    assert normal_id(submitted) in forms(received)


@given(st.integers(0, 2**64 - 1), st.sampled_from(["{:d}", "{:x}", "{:X}", "{:012d}", "{:016x}"]))
@example(0, "{:d}")
def test_any_number_meets_itself_in_any_spelling(number: int, spelling: str) -> None:
    for other in ("{:d}", "{:x}", "{:020d}"):
        assert normal_id(spelling.format(number)) in forms(other.format(number))


def test_no_receipt_meets_a_message_that_was_given_no_id() -> None:
    assert normal_id("") == ""
    assert "" not in forms("0")
