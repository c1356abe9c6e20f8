"""A consent comes from a sender; its notice leaves by SMS or e-mail; its link, opened in a real browser or posted by a
mail program, ends it. Machines that only look at links change nothing."""

import asyncio
import email
import email.policy
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import aiohttp
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.async_api import Browser, async_playwright, expect

from core.domain.clock import ISTANBUL
from tests.system.izinhatti import run
from tests.system.served import LIMIT_S, Served, serving

FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
NUMBER: Final = "+905320000001"
MAIL: Final = "ali@ornek.example"
MIGROS: Final = "600100"
LINK: Final = re.compile(r"https?://\S+/r/[A-Za-z0-9]+")
RECEIPT: Final = re.compile(r"\b[A-Z][0-9A-Z]{7}\b")


class Letters:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        letter = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.received.append(letter)
        return "250 OK"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Line:
    """A served line with link pages and mail."""

    def __init__(self, served: Served, letters: Letters) -> None:
        self.served = served
        self.letters = letters

    async def enter(self, *rows: tuple[str, str]) -> None:
        """A sender reports permissions of MIGROS that were given a few minutes ago: (recipient, type)."""
        given = f"{datetime.now(ISTANBUL) - timedelta(minutes=5):%Y-%m-%d %H:%M:%S}"
        lines = [f"{recipient},{kind},ONAY,HS_WEB,{given},BIREYSEL,{MIGROS}" for recipient, kind in rows]
        header = "recipient,type,status,source,consentDate,recipientType,brandCode"
        (self.served.folder / "feed.csv").write_text("\n".join([header, *lines, ""]))
        result = await run(self.served.folder, "consents", "import", "feed.csv", "--notify")
        assert result.out.splitlines()[-1] == f"imported={len(rows)} unchanged=0 rejected=0"

    async def link_by_sms(self, number: str) -> str:
        await self.served.until(number, 1)
        return str(LINK.findall(self.served.received[number][0])[0])

    async def letter(self) -> EmailMessage:
        async with asyncio.timeout(LIMIT_S):
            while not self.letters.received:  # noqa: ASYNC110  # the mail server raises no event here
                await asyncio.sleep(0.02)
        return self.letters.received[0]

    async def consents(self, recipient: str) -> dict[str, tuple[str, str, str]]:
        """By type: status, source, receipt."""
        rows = (await run(self.served.folder, "consents", "show", recipient, "--json")).json()
        return {row["type"]: (row["status"], row["source"], row["receipt"]) for row in rows}

    async def proven(self, receipt: str) -> Any:
        """The act's evidence, once the ledger has been verified."""
        assert (await run(self.served.folder, "ledger", "verify")).code == 0
        return (await run(self.served.folder, "evidence", "show", receipt, "--json")).json()

    async def deliver(self, number: str, text: str) -> str:
        heard = len(self.served.received[number])
        assert await self.served.simulator.deliver(number, text, dest="3338") == 0
        await self.served.until(number, heard + 1)
        return self.served.received[number][-1]


@asynccontextmanager
async def opened(folder: Path, url: str) -> AsyncIterator[Line]:
    letters = Letters()
    server = Controller(letters, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        port = free_port()
        settings = f"""
        [link]
        listen = "127.0.0.1:{port}"
        public_url = "http://127.0.0.1:{port}"
        requests_per_address_minute = 0
        [mail]
        smtp = "smtp://127.0.0.1:{server.port}"
        [notices]
        hours = "00:00-24:00"
        """
        async with serving(folder, url, settings) as served:
            yield Line(served, letters)
    finally:
        server.stop()


@pytest.fixture
async def line(tmp_path: Path, url: str) -> AsyncIterator[Line]:
    async with opened(tmp_path, url) as line:
        yield line


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not installed"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


async def test_one_button_in_a_browser_ends_what_an_sms_announced(line: Line, browser: Browser) -> None:
    await line.enter((NUMBER, "ARAMA"), (NUMBER, "MESAJ"))
    link = await line.link_by_sms(NUMBER)
    [notice] = line.served.received[NUMBER]
    assert notice.startswith("MIGROS reklam mesajı ve arama izniniz kaydedildi, ")
    assert "RET MIGROS HEPSİ" in notice
    assert notice.endswith(link)

    page = await browser.new_page()
    await page.goto(link)
    await page.get_by_role("button", name="Hepsini durdur").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("İzniniz kaldırıldı")
    receipt = RECEIPT.findall(await page.locator("main").inner_text())[0]
    ended = ("RET", "IYS_WEB", receipt)
    assert await line.consents(NUMBER) == {"ARAMA": ended, "MESAJ": ended}
    proof = await line.proven(receipt)
    assert (proof["door"], proof["recipient"], proof["answers"]) == ("link", NUMBER, [])
    assert [(act["type"], act["after"]["status"]) for act in proof["acts"]] == [("ARAMA", "RET"), ("MESAJ", "RET")]


async def test_a_mail_programs_one_click_ends_what_a_mail_announced(line: Line) -> None:
    await line.enter((MAIL, "EPOSTA"))
    letter = await line.letter()
    assert letter["To"] == MAIL
    link = letter["List-Unsubscribe"].strip("<>")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    parts = {part.get_content_type(): part.get_content() for part in letter.iter_parts()}
    assert all("MIGROS" in text and link in text for text in parts.values())

    async with aiohttp.ClientSession() as client, client.post(link, data={"List-Unsubscribe": "One-Click"}) as answer:
        assert answer.status == 200
        receipt = RECEIPT.findall(await answer.text())[0]

    assert await line.consents(MAIL) == {"EPOSTA": ("RET", "IYS_EPOSTA", receipt)}
    assert (await line.proven(receipt))["recipient"] == MAIL


async def test_a_scanner_that_follows_every_link_changes_nothing_and_burns_nothing(
    line: Line, browser: Browser
) -> None:
    await line.enter((NUMBER, "MESAJ"), (MAIL, "EPOSTA"))
    letter = await line.letter()
    found = {await line.link_by_sms(NUMBER), letter["List-Unsubscribe"].strip("<>")}
    before = await line.consents(NUMBER), await line.consents(MAIL)
    seen: set[str] = set()

    async with aiohttp.ClientSession() as scanner:
        while found - seen:
            address = min(found - seen)
            seen.add(address)
            async with scanner.head(address):
                pass
            async with scanner.get(address) as answer:
                if answer.content_type == "text/html":
                    hrefs = re.findall(r'(?:href|src|action)="([^"#]+)', await answer.text())
                    found |= {urljoin(address, href) for href in hrefs}
            found = {one for one in found if one.startswith("http://127.0.0.1")}
            assert len(seen) < 200

    assert len(seen) > 5
    assert (await line.consents(NUMBER), await line.consents(MAIL)) == before
    page = await browser.new_page()
    await page.goto(await line.link_by_sms(NUMBER))
    await page.get_by_role("button", name="Reklam mesajlarını durdur").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("İzniniz kaldırıldı")


async def test_a_refusal_by_link_and_then_by_sms_is_one_act(line: Line) -> None:
    await line.enter((NUMBER, "MESAJ"))
    link = await line.link_by_sms(NUMBER)
    async with aiohttp.ClientSession() as client, client.post(link, data={"type": "MESAJ"}) as answer:
        receipt = RECEIPT.findall(await answer.text())[0]

    told = await line.deliver(NUMBER, "RET MIGROS")

    assert "tarihinden beri yok" in told
    assert await line.consents(NUMBER) == {"MESAJ": ("RET", "IYS_WEB", receipt)}


async def test_a_refusal_by_sms_and_then_by_link_is_one_act(line: Line) -> None:
    await line.enter((NUMBER, "MESAJ"))
    link = await line.link_by_sms(NUMBER)
    told = await line.deliver(NUMBER, "RET MIGROS")
    receipt = RECEIPT.findall(told)[0]

    async with aiohttp.ClientSession() as client, client.post(link, data={"type": "ALL"}) as answer:
        assert answer.status == 200
        assert "tarihinden beri yok" in await answer.text()

    assert await line.consents(NUMBER) == {"MESAJ": ("RET", "IYS_KISAMESAJ", receipt)}
