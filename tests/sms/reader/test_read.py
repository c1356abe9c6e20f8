"""What people text, by table: the wish that is read in it, and the language it switches to."""

import unicodedata

import pytest

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.conversation.requests import (
    BrandAlone,
    BrandMention,
    Devam,
    Digits,
    Durum,
    DurumOf,
    Evet,
    Intent,
    Language,
    NoneOfThem,
    NotUnderstood,
    Onay,
    OnayAll,
    Ret,
    RetAll,
    RetAlone,
    Sikayet,
    Yardim,
)
from core.domain.consent import ConsentType
from sms.reader.read import read

ARAMA, MESAJ, EPOSTA = ConsentType.ARAMA, ConsentType.MESAJ, ConsentType.EPOSTA

MIGROS = Brand("600100", "MİGROS TİCARET A.Ş.", ("MIGROS",))
HEPSIBURADA = Brand("600101", "Hepsiburada", ("HB",))
SISECAM = Brand("600102", "Türkiye Şişe ve Cam Fabrikaları", ("SISECAM",))
N11 = Brand("600103", "N11")
ARAMA_AS = Brand("600104", "Arama Market")
SMS_TEK = Brand("600105", "SMS")
RED_HOUSE = Brand("600106", "Red House")
KARDES, KARDES_TOO = Brand("600107", "Kardeş"), Brand("600108", "KARDEŞ")
BOYNER = Brand("600109", "Boyner Büyük Mağazacılık", ("BOYNER",))
HOPI = Brand("600110", "Hopi")
LOFT, LOFTSU = Brand("600111", "Loft"), Brand("600112", "Loftsu")
CICEK = Brand("600113", "Çiçek")
RETRO, DURU, STOP = Brand("600114", "Retro"), Brand("600115", "Duru"), Brand("600116", "Stop")
MAVI = Brand("600117", "Mavi")
TURKCELL = Brand("600118", "Turkcell İletişim Hizmetleri")
LOREAL = Brand("600119", "L'Oréal Paris")
CLOSED = Brand("600120", "Klıksa", closed=True)
ENGLISH_HOME = Brand("600121", "English Home")
BLUEHOUSE = Brand("600122", "Redblue")
DIRECTORY = Directory(
    [
        *(
            MIGROS,
            HEPSIBURADA,
            SISECAM,
            N11,
            ARAMA_AS,
            SMS_TEK,
            RED_HOUSE,
            KARDES,
            KARDES_TOO,
            BOYNER,
            HOPI,
            LOFT,
            LOFTSU,
        ),
        *(CICEK, RETRO, DURU, STOP, MAVI, TURKCELL, LOREAL, CLOSED, ENGLISH_HOME, BLUEHOUSE),
    ]
)


def ret(typed: str, brand: Brand, *types: ConsentType, exact: bool = True) -> Ret:
    return Ret((BrandMention(typed, (brand,), exact),), types)


def unknown(typed: str, *types: ConsentType) -> Ret:
    return Ret((BrandMention(typed, (), exact=False),), types)


def silent(*brands: tuple[str, Brand]) -> NotUnderstood:
    return NotUnderstood(tuple([BrandMention(typed, (brand,), exact=True) for typed, brand in brands]))


RET_BRAND = [
    pytest.param("RET MIGROS", ret("MIGROS", MIGROS), id="RET brand"),
    pytest.param("RED MIGROS", ret("MIGROS", MIGROS), id="RED brand"),
    pytest.param("İPTAL MİGROS", ret("MİGROS", MIGROS), id="İPTAL with its dot"),
    pytest.param("ıptal mıgros", ret("mıgros", MIGROS), id="small dotless ı"),
    pytest.param("Migros iptal", ret("Migros", MIGROS), id="brand first"),
    pytest.param("RET MIGROS.\r\n", ret("MIGROS", MIGROS), id="full stop and line end"),
    pytest.param("RET: 'MIGROS' !", ret("MIGROS", MIGROS), id="signs between"),
    pytest.param("RET-MIGROS", ret("MIGROS", MIGROS), id="a hyphen between"),
    pytest.param("RET\u00a0MIGROS", ret("MIGROS", MIGROS), id="no-break space"),
    pytest.param("RET MIGROS 🙏", ret("MIGROS", MIGROS), id="an emoji"),
    pytest.param("RETTTT MIGROS", ret("MIGROS", MIGROS), id="a letter held down"),
    pytest.param("RET MIGROSSS", ret("MIGROSSS", MIGROS, exact=False), id="one held down in the brand"),
    pytest.param("R E T MIGROS", ret("MIGROS", MIGROS), id="letters apart"),
    pytest.param("RET 600100", ret("600100", MIGROS), id="registry number"),
    pytest.param("RET n11", ret("n11", N11), id="letters and digits"),
    pytest.param("RET Migros Ticaret A.Ş.", ret("Migros Ticaret A Ş", MIGROS), id="full name"),
    pytest.param("ret turkiye sise ve cam fabrikalari", ret("turkiye sise ve cam fabrikalari", SISECAM), id="ASCII"),
    pytest.param(unicodedata.normalize("NFD", "RET ŞİŞECAM"), ret("ŞİŞECAM", SISECAM), id="decomposed"),
    pytest.param("R\u200bET ŞİŞE\u200dCAM\ufeff", ret("ŞİŞECAM", SISECAM), id="zero width characters"),
    pytest.param("ＲＥＴ ＭＩＧＲＯＳ", ret("ＭＩＧＲＯＳ", MIGROS), id="full-width letters"),
    pytest.param("RET L'Oréal Paris", ret("L'Oréal Paris", LOREAL), id="an apostrophe in the name"),
    pytest.param("RET KLIKSA", ret("KLIKSA", CLOSED), id="a closed brand"),
    pytest.param("RETMIGROS", ret("MIGROS", MIGROS), id="glued in front"),
    pytest.param("MIGROSRET", ret("MIGROS", MIGROS), id="glued at the end"),
    pytest.param("smsiptalmigros", ret("migros", MIGROS), id="SMSİPTAL glued"),
    pytest.param("RETHEPSI BURADA", ret("HEPSI BURADA", HEPSIBURADA), id="glued to a name in two words"),
    pytest.param("REY MIGROS", ret("MIGROS", MIGROS), id="a slip in RET"),
    pytest.param("smsiiptal migros", ret("migros", MIGROS), id="a slip in SMSİPTAL, which names no type"),
    pytest.param("MIGROS IPTLA", ret("MIGROS", MIGROS), id="a slip in İPTAL"),
    pytest.param("RET MIRGOS", ret("MIRGOS", MIGROS, exact=False), id="a slip in the brand"),
    pytest.param("RET HEPSI BURDA", ret("HEPSI BURDA", HEPSIBURADA, exact=False), id="a slip in a name of two words"),
    pytest.param("RET TURKCELL", ret("TURKCELL", TURKCELL, exact=False), id="part of a name"),
    pytest.param("RET migros'tan", ret("migros'tan", MIGROS, exact=False), id="with an ending"),
    pytest.param("RET HEPSİBURADA", ret("HEPSİBURADA", HEPSIBURADA), id="HEPSİBURADA is never all"),
    pytest.param("RET HEPSI BURADA", ret("HEPSI BURADA", HEPSIBURADA), id="HEPSI BURADA neither"),
    pytest.param("RET RED HOUSE", ret("RED HOUSE", RED_HOUSE), id="a brand that begins with a verb"),
    pytest.param("RET STOP", ret("STOP", STOP), id="a brand that is a verb"),
    pytest.param("STOP RET", ret("STOP", STOP), id="that brand first"),
    pytest.param("RET SMS", ret("SMS", SMS_TEK), id="a brand that is a type word"),
    pytest.param("RET ARAMA MARKET", ret("ARAMA MARKET", ARAMA_AS), id="a brand that begins with a type word"),
    pytest.param("RET RETRO", ret("RETRO", RETRO), id="a brand that begins like a verb"),
    pytest.param("RET LOFT", ret("LOFT", LOFT), id="exact beats near"),
    pytest.param("RET MIGROS lütfen", ret("MIGROS", MIGROS), id="a polite word"),
    pytest.param("RET MIGROS 3338", ret("MIGROS", MIGROS), id="the short number behind it"),
    pytest.param("RET MIGROS B001", ret("MIGROS", MIGROS), id="the operator's code behind it"),
    pytest.param("RET MIGROS IPTAL", ret("MIGROS", MIGROS), id="two verbs"),
]

TYPES = [
    pytest.param("RET MIGROS ARAMA", ret("MIGROS", MIGROS, ARAMA), id="ARAMA after"),
    pytest.param("ARAMA MIGROS RET", ret("MIGROS", MIGROS, ARAMA), id="ARAMA before"),
    pytest.param("RET MIGROS SMS", ret("MIGROS", MIGROS, MESAJ), id="SMS"),
    pytest.param("RET MIGROS MESAJ ARAMA", ret("MIGROS", MIGROS, ARAMA, MESAJ), id="both, in either order"),
    pytest.param("RET MIGROS ARAMA ARAMA", ret("MIGROS", MIGROS, ARAMA), id="a type twice"),
    pytest.param("RET MIGROS HEPSİ", ret("MIGROS", MIGROS, ARAMA, MESAJ), id="HEPSİ"),
    pytest.param("RET MIGROS tüm mesajlar", ret("MIGROS", MIGROS, MESAJ), id="all messages"),
    pytest.param("ret migros e-posta", ret("migros", MIGROS, EPOSTA), id="e-posta"),
    pytest.param("RET MIGROS E-MAİL", ret("MIGROS", MIGROS, EPOSTA), id="E-MAİL"),
    pytest.param("SMSIPTAL MIGROS", ret("MIGROS", MIGROS), id="SMSİPTAL names none"),
    pytest.param("IZINIPTAL MIGROS", ret("MIGROS", MIGROS), id="İZİNİPTAL names none"),
    pytest.param("RET HEPSİ BURADA HEPSİ", ret("HEPSİ BURADA", HEPSIBURADA, ARAMA, MESAJ), id="HEPSİ BURADA HEPSİ"),
    pytest.param("RET ARAMA MARKET ARAMA", ret("ARAMA MARKET", ARAMA_AS, ARAMA), id="ARAMA MARKET ARAMA"),
    pytest.param("migros mesaj atmayın", ret("migros", MIGROS, MESAJ), id="a type in its phrase"),
    pytest.param("migros beni aramayın", ret("migros", MIGROS, ARAMA), id="a type in its word"),
    pytest.param("RET ARAMA", RetAlone((ARAMA,)), id="without a brand"),
]

MANY = [
    pytest.param(
        "RET MIGROS, BOYNER ve HOPİ",
        Ret(
            (
                BrandMention("MIGROS", (MIGROS,), True),
                BrandMention("BOYNER", (BOYNER,), True),
                BrandMention("HOPİ", (HOPI,), True),
            )
        ),
        id="several",
    ),
    pytest.param(
        "RET MIGROS ABCX",
        Ret((BrandMention("MIGROS", (MIGROS,), True), BrandMention("ABCX", (), False))),
        id="one is unknown",
    ),
    pytest.param("RET MIGROS MIGROS", ret("MIGROS", MIGROS), id="the same twice"),
    pytest.param("RET KARDEŞ", Ret((BrandMention("KARDEŞ", (KARDES, KARDES_TOO), True),)), id="a name of two brands"),
    pytest.param("RET LOFTS", Ret((BrandMention("LOFTS", (LOFTSU, LOFT), False),)), id="a slip of two brands"),
    pytest.param("RET Abcx", unknown("Abcx"), id="unknown"),
    pytest.param("ret Kar-Taş", unknown("Kar Taş"), id="unknown, as typed"),
    pytest.param("RET KOLTUK DUNYASI", unknown("KOLTUK DUNYASI"), id="unknown in everyday words"),
    pytest.param("RET ÇİÇEK SEPETİ", unknown("ÇİÇEK SEPETİ"), id="a known name begins an unknown one"),
    pytest.param(
        "RET BOYNER SİGORTA",
        Ret((BrandMention("BOYNER SİGORTA", (BOYNER,), exact=False, sure=False),)),
        id="a known name with a word of another trade is asked about",
    ),
    pytest.param("RET BOYNER MAĞAZACILIK", ret("BOYNER MAĞAZACILIK", BOYNER, exact=False), id="a word of its own name"),
    pytest.param("RET ARAMA Abcx MESAJ", unknown("Abcx", ARAMA, MESAJ), id="unknown, with types"),
    pytest.param("RET 999999", unknown("999999"), id="unknown number"),
]

ALONE = [
    pytest.param("RET", RetAlone(), id="RET"),
    pytest.param("RETTT", RetAlone(), id="held down"),
    pytest.param("IPTL", RetAlone(), id="with an unmistakable slip"),
    pytest.param("iptal", RetAlone(is_no=True), id="İPTAL is a no"),
    pytest.param("Hayır.", RetAlone(is_no=True), id="HAYIR"),
    pytest.param("DUR", RetAlone(is_no=True), id="DUR"),
    pytest.param("vazgeç", RetAlone(is_no=True), id="VAZGEÇ"),
    pytest.param("smsiptal", RetAlone(), id="SMSİPTAL"),
    pytest.param("LİSTE", RetAlone(), id="LİSTE"),
    pytest.param("hayır istemiyorum", RetAlone(), id="more than a no"),
    pytest.param("artık mesaj atmayın", RetAlone((MESAJ,)), id="a sentence"),
    pytest.param("RET HEPSİ", RetAll(), id="RET HEPSİ"),
    pytest.param("rethepsi", RetAll(), id="glued"),
    pytest.param("RET HEPSİ SMS", RetAll((MESAJ,)), id="with a type"),
    pytest.param("tümünü iptal edin", RetAll(), id="in a sentence"),
    pytest.param("bütün mesajları iptal edin", RetAll((MESAJ,)), id="all messages"),
    pytest.param("HEPSİ", RetAll(bare=True), id="HEPSİ alone"),
]

SENTENCES = [
    pytest.param(
        "migrostan sms almak istemiyorum lütfen beni listeden çıkarın",
        ret("migrostan", MIGROS, MESAJ, exact=False),
        id="long",
    ),
    pytest.param("migros mesajlarını iptal edin", ret("migros", MIGROS, MESAJ), id="X mesajlarını iptal edin"),
    pytest.param("hopiyi istemiyorum", ret("hopiyi", HOPI, exact=False), id="with an ending"),
    pytest.param("migros listesinden çıkmak istiyorum", ret("migros", MIGROS), id="çıkmak istiyorum"),
    pytest.param("migrs mesajlarını durdurun", ret("migrs", MIGROS, MESAJ, exact=False), id="a slip in a sentence"),
]

SILENT = [
    pytest.param("", silent(), id="empty"),
    pytest.param(" .!? ", silent(), id="signs alone"),
    pytest.param("merhaba nasılsınız", silent(), id="chat"),
    pytest.param("akşam migros önünde dur beni bekle", silent(("migros", MIGROS)), id="a verb in chat"),
    pytest.param("iptal etmeyin", silent(), id="iptal etmeyin"),
    pytest.param("RET etmiyorum", silent(), id="RET etmiyorum"),
    pytest.param("migros iptal etmek istemiyorum", silent(("migros", MIGROS)), id="iptal etmek istemiyorum"),
    pytest.param("migros mesaj atın", silent(("migros", MIGROS)), id="mesaj atın"),
    pytest.param("migros kalsın boyner iptal", silent(("migros", MIGROS), ("boyner", BOYNER)), id="an exception"),
    pytest.param("migros iptal boyner istiyorum", silent(("migros", MIGROS), ("boyner", BOYNER)), id="one is wanted"),
    pytest.param("RWY MIGROS", silent(("MIGROS", MIGROS)), id="two slips in RET"),
    pytest.param("RET HEPSİ MIGROS HARİÇ", silent(("MIGROS", MIGROS)), id="all but one"),
    pytest.param("RET MIGROS?", silent(("MIGROS", MIGROS)), id="a question"),
    pytest.param("migros iptal nasıl yapılır", silent(("migros", MIGROS)), id="a question in words"),
    pytest.param("İndirim! RET MIGROS yaz 4609'a gonder B001", silent(("MIGROS", MIGROS)), id="an advert"),
    pytest.param("ONAY RET MIGROS", silent(("MIGROS", MIGROS)), id="ONAY and RET"),
    pytest.param("NET MIGROS", silent(("MIGROS", MIGROS)), id="a word that looks like a slip"),
    pytest.param("REY MIRGOS", silent(), id="slips in both"),
    pytest.param("MIGROS BOYNER", silent(("MIGROS", MIGROS), ("BOYNER", BOYNER)), id="two brands and nothing else"),
    pytest.param("bugün mavi giydim", silent(), id="a brand that is an everyday word"),
    pytest.param("RET MAVI yaz", silent(("MAVI", MAVI)), id="that brand beside a command"),
    pytest.param("toplantı iptal", silent(), id="something else is called off"),
    pytest.param("nefret", silent(), id="an ordinary word that ends like a verb"),
]

BRANDS = [
    pytest.param("migros", BrandAlone(BrandMention("migros", (MIGROS,), True)), id="a brand"),
    pytest.param("Hepsi Burada", BrandAlone(BrandMention("Hepsi Burada", (HEPSIBURADA,), True)), id="in two words"),
    pytest.param("RETRO", BrandAlone(BrandMention("RETRO", (RETRO,), True)), id="one that begins like a verb"),
    pytest.param(
        "red house", BrandAlone(BrandMention("red house", (RED_HOUSE,), True)), id="one that begins with a verb"
    ),
    pytest.param("red blue", BrandAlone(BrandMention("red blue", (BLUEHOUSE,), False)), id="one written in one word"),
    pytest.param("RET RO", BrandAlone(BrandMention("RET RO", (RETRO,), False)), id="one that a verb makes by chance"),
    pytest.param("mirgos", BrandAlone(BrandMention("mirgos", (MIGROS,), False)), id="with a slip"),
    pytest.param("kardeş", BrandAlone(BrandMention("kardeş", (KARDES, KARDES_TOO), True)), id="a name of two brands"),
    pytest.param("migros sms", BrandAlone(BrandMention("migros", (MIGROS,), True), (MESAJ,)), id="with a type"),
    pytest.param("sms", BrandAlone(BrandMention("sms", (SMS_TEK,), False)), id="one that is a word of the reader's"),
    pytest.param("STOP", RetAlone(is_no=True), id="a verb alone is no brand"),
]

OTHERS = [
    pytest.param("ONAY MIGROS", Onay((BrandMention("MIGROS", (MIGROS,), True),)), id="ONAY brand"),
    pytest.param(
        "izin ver migros arama", Onay((BrandMention("migros", (MIGROS,), True),), (ARAMA,)), id="ONAY with a type"
    ),
    pytest.param("ONAY HEPSİ", OnayAll(), id="ONAY HEPSİ"),
    pytest.param("ONAY", Onay(()), id="ONAY alone"),
    pytest.param("KABUL", silent(), id="a weaker word alone"),
    pytest.param("ONYA MIGROS", silent(("MIGROS", MIGROS)), id="a slip in ONAY"),
    pytest.param("ONAYMIGROS", silent(), id="ONAY glued"),
    pytest.param("DURUM", Durum(), id="DURUM"),
    pytest.param("DURUM MIGROS", Durum((BrandMention("MIGROS", (MIGROS,), True),)), id="DURUM brand"),
    pytest.param("K7M4Q2XS", DurumOf("K7M4Q2XS"), id="a receipt"),
    pytest.param("durum k7m4-q2xs", DurumOf("K7M4Q2XS"), id="DURUM receipt"),
    pytest.param("K7M4Q2XT", silent(), id="no receipt by its check character"),
    pytest.param("gol iptal", silent(), id="two words that read like a receipt"),
    pytest.param("ŞİKAYET", Sikayet(), id="ŞİKAYET"),
    pytest.param("sikayet migros", Sikayet((BrandMention("migros", (MIGROS,), True),)), id="ŞİKAYET brand"),
    pytest.param("ŞİKAYET KOLTUK DÜNYASI", Sikayet((BrandMention("KOLTUK DÜNYASI", (), False),)), id="ŞİKAYET unknown"),
    pytest.param("YARDIM", Yardim(), id="YARDIM"),
    pytest.param("evet", Evet(), id="EVET"),
    pytest.param("evet migros", silent(("migros", MIGROS)), id="EVET and a brand"),
    pytest.param("DEVAM", Devam(), id="DEVAM"),
]

NUMBERS = [
    pytest.param("2 5", Digits((2, 5)), id="two"),
    pytest.param("2,5", Digits((2, 5)), id="a comma"),
    pytest.param("2-5", Digits((2, 5)), id="a hyphen"),
    pytest.param("1. 3.", Digits((1, 3)), id="full stops"),
    pytest.param("12", Digits((12,)), id="item 12"),
    pytest.param("2️⃣", Digits((2,)), id="a keycap emoji"),
    pytest.param("2 ve 5", Digits((2, 5)), id="ve"),
    pytest.param("2 numara", Digits((2,)), id="numara"),
    pytest.param("no 2 lütfen", Digits((2,)), id="no"),
    pytest.param("RET 2 5", Digits((2, 5)), id="behind a verb"),
    pytest.param("482913", Digits((), "482913"), id="a code"),
    pytest.param("482 913", Digits((482, 913), "482913"), id="a code in two"),
    pytest.param("482-913", Digits((482, 913), "482913"), id="a code with a hyphen"),
    pytest.param("48 29 13", Digits((48, 29, 13), "482913"), id="a code in pairs"),
    pytest.param("4 8 2 9 1 3", Digits((4, 8, 2, 9, 1, 3)), id="six numbers"),
    pytest.param("48,29,13", Digits((48, 29, 13)), id="three numbers"),
    pytest.param("600100", Digits((), "600100"), id="a registry number alone is none"),
    pytest.param("12345", Digits((12345,)), id="five digits"),
    pytest.param("1234567", silent(), id="seven digits"),
    pytest.param(" ".join(["1"] * 50), Digits((1,) * 50), id="50 numbers"),
    pytest.param(" ".join(["1"] * 51), silent(), id="51 numbers"),
    pytest.param("0532 123 45 67", silent(), id="a phone number"),
]


@pytest.mark.parametrize(
    ("text", "intent"), [*RET_BRAND, *TYPES, *MANY, *ALONE, *SENTENCES, *SILENT, *BRANDS, *OTHERS, *NUMBERS]
)
def test_a_text_is_read(text: str, intent: Intent) -> None:
    reading = read(text, DIRECTORY)

    assert reading.intent == intent
    assert type(reading.intent) is type(intent)
    assert reading.text == text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("ENGLISH", Language.EN, id="ENGLISH"),
        pytest.param("TÜRKÇE", Language.TR, id="TÜRKÇE"),
        pytest.param("turkce", Language.TR, id="without its letters"),
        pytest.param("STOP ALL", Language.EN, id="two English words"),
        pytest.param("hello what is this", Language.EN, id="two in a text that is no wish"),
        pytest.param("STOP", None, id="STOP"),
        pytest.param("OK", None, id="OK"),
        pytest.param("SMS", None, id="SMS"),
        pytest.param("HELP", None, id="HELP"),
        pytest.param("STOP STOP", None, id="one word twice"),
        pytest.param("STOP ENGLISH HOME", None, id="a brand's words do not count"),
        pytest.param("RET MIGROS", None, id="Turkish"),
        pytest.param("of can it ne", None, id="Turkish words that are English ones too"),
    ],
)
def test_a_text_switches_the_language(text: str, language: Language | None) -> None:
    assert read(text, DIRECTORY).language == language


def test_without_brands_everything_named_is_unknown() -> None:
    assert read("RET MIGROS", Directory()).intent == unknown("MIGROS")


def test_a_word_of_a_name_is_no_slip() -> None:
    rwt = Brand("600199", "Rwt Giyim")

    assert isinstance(read("RWT MIGROS", DIRECTORY).intent, Ret)
    assert isinstance(read("RWT MIGROS", Directory([MIGROS, rwt])).intent, NotUnderstood)


@pytest.mark.parametrize(("count", "intent"), [(20, Ret), (21, NotUnderstood)])
def test_a_wish_names_20_brands_at_most(count: int, intent: type[Intent]) -> None:
    brands = [Brand(str(600200 + n), f"Xal{letter}") for n, letter in enumerate("abcdefghijklmnoprstuv")]
    text = "RET " + " ".join(brand.name for brand in brands[:count])

    assert isinstance(read(text, Directory(brands)).intent, intent)


@pytest.mark.parametrize(("count", "brands"), [(6, (MIGROS,)), (7, ())])
def test_slips_are_searched_for_in_six_names_at_most(count: int, brands: tuple[Brand, ...]) -> None:
    intent = read("RET " + "MIRGOS, " * count, DIRECTORY).intent

    assert intent == Ret((BrandMention("MIRGOS", brands, exact=False),))


def test_a_text_that_is_no_wish_names_five_brands_at_most() -> None:
    intent = read("acaba migros boyner hopi n11 loft loftsu duru", DIRECTORY).intent

    assert isinstance(intent, NotUnderstood)
    assert [mention.brands[0] for mention in intent.mentions] == [MIGROS, BOYNER, HOPI, N11, LOFT]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hiçbiri", NoneOfThem()),
        ("HİÇ BİRİ", NoneOfThem()),
        ("kimse", NoneOfThem()),
        ("hiçbirini", NoneOfThem()),
        ("hiçbiri lütfen", NoneOfThem()),
        ("hiçbirini istemiyorum", RetAll()),
        ("hiç birinden mesaj istemiyorum", RetAll((ConsentType.MESAJ,))),
        ("kimse mesaj atmasın", RetAll((ConsentType.MESAJ,))),
        ("hiçbirini iptal et", NotUnderstood()),
        ("hiçbiri iptal", NotUnderstood()),
    ],
)
def test_none_of_them_means_all_only_under_a_negated_verb(text: str, intent: Intent) -> None:
    assert read(text, DIRECTORY).intent == intent
