"""Answers as texts beside their models (test_models): each says what became of the wish, and no more."""

from typing import Any, NamedTuple

import pytest

from core.brands.brand import Brand
from core.conversation.answers import (
    AlreadyAllowed,
    Answer,
    BrandAsked,
    BrandMeant,
    BrandUnknown,
    Cancelled,
    ComplaintOpened,
    ComplaintQuestion,
    ComplaintResult,
    EpostaElsewhere,
    Help,
    ListPage,
    NoSuchNumber,
    NothingOpen,
    OnayDone,
    OnayQuestion,
    OneOnRecord,
    ReceiptUnknown,
    RetAllDone,
    RetAllQuestion,
    StatusOfAct,
    StatusOfAll,
    StatusOfBrand,
    StatusOfComplaint,
    TooLate,
    TwoLists,
    WhichBrand,
    WrongCode,
)
from core.conversation.requests import Language
from sms.texts.render import render
from tests.sms.texts.samples import (
    ARAMA,
    AT,
    BOTH,
    DAY,
    HOPI,
    LONG_LABEL,
    MESAJ,
    MIGROS,
    NEWER,
    RECEIPT,
    SINCE,
    page,
    ret,
    several,
    unclear,
)

BOYNER = Brand("600102", "BOYNER")
N11 = Brand("600103", "N11")
LONG = Brand("600104", LONG_LABEL)


class Case(NamedTuple):
    label: str
    answer: Answer
    text: str
    language: Language = Language.TR


REFUSALS = [
    Case(
        "calls done, messages still allowed",
        ret(ended=(ARAMA,), allowed=(MESAJ,)),
        "MIGROS için reklam araması izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS."
        " Mesajlar için: RET MIGROS yazın.",
    ),
    Case(
        "messages done, nothing else allowed",
        ret(ended=(MESAJ,)),
        "MIGROS için reklam mesajı izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS. Borç,"
        " kargo gibi bilgi mesajları gelebilir.",
    ),
    Case(
        "both done",
        ret(ended=BOTH),
        "MIGROS için reklam mesajı ve araması izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS.",
    ),
    Case(
        "one done, the other had none",
        ret(ended=(MESAJ,), already=(ARAMA,), since=SINCE),
        "MIGROS için reklam mesajı izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS. Arama izniniz"
        " zaten yok.",
    ),
    Case(
        "one done, the other kept as a wish",
        ret(ended=(ARAMA,), kept=(MESAJ,)),
        "MIGROS için reklam araması izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS."
        " Mesaj izniniz zaten yok.",
    ),
    Case(
        "one recipient type done, the other without permission",
        ret(ended=(MESAJ,), already=(MESAJ,), since=SINCE, allowed=(ARAMA,)),
        "MIGROS için reklam mesajı izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS. Aramalar"
        " için: RET MIGROS ARAMA yazın.",
    ),
    Case(
        "one recipient type without permission, the other without record",
        ret(already=(MESAJ,), since=SINCE, kept=(MESAJ,)),
        "MIGROS için reklam mesajı izniniz 12.03.2025 tarihinden beri yok. İşlem no K7M4Q2XS. Yine de mesaj gelirse"
        " ŞİKAYET MIGROS yazın.",
    ),
    Case(
        "done, but a newer one stands",
        ret(ended=(MESAJ,), newer=(MESAJ,), newer_at=NEWER),
        "MIGROS için reklam mesajı izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. 23.11.2026 10:20 tarihli"
        " yeni izin sürüyor. İşlem no K7M4Q2XS.",
    ),
    Case(
        "calls without permission",
        ret(already=(ARAMA,), since=SINCE),
        "MIGROS için reklam araması izniniz 12.03.2025 tarihinden beri yok. İşlem no K7M4Q2XS. Yine de arama gelirse"
        " ŞİKAYET MIGROS yazın.",
    ),
    Case(
        "objection kept while calls are allowed",
        ret(kept=(MESAJ,), allowed=(ARAMA,)),
        "MIGROS için kayıtlı mesaj izniniz yok, isteğinizi yine de sakladık. İşlem no K7M4Q2XS. Reklam mesajı gelirse"
        " ŞİKAYET MIGROS yazın.",
    ),
    Case(
        "newer record of both",
        ret(newer=BOTH, newer_at=NEWER),
        "MIGROS için sizden sonra, 23.11.2026 10:20 tarihli yeni bir izin var; değişmedi. Kesmek için şimdi RET MIGROS"
        " HEPSİ yazın. İşlem no K7M4Q2XS.",
    ),
    Case(
        "e-mail",
        EpostaElsewhere(MIGROS, AT),
        "MIGROS e-posta izni e-posta adresinize bağlıdır; hiçbir şey değişmedi. Kesmek için e-postadaki"
        " bağlantıyı açın. 14:05",
    ),
    Case(
        "everything, but newer ones stand",
        RetAllDone(9, BOTH, RECEIPT, DAY, newer=2),
        "9 markanın mesaj ve arama izni kaldırıldı; en geç 26.11.2026 günü kesilir. 2 markanın daha yeni izni"
        " değişmedi. İşlem no K7M4Q2XS.",
    ),
    Case(
        "everything, calls alone: no word about messages",
        RetAllDone(9, (ARAMA,), RECEIPT, DAY),
        "9 markanın arama izni kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS.",
    ),
    Case(
        "everything, where nothing was left",
        RetAllDone(0, BOTH, RECEIPT, DAY),
        "Hiçbir markanın kayıtlı mesaj ya da arama izni yok; hiçbir şey değişmedi. İşlem no K7M4Q2XS.",
    ),
    Case(
        "everything, where all is newer",
        RetAllDone(0, BOTH, RECEIPT, DAY, newer=1),
        "1 markanın sizden sonra gelen yeni izni var; hiçbir şey değişmedi. İşlem no K7M4Q2XS.",
    ),
    Case(
        "one brand, in English",
        RetAllQuestion(1, (MESAJ,), RECEIPT, 24),
        "Remove message permission of 1 brand? If so, text EVET within 24 hours; else nothing changes. Question"
        " K7M4Q2XS.",
        Language.EN,
    ),
]

SEVERAL = [
    Case(
        "one of two",
        several(ret(ended=(MESAJ,)), unknown=("ABCX",)),
        'MIGROS için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. "ABCX" bulunamadı. İşlem no K7M4Q2XS.',
    ),
    Case(
        "messages of one, calls of the other",
        several(ret(ended=(MESAJ,)), ret(N11, ended=(ARAMA,))),
        "2 marka için izniniz kaldırıldı; en geç 26.11.2026 günü kesilir: MIGROS (mesaj), N11 (arama). İşlem no"
        " K7M4Q2XS.",
    ),
    Case(
        "one had none",
        several(ret(ended=(MESAJ,)), ret(HOPI, ended=(MESAJ,)), ret(BOYNER, already=(MESAJ,), since=SINCE)),
        "2 marka için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir: MIGROS, HOPİ. Zaten izinsiz: BOYNER."
        " İşlem no K7M4Q2XS.",
    ),
    Case(
        "nothing was removed",
        several(ret(kept=(MESAJ,)), ret(BOYNER, newer=(MESAJ,), newer_at=NEWER)),
        "Kaydı yok, isteğiniz saklandı: MIGROS. Yeni izni var, değişmedi: BOYNER. İşlem no K7M4Q2XS.",
    ),
    Case(
        "removed, but a newer one stands",
        several(ret(ended=(MESAJ,), newer=(MESAJ,), newer_at=NEWER), unknown=("ABCX",)),
        "MIGROS için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. Yeni izni var, değişmedi: MIGROS."
        ' "ABCX" bulunamadı. İşlem no K7M4Q2XS.',
    ),
    Case(
        "calls of them still allowed",
        several(ret(ended=(MESAJ,), allowed=(ARAMA,)), ret(N11, ended=(MESAJ,))),
        "Message permission of 2 brands is removed; it stops by 26.11.2026: MIGROS, N11. Ref K7M4Q2XS. For calls: RET,"
        " the brand and ARAMA.",
        Language.EN,
    ),
    Case(
        "both types of two, one without calls",
        several(ret(ended=(MESAJ,), already=(ARAMA,), since=SINCE), ret(N11, ended=(MESAJ,), kept=(ARAMA,))),
        "2 marka için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir: MIGROS, N11. İşlem no K7M4Q2XS.",
    ),
    Case(
        "more names than there is room for",
        several(*[ret(ended=(MESAJ,))] * 30),
        "30 marka için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir: MIGROS, MIGROS, MIGROS, MIGROS ve 26"
        " marka daha. İşlem no K7M4Q2XS.",
    ),
    Case(
        "names that had none go first",
        several(*[ret(ended=(MESAJ,))] * 2, *[ret(BOYNER, already=(MESAJ,), since=SINCE)] * 4),
        "2 marka için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir: MIGROS, MIGROS. Zaten izinsiz: 4 marka."
        " İşlem no K7M4Q2XS.",
    ),
    Case(
        "numbers that the list does not have",
        several(ret(ended=(MESAJ,)), missing=(12, 14)),
        "MIGROS için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. Listede 12, 14 yok. İşlem no K7M4Q2XS.",
    ),
    Case(
        "one is unclear",
        several(ret(ended=(MESAJ,)), unclear=unclear(BOYNER, options=2)),
        'MIGROS için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS. "BOYNER" hangisi?\n'
        "1 BOYNER\n2 BOYNER\nReklamlarını kesmek için numara yazın.",
    ),
    Case(
        "mixed, in English",
        several(ret(ended=(ARAMA,)), ret(HOPI, kept=(ARAMA,)), unknown=("ABCX", "DEFY")),
        "Call permission of MIGROS is removed; it stops by 26.11.2026. None on record, your wish is kept: HOPI."
        ' "ABCX", "DEFY" not found. Ref K7M4Q2XS.',
        Language.EN,
    ),
]

QUESTIONS = [
    Case(
        "a short list",
        page(MIGROS, lines=2, total=2, last=True),
        "2 markanın izni var:\n1 MIGROS\n2 MIGROS (arama)\nKesmek için numara yazın, örnek: 1 2. Hepsi: HEPSİ. 14:05",
    ),
    Case(
        "a page in the middle",
        page(MIGROS, lines=1, first=False),
        "1 MIGROS\nKesmek için numara yazın, örnek: 2 5. Hepsi: HEPSİ. Devamı: DEVAM. 14:05",
    ),
    Case(
        "calls in English",
        ListPage(((1, MIGROS, True), (2, HOPI, False)), 2, first=True, last=True, at=AT),
        "2 brands have your permission:\n1 MIGROS (calls)\n2 HOPI\nTo end some, text the numbers, e.g. 1 2. All: HEPSI."
        " 14:05",
        Language.EN,
    ),
    Case(
        "one on record",
        OneOnRecord(MIGROS, BOTH, AT),
        "İzni olan tek marka: MIGROS. EVET yazarsanız reklam mesajı ve araması izniniz kaldırılır; yoksa hiçbir şey"
        " değişmez. 14:05",
    ),
    Case(
        "which one to end",
        WhichBrand("ret", unclear(HOPI, options=2), AT),
        '"HOPİ" hangisi?\n1 HOPİ\n2 HOPİ\nReklamlarını kesmek için numara yazın; yoksa hiçbir şey değişmez. 14:05',
    ),
    Case(
        "which one to report, of words that are not repeated",
        WhichBrand("sikayet", unclear(HOPI, options=2)._replace(typed="12345"), AT),
        "Hangisi?\n1 HOPİ\n2 HOPİ\nŞikayet etmek için numara yazın. 14:05",
    ),
    Case(
        "numbers that the list does not have",
        NoSuchNumber((12, 14), 9, AT),
        "Listede 12, 14 yok, son numara 9; hiçbir şey değişmedi. Listeden numara yazın ya da yeni liste için RET yazın."
        " 14:05",
    ),
    Case(
        "a number like a phone's",
        NoSuchNumber((53212345,), 9, AT),
        "Yazdığınız numara listede yok, son numara 9; hiçbir şey değişmedi. Listeden numara yazın ya da yeni liste için"
        " RET yazın. 14:05",
    ),
    Case(
        "two lists",
        TwoLists(1, MIGROS, HOPI, AT),
        "1 numara eski listede MIGROS, yeni listede HOPİ; hiçbir şey değişmedi. RET MIGROS ya da RET HOPİ yazın. 14:05",
    ),
    Case(
        "a near miss",
        BrandMeant(N11, (ARAMA,), AT),
        "N11 markasını mı demek istediniz? EVET ya da RET N11 ARAMA yazarsanız reklam araması izniniz kaldırılır; yoksa"
        " hiçbir şey değişmez. 14:05",
    ),
    Case(
        "a brand and no wish",
        BrandAsked(MIGROS, AT),
        "MIGROS için ne istiyorsunuz? Kesmek için RET MIGROS, durumu için DURUM MIGROS, izin için ONAY MIGROS yazın."
        " Henüz hiçbir şey değişmedi. 14:05",
    ),
    Case("no", Cancelled(AT), "Tamam, hiçbir şey değişmedi. Reklamları kesmek için RET ve markanın adını yazın. 14:05"),
    Case(
        "yes to nothing",
        NothingOpen(AT),
        "Açık bir soru yok, hiçbir şey değişmedi. RET ve markanın adını yazın. Adını bilmiyorsanız yalnız RET yazın."
        " 14:05",
    ),
    Case(
        "too late for a refusal",
        TooLate("ret", MIGROS, AT),
        "Sorunun süresi doldu, hiçbir şey değişmedi. Yeniden başlamak için RET MIGROS yazın. 14:05",
    ),
    Case(
        "too late for a code",
        TooLate("onay", MIGROS, AT),
        "Sorunun süresi doldu, hiçbir şey değişmedi. Yeniden başlamak için ONAY MIGROS yazın. 14:05",
    ),
    Case(
        "too late for a list",
        TooLate("list", None, AT),
        "Sorunun süresi doldu, hiçbir şey değişmedi. Yeniden başlamak için RET yazın. 14:05",
    ),
    Case(
        "unknown brand that is not repeated",
        BrandUnknown("12345678", AT),
        "Bu adda bir marka bulunamadı, hiçbir şey değişmedi. Mesajdaki adı yazın, örnek: RET MIGROS. Şikayet"
        " için ŞİKAYET ve adı yazın. 14:05",
    ),
]

OTHERS = [
    Case(
        "calls asked",
        OnayQuestion(MIGROS, (ARAMA,), "482913", 1),
        "MIGROS sizi reklam için arasın mı? İstiyorsanız 1 dakika içinde bu numaraya yalnız 482913 yazın. Kodu kimseye"
        " söylemeyin.",
    ),
    Case(
        "both allowed",
        OnayDone(MIGROS, BOTH, RECEIPT),
        "MIGROS reklam mesajı gönderebilir, sizi arayabilir; izni bugün siz verdiniz. İşlem no K7M4Q2XS. Vazgeçmek"
        " ücretsiz: RET MIGROS HEPSİ yazın.",
    ),
    Case(
        "already allowed",
        AlreadyAllowed(MIGROS, (MESAJ,), AT),
        "MIGROS size zaten reklam mesajı gönderebilir, hiçbir şey değişmedi. Vazgeçmek ücretsiz: RET MIGROS"
        " yazın. 14:05",
    ),
    Case(
        "wrong code",
        WrongCode(MIGROS, 2, AT),
        "Kod yanlış, hiçbir şey değişmedi. MIGROS için gelen kodu yazın; kalan deneme: 2. 14:05",
    ),
    Case(
        "wrong code for the last time",
        WrongCode(MIGROS, 0, AT),
        "Kod yanlış, artık geçersiz; hiçbir şey değişmedi. Yeni kod için ONAY MIGROS yazın. 14:05",
    ),
    Case(
        "both allowed now",
        StatusOfBrand(MIGROS, "allowed", "allowed", AT),
        "MIGROS (23.11.2026 14:05). Reklam mesajı: izin var. Arama: izin var. İkisini kesmek için RET MIGROS"
        " HEPSİ yazın. Liste için yalnız RET yazın.",
    ),
    Case(
        "an objection and no record",
        StatusOfBrand(MIGROS, "objection", "none", AT),
        "MIGROS (23.11.2026 14:05). Reklam mesajı: izin yok, isteğiniz kayıtlı. Arama: izin kaydı yok. Reklam gelirse"
        " ŞİKAYET MIGROS yazın.",
    ),
    Case(
        "all that is allowed",
        StatusOfAll(9, (MIGROS, HOPI), AT),
        "9 markanın izni var: MIGROS, HOPİ ve 7 marka daha. Liste için yalnız RET yazın. Bir marka için DURUM ve adını"
        " yazın. 14:05",
    ),
    Case(
        "an act on many",
        StatusOfAct(RECEIPT, "ended", (MIGROS,), 9, NEWER, AT),
        "İşlem no K7M4Q2XS. 23.11.2026 10:20: MIGROS ve 8 marka daha için izniniz kaldırıldı. 14:05",
    ),
    Case(
        "an act that changed nothing",
        StatusOfAct(RECEIPT, "unchanged", (), 0, NEWER, AT),
        "İşlem no K7M4Q2XS. 23.11.2026 10:20: hiçbir şey değişmedi. 14:05",
    ),
    Case(
        "a question's number",
        StatusOfAct(RECEIPT, "question", (), 0, NEWER, AT),
        "Soru no K7M4Q2XS. 23.11.2026 10:20: size bir soru sorduk. Soru tek başına hiçbir şey değiştirmez. 14:05",
    ),
    Case(
        "another's receipt",
        ReceiptUnknown(RECEIPT, AT),
        "İşlem no K7M4Q2XS bu telefon numarası için bulunamadı. DURUM ve elinizdeki işlem numarasını yeniden yazın."
        " 14:05",
    ),
    Case(
        "a report of an unknown sender",
        ComplaintQuestion(None, "ABCX", RECEIPT, 24),
        '"ABCX" şikayetiniz için gelen mesajın tamamını, gününü ve gönderen adını bu numaraya yazın. Şikayet no'
        " K7M4Q2XS."
        " 24 saat bekleriz.",
    ),
    Case(
        "a report before the last lawful day",
        ComplaintQuestion(MIGROS, None, RECEIPT, 24, until=DAY),
        "MIGROS yasaya göre 26.11.2026 gününe dek yazabilir; şikayetiniz kayıtlı. Mesajı, gününü, göndereni"
        " yazın. Şikayet no K7M4Q2XS. 24 saat bekleriz.",
    ),
    Case(
        "a report without a name",
        ComplaintOpened(None, RECEIPT),
        "Bildiriminizi aldık. Şikayet no K7M4Q2XS. Sonucu SMS ile bildiririz; durumu için DURUM K7M4Q2XS yazın. Resmi"
        " başvuru e-Devlet'ten.",
    ),
    Case(
        "a report forwarded",
        StatusOfComplaint(RECEIPT, "forwarded", MIGROS, NEWER, None, AT),
        "Şikayet no K7M4Q2XS. MIGROS için 23.11.2026 tarihli bildiriminiz: ilgili kuruma iletildi. 14:05",
    ),
    Case(
        "a report closed",
        StatusOfComplaint(RECEIPT, "closed", None, NEWER, "İşlem yapıldı.", AT),
        "Şikayet no K7M4Q2XS. 23.11.2026 tarihli bildiriminiz: sonuçlandı. İşlem yapıldı. 14:05",
    ),
    Case(
        "a person's words in letters that can be sent",
        ComplaintResult(None, RECEIPT, " “Şikâyet”  haklı bulundu. ", NEWER),
        'K7M4Q2XS no\'lu şikayetiniz sonuçlandı, 23.11.2026: "Şikayet" haklı bulundu. Ayrıntı için DURUM'
        " K7M4Q2XS yazın.",
    ),
    Case(
        "no full stop behind a link",
        ComplaintResult(None, RECEIPT, "https://izin.example/a.", NEWER),
        "K7M4Q2XS no'lu şikayetiniz sonuçlandı, 23.11.2026: https://izin.example/a Ayrıntı için DURUM K7M4Q2XS yazın.",
    ),
    Case(
        "help where the line cannot be called",
        Help(None, more=False, at=AT),
        "RET ve marka adı: mesajı keser. RET: liste. RET HEPSİ: hepsini keser. DURUM: izinleriniz. ŞİKAYET ve"
        " marka adı. Ücretsiz. 14:05",
    ),
    Case(
        "more help",
        Help("3338", more=True, at=AT),
        "RET, marka adı, ARAMA: aramayı keser. ONAY ve marka adı: izin verir. DURUM ve işlem no: işlemin"
        " sonucu. ENGLISH: texts in English. 14:05",
    ),
]


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.label) for case in (*REFUSALS, *SEVERAL, *QUESTIONS, *OTHERS)]
)
def test_an_answer_reads(case: Case) -> None:
    assert render(case.answer, case.language) == case.text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "fates",
    [
        pytest.param({"already": (MESAJ,), "since": SINCE}, id="already"),
        pytest.param({"kept": (MESAJ,)}, id="kept"),
        pytest.param({"newer": (MESAJ,), "newer_at": NEWER}, id="newer"),
    ],
)
def test_what_was_not_removed_is_never_called_removed(fates: dict[str, Any], language: Language) -> None:
    for answer in (ret(**fates), several(ret(**fates), ret(HOPI, **fates), unknown=("ABCX",))):
        text = render(answer, language)

        assert "kaldırıldı" not in text
        assert "removed" not in text


@pytest.mark.parametrize("brand", [pytest.param(MIGROS, id="short"), pytest.param(LONG, id="long")])
def test_a_newer_permission_beside_an_ended_one_is_said_in_any_case(brand: Brand) -> None:
    answer = ret(brand, ended=BOTH, newer=(MESAJ,), newer_at=NEWER)

    assert "23.11.2026 10:20 tarihli yeni izin sürüyor" in render(answer, Language.TR)


def test_a_name_that_was_not_found_outlasts_the_names_that_were() -> None:
    answer = several(*[ret(LONG, ended=(MESAJ,))] * 9, unknown=("ABCX",))

    text = render(answer, Language.TR)

    assert '9 marka için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. "ABCX" bulunamadı.' in text


def test_long_names_stay_apart_in_a_question() -> None:
    options = tuple((n, Brand(str(n), f"TÜRKİYE ŞİŞE VE CAM {n}. FABRİKASI ANONİM ŞİRKETİ")) for n in range(1, 6))

    lines = render(WhichBrand("ret", unclear(MIGROS)._replace(options=options), AT), Language.TR).split("\n")[1:6]

    assert len({line.partition(" ")[2] for line in lines}) == 5


@pytest.mark.parametrize("language", Language)
def test_each_answer_has_its_own_receipt(language: Language) -> None:
    first = render(ret(ended=(MESAJ,)), language)
    other = render(ret(ended=(MESAJ,), receipt="A0000003"), language)

    assert other == first.replace(RECEIPT, "A0000003")


def test_a_brand_may_be_called_like_a_receipt() -> None:
    text = render(ret(Brand("600105", RECEIPT), ended=(MESAJ,), receipt="A0000003"), Language.TR)

    assert text.startswith(f"{RECEIPT} için reklam mesajı izniniz")
