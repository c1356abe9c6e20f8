"""All pages in a real browser, without scripts of their own: axe-core finds no violation (WCAG 2.2 AA), nothing has to
be scrolled sideways, what is tapped is large enough, and the browser complains of nothing."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from channels.link.port import ReportLine
from core.brands.brand import Brand
from core.conversation.answers import RetSeveral
from core.domain.consent import Source
from tests.channels.link.fakes import (
    ARAMA,
    CODE,
    HOPI,
    KIGILI,
    LAST_DAY,
    MESAJ,
    MIGROS,
    NOW,
    RECEIPT,
    SINCE,
    TOKEN,
    FakePort,
    Time,
    app_of,
    held,
    offer,
    ret,
    served,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

AXE: Final = Path(__file__).parents[2] / "node" / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS: Final = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# What passed is neither described nor brought here: that takes longer than the rules themselves.
VIOLATIONS: Final = "async tags => (await axe.run({runOnly: tags, resultTypes: ['violations']})).violations"
Scheme = Literal["light", "dark"]
TARGET_PX: Final = 44
# Links within a sentence are as high as its line (WCAG 2.2, 2.5.8, exception "inline").
SMALL_TARGETS: Final = """least => [...document.querySelectorAll(`button, .button, input:not([type=hidden]),
  select, textarea, summary, nav a, .site`)]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < least)
  .map(one => one.outerHTML.slice(0, 120))"""
PLAIN: Final = {
    "start": "/",
    "help": "/yardim",
    "one type": f"/r/{TOKEN}",
    "several types": "/r/both",
    "already": "/r/already",
    "no record": "/r/none",
    "unknown": "/r/unknown",
    "receipt": f"/islem/{RECEIPT}",
    "unknown receipt": "/islem/x",
    "over": "/izinler?son=1",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests: each opens a context of its own."""
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not installed"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def port(port: FakePort) -> FakePort:
    """With every state that a page can show."""
    port.offers |= {
        "both": offer(held(), held("allowed", ARAMA), covered=(MESAJ, ARAMA)),
        "already": offer(held("refused"), held("allowed", ARAMA)),
        "none": offer(),
    }
    port.held = (
        *(held(), held("allowed", ARAMA, since=NOW)),
        *(held("refused", MESAJ, HOPI, Source.IYS_CM), held("objection", ARAMA, KIGILI, Source.IYS_KISAMESAJ)),
        *(held(brand=Brand(f"{n}", f"MARKA {n}")) for n in range(600_200, 600_220)),
    )
    port.lines = (
        ReportLine("C7M4Q2XS", "open", MIGROS, None, NOW, None),
        ReportLine("D7M4Q2XS", "closed", None, "ABCX", SINCE, "Gönderen hakkında işlem yapıldı."),
    )
    return port


@asynccontextmanager
async def visiting(
    browser: Browser, port: FakePort, width: int, scheme: Scheme, *, bypass_csp: bool = False
) -> AsyncIterator[Page]:
    async with served(app_of(port, Time(), public_url="http://127.0.0.1")) as number:
        context = await browser.new_context(
            base_url=f"http://127.0.0.1:{number}",
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            bypass_csp=bypass_csp,
        )
        yield await context.new_page()
        await context.close()


async def tour(page: Page, port: FakePort) -> AsyncIterator[str]:
    """Go to every page as a citizen would, and name each."""
    for name, path in PLAIN.items():
        await page.goto(path)
        yield name
    await page.goto("/r/both?lang=en")
    yield "English"
    for name, answer in {
        "done": ret(ended=(MESAJ,), allowed=(ARAMA,)),
        "newer": ret(newer=(MESAJ,), newer_at=NOW),
        "kept": ret(kept=(MESAJ,)),
    }.items():
        port.answer = answer
        await page.goto(f"/r/{TOKEN}")
        await page.get_by_role("button", name="Reklam mesajlarını durdur").click()
        yield name
    port.is_down = True
    await page.goto(f"/r/{TOKEN}")
    yield "down"
    port.is_down = False

    await page.goto("/izinler")
    await enter(page, "Telefon numaranız", "12")
    yield "no number"
    await enter(page, "Telefon numaranız", "0532 123 45 67")
    yield "code"
    await enter(page, "Altı haneli kod", "111111")
    yield "wrong code"
    await enter(page, "Altı haneli kod", CODE)
    await page.wait_for_url("**/liste")
    yield "list"
    await page.get_by_text("Listeyi daralt").click()
    await enter(page, "Marka", "migros")
    yield "narrowed list"
    await page.get_by_role("link", name="Şikâyet et MIGROS").first.click()
    yield "report"
    await page.locator("form.entry").evaluate("form => { form.noValidate = true }")
    await page.get_by_role("button", name="Şikâyeti gönder").click()
    yield "empty report"
    await page.get_by_label("Gelen mesaj").fill("23.11.2026, MIGROS, indirim")
    await page.get_by_role("button", name="Şikâyeti gönder").click()
    yield "reported"
    await page.get_by_role("link", name="Şikâyetlerim").click()
    yield "reports"
    await page.goto("/izinler/hepsi")
    yield "everything"
    port.answer = RetSeveral(RECEIPT, LAST_DAY, (ret(ended=(MESAJ,)), ret(brand=HOPI, already=(MESAJ,))))
    await page.get_by_role("button", name="Evet").click()
    yield "several"
    await page.goto("/izinler/liste")
    await page.get_by_role("button", name="Oturumu kapat").click()
    yield "number"


async def enter(page: Page, label: str, text: str) -> None:
    await page.get_by_label(label, exact=True).fill(text)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
async def test_axe_finds_no_violation(browser: Browser, port: FakePort, width: int, scheme: Scheme) -> None:
    assert AXE.exists(), "axe-core is missing: npm ci in tests/node"
    found = {}
    async with visiting(browser, port, width, scheme, bypass_csp=True) as page:
        async for name in tour(page, port):
            await page.add_script_tag(path=AXE)
            violations = await page.evaluate(VIOLATIONS, RULES)
            found[name] = [(one["id"], one["nodes"][0]["html"]) for one in violations]

    assert {name: violations for name, violations in found.items() if violations} == {}
    assert len(found) > 25


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_pages_fit_and_targets_are_large(browser: Browser, port: FakePort, width: int) -> None:
    async with visiting(browser, port, width, "light") as page:
        async for name in tour(page, port):
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert await page.evaluate(SMALL_TARGETS, TARGET_PX) == [], name


async def test_the_browser_complains_of_nothing(browser: Browser, port: FakePort) -> None:
    complaints: list[str] = []
    async with visiting(browser, port, 390, "light") as page:
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"{request.failure} {request.url}"))
        async for _name in tour(page, port):
            pass

    # Chromium names every page that is an error by its status, and what the tour did not wait for as aborted.
    expected = ("responded with a status of", "net::ERR_ABORTED")
    assert [one for one in complaints if not any(words in one for words in expected)] == []


async def test_all_of_it_works_by_keyboard_and_without_scripts(browser: Browser, port: FakePort) -> None:
    async with served(app_of(port, Time(), public_url="http://127.0.0.1")) as number:
        context = await browser.new_context(base_url=f"http://127.0.0.1:{number}", java_script_enabled=False)
        page = await context.new_page()
        await page.goto(f"/r/{TOKEN}")

        await page.keyboard.press("Tab")
        assert await page.locator(":focus").inner_text() == "İçeriğe geç"
        for _ in range(10):
            await page.keyboard.press("Tab")
            if await page.locator("button:focus").count():
                break
        async with page.expect_navigation():
            await page.keyboard.press("Enter")

        assert await page.locator("h1").inner_text() == "İzniniz kaldırıldı"
        await context.close()
    assert [asked[:2] for asked in port.asked] == [(TOKEN, (MESAJ,))]


async def test_a_printed_receipt_shows_the_receipt_and_no_button(browser: Browser, port: FakePort) -> None:
    port.answer = ret(ended=(MESAJ,))
    async with visiting(browser, port, 1280, "dark") as page:
        await page.goto(f"/r/{TOKEN}")
        await page.get_by_role("button", name="Reklam mesajlarını durdur").click()

        await page.emulate_media(media="print")

        assert await page.locator(".certificate img").is_visible()
        assert await page.get_by_text(RECEIPT, exact=True).is_visible()
        assert not await page.locator(".next").is_visible()
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
