"""What holds on every route: a GET changes nothing, no method but its own, headers, sizes, languages."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from aiohttp import web

from channels.link.pages import STYLE
from tests.channels.link.fakes import (
    NUMBER,
    PAGE_MAX,
    RECEIPT,
    TOKEN,
    Client,
    FakePort,
    Time,
    app_of,
    browser,
    enter,
    served,
)

READS = {"offer", "holdings", "reports", "receipt"}
SCRIPT = re.compile(r"<script|javascript:|\son\w+=|style=|https?://(?!izin\.example)", re.IGNORECASE)


def paths_of(app: web.Application, method: str) -> list[str]:
    """The addresses that take this method, with a link and a receipt that exist."""
    found = {
        route.resource.canonical.replace("{token}", TOKEN).replace("{receipt}", RECEIPT)
        for route in app.router.routes()
        if route.method == method and route.resource
    }
    return sorted(found)


GETS = paths_of(app_of(FakePort(), Time()), "GET")
POSTS = paths_of(app_of(FakePort(), Time()), "POST")
PAGES = [path for path in GETS if not path.endswith((".css", ".svg", ".txt", ".ico", ".csv"))]


@pytest.fixture
async def proven(client: Client, port: FakePort) -> Client:
    """A client that is signed in, its number beside that still waiting for a code."""
    await enter(client)
    await client.post("/izinler", data={"numara": NUMBER})
    port.calls.clear()
    port.asked.clear()
    return client


async def test_get_and_head_write_nothing_on_any_route(client: Client, proven: Client, port: FakePort) -> None:
    for path in (*GETS, *POSTS):
        for method in ("GET", "HEAD"):
            for query in ("", "?lang=en", "?type=MESAJ", "?List-Unsubscribe=One-Click&izin=600100:MESAJ&csrf=x&kod=1"):
                response = await proven.request(method, path + query)
                assert response.status in (200, 405), (method, path)

    assert set(port.calls) <= READS
    assert port.asked == []


async def test_a_scanner_that_follows_every_link_changes_nothing(proven: Client, port: FakePort) -> None:
    seen: set[str] = set()
    waiting = ["/", f"/r/{TOKEN}", "/izinler", "/izinler/liste"]
    while waiting and len(seen) < 200:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        response = await proven.get(path)
        await proven.head(path)
        if response.content_type == "text/html":
            links = re.findall(r'(?:href|src|action)="([^"]*)"', await response.text())
            inner = [urlsplit(urljoin(path, link.replace("&amp;", "&"))) for link in links]
            waiting += [u._replace(fragment="").geturl() for u in inner if not u.scheme]

    assert len(seen) > 15
    assert set(port.calls) <= READS


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "LINK"])
async def test_another_method_is_not_allowed(client: Client, port: FakePort, method: str) -> None:
    for path in (*GETS, *POSTS):
        response = await client.request(method, path)

        allowed = {m for m, paths in (("GET", GETS), ("HEAD", GETS), ("POST", POSTS)) if path in paths}
        assert response.status == 405, path
        assert set(response.headers["Allow"].split(",")) == allowed
    assert port.calls == []


def check_headers(headers: object, *, is_kept: bool = False) -> None:
    assert headers is not None
    found = dict(headers.items())  # type: ignore[attr-defined]
    assert found["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found["Referrer-Policy"] == "no-referrer"
    assert found["Cross-Origin-Opener-Policy"] == "same-origin"
    assert found["Cross-Origin-Resource-Policy"] == "same-origin"
    assert found["Strict-Transport-Security"] == "max-age=31536000"
    assert "camera=()" in found["Permissions-Policy"]
    assert is_kept or found["Cache-Control"] == "no-store"
    assert "Server" not in found


async def test_every_response_carries_the_headers(proven: Client, port: FakePort) -> None:
    for path in GETS:
        check_headers((await proven.get(path)).headers, is_kept=path not in PAGES and not path.endswith(".csv"))
    for path in POSTS:
        check_headers((await proven.post(path, allow_redirects=False)).headers)
        check_headers((await proven.put(path)).headers)
    check_headers((await proven.get("/nowhere")).headers)
    check_headers((await proven.post(f"/r/{TOKEN}", data=b"x" * 70_000)).headers)
    check_headers((await proven.get("/", headers={"Expect": "x"})).headers)
    port.is_down = True
    check_headers((await proven.get(f"/r/{TOKEN}")).headers)


async def test_no_https_no_hsts(port: FakePort, clock: Time) -> None:
    async with served(app_of(port, clock, public_url="http://127.0.0.1:8338")) as number, browser(number) as client:
        response = await client.get("/")

    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("language", ["tr", "en"])
async def test_every_page_is_small_plain_and_in_its_language(proven: Client, port: FakePort, language: str) -> None:
    for path in (*PAGES, "/nowhere"):
        html = await (await proven.get(path, params={"lang": language})).text()
        assert len(html.encode()) + len(STYLE) <= PAGE_MAX, path
        assert f'<html lang="{language}">' in html
        assert not SCRIPT.search(html), (path, SCRIPT.search(html))
        assert "{" not in html, path
        assert "{{" not in html
        assert len(re.findall("<h1>", html)) == 1
        assert ("Bu hat sizden şifre" if language == "tr" else "never asks you for a password") in html


@pytest.mark.parametrize("path", sorted({*GETS, *POSTS}))
async def test_while_the_store_is_down_the_pages_say_so(proven: Client, port: FakePort, path: str) -> None:
    port.is_down = True
    secret = {"csrf": "", "type": "MESAJ", "numara": NUMBER, "kod": "123456"}

    statuses = set()
    if path in GETS:
        statuses.add((await proven.get(path)).status)
    if path in POSTS:
        response = await proven.post(path, data=secret, allow_redirects=False)
        statuses.add(response.status)
        if response.status == 503:
            assert response.headers["Retry-After"] == "30"
            assert "hiçbir şey değişmedi" in (await response.text()).replace("Hiçbir", "hiçbir")

    assert statuses <= {200, 403, 503}
    if path in (f"/r/{TOKEN}", f"/islem/{RECEIPT}", "/izinler/liste.csv", "/izinler/kod") and port.calls:
        assert 503 in statuses


async def test_a_fault_is_a_page_too(client: Client, port: FakePort, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(token: str) -> None:
        raise RuntimeError(token)

    monkeypatch.setattr(port, "offer", broken)

    response = await client.get(f"/r/{TOKEN}")

    assert response.status == 500
    check_headers(response.headers)
    assert TOKEN not in await response.text()
