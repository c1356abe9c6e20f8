"""The list behind the code: what it shows, how it is narrowed, ended, asked about and downloaded."""

import csv
import io
import re
from typing import NamedTuple

import pytest

from channels.link.holdings import NAMES_MAX, ROWS_MAX
from channels.link.pages import STYLE
from core.brands.brand import Brand
from core.conversation.answers import RetAnswer, RetSeveral
from core.domain.clock import Instant
from core.domain.consent import ConsentType, Source
from core.domain.recipients import Msisdn
from tests.channels.link.fakes import (
    ARAMA,
    HOPI,
    KIGILI,
    LAST_DAY,
    MESAJ,
    NOW,
    NUMBER,
    PAGE_MAX,
    RECEIPT,
    Client,
    FakePort,
    Time,
    app_of,
    browser,
    enter,
    held,
    ret,
    served,
)
from tests.channels.link.test_entry import secret_of

LIST = "/izinler/liste"
LINES = (
    held(),
    held("allowed", ARAMA, since=NOW),
    held("refused", MESAJ, HOPI, Source.IYS_CM),
    held("objection", ARAMA, KIGILI, Source.IYS_KISAMESAJ),
)


def brands_on(html: str) -> list[str]:
    return re.findall(r"<li>\s*<h2>([^<]*)</h2>", html)


async def test_everything_from_every_door_is_on_one_screen(client: Client, port: FakePort) -> None:
    port.held = LINES
    await enter(client)

    html = await (await client.get(LIST)).text()

    assert brands_on(html) == ["MIGROS", "MIGROS", "HOPİ", "KİĞILI"]
    for text in ("23.11.2026 gününden beri", "12.03.2025 gününden beri", "marka, internet sitesi", "siz, telefon"):
        assert text in html
    assert "siz, SMS" in html
    assert "4 satır, izinli olan: 2" in html
    assert re.findall(r'name="izin" value="([^"]*)"', html) == ["600100:ARAMA", "600100:MESAJ"]
    assert NUMBER[-10:] not in html


class Narrowed(NamedTuple):
    query: dict[str, str]
    brands: list[str]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Narrowed({"marka": "migros"}, ["MIGROS", "MIGROS"]), id="brand, small letters"),
        pytest.param(Narrowed({"marka": "kiğ"}, ["KİĞILI"]), id="part of a name with Turkish letters"),
        pytest.param(Narrowed({"marka": "KIGILI"}, ["KİĞILI"]), id="without them"),
        pytest.param(Narrowed({"marka": "600103"}, ["HOPİ"]), id="registry number"),
        pytest.param(Narrowed({"tur": "ARAMA"}, ["MIGROS", "KİĞILI"]), id="type"),
        pytest.param(Narrowed({"durum": "objection"}, ["KİĞILI"]), id="state"),
        pytest.param(Narrowed({"marka": "migros", "tur": "MESAJ", "durum": "allowed"}, ["MIGROS"]), id="all three"),
        pytest.param(Narrowed({"marka": "x"}, []), id="no such brand"),
        pytest.param(Narrowed({"tur": "FAKS", "durum": "?"}, ["MIGROS", "MIGROS", "HOPİ", "KİĞILI"]), id="forged"),
        pytest.param(Narrowed({"sayfa": "99"}, ["MIGROS", "MIGROS", "HOPİ", "KİĞILI"]), id="a page too far"),
        pytest.param(Narrowed({"sayfa": "-1"}, ["MIGROS", "MIGROS", "HOPİ", "KİĞILI"]), id="a page before the first"),
        pytest.param(Narrowed({"sayfa": "²"}, ["MIGROS", "MIGROS", "HOPİ", "KİĞILI"]), id="an odd page"),
    ],
)
async def test_the_list_is_narrowed_by_its_address(client: Client, port: FakePort, case: Narrowed) -> None:
    port.held = LINES
    await enter(client)

    html = await (await client.get(LIST, params=case.query)).text()

    assert brands_on(html) == case.brands
    assert ("Aradığınıza uyan kayıt yok" in html) == (not case.brands)


async def test_a_long_list_has_pages_and_stays_small(client: Client, port: FakePort) -> None:
    port.held = tuple(held(brand=Brand(f"{n:06}", "Ş" * 99)) for n in range(ROWS_MAX * 2 + 1))
    await enter(client)

    pages = [
        await (await client.get(LIST, params={"sayfa": str(page), "marka": "Ş" * 60, "lang": "en"})).text()
        for page in (1, 2, 3)
    ]

    assert [len(brands_on(html)) for html in pages] == [ROWS_MAX, ROWS_MAX, 1]
    assert "Page 2 of 3" in pages[1]
    assert re.findall(r'rel="(\w+)" href="/izinler/liste\?sayfa=(\d)&amp;marka=', pages[1]) == [
        ("prev", "1"),
        ("next", "3"),
    ]
    assert max(len(html.encode()) for html in pages) + len(STYLE) <= PAGE_MAX


async def test_one_line_is_ended(client: Client, port: FakePort) -> None:
    await enter(client)
    port.answer = ret(ended=(ARAMA,))

    response = await client.post(LIST, data={"csrf": await secret_of(client), "izin": "600100:ARAMA"})

    assert response.status == 200
    assert port.asked[-1] == (Msisdn(NUMBER), (("600100", ARAMA),))
    assert "reklam araması izniniz kaldırıldı" in await response.text()


@pytest.mark.parametrize("chosen", ["", "600100", "600100:EPOSTA", "999999:MESAJ", "600100:ALL", "ş:ş"])
async def test_a_line_that_was_never_shown_is_not_ended(client: Client, port: FakePort, chosen: str) -> None:
    await enter(client)

    response = await client.post(LIST, data={"csrf": await secret_of(client), "izin": chosen})

    assert response.status == 400
    assert "refuse_held" not in port.calls


async def test_all_are_ended_after_a_question(client: Client, port: FakePort) -> None:
    port.held = LINES
    port.answer = RetSeveral(RECEIPT, LAST_DAY, (ret(ended=(ARAMA, MESAJ)), ret(brand=HOPI, already=(MESAJ,))))
    await enter(client)

    question = await (await client.get("/izinler/hepsi")).text()
    assert "1 marka için verdiğiniz 2 izin kaldırılacak." in question
    assert "refuse_held" not in port.calls
    response = await client.post("/izinler/hepsi", data={"csrf": await secret_of(client)})

    html = await response.text()
    assert port.asked[-1] == (Msisdn(NUMBER), (("600100", MESAJ), ("600100", ARAMA)))
    assert "İzniniz kaldırıldı; en geç 26.11.2026 günü kesilir" in html
    assert "1 marka: MIGROS" in html
    assert "1 marka: HOPİ" in html
    assert RECEIPT in html


async def test_nothing_left_to_end_is_said_and_nothing_is_asked(client: Client, port: FakePort) -> None:
    port.held = (held("refused"),)
    await enter(client)

    response = await client.post("/izinler/hepsi", data={"csrf": await secret_of(client)})

    assert "Şu anda geçerli bir izniniz yok" in await response.text()
    assert "Şu anda geçerli bir izniniz yok" in await (await client.get("/izinler/hepsi")).text()
    assert "refuse_held" not in port.calls


async def test_the_result_of_many_brands_stays_small(client: Client, port: FakePort) -> None:
    outcomes = tuple(ret(brand=Brand(f"{n:06}", f"MARKA{n} " * 20), ended=(MESAJ,)) for n in range(500))
    port.answer = RetSeveral(RECEIPT, LAST_DAY, outcomes)
    await enter(client)

    html = await (await client.post("/izinler/hepsi", data={"csrf": await secret_of(client)})).text()

    assert "500 marka: MARKA0 MARKA0" in html
    assert f"ve {500 - NAMES_MAX} marka daha" in html


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        pytest.param(RetSeveral(RECEIPT, LAST_DAY, (ret(ended=(MESAJ,)),)), "İzniniz kaldırıldı", id="one brand"),
        pytest.param(
            RetSeveral(RECEIPT, LAST_DAY, (ret(already=(MESAJ,)), ret(brand=HOPI, newer=(MESAJ,)))),
            "Hiçbir şey değişmedi",
            id="nothing changed",
        ),
    ],
)
async def test_the_title_says_what_became_of_it(
    client: Client, port: FakePort, answer: RetAnswer | RetSeveral, title: str
) -> None:
    port.answer = answer
    await enter(client)

    html = await (await client.post("/izinler/hepsi", data={"csrf": await secret_of(client)})).text()

    assert f"<h1>{title}</h1>" in html


async def test_an_empty_list_says_what_else_helps(client: Client) -> None:
    await enter(client, "05559998877")

    html = await (await client.get(LIST)).text()

    assert "Bu numara için hiçbir kayıt yok" in html
    assert "liste.csv" not in html


async def test_the_download_holds_every_line(client: Client, port: FakePort) -> None:
    port.held = (*LINES, held(brand=Brand("600199", "=HYPERLINK(1)"), since=Instant(0)))
    await enter(client)

    response = await client.get("/izinler/liste.csv")

    octets = await response.read()
    rows = list(csv.DictReader(io.StringIO(octets.decode("utf-8-sig"))))
    assert octets.startswith(b"\xef\xbb\xbf")
    assert response.headers["Content-Disposition"] == 'attachment; filename="izinlerim.csv"'
    assert [row["marka"] for row in rows] == ["MIGROS", "MIGROS", "'=HYPERLINK(1)", "HOPİ", "KİĞILI"]
    assert rows[3] == {
        "marka": "HOPİ",
        "marka kodu": "600103",
        "tür": "Reklam mesajı",
        "durum": "izin yok",
        "tarih": "12.03.2025 12:00",
        "kaynak": "siz, telefon",
        "işlem no": RECEIPT,
    }


async def test_the_list_speaks_english_all_the_way(client: Client, port: FakePort) -> None:
    port.held = tuple(held(kind, ARAMA, Brand(f"{n:06}", f"B{n}")) for n, kind in enumerate(["allowed"] * 30))  # type: ignore[arg-type]
    await enter(client)

    html = await (await client.get(LIST, params={"lang": "en"})).text()

    links = re.findall(r'(?:href|action)="(/[^"]*)"', html)
    inner = [link for link in links if not link.startswith(("/bicem", "/simge"))]
    assert inner
    # A form's GET drops its address's query: it carries the language as a field.
    assert [link for link in inner if "lang=en" not in link] == []
    assert '<input type="hidden" name="lang" value="en">' in html


async def test_every_source_and_state_has_words(port: FakePort, clock: Time) -> None:
    port.held = tuple(held(brand=Brand(str(n), f"B{n}"), source=source) for n, source in enumerate(Source))
    async with served(app_of(port, clock)) as number, browser(number) as client:
        await enter(client)
        for page in ("1", "2"):
            assert (await client.get(LIST, params={"sayfa": page})).status == 200
    assert list(ConsentType) == ["ARAMA", "MESAJ", "EPOSTA"]
