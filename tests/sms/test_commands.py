"""What people text, by table: the wish that is read in it."""

import unicodedata
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.brands import Brand, Directory
from core.consent import ConsentType
from core.requests import NotUnderstood, Ret, RetUnknown, Wish
from sms.commands import read

ARAMA, MESAJ, EPOSTA = ConsentType.ARAMA, ConsentType.MESAJ, ConsentType.EPOSTA

MIGROS = Brand("600100", "MİGROS TİCARET A.Ş.", ("MIGROS",))
HEPSIBURADA = Brand("600101", "Hepsiburada", ("HB",))
SISECAM = Brand("600102", "Türkiye Şişe ve Cam Fabrikaları", ("SISECAM",))
N11 = Brand("600103", "N11")
ARAMA_AS = Brand("600104", "Arama Market")
SMS_TEK = Brand("600105", "SMS")
RED_HOUSE = Brand("600106", "Red House")
KARDES, KARDES_TOO = Brand("600107", "Kardeş"), Brand("600108", "KARDEŞ")
DIRECTORY = Directory([MIGROS, HEPSIBURADA, SISECAM, N11, ARAMA_AS, SMS_TEK, RED_HOUSE, KARDES, KARDES_TOO])


def ret(brand: Brand, *types: ConsentType) -> Ret:
    return Ret(brand, types or (MESAJ,))


class Case(NamedTuple):
    label: str
    text: str
    wish: Wish


CASES = [
    Case("RET brand", "RET MIGROS", ret(MIGROS)),
    Case("RED brand", "RED MIGROS", ret(MIGROS)),
    Case("IPTAL brand", "IPTAL MIGROS", ret(MIGROS)),
    Case("İPTAL with its dot", "İPTAL MİGROS", ret(MIGROS)),
    Case("small letters", "ret migros", ret(MIGROS)),
    Case("small dotless ı", "ıptal mıgros", ret(MIGROS)),
    Case("brand RET", "MIGROS RET", ret(MIGROS)),
    Case("brand IPTAL", "Migros iptal", ret(MIGROS)),
    Case("full stop and line end", "RET MIGROS.\r\n", ret(MIGROS)),
    Case("signs between", "RET: 'MIGROS' !", ret(MIGROS)),
    Case("many spaces", "  RET    MIGROS  ", ret(MIGROS)),
    Case("no-break space", "RET\u00a0MIGROS", ret(MIGROS)),
    Case("registry number", "RET 600100", ret(MIGROS)),
    Case("registry number first", "600100 RET", ret(MIGROS)),
    Case("letters and digits", "RET n11", ret(N11)),
    Case("full name", "RET Migros Ticaret A.Ş.", ret(MIGROS)),
    Case("full name with Turkish letters", "RET TÜRKİYE ŞİŞE VE CAM FABRİKALARI", ret(SISECAM)),
    Case("full name in ASCII", "ret turkiye sise ve cam fabrikalari", ret(SISECAM)),
    Case("full name, small letters", "ret türkiye şişe ve cam fabrikaları", ret(SISECAM)),
    Case("decomposed", unicodedata.normalize("NFD", "RET ŞİŞECAM"), ret(SISECAM)),
    Case("zero width characters", "R\u200bET ŞİŞE\u200dCAM\ufeff", ret(SISECAM)),
    Case("full-width letters", "ＲＥＴ ＭＩＧＲＯＳ", ret(MIGROS)),
    Case("ARAMA after", "RET MIGROS ARAMA", ret(MIGROS, ARAMA)),
    Case("ARAMA before", "RET ARAMA MIGROS", ret(MIGROS, ARAMA)),
    Case("ARAMA before, verb last", "ARAMA MIGROS RET", ret(MIGROS, ARAMA)),
    Case("ARAMALAR", "RET MIGROS ARAMALAR", ret(MIGROS, ARAMA)),
    Case("MESAJ", "RET MIGROS MESAJ", ret(MIGROS, MESAJ)),
    Case("MESAJLAR", "RET MIGROS MESAJLAR", ret(MIGROS, MESAJ)),
    Case("SMS as a type", "RET MIGROS SMS", ret(MIGROS, MESAJ)),
    Case("both types, in either order", "RET MIGROS MESAJ ARAMA", ret(MIGROS, ARAMA, MESAJ)),
    Case("a type on each side", "RET ARAMA MIGROS MESAJ", ret(MIGROS, ARAMA, MESAJ)),
    Case("a type twice", "RET MIGROS ARAMA ARAMA", ret(MIGROS, ARAMA)),
    Case("HEPSİ", "RET MIGROS HEPSİ", ret(MIGROS, ARAMA, MESAJ)),
    Case("HEPSİ before", "RET HEPSI MIGROS", ret(MIGROS, ARAMA, MESAJ)),
    Case("EPOSTA", "RET MIGROS EPOSTA", ret(MIGROS, EPOSTA)),
    Case("e-posta", "ret migros e-posta", ret(MIGROS, EPOSTA)),
    Case("E-POSTA", "RET MIGROS E-POSTA", ret(MIGROS, EPOSTA)),
    Case("E POSTA", "RET MIGROS E POSTA", ret(MIGROS, EPOSTA)),
    Case("e-mail", "RET MIGROS e-mail", ret(MIGROS, EPOSTA)),
    Case("E-MAİL", "RET MIGROS E-MAİL", ret(MIGROS, EPOSTA)),
    Case("E-POSTA before", "RET E-POSTA MIGROS", ret(MIGROS, EPOSTA)),
    Case("MESAJ and e-posta", "RET MIGROS MESAJ E-POSTA", ret(MIGROS, MESAJ, EPOSTA)),
    Case("HEPSİBURADA is never all", "RET HEPSİBURADA", ret(HEPSIBURADA)),
    Case("HEPSI BURADA in two words", "RET HEPSI BURADA", ret(HEPSIBURADA)),
    Case("HEPSİ BURADA HEPSİ", "RET HEPSİ BURADA HEPSİ", ret(HEPSIBURADA, ARAMA, MESAJ)),
    Case("a brand that begins with a type word", "RET ARAMA MARKET", ret(ARAMA_AS)),
    Case("that brand and the type", "RET ARAMA MARKET ARAMA", ret(ARAMA_AS, ARAMA)),
    Case("a brand that is a type word", "RET SMS", ret(SMS_TEK)),
    Case("a brand that begins with a verb", "RET RED HOUSE", ret(RED_HOUSE)),
    Case("two verbs", "RET MIGROS IPTAL", RetUnknown("MIGROS IPTAL")),
    Case("a name of two brands", "RET KARDEŞ", NotUnderstood()),
    Case("unknown brand", "RET Abcx", RetUnknown("Abcx")),
    Case("unknown brand, verb last", "Abcx RET", RetUnknown("Abcx")),
    Case("unknown brand as typed", "ret Gül-Şen A.Ş", RetUnknown("Gül Şen A Ş")),
    Case("unknown brand without its types", "RET ARAMA Abcx MESAJ", RetUnknown("Abcx")),
    Case("unknown brand without e-posta", "RET Abcx E-POSTA", RetUnknown("Abcx")),
    Case("unknown brand with zero width characters", "RET Ab\u200bcx ARAMA", RetUnknown("abcx")),
    Case("unknown number", "RET 999999", RetUnknown("999999")),
    Case("brand and more words", "RET MIGROS lütfen", RetUnknown("MIGROS lütfen")),
    Case("RET alone", "RET", NotUnderstood()),
    Case("RET HEPSİ", "RET HEPSİ", NotUnderstood()),
    Case("RET ARAMA", "RET ARAMA", NotUnderstood()),
    Case("brand alone", "MIGROS", NotUnderstood()),
    Case("plain chat", "merhaba nasılsınız", NotUnderstood()),
    Case("the verb inside", "lütfen RET artık", NotUnderstood()),
    Case("an advert pasted", "İndirim! RET MIGROS yaz 4609'a gonder B001", NotUnderstood()),
    Case("ONAY brand", "ONAY MIGROS", NotUnderstood()),
    Case("glued", "RETMIGROS", NotUnderstood()),
    Case("empty", "", NotUnderstood()),
    Case("signs alone", " .!? ", NotUnderstood()),
    Case("emoji alone", "🙂🙂", NotUnderstood()),
    Case("20 words", "RET " + "a " * 19, RetUnknown(" ".join("a" * 19))),
    Case("21 words", "RET " + "a " * 20, NotUnderstood()),
    Case("20 words that name types", "RET MIGROS " + "ARAMA " * 18, ret(MIGROS, ARAMA)),
]


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_a_text_is_read(case: Case) -> None:
    assert read(case.text, DIRECTORY) == case.wish


def test_without_brands_everything_named_is_unknown() -> None:
    assert read("RET MIGROS", Directory()) == RetUnknown("MIGROS")


like_commands = st.lists(
    st.sampled_from(
        ["RET", "iptal", "MIGROS", "hepsi", "ARAMA", "E-POSTA", "e", "posta", "ŞİŞECAM", "x", "-", "\u200b"]
    ),
    max_size=25,
).map(" ".join)


@given(st.text() | like_commands)
def test_any_text_has_a_wish(text: str) -> None:
    wish = read(text, DIRECTORY)

    if isinstance(wish, Ret):
        assert wish.types
        assert len(set(wish.types)) == len(wish.types)
    if isinstance(wish, RetUnknown):
        assert wish.name


@given(like_commands)
def test_no_form_of_unicode_changes_the_wish(text: str) -> None:
    assert read(unicodedata.normalize("NFD", text), DIRECTORY) == read(text, DIRECTORY)
