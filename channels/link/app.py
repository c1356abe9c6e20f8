"""The link pages as one application over a port. Nothing of it keeps state but the counts of guesses."""

from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web

from channels.link.caller import Network, caller_namer
from channels.link.entry import EntryPages
from channels.link.failures import failure_pages
from channels.link.forms import BODY_MAX
from channels.link.headers import header_adder
from channels.link.holdings import HoldingsPages
from channels.link.limits import Guesses
from channels.link.pages import ICON_PATH, STYLE_PATH, Pages
from channels.link.plain import PlainPages, icon, robots, style
from channels.link.port import LinkPort
from channels.link.refusal import RefusalPages
from channels.link.reports import ReportPages
from channels.link.serving import concurrency_limit
from channels.link.session_cookie import Visits
from core.domain.clock import Clock


def link_app(
    port: LinkPort,
    *,
    public_url: str,
    line_number: str,
    key: bytes,
    requests_per_address_minute: int,
    session_s: float = 900,
    proxies: Collection[Network] = (),
    clock: Clock,
) -> web.Application:
    """`public_url` is where citizens reach the pages; `key`, at least 32 octets, seals the cookies and has to be the
    same in all processes; 0 requests a minute = no limit; `session_s` in seconds; `proxies` are our own, whose word for
    who calls counts. To be run by `link_runner`."""
    parts = urlsplit(public_url)
    is_https = parts.scheme == "https"
    app = web.Application(client_max_size=BODY_MAX)
    pages = Pages(app, public_url.rstrip("/"), line_number)
    guesses = Guesses(requests_per_address_minute, clock)
    visits = Visits(key, clock, session_s, is_https=is_https)
    entry = EntryPages(port, pages, guesses, visits, f"{parts.scheme}://{parts.netloc}")
    refusal = RefusalPages(port, pages, guesses)
    holdings = HoldingsPages(port, pages, entry)
    reports = ReportPages(port, pages, entry)
    plain = PlainPages(port, pages, guesses, public_url.rstrip("/"))
    app.add_routes(
        [
            web.get("/", plain.start),
            web.get("/r/{token:.*}", refusal.show),
            web.post("/r/{token:.*}", refusal.refuse),
            web.get("/izinler", entry.ask_number),
            web.post("/izinler", entry.send_code),
            web.get("/izinler/kod", entry.ask_code),
            web.post("/izinler/kod", entry.prove),
            web.post("/izinler/cikis", entry.leave),
            web.get("/izinler/liste", holdings.show),
            web.post("/izinler/liste", holdings.refuse),
            web.get("/izinler/liste.csv", holdings.download),
            web.get("/izinler/hepsi", holdings.ask_all),
            web.post("/izinler/hepsi", holdings.refuse_all),
            web.get("/izinler/sikayet", reports.ask),
            web.post("/izinler/sikayet", reports.report),
            web.get("/izinler/sikayetler", reports.show),
            web.get("/islem/{receipt}", plain.receipt),
            web.get("/islem/{receipt}/karekod.svg", plain.qr_code),
            web.get("/yardim", plain.help),
            web.get("/robots.txt", robots),
            web.get("/favicon.ico", icon),
            web.get(STYLE_PATH, style),
            web.get(ICON_PATH, icon),
        ]
    )
    app.middlewares.append(caller_namer(proxies))
    app.middlewares.append(failure_pages(pages))
    app.middlewares.append(concurrency_limit())
    app.on_response_prepare.append(header_adder(is_https=is_https))
    return app
