"""Whatever comes over the wire, the answer is a page and never a fault; nothing of it gets into a log."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import quote

import pytest
import structlog
from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.link import forms, serving
from channels.link.forms import BODY_MAX
from channels.link.serving import HANDLED_MAX, LINE_MAX
from tests.channels.link.fakes import NUMBER, TOKEN, FakePort, Time, app_of, browser, enter, served

LIMIT_S = 20.0
NOT_A_FAULT = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class Wire:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def say(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def status(self) -> int:
        async with asyncio.timeout(LIMIT_S):
            line = await self._reader.readline()
        return int(line.split()[1]) if line else 0

    async def rest(self) -> bytes:
        async with asyncio.timeout(LIMIT_S):
            return await self._reader.read()


@asynccontextmanager
async def wire(number: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


@pytest.fixture
async def number(port: FakePort, clock: Time) -> AsyncIterator[int]:
    async with served(app_of(port, clock)) as number:
        yield number


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """Everything that is logged so far, ours and aiohttp's, as one reads it."""
    found: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(logging.Formatter().format(record))

    handler, root = Handler(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with structlog.testing.capture_logs() as captured:
        yield lambda: "\n".join((*found, *map(str, captured)))
    root.removeHandler(handler)
    root.setLevel(level)


TOKENS = [
    pytest.param(b"x", id="short"),
    pytest.param(b"A" * 10_000, id="10 kB"),
    pytest.param(b"A" * (LINE_MAX - 100), id="as long as a line may be"),
    pytest.param(b"%00", id="zero"),
    pytest.param(b"%C5%9F%F0%9F%98%80", id="unicode"),
    pytest.param(b"%ff%fe", id="no UTF-8"),
    pytest.param(b"%ED%A0%80", id="a surrogate"),
    pytest.param(b"..%2F..%2Fetc%2Fpasswd", id="a path"),
    pytest.param(b"%zz", id="a broken escape"),
    pytest.param(b"a/b", id="a slash"),
    pytest.param(b"", id="nothing"),
    pytest.param(b"{token}", id="braces"),
    pytest.param(TOKEN.lower().encode(), id="small letters"),
]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
async def test_any_token_is_unknown(number: int, port: FakePort, token: bytes, method: bytes) -> None:
    async with wire(number) as peer:
        await peer.say(
            method + b" /r/" + token + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )

        assert await peer.status() == 404
    assert port.asked == []


async def test_a_line_that_is_too_long_is_refused_and_not_logged(number: int, logged: Callable[[], str]) -> None:
    async with wire(number) as peer:
        await peer.say(b"GET /r/" + b"SECRETTOKEN" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")

        assert await peer.status() == 400
    assert "SECRETTOKEN" not in logged()
    assert "bad request" not in logged()


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01", id="TLS"),
        pytest.param(b"GET /r/SECRETTOKEN\xc5\x9f HTTP/1.1\r\nHost: x\r\n\r\n", id="an address that is not ASCII"),
        pytest.param(b"GET /r/SECRETTOKEN\r\n\r\n", id="HTTP 0.9"),
        pytest.param(b"GET /r/SECRETTOKEN HTTP/9.9\r\n\r\n", id="HTTP of the future"),
        pytest.param(b"GET /r/SECRETTOKEN HTTP/1.1\r\nbad header\r\n\r\n", id="a header that is none"),
        pytest.param(
            b"GET /r/SECRETTOKEN HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", id="a long header"
        ),
        pytest.param(
            b"POST /r/SECRETTOKEN HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="bad chunks"
        ),
    ],
)
async def test_what_is_no_request_is_refused_and_not_logged(
    number: int, logged: Callable[[], str], octets: bytes
) -> None:
    async with wire(number) as peer:
        await peer.say(octets)

        # Half a TLS greeting may be the beginning of anything: whoever sends it hangs up.
        assert octets[0] == 0x16 or await peer.status() in (400, 404)
    async with ClientSession(f"http://127.0.0.1:{number}") as client:
        assert (await client.get("/yardim")).status == 200
    assert "SECRETTOKEN" not in logged()


async def test_a_body_at_the_bound_is_read_and_one_above_is_not(number: int, port: FakePort) -> None:
    start = b"type=MESAJ&x="
    async with browser(number) as client:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        whole = await client.post(f"/r/{TOKEN}", data=start.ljust(BODY_MAX, b"x"), headers=headers)
        more = await client.post(f"/r/{TOKEN}", data=start.ljust(BODY_MAX + 1, b"x"), headers=headers)

    assert (whole.status, more.status) == (200, 413)
    assert port.calls.count("refuse") == 1


@pytest.mark.parametrize("path", [f"/r/{TOKEN}", "/r/x", "/izinler", "/izinler/kod", "/izinler/liste"])
async def test_10_megabytes_are_refused_before_they_are_read(number: int, port: FakePort, path: str) -> None:
    async with wire(number) as peer:
        await peer.say(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n".encode())

        assert await peer.status() == 413
    assert port.calls == []


async def test_10_megabytes_without_a_length_are_refused_on_the_way(number: int) -> None:
    async with wire(number) as peer:
        await peer.say(f"POST /r/{TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(5):
            await peer.say(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")

        assert await peer.status() == 413


async def test_a_body_that_does_not_come_is_not_waited_for(
    number: int, port: FakePort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "BODY_S", 0.05)
    async with wire(number) as peer:
        await peer.say(f"POST /r/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\ntype=".encode())

        assert await peer.status() == 408
        assert await peer.rest()
    assert port.calls == []


async def test_a_connection_that_says_nothing_is_closed(
    port: FakePort, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "KEEPALIVE_S", 0.05)
    async with served(app_of(port, clock)) as number, wire(number) as silent, wire(number) as slow:
        await slow.say(b"GET / HTTP/1.1\r\nHost:")

        assert await silent.rest() == b""
        assert await slow.rest() == b""


async def test_packed_bodies_are_not_unpacked(number: int, port: FakePort) -> None:
    async with browser(number) as client:
        response = await client.post(
            f"/r/{TOKEN}", data=gzip.compress(b"type=MESAJ"), headers={"Content-Encoding": "gzip"}
        )

    assert response.status == 400
    assert "refuse" not in port.calls


async def test_logs_show_neither_token_nor_number_nor_query(
    number: int, port: FakePort, logged: Callable[[], str]
) -> None:
    async with browser(number) as client:
        await client.get(f"/r/{TOKEN}", params={"x": "SECRETQUERY"})
        await client.post(f"/r/{TOKEN}", data={"type": "MESAJ"})
        await client.get("/r/UNKNOWNTOKEN")
        await client.get("/UNKNOWNPATH")
        await client.get("/islem/K7M4Q2XS")
        await enter(client)
        port.held = (None,)  # type: ignore[assignment]
        assert (await client.get("/izinler/liste")).status == 500

    text = logged()
    assert "/r/***" in text
    assert "page failed" in text
    for secret in (TOKEN, "SECRETQUERY", "UNKNOWNTOKEN", "UNKNOWNPATH", "K7M4Q2XS", NUMBER[3:], "482913"):
        assert secret not in text


def test_a_fault_outside_of_the_pages_is_logged_without_its_words(logged: Callable[[], str]) -> None:
    serving._quiet_logger().error("from %s", "192.0.2.7", exc_info=RuntimeError("SECRETTOKEN"))

    assert "bad request: RuntimeError" in logged()
    assert "SECRETTOKEN" not in logged()
    assert "192.0.2.7" not in logged()


async def test_the_access_line_masks_the_path(number: int) -> None:
    with structlog.testing.capture_logs() as captured:
        async with browser(number) as client:
            for path in (f"/r/{TOKEN}?x=1", "/islem/K7M4Q2XS", "/yardim", "/nowhere"):
                await (await client.get(path)).read()

    shown = [(line["method"], line["path"], line["status"]) for line in captured if line["event"] == "page"]
    assert shown == [("GET", "/r/***", 200), ("GET", "/islem/***", 200), ("GET", "/yardim", 200), ("GET", "***", 404)]


HEADER_TEXT = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\x00"), max_size=300)


@NOT_A_FAULT
@given(token=st.text(max_size=300), language=st.text(max_size=5))
async def test_no_token_is_a_fault(number: int, token: str, language: str) -> None:
    assert (
        await _status(number, "GET", f"/r/{_quoted(token)}", {"lang": language.encode(errors="replace").decode()}) < 500
    )


@NOT_A_FAULT
@given(body=st.binary(max_size=400), content_type=HEADER_TEXT)
async def test_no_body_is_a_fault(number: int, body: bytes, content_type: str) -> None:
    headers = {"Content-Type": content_type.strip() or "x"}
    for path in (f"/r/{TOKEN}", "/izinler", "/izinler/kod", "/izinler/liste"):
        assert await _status(number, "POST", path, {}, body, headers) < 500


@NOT_A_FAULT
@given(
    st.lists(
        st.sampled_from(
            [
                *(b"--b", b"--b--", b"\r\n", b"\n", b"Content-Disposition: form-data; name=", b'"type"', b"type*=x''"),
                *(b"MESAJ", b"Content-Type: multipart/mixed; boundary=c", b"--c", b"\xff", b";", b"=", b"begin 6 a"),
                *(b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: x-uuencode"),
                b"Content-Type: message/rfc822",
            ]
        ),
        max_size=40,
    )
)
async def test_no_multipart_is_a_fault(number: int, parts: list[bytes]) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}

    assert await _status(number, "POST", f"/r/{TOKEN}", {}, b"".join(parts), headers) in (200, 400)


@NOT_A_FAULT
@given(cookie=HEADER_TEXT, name=st.sampled_from(["izin", "kod", ""]))
async def test_no_cookie_is_a_fault(number: int, cookie: str, name: str) -> None:
    headers = {"Cookie": f"{name}={cookie.strip()}"}
    for path in ("/izinler", "/izinler/kod", "/izinler/liste"):
        assert await _status(number, "GET", path, {}, None, headers) < 500


@NOT_A_FAULT
@given(query=st.dictionaries(st.sampled_from(["marka", "tur", "durum", "sayfa", "lang"]), st.text(max_size=80)))
async def test_no_filter_is_a_fault(number: int, query: dict[str, str]) -> None:
    query = {name: value.encode(errors="replace").decode() for name, value in query.items()}
    async with browser(number) as client:
        await enter(client)
        for path in ("/izinler/liste", "/izinler/sikayet", "/izinler/sikayetler"):
            assert (await client.get(path, params=query)).status == 200


async def _status(
    number: int,
    method: str,
    path: str,
    query: dict[str, str],
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> int:
    """The status over a real connection; a request that HTTP itself refuses counts as refused."""
    async with browser(number) as client:
        try:
            response = await client.request(method, path, params=query, data=body, headers=headers)
        except ValueError:
            return 400  # aiohttp's client does not send it
        return response.status


def _quoted(token: str) -> str:
    return quote(token.encode(errors="replace"), safe="")


async def test_half_a_body_by_hundreds_keeps_nobody_waiting(number: int, port: FakePort) -> None:
    peers = []
    async with AsyncExitStack() as stack:
        for _ in range(HANDLED_MAX + 50):
            peer = await stack.enter_async_context(wire(number))
            await peer.say(b"POST /r/x HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\ntype=")
            peers.append(peer)
        async with asyncio.timeout(5), browser(number) as client:
            assert (await client.get(f"/r/{TOKEN}")).status == 200
        for peer in peers:
            await peer.say(b"MESAJ" + b"&" * 10)
        assert [await peer.status() for peer in peers] == [404] * len(peers)
