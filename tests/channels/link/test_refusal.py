"""`/r/TOKEN`: what the page shows, what its button does, and what a mail client's one click does."""

import json
from typing import Any, NamedTuple

import pytest
from aiohttp import FormData
from yarl import URL

from channels.link.forms import FIELDS_MAX
from channels.link.port import Offer
from core.conversation.answers import RetAnswer
from core.domain.clock import Instant
from core.domain.consent import ConsentType, Source
from tests.channels.link.fakes import (
    ARAMA,
    EPOSTA,
    MESAJ,
    NOW,
    RECEIPT,
    SINCE,
    TOKEN,
    Client,
    FakePort,
    held,
    offer,
    ret,
)

PATH = f"/r/{TOKEN}"
BUTTON = 'name="type" value="{}"'


class Shown(NamedTuple):
    """An offer, the buttons that its page has, and what it says (Turkish, English) and does not say."""

    offer: Offer
    buttons: tuple[str, ...]
    tr: tuple[str, ...]
    en: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


SHOWN = [
    pytest.param(
        Shown(
            offer(held()),
            ("MESAJ",),
            ("MIGROS için izinleriniz", "son iki hanesi: 67", "izin var", "12.03.2025 gününden beri"),
            ("Your permissions for MIGROS", "Last two digits of your phone number: 67", "since 12.03.2025"),
        ),
        id="one type, not refused yet",
    ),
    pytest.param(
        Shown(
            offer(held(), held("allowed", ARAMA), covered=(ARAMA, MESAJ)),
            ("ARAMA", "MESAJ", "ALL"),
            ("Reklam aramalarını durdur", "Reklam mesajlarını durdur", "Hepsini durdur"),
            ("Stop adverts by call", "Stop adverts by message", "Stop all of them"),
        ),
        id="several types",
    ),
    pytest.param(
        Shown(
            offer(held(), held("allowed", ARAMA)),
            ("MESAJ",),
            ("Reklam araması", "RET MIGROS ARAMA", "sms:3338?body=RET%20MIGROS%20ARAMA"),
            ("This link is not about it.",),
            ("Reklam aramalarını durdur",),
        ),
        id="another type is shown without a button",
    ),
    pytest.param(
        Shown(
            offer(held("refused")),
            (),
            ("MIGROS için reklam mesajı izniniz 12.03.2025 tarihinden beri yok.",),
            ("MIGROS has had no permission to message you since 12.03.2025.",),
            ("tek dokunuşla",),
        ),
        id="already without permission",
    ),
    pytest.param(
        Shown(offer(held("objection")), (), ("izin yok, isteğiniz saklandı",), ("your wish is kept",)),
        id="an objection counts as refused",
    ),
    pytest.param(
        Shown(offer(), ("MESAJ",), ("izin kaydı yok", "isteğiniz saklanır"), ("no permission on record",)),
        id="no record: the wish can still be kept",
    ),
    pytest.param(
        Shown(
            offer(held("refused"), held("allowed", ARAMA), covered=(MESAJ, ARAMA)),
            ("ARAMA",),
            ("Reklam aramalarını durdur",),
            (),
            ("Hepsini durdur",),
        ),
        id="one of two is refused already",
    ),
    pytest.param(
        Shown(
            offer(held("allowed", EPOSTA), covered=(EPOSTA,), is_mail=True, tail="…@ornek.com"),
            ("EPOSTA",),
            ("E-posta adresiniz: …@ornek.com", "Reklam e-postalarını durdur"),
            ("Your e-mail address: …@ornek.com",),
            ("son iki hanesi",),
        ),
        id="an e-mail address",
    ),
    pytest.param(
        Shown(
            offer(held(), brand=held().brand._replace(name="<script>&amp;" + "x" * 99)),
            ("MESAJ",),
            ("&lt;script&gt;&amp;amp;xxx", "xx…"),
            (),
            ("<script>", "x" * 60),
        ),
        id="a hostile and endless name",
    ),
]


@pytest.mark.parametrize("case", SHOWN)
async def test_the_page_shows_what_stands(client: Client, port: FakePort, case: Shown) -> None:
    port.offers[TOKEN] = case.offer

    turkish = await client.get(PATH)
    english = await client.get(PATH, params={"lang": "en"})

    html = await turkish.text()
    assert turkish.status == english.status == 200
    assert [name for name in (*ConsentType, "ALL") if BUTTON.format(name) in html] == sorted(
        case.buttons, key=[*ConsentType, "ALL"].index
    )
    assert all(text in html for text in case.tr), html
    assert not any(text in html for text in case.absent), html
    assert '<html lang="tr">' in html
    html = await english.text()
    assert all(text in html for text in case.en), html
    assert '<html lang="en">' in html
    assert port.calls == ["offer", "offer"]


class Done(NamedTuple):
    """An answer, and what its page says (Turkish, English)."""

    answer: RetAnswer
    tr: tuple[str, ...]
    en: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


DONE = [
    pytest.param(
        Done(
            ret(ended=(MESAJ,), allowed=(ARAMA,)),
            (
                "İzniniz kaldırıldı",
                "MIGROS için reklam mesajı izniniz kaldırıldı; en geç 26.11.2026 günü kesilir.",
                RECEIPT,
                "MIGROS sizi reklam için arayabilir.",
                "RET MIGROS ARAMA",
            ),
            (
                "Your permission for MIGROS adverts by message is removed; they stop by 26.11.2026.",
                "MIGROS may call you with adverts.",
            ),
        ),
        id="done, the other type is still allowed",
    ),
    pytest.param(
        Done(
            ret(ended=(ARAMA, MESAJ)),
            ("reklam araması ve reklam mesajı izniniz kaldırıldı",),
            ("adverts by call and adverts by message is removed",),
            ("Hâlâ izinli olanlar",),
        ),
        id="done, both types",
    ),
    pytest.param(
        Done(
            ret(already=(MESAJ,), since=SINCE),
            ("Zaten izniniz yok", "MIGROS için reklam mesajı izniniz 12.03.2025 tarihinden beri yok.", RECEIPT),
            ("MIGROS has had no permission to message you since 12.03.2025.",),
            ("26.11.2026",),
        ),
        id="already without permission since",
    ),
    pytest.param(
        Done(ret(already=(MESAJ,)), ("MIGROS için reklam mesajı izniniz zaten yok.",), ()), id="already, no date"
    ),
    pytest.param(
        Done(
            ret(kept=(MESAJ,)),
            ("İsteğiniz saklandı", "kayıtlı reklam mesajı izniniz yok, isteğinizi yine de sakladık", RECEIPT),
            ("we kept your wish all the same",),
            ("26.11.2026",),
        ),
        id="the wish is kept",
    ),
    pytest.param(
        Done(
            ret(newer=(MESAJ,), newer_at=NOW),
            ("Daha yeni bir izin var", "23.11.2026 10:00 tarihli yeni bir reklam mesajı izni var", 'value="MESAJ"'),
            ("a newer permission of 23.11.2026 10:00",),
        ),
        id="a newer permission stands, and a button ends it now",
    ),
    pytest.param(
        Done(
            ret(ended=(MESAJ,), already=(ARAMA,), since=SINCE),
            ("İzniniz kaldırıldı", "reklam mesajı izniniz kaldırıldı", "reklam araması izniniz 12.03.2025"),
        ),
        id="one ended, one was refused before",
    ),
]


@pytest.mark.parametrize("case", DONE)
async def test_the_result_says_what_became_of_it(client: Client, port: FakePort, case: Done) -> None:
    port.answer = case.answer

    turkish = await client.post(PATH, data={"type": "MESAJ"}, allow_redirects=False)
    english = await client.post(PATH, data={"type": "MESAJ"}, params={"lang": "en"})

    assert turkish.status == english.status == 200
    html = await turkish.text()
    assert all(text in html for text in case.tr), html
    assert not any(text in html for text in case.absent), html
    assert f'src="/islem/{RECEIPT}/karekod.svg"' in html
    assert f"https://izin.example/islem/{RECEIPT}" in html
    html = await english.text()
    assert all(text in html for text in case.en), html


URLENCODED = "application/x-www-form-urlencoded"
BOTH = (ARAMA, MESAJ)


class Body(NamedTuple):
    """A body, and the types that it ends where the notice announced ARAMA and MESAJ; None: 400."""

    body: Any
    types: tuple[ConsentType, ...] | None
    content_type: str | None = URLENCODED


def multipart(**fields: str) -> FormData:
    form = FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name.replace("_", "-"), value)
    return form


FORM_DATA = "multipart/form-data; boundary=b"
TYPE = b'--b\r\nContent-Disposition: form-data; name="type"\r\n\r\nMESAJ\r\n'


def parts(others: int) -> bytes:
    return TYPE + TYPE.replace(b"type", b"more") * others + b"--b--\r\n"


def nested(depth: int) -> bytes:
    return b"--b\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(depth)
    )


BODIES = [
    pytest.param(Body(b"type=MESAJ", (MESAJ,)), id="one type"),
    pytest.param(Body(b"type=ARAMA", (ARAMA,)), id="the other"),
    pytest.param(Body(b"type=ALL", BOTH), id="all"),
    pytest.param(Body(b"List-Unsubscribe=One-Click", BOTH), id="one click, urlencoded"),
    pytest.param(Body(multipart(List_Unsubscribe="One-Click"), BOTH, None), id="one click, multipart"),
    pytest.param(Body(b"List-Unsubscribe=One-Click", BOTH, "application/octet-stream"), id="one click, no type named"),
    pytest.param(Body(multipart(type="MESAJ"), (MESAJ,), None), id="a form as multipart"),
    pytest.param(Body(b"type=MESAJ&x=1", (MESAJ,)), id="a field more"),
    pytest.param(Body(b"", None), id="empty"),
    pytest.param(Body(b"type=", None), id="empty type"),
    pytest.param(Body(b"type=EPOSTA", None), id="a type that the notice did not announce"),
    pytest.param(Body(b"type=mesaj", None), id="lower case"),
    pytest.param(Body(b"type=MESAJ%00", None), id="with a zero"),
    pytest.param(Body(b"type=ONAY", None), id="a link never grants"),
    pytest.param(Body(b"type=MESAJ&type=ARAMA", None), id="two types"),
    pytest.param(Body(b"List-Unsubscribe=two-clicks", None), id="not the word of RFC 8058"),
    pytest.param(Body(json.dumps({"type": "ALL"}).encode(), None, "application/json"), id="JSON"),
    pytest.param(Body(b"type=ALL", None, "text/plain"), id="plain text"),
    pytest.param(Body(b"\xff\xfe\x00", None), id="octets"),
    pytest.param(Body(b"--x\r\n\r\n", None, "multipart/form-data; boundary=y"), id="multipart without its boundary"),
    pytest.param(Body(b"--x--", None, "multipart/form-data"), id="multipart without a boundary"),
    pytest.param(Body(b"&".join([b"type=MESAJ", *[b"a=1"] * FIELDS_MAX]), None), id="too many fields"),
    pytest.param(Body(parts(FIELDS_MAX - 1), (MESAJ,), FORM_DATA), id="as many parts as may be"),
    pytest.param(Body(parts(FIELDS_MAX), None, FORM_DATA), id="too many parts"),
    pytest.param(Body(nested(1000), None, FORM_DATA), id="parts within parts"),
]


@pytest.mark.parametrize("case", BODIES)
async def test_a_body_ends_what_it_names_or_nothing(client: Client, port: FakePort, case: Body) -> None:
    port.offers[TOKEN] = offer(held(), held("allowed", ARAMA), covered=BOTH)
    headers = {"Content-Type": case.content_type} if case.content_type else {}

    response = await client.post(PATH, data=case.body, headers=headers)

    if case.types is None:
        assert response.status == 400
        assert "refuse" not in port.calls
    else:
        assert response.status == 200
        assert [asked[:2] for asked in port.asked] == [(TOKEN, case.types)]


async def test_the_evidence_is_the_body_as_it_came(client: Client, port: FakePort) -> None:
    await client.post(PATH, data=b"type=MESAJ&note=%C5%9F", headers={"Content-Type": URLENCODED})

    assert port.asked == [(TOKEN, (MESAJ,), b"type=MESAJ&note=%C5%9F")]


async def test_a_forged_type_shows_the_buttons_again(client: Client) -> None:
    response = await client.post(PATH, data={"type": "HEPSI"})

    html = await response.text()
    assert response.status == 400
    assert 'role="alert"' in html
    assert BUTTON.format("MESAJ") in html


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_link_shows_the_other_ways(client: Client, port: FakePort, method: str) -> None:
    response = await client.request(
        method, "/r/Q7m2XbT9kLw4Zp1sB", data={"type": "MESAJ"} if method == "POST" else None
    )

    html = await response.text()
    assert response.status == 404
    assert "sms:3338" in html
    assert "tel:3338" in html
    assert port.calls == ["offer"]


async def test_a_link_that_expires_between_looking_and_ending_is_unknown(client: Client, port: FakePort) -> None:
    port.answer = None

    response = await client.post(PATH, data={"type": "MESAJ"})

    assert response.status == 404


async def test_no_cookie_is_set_or_needed(client: Client) -> None:
    shown = await client.get(PATH)
    done = await client.post(PATH, data={"List-Unsubscribe": "One-Click"}, headers={"Origin": "https://mail.example"})

    assert "Set-Cookie" not in shown.headers
    assert "Set-Cookie" not in done.headers
    assert done.status == 200


async def test_the_token_stands_nowhere_in_the_page(client: Client) -> None:
    for response in (await client.get(PATH), await client.post(PATH, data={"type": "MESAJ"})):
        assert TOKEN not in await response.text()


async def test_a_record_of_a_door_that_acts_for_the_citizen_is_shown(client: Client, port: FakePort) -> None:
    port.offers[TOKEN] = offer(held("refused", source=Source.IYS_KISAMESAJ, since=Instant(NOW - 1)))

    assert "23.11.2026 tarihinden beri yok" in await (await client.get(PATH)).text()


@pytest.mark.parametrize("left", ["/", ".", ")", ").", "/.", "%20", "%22", ",", "/x"])
async def test_what_is_left_behind_a_token_is_cut(client: Client, port: FakePort, left: str) -> None:
    shown = await client.get(URL(f"/r/{TOKEN}{left}", encoded=True))
    done = await client.post(URL(f"/r/{TOKEN}{left}", encoded=True), data={"type": "MESAJ"})

    assert (shown.status, done.status) == (200, 200)
    assert port.calls.count("refuse") == 1


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("text/plain", b"List-Unsubscribe=One-Click", id="text"),
        pytest.param("application/json", b"List-Unsubscribe=One-Click", id="a type that it is not"),
        pytest.param("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click\r\n", id="a line end"),
        pytest.param("application/x-www-form-urlencoded", b"list-unsubscribe=one-click", id="small letters"),
        pytest.param("application/x-www-form-urlencoded", b"a=b&LIST-UNSUBSCRIBE=ONE-CLICK&c", id="among others"),
        pytest.param(
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="list-unsubscribe"\r\n\r\none-click\r\n--x--',
            id="multipart",
        ),
    ],
)
async def test_a_one_click_body_acts_whatever_a_mail_program_made_of_it(
    client: Client, port: FakePort, content_type: str, body: bytes
) -> None:
    done = await client.post(f"/r/{TOKEN}", data=body, headers={"Content-Type": content_type})

    assert done.status == 200
    assert port.calls.count("refuse") == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"List-Unsubscribe=One-Clicked", id="another value"),
        pytest.param(b"X-List-Unsubscribe=One-Click", id="another name"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_what_is_no_one_click_body_acts_on_nothing(client: Client, port: FakePort, body: bytes) -> None:
    done = await client.post(f"/r/{TOKEN}", data=body, headers={"Content-Type": "text/plain"})

    assert done.status == 400
    assert port.calls.count("refuse") == 0
