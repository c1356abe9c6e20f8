"""User data headers by table, and splitting at its bounds and both ways for any text."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.gsm.alphabet import DefaultAlphabet, ReplyAlphabet, as_septets, decode, fold_ascii
from sms.gsm.errors import BrokenUdh, TextTooLong, UnknownAlphabet
from sms.gsm.segments import SEGMENTS_MAX, Cost, Segment, Udh, cost, parse_udh, split


class Headed(NamedTuple):
    label: str
    octets: str
    udh: Udh
    text: bytes = b"RET"


TEXT = b"RET".hex()
HEADED = [
    Headed("concatenation, 8 bits", f"05 0003 2a0302 {TEXT}", Udh(0x2A, 2, 3)),
    Headed("concatenation, 16 bits", f"06 0804 012a0302 {TEXT}", Udh(0x12A, 2, 3)),
    Headed("single shift", f"03 2401 01 {TEXT}", Udh(single_shift=1)),
    Headed("locking shift", f"03 2501 01 {TEXT}", Udh(locking_shift=1)),
    Headed("both shifts", f"06 240101 250101 {TEXT}", Udh(single_shift=1, locking_shift=1)),
    Headed("concatenation and shift", f"08 0003 2a0302 240101 {TEXT}", Udh(0x2A, 2, 3, 1)),
    Headed("shift and concatenation", f"08 240101 0003 2a0302 {TEXT}", Udh(0x2A, 2, 3, 1)),
    Headed("shift of another country", f"03 2401 0d {TEXT}", Udh(single_shift=13)),
    Headed("unknown element skipped", f"09 7002 abcd 0003 2a0101 {TEXT}", Udh(0x2A, 1, 1)),
    Headed("unknown empty element skipped", f"02 7000 {TEXT}", Udh()),
    Headed("ports skipped", f"06 0504 0b8423f0 {TEXT}", Udh()),
    Headed("empty header", f"00 {TEXT}", Udh()),
    Headed("nothing after the header", "05 0003 2a0201", Udh(0x2A, 1, 2), b""),
    Headed("the last of two counts", f"0a 0003 010201 0003 2a0302 {TEXT}", Udh(0x2A, 2, 3)),
    Headed("part 0 ignored", f"05 0003 2a0300 {TEXT}", Udh()),
    Headed("total 0 ignored", f"05 0003 2a0000 {TEXT}", Udh()),
    Headed("part over total ignored", f"05 0003 2a0304 {TEXT}", Udh()),
    Headed("255 of 255", f"05 0003 ffffff {TEXT}", Udh(255, 255, 255)),
]


@pytest.mark.parametrize("case", HEADED, ids=[case.label for case in HEADED])
def test_a_header_is_read(case: Headed) -> None:
    assert parse_udh(bytes.fromhex(case.octets)) == (case.udh, case.text)


@pytest.mark.parametrize(
    ("label", "octets", "place"),
    [
        ("nothing", "", "length"),
        ("longer than the message", "05 0003 2a02", "length"),
        ("length alone", "05", "length"),
        ("element without length", "01 00", "element length"),
        ("element beyond the header", "04 0003 2a02 01", "element length"),
        ("element length 255", "03 70ff 01", "element length"),
        ("concatenation of 2 octets", "04 0002 2a02", "element 0x00"),
        ("concatenation, 16 bits, of 3 octets", "05 0803 2a0201", "element 0x08"),
        ("empty concatenation", "02 0000", "element 0x00"),
        ("single shift of 2 octets", "04 2402 0101", "element 0x24"),
        ("empty locking shift", "02 2500", "element 0x25"),
    ],
)
def test_a_length_that_lies_is_named(label: str, octets: str, place: str) -> None:
    with pytest.raises(BrokenUdh) as raised:
        parse_udh(bytes.fromhex(octets))

    assert raised.value.place == place, label


@given(st.binary(max_size=60))
def test_any_octets_are_a_header_or_broken(octets: bytes) -> None:
    try:
        udh, text = parse_udh(octets)
    except BrokenUdh:
        return
    assert 1 <= udh.part <= udh.total <= 255
    assert octets.endswith(text)


class Sized(NamedTuple):
    label: str
    text: str
    alphabet: ReplyAlphabet
    cost: Cost
    data_coding: int
    header: str = ""


SIZED = [
    Sized("nothing", "", "turkish-single", Cost(0, 1), 0),
    Sized("one plain segment", "a" * 160, "turkish-single", Cost(160, 1), 0),
    Sized("one over", "a" * 161, "turkish-single", Cost(161, 2), 0, "05 0003 070201"),
    Sized("two plain segments", "a" * 306, "turkish-single", Cost(306, 2), 0, "05 0003 070201"),
    Sized("one over two", "a" * 307, "turkish-single", Cost(307, 3), 0, "05 0003 070301"),
    Sized("extension is no shift", "€" * 80, "turkish-single", Cost(160, 1), 0),
    Sized("capital c with cedilla is no shift", "Ç" * 160, "turkish-single", Cost(160, 1), 0),
    Sized("one with Turkish shift", "ş" + "a" * 153, "turkish-single", Cost(155, 1), 0, "03 240101"),
    Sized("one over with shift", "ş" + "a" * 154, "turkish-single", Cost(156, 2), 0, "08 0003 070201 240101"),
    Sized("two with shift", "ş" + "a" * 296, "turkish-single", Cost(298, 2), 0, "08 0003 070201 240101"),
    Sized("one over two with shift", "ş" + "a" * 297, "turkish-single", Cost(299, 3), 0, "08 0003 070301 240101"),
    Sized("neither table", "â" * 70, "turkish-single", Cost(70, 1), 8),
    Sized("one over in UCS2", "â" * 71, "turkish-single", Cost(71, 2), 8, "05 0003 070201"),
    Sized("two in UCS2", "â" * 134, "turkish-single", Cost(134, 2), 8, "05 0003 070201"),
    Sized("one over two in UCS2", "â" * 135, "turkish-single", Cost(135, 3), 8, "05 0003 070301"),
    Sized("emoji count twice", "🙏" * 35, "turkish-single", Cost(70, 1), 8),
    Sized("locking shift for nothing", "", "turkish-locking", Cost(0, 1), 0),
    Sized("no locking shift without need", "a" * 160, "turkish-locking", Cost(160, 1), 0),
    Sized("one with locking shift", "ş" * 155, "turkish-locking", Cost(155, 1), 0, "03 250101"),
    Sized("one over with locking shift", "ş" * 156, "turkish-locking", Cost(156, 2), 0, "08 0003 070201 250101"),
    Sized("two with locking shift", "ş" * 298, "turkish-locking", Cost(298, 2), 0, "08 0003 070201 250101"),
    Sized("one over two with locking shift", "ş" * 299, "turkish-locking", Cost(299, 3), 0, "08 0003 070301 250101"),
    Sized("locking shift for euro signs alone", "€" * 81, "turkish-locking", Cost(81, 1), 0, "03 250101"),
    Sized("plain where the locking table lacks a letter", "è" * 80, "turkish-locking", Cost(80, 1), 0),
    Sized("UCS2 where each table lacks a letter", "èş" * 35, "turkish-locking", Cost(70, 1), 8),
    Sized("UCS2 by setting", "RET" * 24, "ucs2", Cost(72, 2), 8, "05 0003 070201"),
    Sized("ASCII by setting", "ş" * 160, "ascii", Cost(160, 1), 0),
    Sized("ASCII, one over", "ş" * 161, "ascii", Cost(161, 2), 0, "05 0003 070201"),
]


@pytest.mark.parametrize("case", SIZED, ids=[case.label for case in SIZED])
def test_a_text_takes_the_cheapest_segments(case: Sized) -> None:
    segments = split(case.text, case.alphabet, 7)

    head = bytes.fromhex(case.header)
    assert cost(case.text, case.alphabet) == case.cost
    assert len(segments) == case.cost.segments
    assert {segment.data_coding for segment in segments} == {case.data_coding}
    assert {segment.udhi for segment in segments} == {bool(head)}
    assert segments[0].octets.startswith(head)


@pytest.mark.parametrize(("reference", "octet"), [(0, 0), (255, 255), (256, 0), (1000, 232)])
def test_the_lowest_8_bits_of_the_reference_go_out(reference: int, octet: int) -> None:
    udhs = [parse_udh(segment.octets)[0] for segment in split("a" * 200, "ascii", reference)]

    assert udhs == [Udh(octet, 1, 2), Udh(octet, 2, 2)]


def test_an_escape_pair_is_not_cut() -> None:
    """The pair would be octets 153 and 154 of the text; it opens the second segment."""
    first, second = split("a" * 152 + "€" + "b" * 20, "turkish-single", 1)

    assert first.octets[6:] == b"a" * 152
    assert second.octets[6:] == b"\x1be" + b"b" * 20


def test_a_surrogate_pair_is_not_cut() -> None:
    first, second = split("â" * 66 + "🙏" + "b" * 20, "turkish-single", 1)

    assert first.octets[6:].decode("utf-16-be") == "â" * 66
    assert second.octets[6:].decode("utf-16-be") == "🙏" + "b" * 20


def joined(segments: list[Segment], reference: int, default: DefaultAlphabet) -> str:
    """Read segments back, last one first, as a phone does."""
    parts: dict[int, bytes] = {}
    udh = Udh()
    for segment in reversed(segments):
        udh, octets = parse_udh(segment.octets) if segment.udhi else (Udh(), segment.octets)
        assert udh.total == len(segments)
        assert udh.reference == (reference & 0xFF if len(segments) > 1 else 0)
        octets = as_septets(octets, segment.data_coding, default, len(segment.octets) - len(octets))
        decode(octets, segment.data_coding, default, udh.single_shift, udh.locking_shift)
        assert len(octets) <= 160
        assert len(segment.octets) <= (140 if default == "packed" else 160)
        parts[udh.part] = octets
    whole = b"".join(parts[part] for part in sorted(parts))
    text = decode(whole, segments[0].data_coding, default, udh.single_shift, udh.locking_shift)
    return text.removesuffix("\r") if default == "packed" else text


turkish = st.text(st.sampled_from("abcABC 019.ŞşĞğİıÇçÖöÜü€[]\n"), max_size=700)
anything = st.text(st.sampled_from("aşâ🙏€"), max_size=400)


@given(turkish | anything, st.integers(0, 1000))
def test_segments_are_read_back(text: str, reference: int) -> None:
    assert joined(split(text, "turkish-single", reference), reference, "gsm7") == text
    assert joined(split(text, "ucs2", reference), reference, "gsm7") == text
    assert joined(split(text, "ascii", reference), reference, "gsm7") == fold_ascii(text)
    assert joined(split(text, "ascii", reference, "latin5"), reference, "latin5") == fold_ascii(text)


@given(turkish | anything, st.sampled_from(["gsm7", "packed"]))
def test_segments_by_locking_shift_and_packed_ones_are_read_back(text: str, default: DefaultAlphabet) -> None:
    assert joined(split(text, "turkish-locking", 7, default), 7, default) == text
    assert joined(split(text, "turkish-single", 7, default), 7, default) == text
    assert joined(split(text, "ascii", 7, default), 7, default) == fold_ascii(text)


@given(turkish | anything, st.sampled_from(["turkish-single", "turkish-locking", "ascii", "ucs2"]))
def test_the_cost_is_what_splitting_makes(text: str, alphabet: ReplyAlphabet) -> None:
    assert cost(text, alphabet).segments == len(split(text, alphabet, 0))


@given(turkish | anything)
def test_no_alphabet_at_hand_would_be_cheaper(text: str) -> None:
    assert cost(text, "turkish-single").segments <= cost(text, "ucs2").segments
    assert cost(text, "turkish-locking").segments <= cost(text, "ucs2").segments


def test_a_long_text_goes_out_by_the_alphabet_that_holds_it() -> None:
    """In UCS2 it would be 570 segments."""
    assert cost("ş" * 255 * 149, "turkish-locking").segments == SEGMENTS_MAX


@pytest.mark.parametrize(("alphabet", "most"), [("turkish-single", 255 * 153), ("ucs2", 255 * 67)])
def test_255_segments_are_sent_and_256_are_not(alphabet: ReplyAlphabet, most: int) -> None:
    assert len(split("a" * most, alphabet, 1)) == SEGMENTS_MAX

    with pytest.raises(TextTooLong, match="text needs 256 segments, at most 255"):
        split("a" * (most + 1), alphabet, 1)
    with pytest.raises(TextTooLong):
        cost("a" * (most + 1), alphabet)


@pytest.mark.parametrize(
    ("alphabet", "default", "reason"),
    [
        ("turkish-locking", "latin1", "turkish-locking beside latin1"),
        ("turkish-locking", "latin5", "turkish-locking beside latin5"),
        ("turkish-single", "latin1", "turkish-single beside latin1"),
        ("turkish-single", "latin5", "turkish-single beside latin5"),
    ],
)
def test_alphabets_that_are_not_carried_are_named(
    alphabet: ReplyAlphabet, default: DefaultAlphabet, reason: str
) -> None:
    with pytest.raises(UnknownAlphabet, match=reason):
        split("RET", alphabet, 1, default)


def test_ascii_signs_follow_the_default_alphabet() -> None:
    assert split("a@b_", "ascii", 1)[0].octets == b"a\x00b\x11"
    assert split("a@b_", "ascii", 1, "latin1")[0].octets == b"a@b_"


def test_printing_a_segment_shows_no_text() -> None:
    assert repr(split("RET", "ascii", 1)[0]) == "Segment(data_coding=0, udhi=False, octets=3)"
