"""`izinhatti demo` as people use it: the real program, a real browser."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.system.asterisk import Asterisk
from tests.system.caller import calling

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = (sys.executable, "-m", "channels.cli")
FLAGS: Final = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
READY_S: Final = 60
STOP_S: Final = 30
RECEIPT: Final = re.compile(r"İşlem no ([0-9A-Z]{8})\b")


class Demo:
    """A running demo. Its port is free when it starts, its state lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process = start(folder, self.port)
        self.url = self._told("ready")
        self.voice = self._told("voice")

    def stop(self) -> int:
        """End it in good order; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)

    def _told(self, what: str) -> str:
        """The next line that it prints, behind its first word."""
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], READY_S)
        line = self.process.stdout.readline().decode() if readable else ""
        assert line.startswith(f"{what} "), f"not {what}: {line!r}"
        return line.removeprefix(f"{what} ").strip()


def start(folder: Path, port: int, *, errors: int | None = None) -> "subprocess.Popen[bytes]":
    environ = {**os.environ, "DEMO_DIR": str(folder), "DEMO_PORT": str(port)}
    return subprocess.Popen([*PROGRAM, "demo"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=errors, bufsize=0)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def running(folder: Path) -> Iterator[Demo]:
    demo = Demo(folder)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.stop()  # its Asterisk ends with it
        demo.process.communicate(timeout=STOP_S)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests: each page has a context of its own."""
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not installed"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, demo: Demo) -> AsyncIterator[Page]:
    """The page at desktop size. Whatever the browser complains of fails the test."""
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(demo.url)
    yield page
    assert complaints == []
    await page.close()


def messages(page: Page) -> Locator:
    return page.locator('[data-testid="messages"] > *')


def brand(page: Page, name: str) -> Locator:
    return page.get_by_test_id("registry").locator("article").filter(has_text=name)


async def write(page: Page, text: str) -> str:
    """Text the line and wait for its answer."""
    count = await messages(page).count()
    await page.get_by_test_id("text").fill(text)
    await page.get_by_test_id("send").click()
    await expect(messages(page)).to_have_count(count + 2)
    await expect(messages(page).nth(count)).to_have_attribute("data-state", "delivered")
    return await messages(page).nth(count + 1).inner_text()


async def use_number(page: Page, number: str) -> None:
    await page.get_by_test_id("from").fill(number)
    await page.get_by_test_id("from").press("Tab")


async def test_a_ret_is_answered_recorded_and_proven(page: Page) -> None:
    await expect(page.get_by_test_id("from")).to_have_value("+905320000001")
    await expect(brand(page, "MIGROS")).to_contain_text("izin var")

    answer = await write(page, "RET MIGROS")

    receipt = RECEIPT.search(answer)
    assert receipt
    assert "MIGROS" in answer
    message = brand(page, "MIGROS").locator("li").filter(has_text="Mesaj")
    await expect(message).to_contain_text("izin yok RET")
    await expect(message).to_contain_text(receipt[1])
    await expect(brand(page, "MIGROS").locator("li").filter(has_text="Arama")).to_contain_text("izin var ONAY")
    await expect(page.get_by_test_id("ledger").locator("li").first).to_contain_text(receipt[1])
    assert "532" not in await page.get_by_test_id("ledger").inner_text()


async def test_the_list_a_choice_from_it_and_the_confirmation(page: Page) -> None:
    listed = await write(page, "RET")
    assert re.search(r"markanın izni var:\n1 [^\n]+\n2 ([^\n]+)\n3 [^\n]+\n4 [^\n]+\n5 ([^\n]+)\n", listed)
    second, fifth = re.findall(r"^[25] (.+)$", listed, re.MULTILINE)

    confirmed = await write(page, "2 5")

    assert "2 marka için mesaj izniniz kaldırıldı" in confirmed
    assert f"{second}, {fifth}" in confirmed
    receipt = RECEIPT.findall(confirmed)[0]
    for name in (second, fifth):
        await expect(brand(page, name).locator("li").filter(has_text="Mesaj")).to_contain_text("izin yok RET")
    await expect(page.get_by_test_id("ledger").locator("li").first).to_contain_text(receipt)


async def test_a_reload_shows_the_conversation_of_the_same_number_again(page: Page, demo: Demo) -> None:
    await use_number(page, "0532 000 00 02")
    await expect(brand(page, "EBEBEK")).to_be_visible()
    answer = await write(page, "RET EBEBEK HEPSİ")

    await page.reload()

    await expect(messages(page)).to_have_count(2)
    await expect(messages(page).last).to_contain_text(RECEIPT.findall(answer)[0])
    assert page.url == demo.url


async def test_each_number_has_its_own_conversation_and_registry(page: Page) -> None:
    await use_number(page, "+905320000003")
    await expect(brand(page, "TEKNOSA")).to_contain_text("tacir")
    await write(page, "RET TEKNOSA")

    await use_number(page, "+905339999999")

    await expect(page.get_by_test_id("registry")).to_contain_text("kayıt yok")
    await expect(messages(page)).to_have_count(0)


async def test_a_suggestion_fills_the_text_and_enter_sends_it(page: Page) -> None:
    await use_number(page, "+905320000004")
    await page.get_by_role("button", name="RET BİLİNMEYEN").click()
    await expect(page.get_by_test_id("text")).to_have_value("RET BİLİNMEYEN")

    await page.get_by_test_id("text").press("Enter")

    await expect(messages(page)).to_have_count(2)
    await expect(messages(page).last).to_contain_text("bulunamadı")
    await expect(page.get_by_test_id("text")).to_have_value("")


async def test_the_page_speaks_english_and_the_line_turkish(page: Page) -> None:
    await page.get_by_role("link", name="English").click()

    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_test_id("send")).to_have_text("Send")
    await expect(brand(page, "BOYNER")).to_contain_text("allowed ONAY")
    assert "İşlem no" in await write(page, "RET BOYNER ARAMA")
    await page.get_by_role("link", name="Türkçe").click()
    await expect(page.get_by_test_id("send")).to_have_text("Gönder")


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_nothing_has_to_be_scrolled_sideways(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 844})
    await use_number(page, f"+90533111{width:04}")

    await write(page, "RET MIGROS " + "Ş" * 120)

    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.locator("#screen").evaluate("screen => screen.scrollWidth <= screen.clientWidth")
    await expect(page.get_by_test_id("send")).to_be_in_viewport(ratio=1)


async def test_no_motion_is_shown_to_who_does_not_want_it(browser: Browser, demo: Demo) -> None:
    page = await browser.new_page(reduced_motion="reduce", color_scheme="dark")
    await page.goto(demo.url)
    await use_number(page, "+905334444444")

    await write(page, "RET MIGROS")

    assert await messages(page).first.evaluate("one => getComputedStyle(one).animationName") == "none"


async def test_a_second_start_keeps_the_state_and_sigterm_ends_with_0(
    browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    shutil.copytree(demo.folder / "sounds", tmp_path / "sounds")  # nothing of them is the state, and they take long
    with running(tmp_path) as first:
        page = await browser.new_page()
        await page.goto(first.url)
        receipt = RECEIPT.findall(await write(page, "RET MIGROS"))[0]
        assert first.stop() == 0

    with running(tmp_path) as second:
        page = await browser.new_page()
        await page.goto(second.url)

        await expect(brand(page, "MIGROS")).to_contain_text(receipt)
        await expect(page.get_by_test_id("ledger")).to_contain_text(receipt)
        await expect(messages(page)).to_have_count(0)
        assert second.stop() == 0


async def test_a_port_in_use_is_one_line_that_names_the_variable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(tmp_path, taken.getsockname()[1], errors=subprocess.PIPE)
        output, errors = process.communicate(timeout=READY_S)

    assert output == b""
    assert errors.count(b"\n") == 1
    assert errors.startswith(b"DEMO_PORT: ")
    assert process.returncode == 2


async def test_a_fresh_notice_leads_to_its_page(page: Page) -> None:
    await use_number(page, "+905320000005")
    notice = messages(page).first
    await expect(notice).to_contain_text("HOPİ reklam mesajı ve arama izniniz kaydedildi")

    async with page.expect_popup() as opening:
        await notice.get_by_role("link").click()
    opened = await opening.value
    await opened.get_by_role("button", name="Hepsini durdur").click()

    await expect(opened.get_by_role("heading", level=1)).to_have_text("İzniniz kaldırıldı")
    await expect(brand(page, "HOPİ").locator("li").filter(has_text="Mesaj")).to_contain_text("izin yok RET")


async def test_a_call_is_answered_recorded_and_texted_to_the_phone(page: Page, demo: Demo, tmp_path: Path) -> None:
    await use_number(page, "+905320000077")
    found = re.fullmatch(r"sip:(\d+)@127\.0\.0\.1:(\d+)", demo.voice)
    assert found
    asterisk = Asterisk(tmp_path, tmp_path, "")
    asterisk.line_number, asterisk.sip_port = found[1], int(found[2])

    async with calling(asterisk, "05320000077") as caller:
        for keys in ("1", "323235#", "2", "1"):
            await caller.ear.more()
            await caller.press(keys)
        await expect(messages(page).last).to_contain_text("EBEBEK")

    await expect(page.get_by_test_id("voice")).to_have_text(demo.voice)
    await expect(page.get_by_test_id("ledger").locator("li").first).to_contain_text("İşlem no")
