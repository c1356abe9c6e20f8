"""A port that remembers what was asked of it, and the pages served over it."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final

from aiohttp import ClientSession, CookieJar, web
from yarl import URL

from channels.link.app import link_app
from channels.link.caller import Network
from channels.link.port import Held, LinkDown, Offer, ReceiptState, ReportLine
from channels.link.serving import link_runner
from core.brands.brand import Brand
from core.conversation.answers import RetAnswer, RetSeveral, State
from core.domain.clock import Instant
from core.domain.consent import ConsentType, Source
from core.domain.recipients import Msisdn

ARAMA, MESAJ, EPOSTA = ConsentType

NOW: Final = Instant(1_795_417_200_000)  # 2026-11-23 10:00 in Türkiye
SINCE: Final = Instant(1_741_770_000_000)  # 2025-03-12 12:00
LAST_DAY: Final = date(2026, 11, 26)
TOKEN: Final = "Q7m2XbT9kLw4Zp1sA"
NUMBER: Final = "+905321234567"
CODE: Final = "482913"
RECEIPT: Final = "K7M4Q2XS"
KEY: Final = bytes(range(32))
PUBLIC_URL: Final = "https://izin.example"
PAGE_MAX: Final = 30_000  # octets, with the style
MIGROS: Final = Brand("600100", "MIGROS")
HOPI: Final = Brand("600103", "HOPİ")
KIGILI: Final = Brand("600105", "KİĞILI", ("KIGILI",))


def held(
    state: State = "allowed",
    kind: ConsentType = MESAJ,
    brand: Brand = MIGROS,
    source: Source = Source.HS_WEB,
    since: Instant = SINCE,
) -> Held:
    return Held(brand, kind, state, since, source, RECEIPT if source.is_citizens else None)


def offer(*lines: Held, covered: tuple[ConsentType, ...] = (MESAJ,), **changes: Any) -> Offer:
    return Offer(MIGROS, "67", covered, lines, is_mail=False)._replace(**changes)


def ret(**changes: Any) -> RetAnswer:
    return RetAnswer(MIGROS, RECEIPT, LAST_DAY)._replace(**changes)


class FakePort:
    """Answers with what a test set; `calls` are the names of the methods called, `asked` what the writers got."""

    def __init__(self) -> None:
        self.offers: dict[str, Offer | None] = {TOKEN: offer(held(), held("refused", ARAMA))}
        self.answer: RetAnswer | RetSeveral | None = ret(ended=(MESAJ,), allowed=(ARAMA,))
        self.held: tuple[Held, ...] = (held(), held("allowed", ARAMA), held("refused", MESAJ, HOPI, Source.IYS_CM))
        self.lines: tuple[ReportLine, ...] = (ReportLine("C7M4Q2XS", "open", MIGROS, None, NOW, None),)
        self.receipts = {RECEIPT: ReceiptState(RECEIPT, "ended", NOW)}
        self.is_down = False
        self.calls: list[str] = []
        self.asked: list[tuple[object, ...]] = []

    def _called(self, name: str, *asked: object) -> None:
        self.calls.append(name)
        if asked:
            self.asked.append(asked)
        if self.is_down:
            raise LinkDown

    async def offer(self, token: str) -> Offer | None:
        self._called("offer")
        return self.offers.get(token)

    async def refuse(self, token: str, types: tuple[ConsentType, ...], raw: bytes) -> RetAnswer | None:
        self._called("refuse", token, types, raw)
        assert not isinstance(self.answer, RetSeveral)
        return self.answer

    async def send_code(self, number: Msisdn) -> None:
        self._called("send_code", number)

    async def prove(self, number: Msisdn, code: str, raw: bytes) -> bool:
        self._called("prove", number, code)
        return code == CODE

    async def holdings(self, number: Msisdn) -> tuple[Held, ...]:
        self._called("holdings")
        return self.held if number == Msisdn(NUMBER) else ()

    async def refuse_held(
        self, number: Msisdn, chosen: tuple[tuple[str, ConsentType], ...], raw: bytes
    ) -> RetAnswer | RetSeveral:
        self._called("refuse_held", number, chosen)
        assert self.answer is not None
        return self.answer

    async def report(self, number: Msisdn, brand_code: str, text: str, raw: bytes) -> str:
        self._called("report", number, brand_code, text)
        return "C7M4Q2XS"

    async def reports(self, number: Msisdn) -> tuple[ReportLine, ...]:
        self._called("reports")
        return self.lines

    async def receipt(self, receipt: str) -> ReceiptState | None:
        self._called("receipt")
        return self.receipts.get(receipt)


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Instant:
        return self.now

    def move(self, seconds: float) -> None:
        self.now = Instant(self.now + round(seconds * 1000))


Client = ClientSession


def browser(port: int) -> Client:
    """A browser without a script, which keeps cookies: those for https too, as if the line in between ended TLS."""
    here = f"http://127.0.0.1:{port}"
    return ClientSession(here, cookie_jar=CookieJar(unsafe=True, treat_as_secure_origin=[URL(here)]))


def app_of(
    port: FakePort,
    clock: Time,
    per_minute: int = 0,
    public_url: str = PUBLIC_URL,
    proxies: Collection[Network] = (),
) -> web.Application:
    return link_app(
        port,
        public_url=public_url,
        line_number="3338",
        key=KEY,
        requests_per_address_minute=per_minute,
        proxies=proxies,
        clock=clock,
    )


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[int]:
    """The application on a free port of loopback, as the service runs it."""
    runner = link_runner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def enter(client: ClientSession, number: str = NUMBER) -> None:
    """Prove a number, as a citizen would."""
    await client.post("/izinler", data={"numara": number})
    response = await client.post("/izinler/kod", data={"kod": CODE})
    assert response.status == 200, response.status
    assert response.url.path == "/izinler/liste"
