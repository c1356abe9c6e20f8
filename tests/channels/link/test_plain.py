"""The pages that need no proof."""

import io
from typing import get_args, get_type_hints

import pytest
import segno

from channels.link.port import ReceiptState
from tests.channels.link.fakes import NOW, RECEIPT, Client, FakePort

EFFECTS = get_args(get_type_hints(ReceiptState)["what"])


@pytest.mark.parametrize("typed", [RECEIPT, "k7m4-q2xs", "K7M4%20Q2XS"])
async def test_a_receipt_shows_time_and_state_only(client: Client, typed: str) -> None:
    html = await (await client.get(f"/islem/{typed}")).text()

    assert "İzin kaldırıldı" in html
    assert "23.11.2026 10:00" in html
    assert "DURUM K7M4Q2XS" in html
    assert "MIGROS" not in html


@pytest.mark.parametrize("what", EFFECTS)
@pytest.mark.parametrize("language", ["tr", "en"])
async def test_every_state_has_words(client: Client, port: FakePort, what: str, language: str) -> None:
    port.receipts[RECEIPT] = ReceiptState(RECEIPT, what, NOW)  # type: ignore[arg-type]

    assert (await client.get(f"/islem/{RECEIPT}", params={"lang": language})).status == 200


@pytest.mark.parametrize("typed", ["D7M4Q2X0", "K7M4Q2XT", "x", "%00", "ş" * 500, "..%2f"])
async def test_another_receipt_is_not_found(client: Client, port: FakePort, typed: str) -> None:
    assert (await client.get(f"/islem/{typed}")).status == 404


@pytest.mark.parametrize("typed", [RECEIPT, "k7m4-q2xs"])
async def test_the_qr_code_opens_the_receipts_page(client: Client, port: FakePort, typed: str) -> None:
    response = await client.get(f"/islem/{typed}/karekod.svg")

    drawn = segno.make(f"https://izin.example/islem/{RECEIPT}", micro=False, error="m", mask=3)
    assert response.content_type == "image/svg+xml"
    assert await response.read() == drawing_of(drawn)
    assert port.calls == []


async def test_what_is_no_receipt_has_no_code(client: Client) -> None:
    assert (await client.get("/islem/K7M4Q2XT/karekod.svg")).status == 404


def drawing_of(code: segno.QRCode) -> bytes:
    octets = io.BytesIO()
    code.save(octets, kind="svg", scale=4, light="#fff")
    return octets.getvalue()


async def test_the_help_says_what_the_issue_asks(client: Client) -> None:
    html = await (await client.get("/yardim")).text()

    for text in (
        "borç hatırlatma",
        "fatura",
        "teslimat",
        "abonelik",
        "bilgi güncellemeleri",
        "e-Devlet",
        "Ticaret Bakanlığı",
        "İYS",
        "Aydınlatma metni",
        "KVKK",
        "Bu hat sizden şifre, kart ya da kimlik bilgisi istemez.",
    ):
        assert text in html
    for anchor in ("izinsiz", "resmi", "aydinlatma"):
        assert f'id="{anchor}"' in html


async def test_the_start_names_every_way(client: Client) -> None:
    html = await (await client.get("/")).text()

    assert "sms:3338?body=RET%20MIGROS" in html
    assert "tel:3338" in html
    assert 'href="/izinler"' in html


async def test_robots_stay_out(client: Client) -> None:
    assert await (await client.get("/robots.txt")).text() == "User-agent: *\nDisallow: /\n"


async def test_style_and_icon_may_be_kept_for_ever(client: Client) -> None:
    html = await (await client.get("/")).text()
    paths = [html.partition(f'rel="{rel}" href="')[2].partition('"')[0] for rel in ("icon", "stylesheet")]

    responses = [await client.get(path) for path in paths]

    assert [r.headers["Content-Type"] for r in responses] == ["image/svg+xml", "text/css; charset=utf-8"]
    assert all(r.headers["Cache-Control"] == "public, max-age=31536000, immutable" for r in responses)
    assert (await client.get("/favicon.ico")).content_type == "image/svg+xml"
