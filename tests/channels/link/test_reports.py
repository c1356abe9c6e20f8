"""Reports: made on a brand of the list, and shown with their state."""

import pytest

from channels.link.holdings import ROWS_MAX
from channels.link.pages import STYLE
from channels.link.port import ReportLine
from channels.link.reports import TEXT_MAX
from core.brands.brand import Brand
from core.domain.clock import Instant
from core.domain.recipients import Msisdn
from tests.channels.link.fakes import KIGILI, MIGROS, NOW, NUMBER, PAGE_MAX, Client, FakePort, enter, held
from tests.channels.link.test_entry import secret_of

PATH = "/izinler/sikayet"
ADVERT = "23.11.2026 09:12 MIGROS: indirim!\nB001"


@pytest.mark.parametrize("typed", ["MIGROS", "migros", "600100", " Migros "])
async def test_a_brand_of_the_list_is_reported(client: Client, port: FakePort, typed: str) -> None:
    await enter(client)

    response = await client.post(PATH, data={"csrf": await secret_of(client), "marka": typed, "metin": ADVERT})

    html = await response.text()
    assert response.status == 200
    assert port.asked[-1] == (Msisdn(NUMBER), "600100", ADVERT)
    assert "C7M4Q2XS" in html
    assert "/islem/C7M4Q2XS" in html


@pytest.mark.parametrize(
    ("marka", "metin", "wrong"),
    [
        pytest.param("", ADVERT, {"brand"}, id="no brand"),
        pytest.param("HOPI2", ADVERT, {"brand"}, id="a brand that is not in the list"),
        pytest.param("MIGROS", " \r\n ", {"text"}, id="no text"),
        pytest.param("MIGROS", "x" * (TEXT_MAX + 1), {"text"}, id="a text too long"),
        pytest.param("\x00", "", {"brand", "text"}, id="neither"),
    ],
)
async def test_what_is_missing_is_said_beside_its_field(
    client: Client, port: FakePort, marka: str, metin: str, wrong: set[str]
) -> None:
    await enter(client)

    response = await client.post(PATH, data={"csrf": await secret_of(client), "marka": marka, "metin": metin})

    html = await response.text()
    assert response.status == 400
    assert {name for name in ("brand", "text") if f'id="{name}-error"' in html} == wrong
    assert html.count('aria-invalid="true"') == len(wrong)
    assert "report" not in port.calls


async def test_the_longest_text_goes_whole(client: Client, port: FakePort) -> None:
    await enter(client)

    await client.post(PATH, data={"csrf": await secret_of(client), "marka": "MIGROS", "metin": "ş" * TEXT_MAX})

    assert port.asked[-1][2] == "ş" * TEXT_MAX


async def test_what_no_store_can_hold_is_replaced(client: Client, port: FakePort) -> None:
    await enter(client)

    await client.post(PATH, data={"csrf": await secret_of(client), "marka": "MIGROS", "metin": "a\x00b"})

    assert port.asked[-1][2] == "a\ufffdb"


async def test_what_was_typed_is_shown_again_as_text(client: Client) -> None:
    await enter(client)
    body = {"csrf": await secret_of(client), "marka": '"><script>1', "metin": "</textarea><script>2"}

    html = await (await client.post(PATH, data=body)).text()

    assert "<script>" not in html
    assert "&lt;script&gt;1" in html
    assert "&lt;/textarea&gt;&lt;script&gt;2" in html


async def test_a_name_of_two_brands_needs_the_registry_number(client: Client, port: FakePort) -> None:
    port.held = (held(), held(brand=MIGROS._replace(code="600900")))
    await enter(client)
    body = {"csrf": await secret_of(client), "metin": ADVERT}

    assert (await client.post(PATH, data={**body, "marka": "MIGROS"})).status == 400
    assert (await client.post(PATH, data={**body, "marka": "600900"})).status == 200
    assert port.asked[-1][1] == "600900"


async def test_the_lists_link_fills_in_the_brand(client: Client) -> None:
    await enter(client)

    html = await (await client.get(PATH, params={"marka": "600100"})).text()

    assert 'value="MIGROS"' in html


async def test_reports_are_shown_with_their_state(client: Client, port: FakePort) -> None:
    port.lines = (
        ReportLine("C7M4Q2XS", "closed", KIGILI, None, Instant(NOW - 1), "İşlem <b>yapıldı</b>."),
        ReportLine("D7M4Q2XS", "open", None, "ABCX", NOW, None),
        ReportLine("E7M4Q2XS", "unconfirmed", None, None, Instant(0), None),
    )
    await enter(client)

    html = await (await client.get("/izinler/sikayetler")).text()

    places = [html.index(text) for text in ("ABCX", "inceleniyor", "KİĞILI", "Bilinmeyen gönderen")]
    assert places == sorted(places)
    assert "Sonuç: İşlem &lt;b&gt;yapıldı&lt;/b&gt;." in html


async def test_many_reports_have_pages(client: Client, port: FakePort) -> None:
    port.lines = tuple(
        ReportLine(f"C{n}", "open", Brand("1", "Ş" * 99), None, NOW, "ş" * 900) for n in range(ROWS_MAX + 1)
    )
    await enter(client)

    first = await (await client.get("/izinler/sikayetler")).text()
    second = await (await client.get("/izinler/sikayetler", params={"sayfa": "2"})).text()

    assert (first.count("<li>"), second.count("<li>")) == (ROWS_MAX, 1)
    assert len(first.encode()) + len(STYLE) <= PAGE_MAX


async def test_no_report_is_said(client: Client, port: FakePort) -> None:
    port.lines = ()
    await enter(client)

    assert "yapılmış bir şikâyet yok" in await (await client.get("/izinler/sikayetler")).text()
