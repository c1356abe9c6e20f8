"""Alphabets by table, and both ways for any text."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import gsm

from sms.gsm.alphabet import (
    DefaultAlphabet,
    decode,
    encode_locked,
    encode_septets,
    encode_ucs2,
    fold_ascii,
    uses_turkish_shift,
)
from sms.gsm.errors import UnknownAlphabet

PLAIN = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
TURKISH = "ĞİŞçğış"


class Read(NamedTuple):
    label: str
    octets: bytes
    data_coding: int
    text: str
    default: DefaultAlphabet = "gsm7"
    single_shift: int | None = None
    locking_shift: int | None = None


READ = [
    Read("GSM letters and digits", b"RET 600100", 0, "RET 600100"),
    Read("GSM signs that differ from ASCII", b"\x00\x02\x11\x5f\x24", 0, "@$_§¤"),
    Read("GSM signs that are letters by locking shift", b"\x40\x60\x1c", 0, "¡¿Æ", "gsm7", 1),
    Read("GSM capital c with cedilla", b"\x09I\x0dA", 0, "ÇI\rA"),
    Read("GSM letters of Turkish in the default table", b"\x5c\x7c\x5e\x7e", 0, "ÖöÜü"),
    Read("GSM extension", b"\x1b\x65\x1b\x3c\x1b\x3e\x1b\x2f", 0, "€[]\\"),
    Read("RET ŞİŞECAM by single shift", b"RET \x1bS\x1bI\x1bSECAM", 0, "RET ŞİŞECAM", "gsm7", 1),
    Read("RET ŞİŞECAM by single shift without its header", b"RET \x1bS\x1bI\x1bSECAM", 0, "RET ŞİŞECAM"),
    Read("RET ŞİŞECAM in UCS2", "RET ŞİŞECAM".encode("utf-16-be"), 8, "RET ŞİŞECAM"),
    Read("RET ŞİŞECAM in ISO 8859-9", b"RET \xde\xdd\xdeECAM", 0, "RET ŞİŞECAM", "latin5"),
    Read("RET ŞİŞECAM by locking shift", b"RET \x1c\x40\x1cECAM", 0, "RET ŞİŞECAM", "gsm7", None, 1),
    Read("RET ŞİŞECAM by locking shift without its header", b"RET \x1c\x40\x1cECAM", 0, "RET ŞİŞECAM"),
    Read("by locking and single shift", b"\x1c\x1bS\x1be\x04", 0, "ŞŞ€€", "gsm7", 1, 1),
    Read("all locked letters", b"\x07\x0b\x0c\x1c\x1d\x40\x60\x04", 0, "ıĞğŞşİç€", "gsm7", None, 1),
    Read("all locked letters without their header", b"\x07\x0b\x0c\x1c\x1d\x40\x60", 0, "ıĞğŞşİç"),
    Read("extension in the locking table", b"\x1b\x3c\x1b\x40\x1bX", 0, "[|X", "gsm7", None, 1),
    Read("escape at the end of locked text", b"\x1c\x1b", 0, "Ş", "gsm7", None, 1),
    Read("Italian is not taken for Turkish", b"\x07\x04", 0, "ìè"),
    Read("packed septets by default, once unpacked", b"RET \x1bS", 0, "RET Ş", "packed"),
    Read("all seven shifted letters", b"\x1bG\x1bI\x1bS\x1bc\x1bg\x1bi\x1bs", 0, TURKISH, "gsm7", 1),
    Read("extension beside the Turkish header", b"\x1b\x65\x1b\x14\x1b\x40", 0, "€^|", "gsm7", 1),
    Read("unknown escape", b"\x1bX\x1b\x41", 0, "XA"),
    Read("unknown escape to a sign", b"\x1b\x00", 0, "@"),
    Read("escape at the end", b"RET\x1b", 0, "RET"),
    Read("escape alone", b"\x1b", 0, ""),
    Read("escape twice", b"a\x1b\x1bSb", 0, "a Sb"),
    Read("escape thrice", b"\x1b\x1b\x1bS", 0, " Ş"),
    Read("nothing", b"", 0, ""),
    Read("latin-1 by default", b"g\xf6nder", 0, "gönder", "latin1"),
    Read("latin-1 by data_coding", b"g\xf6nder", 3, "gönder"),
    Read("ASCII", b"RET @_$", 1, "RET @_$"),
    Read("GSM by message class", b"RET \x00", 0x11, "RET @", "latin1"),
    Read("GSM by message waiting", b"RET \x00", 0xD5, "RET @", "latin5"),
    Read("GSM by coding group 1111", b"RET \x00", 0xF3, "RET @", "packed"),
    Read("UCS2 by message class", b"\x01\x5e", 0x18, "Ş"),
    Read("UCS2 by message class, last", b"\x01\x5e", 0x1B, "Ş"),
    Read("UCS2 by message waiting", b"\x01\x5e", 0xE0, "Ş"),
    Read("UCS2 by message waiting, last", b"\x01\x5e", 0xEF, "Ş"),
    Read("UCS2 does not mind shift headers", b"\x01\x5e", 8, "Ş", "gsm7", 9),
    Read("UCS2 with byte order mark", b"\xfe\xff\x01\x5e", 8, "Ş"),
    Read("UCS2 little-endian", b"\xff\xfe\x5e\x01", 8, "Ş"),
    Read("UCS2 little-endian without a mark", b"R\x00E\x00T\x00 \x00\x5e\x01", 8, "RET Ş"),
    Read("UCS2 of another script stays as it is", "日本".encode("utf-16-be"), 8, "日本"),
    Read("UCS2 of odd length", b"\x00R\x01\x5e\x00", 8, "RŞ"),
    Read("UCS2 little-endian of odd length", b"\xff\xfeR\x00S", 8, "R"),
    Read("UCS2 of one octet", b"R", 8, ""),
    Read("UCS2 with an emoji", "🙏".encode("utf-16-be"), 8, "🙏"),
    Read("UCS2 with a lone high surrogate", b"\x00R\xd8\x3d\x00T", 8, "R\ufffdT"),
    Read("UCS2 with a lone low surrogate", b"\x00R\xde\x4f\x00T", 8, "R\ufffdT"),
    Read("UCS2 ending in a high surrogate", b"\x00R\xd8\x3d", 8, "R\ufffd"),
]


@pytest.mark.parametrize("case", READ, ids=[case.label for case in READ])
def test_octets_are_read(case: Read) -> None:
    assert decode(*case[1:3], case.default, case.single_shift, case.locking_shift) == case.text


class Unread(NamedTuple):
    label: str
    octets: bytes
    data_coding: int
    default: DefaultAlphabet = "gsm7"
    single_shift: int | None = None
    locking_shift: int | None = None


UNREAD = [
    *(Unread(f"binary 0x{coding:02X}", b"RET", coding) for coding in (2, 4, 0x14, 0x17, 0xF4, 0xF7)),
    *(Unread(f"not carried 0x{coding:02X}", b"RET", coding) for coding in (5, 6, 7, 9, 0x0A, 0x0D, 0x0E)),
    *(Unread(f"reserved 0x{coding:02X}", b"RET", coding) for coding in (0x0F, 0x1C, 0x20, 0x80, 0xCF, 0xF8, 0xFF)),
    Unread("Spanish single shift", b"RET", 0, single_shift=2),
    Unread("reserved single shift", b"RET", 0, single_shift=0),
    Unread("Portuguese locking shift", b"RET", 0, locking_shift=3),
    Unread("Turkish locking beside Spanish single shift", b"RET", 0, single_shift=2, locking_shift=1),
    Unread("reserved locking shift", b"RET", 0, locking_shift=0),
    Unread("eighth bit in GSM 7-bit", b"RET \xde", 0),
    Unread("eighth bit in ASCII", b"RET \xde", 1),
]


@pytest.mark.parametrize("case", UNREAD, ids=[case.label for case in UNREAD])
def test_what_is_not_carried_is_refused_without_its_text(case: Unread) -> None:
    with pytest.raises(UnknownAlphabet) as raised:
        decode(case.octets, case.data_coding, case.default, case.single_shift, case.locking_shift)

    assert "RET" not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_each_letter_of_the_default_table_has_its_code() -> None:
    codes = [*range(0x1B), *range(0x1C, 0x80)]

    assert [decode(bytes((code,)), 0, "gsm7", 1) for code in codes] == list(PLAIN)
    assert encode_septets(PLAIN) == bytes(codes)


def test_each_letter_of_the_locking_table_has_its_code() -> None:
    codes = [*range(0x1B), *range(0x1C, 0x80)]
    locked = PLAIN.translate(str.maketrans("èìØøÆæ¡¿", "€ıĞğŞşİç"))

    assert [decode(bytes((code,)), 0, "gsm7", None, 1) for code in codes] == list(locked)
    assert encode_locked(locked) == bytes(codes)


_gsm_encode: Callable[[str], bytes] = gsm.gsm_encode


@pytest.mark.parametrize("letter", sorted(set(PLAIN + EXTENSION) - set("§\f")))
def test_smpplib_has_the_same_code(letter: str) -> None:
    """All but the two that its table lacks."""
    assert encode_septets(letter) == _gsm_encode(letter)


@pytest.mark.parametrize(
    ("text", "septets", "shift"),
    [
        ("RET MIGROS", b"RET MIGROS", False),
        ("Ç{€", b"\x09\x1b\x28\x1b\x65", False),
        ("ŞİŞECAM", b"\x1bS\x1bI\x1bSECAM", True),
        ("ç", b"\x1bc", True),
        ("", b"", False),
    ],
)
def test_text_becomes_septets_and_says_whether_it_needs_the_shift(text: str, septets: bytes, shift: bool) -> None:
    assert encode_septets(text) == septets
    assert uses_turkish_shift(septets) is shift


@pytest.mark.parametrize("text", ["â", "Ж", "🙏", "\ufffd", "\uffff", "\x1b", "`", "\x00", "RET â"])
def test_text_outside_the_tables_has_no_septets(text: str) -> None:
    assert encode_septets(text) is None


@given(st.text(st.sampled_from(PLAIN + EXTENSION + TURKISH)))
def test_septets_are_read_back(text: str) -> None:
    septets = encode_septets(text)

    assert septets is not None
    assert decode(septets, 0, "gsm7", 1) == text
    assert uses_turkish_shift(septets) is any(letter in TURKISH for letter in text)


@given(st.text(st.sampled_from(PLAIN + EXTENSION + TURKISH)))
def test_locked_septets_are_read_back(text: str) -> None:
    septets = encode_locked(text)

    assert (septets is None) is any(letter in "èìØøÆæ¡¿" for letter in text)
    assert septets is None or decode(septets, 0, "gsm7", None, 1) == text


@given(st.text(st.sampled_from("RET ŞİŞECAM ığüşöç €🙏日\n"), min_size=1))
def test_ucs2_is_read_back(text: str) -> None:
    latin = sum(letter < "\u0200" for letter in text) > len(text) / 2

    assert decode(encode_ucs2(text), 8, "gsm7") == text
    assert not latin or decode(text.encode("utf-16-le"), 8, "gsm7") == text


def test_a_lone_surrogate_leaves_as_a_question_mark() -> None:
    assert encode_ucs2("R\ud800T") == b"\0R\0?\0T"


@given(st.binary(), st.integers(0, 255), st.sampled_from(["gsm7", "latin1", "latin5", "packed"]))
def test_any_octets_are_text_without_surrogates_or_unknown(
    octets: bytes, data_coding: int, default: DefaultAlphabet
) -> None:
    try:
        text = decode(octets, data_coding, default)
    except UnknownAlphabet:
        return
    assert text.encode() is not None


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ÇĞİÖŞÜ çğıöşü", "CGIOSU cgiosu"),
        ("kâr, îman, sükûn", "kar, iman, sukun"),
        ("Nestlé’ye – “evet”…", 'Nestle\'ye - "evet"...'),
        ("🙏 Ж €", "? ? ?"),
        ("a`b\tc\x00d\x1be\ff", "a?b?c?d?e?f"),
        ("RET MIGROS\n[1]", "RET MIGROS\n[1]"),
    ],
)
def test_folding_to_ascii(text: str, folded: str) -> None:
    assert fold_ascii(text) == folded


@given(st.text())
def test_folded_text_is_ascii_that_gsm_has_too(text: str) -> None:
    folded = fold_ascii(text)

    assert folded.isascii()
    septets = encode_septets(folded)
    assert septets is not None
    assert not uses_turkish_shift(septets)
