"""The shipped nginx configuration, under a real nginx over TLS: citizens by their addresses, slow senders, no log."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession, TCPConnector

from tests.authority import Authority
from tests.channels.link.fakes import TOKEN, FakePort, Time, app_of, served

ROOT: Final = Path(__file__).parents[2]
CONFIGURATION: Final = ROOT / "deploy" / "nginx" / "izinhatti.conf"
PROGRAM: Final = ROOT / "var" / "nginx" / "nginx"  # from scripts/test-needs
HOST: Final = "izin.example"
PATIENCE_S: Final = 20.0
PER_MINUTE: Final = 5


class Proxy:
    """A running nginx in front of the pages."""

    def __init__(self, folder: Path, port: int, authority: Path) -> None:
        self.folder = folder
        self.port = port
        self.url = f"https://127.0.0.1:{port}"
        self._trusted = ssl.create_default_context(cafile=str(authority))

    @asynccontextmanager
    async def client(self, address: str) -> AsyncIterator[ClientSession]:
        """A client at this address of loopback."""
        connector = TCPConnector(ssl=self._trusted, local_addr=(address, 0), limit=0)
        async with ClientSession(self.url, connector=connector, headers={"Host": HOST}) as session:
            yield session

    async def half_a_body(self) -> asyncio.StreamWriter:
        _, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self._trusted)
        head = f"POST /r/x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 20\r\n\r\ntype="
        writer.write(head.encode())
        await writer.drain()
        return writer


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[Proxy]:
    authority = Authority.made(tmp_path, "authority")
    certificate = authority.issue(tmp_path, "izin", "127.0.0.1", HOST)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = app_of(FakePort(), Time(), PER_MINUTE, proxies=[ip_network("127.0.0.1/32")])
    async with served(app) as pages:
        (tmp_path / "nginx.conf").write_text(_configuration(tmp_path, certificate, port, pages))
        command = [str(PROGRAM), "-e", "stderr", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
        process = await asyncio.create_subprocess_exec(*command, "-g", "daemon off;")
        try:
            await _until_it_listens(port)
            yield Proxy(tmp_path, port, authority.file)
        finally:
            process.terminate()
            await process.wait()


def _configuration(folder: Path, certificate: Path, port: int, pages: int) -> str:
    """The shipped file with the places of this test, in the frame that a package's own nginx.conf is."""
    shipped = CONFIGURATION.read_text("utf-8")
    for before, after in (
        ("server 127.0.0.1:8338;", f"server 127.0.0.1:{pages};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
        ("listen [::]:443 ssl http2;", ""),
        ("/etc/letsencrypt/live/izin.example/fullchain.pem", str(certificate)),
        ("/etc/letsencrypt/live/izin.example/privkey.pem", str(certificate)),
        ("/var/log/nginx/izinhatti.log", str(folder / "error.log")),
    ):
        assert before in shipped
        shipped = shipped.replace(before, after)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"worker_processes 1;\npid {folder}/nginx.pid;\nerror_log stderr crit;\n"
        f"events {{ worker_connections 4096; }}\nhttp {{\naccess_log off;\n{temporary}{shipped}\n}}\n"
    )


async def _until_it_listens(port: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return


async def test_twenty_citizens_are_served_while_one_misbehaves(proxy: Proxy) -> None:
    async with proxy.client("127.0.1.1") as guesser:
        guessed = [(await guesser.get(f"/r/{n:0>20}")).status for n in range(3 * PER_MINUTE)]
    statuses = []
    for n in range(20):
        async with proxy.client(f"127.0.2.{n + 1}") as citizen:
            strangers = {"X-Forwarded-For": "127.0.1.1"}
            statuses.append((await citizen.get(f"/r/{n + 10}mistyped", headers=strangers)).status)
            statuses.append((await citizen.post(f"/r/{TOKEN}", data={"type": "MESAJ"})).status)

    assert guessed == [404] * PER_MINUTE + [429] * 2 * PER_MINUTE
    assert statuses == [404, 200] * 20


async def test_half_bodies_keep_no_citizen_waiting(proxy: Proxy) -> None:
    async with AsyncExitStack() as stack:
        for writer in await asyncio.gather(*(proxy.half_a_body() for _ in range(300))):
            stack.callback(writer.close)
        async with asyncio.timeout(PATIENCE_S), proxy.client("127.0.2.1") as citizen:
            assert (await citizen.get(f"/r/{TOKEN}")).status == 200


async def test_no_log_holds_a_link(proxy: Proxy) -> None:
    async with proxy.client("127.0.2.1") as citizen:
        await citizen.get(f"/r/{TOKEN}")
        await citizen.post(f"/r/{TOKEN}", data=b"x" * 70_000)

    written = [path.read_bytes() for path in proxy.folder.rglob("*.log")]
    assert all(TOKEN.encode() not in octets for octets in written)
