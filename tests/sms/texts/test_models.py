"""The model answers (texts.md) to the letter, in both languages."""

from typing import NamedTuple

import pytest

from core.brands.brand import Brand
from core.conversation.answers import (
    Answer,
    ApprovalNotice,
    BrandUnknown,
    ComplaintOpened,
    ComplaintQuestion,
    ComplaintResult,
    ConsentEnded,
    Help,
    ListPage,
    NothingOnRecord,
    NotUnderstoodAnswer,
    OnayDone,
    OnayQuestion,
    ProofCode,
    RetAllDone,
    RetAllQuestion,
    SetAside,
    StatusOfBrand,
    TooLate,
)
from core.conversation.requests import Door, Language
from core.domain.clock import parse_legal_time
from core.domain.consent import ConsentType
from sms.texts.render import render
from tests.sms.texts.samples import ARAMA, AT, BOTH, DAY, HOPI, LINK, MESAJ, MIGROS, NEWER, RECEIPT, SINCE, ret, several

DECIDED = parse_legal_time("2026-12-12 11:00:00")
LISTED = ("MIGROS", "TEKNOSA", "BOYNER", "HOPİ", "N11", "KİĞILI", "SÜVARİ", "LACOSTE", "DERİMOD")
LINES = tuple((number, Brand(f"6001{number:02}", name), False) for number, name in enumerate(LISTED, 1))
FIRST_PAGE = ListPage(LINES[:5], 9, first=True, last=False, at=AT)
LAST_PAGE = ListPage(LINES[5:], 9, first=False, last=True, at=parse_legal_time("2026-11-23 14:07:00"))


class Model(NamedTuple):
    label: str
    answer: Answer
    turkish: str
    english: str


MODELS = [
    Model(
        "RET done",
        ret(ended=(MESAJ,), allowed=(ARAMA,)),
        "MIGROS için reklam mesajı izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS. "
        "Aramalar için: RET MIGROS ARAMA yazın.",
        "Your permission for MIGROS adverts by message is removed; they stop by 26.11.2026. Ref K7M4Q2XS. "
        "For calls: RET MIGROS ARAMA.",
    ),
    Model(
        "already without permission",
        ret(already=(MESAJ,), since=SINCE),
        "MIGROS için reklam mesajı izniniz 12.03.2025 tarihinden beri yok. İşlem no K7M4Q2XS. Yine de mesaj "
        "gelirse ŞİKAYET MIGROS yazın.",
        "MIGROS has had no permission to message you since 12.03.2025. Ref K7M4Q2XS. If a message still "
        "comes: SIKAYET MIGROS.",
    ),
    Model(
        "objection kept",
        ret(kept=(MESAJ,)),
        "MIGROS için kayıtlı izniniz yok, isteğinizi yine de sakladık. İşlem no K7M4Q2XS. Reklam mesajı "
        "gelirse ŞİKAYET MIGROS yazın.",
        "MIGROS has no permission on record; we kept your wish all the same. Ref K7M4Q2XS. If an advert "
        "comes: SIKAYET MIGROS.",
    ),
    Model(
        "newer record",
        ret(newer=(MESAJ,), newer_at=NEWER),
        "MIGROS için sizden sonra, 23.11.2026 10:20 tarihli yeni bir izin var; değişmedi. Kesmek için şimdi "
        "RET MIGROS yazın. İşlem no K7M4Q2XS.",
        "MIGROS has a newer permission of 23.11.2026 10:20; nothing changed. To end it now text RET MIGROS. "
        "Ref K7M4Q2XS.",
    ),
    Model(
        "list",
        FIRST_PAGE,
        "9 markanın izni var:\n1 MIGROS\n2 TEKNOSA\n3 BOYNER\n4 HOPİ\n5 N11\nKesmek için numara yazın, "
        "örnek: 2 5. Hepsi: HEPSİ. Devamı: DEVAM. 14:05",
        "9 brands have your permission:\n1 MIGROS\n2 TEKNOSA\n3 BOYNER\n4 HOPI\n5 N11\nTo end some, text the "
        "numbers, e.g. 2 5. All: HEPSI. More: DEVAM. 14:05",
    ),
    Model(
        "list, end",
        LAST_PAGE,
        "6 KİĞILI\n7 SÜVARİ\n8 LACOSTE\n9 DERİMOD\nListe bitti. Kesmek için numara yazın, örnek: 2 5. "
        "Listedeki 9 marka için HEPSİ yazın. 14:07",
        "6 KIGILI\n7 SUVARI\n8 LACOSTE\n9 DERIMOD\nEnd of list. To end some, text the numbers, e.g. 2 5. All "
        "9 listed: HEPSI. 14:07",
    ),
    Model(
        "nothing on record",
        NothingOnRecord(AT),
        "Hiçbir markanın kayıtlı mesaj izni yok. Yine de reklam mesajı geliyorsa RET ve markanın adını yazın. 14:05",
        "No brand has a message permission on record. If adverts still come, text RET and the brand's name. 14:05",
    ),
    Model(
        "RET HEPSİ question",
        RetAllQuestion(9, BOTH, RECEIPT, 24),
        "9 markanın mesaj ve arama izni kaldırılsın mı? İstiyorsanız 24 saat içinde EVET yazın; yoksa hiçbir "
        "şey değişmez. Soru no K7M4Q2XS.",
        "Remove message and call permission of 9 brands? If so, text EVET within 24 hours; else nothing "
        "changes. Question K7M4Q2XS.",
    ),
    Model(
        "RET HEPSİ done",
        RetAllDone(9, BOTH, RECEIPT, DAY),
        "9 markanın mesaj ve arama izni kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS. Borç, "
        "kargo gibi bilgi mesajları gelebilir.",
        "Message and call permission of 9 brands is removed; all stops by 26.11.2026. Ref K7M4Q2XS. Debt or "
        "delivery notices may still come.",
    ),
    Model(
        "partly done",
        several(ret(ended=(MESAJ,)), ret(HOPI, ended=(MESAJ,)), unknown=("ABCX",)),
        '2 marka için mesaj izniniz kaldırıldı; en geç 26.11.2026 günü kesilir: MIGROS, HOPİ. "ABCX" '
        "bulunamadı. İşlem no K7M4Q2XS.",
        'Message permission of 2 brands is removed; it stops by 26.11.2026: MIGROS, HOPI. "ABCX" not found. '
        "Ref K7M4Q2XS.",
    ),
    Model(
        "unknown brand",
        BrandUnknown("ABCX", AT),
        '"ABCX" adlı marka bulunamadı, hiçbir şey değişmedi. Mesajdaki adı yazın, örnek: RET MIGROS. Şikayet '
        "için ŞİKAYET ve adı yazın. 14:05",
        'No brand "ABCX" found; nothing changed. Text the name in the message, e.g. RET MIGROS. To report: '
        "SIKAYET and the name. 14:05",
    ),
    Model(
        "ONAY question",
        OnayQuestion(MIGROS, (MESAJ,), "482913", 10),
        "MIGROS size reklam mesajı göndersin mi? İstiyorsanız 10 dakika içinde bu numaraya yalnız 482913 "
        "yazın. Kodu kimseye söylemeyin.",
        "Shall MIGROS send you adverts by message? If so, text only 482913 to this number within 10 minutes. "
        "Tell the code to nobody.",
    ),
    Model(
        "ONAY done",
        OnayDone(MIGROS, (MESAJ,), RECEIPT),
        "MIGROS size reklam mesajı gönderebilir; izni bugün siz verdiniz. İşlem no K7M4Q2XS. Vazgeçmek "
        "ücretsiz: RET MIGROS yazın.",
        "MIGROS may send you adverts by message; you allowed it today. Ref K7M4Q2XS. To take it back, free: "
        "RET MIGROS.",
    ),
    Model(
        "DURUM brand",
        StatusOfBrand(MIGROS, "allowed", "refused", AT),
        "MIGROS (23.11.2026 14:05). Reklam mesajı: izin var. Arama: izin yok. Mesajı kesmek için RET MIGROS "
        "yazın. Liste için yalnız RET yazın.",
        "MIGROS (23.11.2026 14:05). Adverts by message: allowed. Calls: not allowed. To end messages: RET "
        "MIGROS. For the list text only RET.",
    ),
    Model(
        "ŞİKAYET question",
        ComplaintQuestion(MIGROS, None, RECEIPT, 24),
        "MIGROS şikayetiniz için gelen mesajın tamamını, gününü ve gönderen adını bu numaraya yazın. Şikayet "
        "no K7M4Q2XS. 24 saat bekleriz.",
        "For your report on MIGROS text us the whole message, its day and its sender. Complaint K7M4Q2XS. We "
        "wait 24 hours.",
    ),
    Model(
        "ŞİKAYET opened",
        ComplaintOpened(MIGROS, RECEIPT),
        "MIGROS bildiriminizi aldık. Şikayet no K7M4Q2XS. Sonucu SMS ile bildiririz; durumu için DURUM "
        "K7M4Q2XS yazın. Resmi başvuru e-Devlet'ten.",
        "We have your report on MIGROS. Complaint K7M4Q2XS. We text you the outcome; for its state: DURUM "
        "K7M4Q2XS. Formal applications: e-Devlet.",
    ),
    Model(
        "YARDIM",
        Help("3338", more=False, at=AT),
        "RET ve marka adı: mesajı keser. RET: liste. RET HEPSİ: hepsini keser. DURUM: izinleriniz. ŞİKAYET "
        "ve marka adı. Ücretsiz. Sesli: 3338. 14:05",
        "RET + brand: ends its messages. RET: list. RET HEPSI: ends all. DURUM: what is allowed. SIKAYET + "
        "brand. Free. By voice: 3338. 14:05",
    ),
    Model(
        "not understood",
        NotUnderstoodAnswer(AT),
        "Anlayamadık, hiçbir şey değişmedi. RET ve markanın adını yazın, örnek: RET MIGROS. Adını "
        "bilmiyorsanız yalnız RET yazın. 14:05",
        "We did not understand; nothing changed. Text RET and the brand, e.g. RET MIGROS. Name unknown? Text "
        "only RET. 14:05",
    ),
    Model(
        "set aside",
        SetAside(RECEIPT),
        "İsteğinizi aldık, bir görevli bakacak. Sonucu SMS ile bildiririz. İşlem no K7M4Q2XS.",
        "We have your request; a person will look at it. We text you the outcome. Ref K7M4Q2XS.",
    ),
    Model(
        "approval notice",
        ApprovalNotice(MIGROS, BOTH, AT, LINK),
        "MIGROS reklam mesajı ve arama izniniz kaydedildi, 23.11.2026. İstemezseniz RET MIGROS HEPSİ yazın ya da "
        "https://izin.example/r/Q7m2XbT9kLw4Zp1s",
        "Your permission for MIGROS messages and calls is registered, 23.11.2026. If not wanted: RET MIGROS HEPSI "
        "or https://izin.example/r/Q7m2XbT9kLw4Zp1s",
    ),
    Model(
        "late EVET",
        TooLate("ret-all", None, AT),
        "Sorunun süresi doldu, hiçbir şey değişmedi. Yeniden başlamak için RET HEPSİ yazın. 14:05",
        "The question has expired; nothing changed. To begin again text RET HEPSI. 14:05",
    ),
]


@pytest.mark.parametrize("model", [pytest.param(model, id=model.label) for model in MODELS])
def test_an_answer_reads_like_its_model(model: Model) -> None:
    assert render(model.answer, Language.TR) == model.turkish
    assert render(model.answer, Language.EN) == model.english


@pytest.mark.parametrize(
    ("language", "outcome", "before", "after"),
    [
        pytest.param(
            Language.TR,
            "MIGROS hakkında işlem yapıldı",
            "K7M4Q2XS no'lu şikayetiniz sonuçlandı, 12.12.2026: ",
            ". Ayrıntı için DURUM K7M4Q2XS yazın.",
            id="Turkish",
        ),
        pytest.param(
            Language.EN,
            "action was taken on MIGROS",
            "Your complaint K7M4Q2XS is decided, 12.12.2026: ",
            ". Details: DURUM K7M4Q2XS.",
            id="English",
        ),
    ],
)
def test_a_complaints_result_reads_like_its_model(language: Language, outcome: str, before: str, after: str) -> None:
    assert render(ComplaintResult(MIGROS, RECEIPT, outcome, DECIDED), language) == before + outcome + after


GIVEN = ApprovalNotice(MIGROS, BOTH, AT, LINK)


@pytest.mark.parametrize(
    ("types", "turkish", "english"),
    [
        pytest.param((MESAJ,), "RET MIGROS", "RET MIGROS", id="messages"),
        pytest.param((ARAMA,), "RET MIGROS ARAMA", "RET MIGROS ARAMA", id="calls"),
        pytest.param(BOTH, "RET MIGROS HEPSİ", "RET MIGROS HEPSI", id="both"),
    ],
)
@pytest.mark.parametrize("again", [False, True])
def test_a_notice_prints_the_command_that_ends_what_it_announces_and_ends_with_the_link(
    types: tuple[ConsentType, ...], turkish: str, english: str, again: bool
) -> None:
    notice = GIVEN._replace(types=types, again=again)

    assert render(notice, Language.TR).endswith(f". İstemezseniz {turkish} yazın ya da {LINK}")
    assert render(notice, Language.EN).endswith(f". If not wanted: {english} or {LINK}")


def test_a_notice_after_a_refusal_says_so_first() -> None:
    again = GIVEN._replace(again=True)

    assert render(again, Language.TR) == f"Daha önce izninizi kaldırmıştınız: {render(GIVEN, Language.TR)}"
    assert render(again, Language.EN).startswith("You had removed it before: your permission for MIGROS ")


def test_a_notice_names_the_day_of_istanbul() -> None:
    late = GIVEN._replace(at=parse_legal_time("2026-11-24 00:30:00"))

    assert ", 24.11.2026. " in render(late, Language.TR)


def test_what_an_objection_ended_is_told_with_the_time() -> None:
    ended = ConsentEnded(MIGROS, (MESAJ,), SINCE, AT)

    assert render(ended, Language.TR) == (
        "MIGROS 12.03.2025 tarihli bir mesaj izni bildirdi; daha önce istemediğiniz için aynı anda kaldırıldı. "
        "Bir şey yapmanız gerekmez. 14:05"
    )
    assert render(ended, Language.EN) == (
        "MIGROS reported a message permission of 12.03.2025; as you had refused before, it was removed at once. "
        "You need do nothing. 14:05"
    )


@pytest.mark.parametrize(
    ("minutes", "turkish", "english"),
    [pytest.param(1, "1 dakika", "1 minute", id="one"), pytest.param(3, "3 dakika", "3 minutes", id="several")],
)
def test_the_code_of_the_page_says_what_it_is_for_and_how_long(minutes: int, turkish: str, english: str) -> None:
    code = ProofCode("482913", minutes, Door.LINK)

    assert render(code, Language.TR) == (
        f"İzin sayfası için kodunuz 482913. {turkish} geçerlidir; yalnız sayfaya yazın, kimseye söylemeyin."
    )
    assert render(code, Language.EN) == (
        f"Your code for the permission page is 482913. It is good for {english}; "
        "type it only there and tell it to nobody."
    )


def test_the_code_of_a_call_says_that_it_is_keyed_in() -> None:
    code = ProofCode("482913", 3, Door.IVR)

    assert render(code, Language.TR) == (
        "Telefondaki işleminiz için kodunuz 482913. 3 dakika geçerlidir; yalnız telefonda tuşlayın, kimseye söylemeyin."
    )
    assert render(code, Language.EN) == (
        "Your code for your call is 482913. It is good for 3 minutes; "
        "key it in only on the phone and tell it to nobody."
    )


def test_an_onay_by_phone_says_which_brand_may_do_what_and_that_the_code_is_keyed_in() -> None:
    question = OnayQuestion(MIGROS, (ARAMA,), "482913", 3, by_call=True)

    assert render(question, Language.TR) == (
        "MIGROS sizi reklam için arasın mı? İstiyorsanız 3 dakika içinde telefonda 482913 tuşlayın. "
        "Kodu kimseye söylemeyin."
    )
    assert render(question, Language.EN) == (
        "Shall MIGROS call you with adverts? If so, key in 482913 on the phone within 3 minutes. "
        "Tell the code to nobody."
    )
