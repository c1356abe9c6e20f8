"""Turkish folding by table, and what holds for any text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.text import Word, fold, key, spell, storable, words

TURKISH = "abcçdefgğhıijklmnoöprsştuüvyzABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZâîûÂÎÛ 0123456789"


@pytest.mark.parametrize(
    ("label", "text", "folded"),
    [
        ("nothing", "", ""),
        ("capital dotted İ", "İPTAL", "iptal"),
        ("capital dotless I", "IPTAL", "iptal"),
        ("small dotted i", "iptal", "iptal"),
        ("small dotless ı", "ıptal", "iptal"),
        ("every Turkish letter", "ŞşĞğÇçÖöÜüİiIı", "ssggccoouuiiii"),
        ("circumflexes", "ÂâÎîÛû", "aaiiuu"),
        ("decomposed", unicodedata.normalize("NFD", "ŞİŞECAM ĞÜÇÖ"), "sisecam guco"),
        ("dot above after i", "i\u0307ptal", "iptal"),
        ("zero width characters", "M\u200bI\u200dG\ufeffROS", "migros"),
        ("soft hyphen", "MIG\u00adROS", "migros"),
        ("direction marks", "\u200eRET\u202c", "ret"),
        ("full-width letters", "\uff32\uff25\uff34", "ret"),
        ("letters of other languages lose their marks", "ÉÀñ", "ean"),
        ("signs and line ends stay", "RET, MİGROS!\n", "ret, migros!\n"),
    ],
)
def test_a_text_is_folded(label: str, text: str, folded: str) -> None:
    assert fold(text) == folded, label


@pytest.mark.parametrize(
    ("label", "text", "found"),
    [
        ("nothing", "", []),
        ("signs alone", " .,-_!? ", []),
        ("signs between", "RET: Hepsi-Burada, N11.", ["ret", "hepsi", "burada", "n11"]),
        ("an underscore parts", "ret_migros", ["ret", "migros"]),
        ("emoji part", "RET🙂MİGROS", ["ret", "migros"]),
        ("no-break space parts", "RET\u00a0MIGROS", ["ret", "migros"]),
        ("zero width does not part", "MI\u200bGROS", ["migros"]),
    ],
)
def test_words_are_runs_of_letters_and_digits(label: str, text: str, found: list[str]) -> None:
    assert words(text) == found, label


def test_a_key_is_the_same_for_all_ways_to_write_a_name() -> None:
    assert {key(name) for name in ("HEPSİ BURADA", "hepsiburada", "Hepsi-Burada", "HEPSIBURADA ")} == {"hepsiburada"}


@given(st.text())
def test_folding_a_folded_text_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("letter", TURKISH)
def test_a_letter_is_folded_alike_beside_any_other(letter: str) -> None:
    assert fold(letter + "ş") == fold(letter) + "s"


@given(st.text(TURKISH))
def test_no_form_of_unicode_changes_the_key(text: str) -> None:
    assert key(unicodedata.normalize("NFD", text)) == key(unicodedata.normalize("NFC", text)) == key(text)
    assert key(text).isascii()


@given(st.text(st.characters(), max_size=40))
def test_a_storable_text_can_be_stored_and_is_as_long(text: str) -> None:
    kept = storable(text)

    assert len(kept) == len(text)
    assert "\0" not in kept
    assert kept.encode("utf-8").decode("utf-8") == kept


@pytest.mark.parametrize(
    ("label", "text", "kept"),
    [
        ("NUL", "a\0b", "a\ufffdb"),
        ("lone surrogate", "a\ud800b", "a\ufffdb"),
        ("last lone surrogate", "\udfff", "\ufffd"),
        ("whole text", "RET MİGROS 🙂", "RET MİGROS 🙂"),
    ],
)
def test_what_no_database_holds_is_replaced(label: str, text: str, kept: str) -> None:
    assert storable(text) == kept, label


@pytest.mark.parametrize(
    ("label", "text", "spelt"),
    [
        ("nothing", "", []),
        ("typed beside folded", "RET ŞOK", [("ret", "RET", ""), ("sok", "ŞOK", " ")]),
        ("signs between", "ret: 'N11'", [("ret", "ret", ""), ("n11", "N11", ": '")]),
        ("decomposed", unicodedata.normalize("NFD", "ŞOK"), [("sok", "ŞOK", "")]),
        ("zero width characters", "M\u200bİGROS", [("migros", "MİGROS", "")]),
        ("full-width letters", "\uff32ET", [("ret", "\uff32ET", "")]),
        ("a ligature", "\ufb01rma RET", [("firma", "firma", ""), ("ret", "ret", " ")]),
    ],
)
def test_words_keep_their_spelling(label: str, text: str, spelt: list[tuple[str, str, str]]) -> None:
    assert spell(text) == spelt, label


@pytest.mark.parametrize("sign", "'’‘`´ʼ")
def test_an_apostrophe_hangs_a_word_on_the_one_before(sign: str) -> None:
    assert [word.is_suffix for word in spell(f"Migros{sign}tan sms")] == [False, True, False]


@given(st.text(st.characters()))
def test_spelt_words_are_the_words(text: str) -> None:
    assert [word.key for word in spell(text)] == words(text)
    assert all(isinstance(word, Word) and key(word.typed) == word.key for word in spell(text))
