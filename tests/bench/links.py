"""The link pages under load: pages and refusals a second, and tens of thousands of connections at once.

`python -m tests.bench.links [PAGES] [CONNECTIONS]`. The line runs as `izinhatti serve --doors link`; every token is of
another number that has a permission, and each POST ends one.
"""

import asyncio
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

import uvloop

from core.domain.tokens import token_hash
from core.store.database import upgrade
from core.store.queries.brands import PUT_BRAND
from core.store.queries.consents import PUT_CONSENT
from core.store.queries.notices import ADD_TOKEN, PUT_NOTICE

CONNECTIONS: Final = 50  # kept open while pages a second are measured
OPEN_WITHIN_S: Final = 10.0
ANSWER_WITHIN_S: Final = 60.0
LOOPBACK: Final = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5")  # a source address has some 28,000 ports
SPARE_DESCRIPTORS: Final = 500
BODY: Final = b"type=MESAJ"

_YEAR_MS: Final = 365 * 86_400_000
_LENGTH: Final = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)


class Crowd(NamedTuple):
    """What became of many connections at once; times in seconds from the first one on."""

    connections: int
    opened_s: float
    answered_s: float
    acts: int


def main(pages: int = 5000, connections: int = 40_000) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
    try:
        rates = _rates(folder, pages)
        ours_get, ours_post = rates["GET a link's page"], rates["POST that refuses"]
        for name, rate in rates.items():
            ours = ours_post if "POST" in name else ours_get
            print(f"{name:56} {rate:9,.0f}/s   ours / this: {ours / rate:.2f}")
        crowd = uvloop.run(_crowd(folder, _allowed(connections)))
        print(
            f"{crowd.connections:,} connections: opened in {crowd.opened_s:.1f} s, each answered GET and POST within "
            f"{crowd.answered_s:.1f} s, {crowd.acts:,} acts in the registry"
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _allowed(connections: int) -> int:
    """As many as the machine's hard limit of descriptors lets one process open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    possible = min(connections, hard - SPARE_DESCRIPTORS)
    if possible < connections:
        print(f"scaled down from {connections:,} connections: the hard limit of descriptors is {hard:,}")
    return possible


def _rates(folder: Path, pages: int) -> dict[str, float]:
    plain = _start("tests.bench.plain_server", str(folder / "plain.db"))
    assert plain.stdout is not None
    plain_port = int(plain.stdout.readline())
    tokens = [f"Token{n:012}" for n in range(pages)]
    line, port = _serve(folder / "rates", tokens)
    try:
        gets, posts = [_get(token) for token in tokens], [_post(token) for token in tokens]
        return {
            "GET a link's page": uvloop.run(_drive(port, gets)),
            "GET of a bare aiohttp handler": uvloop.run(_drive(plain_port, gets)),
            "POST that refuses": uvloop.run(_drive(port, posts)),
            "POST of a handler with one durable insert": uvloop.run(_drive(plain_port, posts)),
        }
    finally:
        for process in (plain, line):
            process.terminate()
            process.wait()


async def _drive(port: int, requests: Sequence[bytes]) -> float:
    """All requests over some connections that stay open; requests a second."""
    waiting = iter(requests)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            writer.write(request)
            await _answer(reader)
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return len(requests) / (time.perf_counter() - started)


async def _crowd(folder: Path, connections: int) -> Crowd:
    tokens = [f"Crowd{n:012}" for n in range(connections)]
    line, port = await asyncio.to_thread(_serve, folder / "crowd", tokens)
    source, opened = count(), list[float]()

    async def one(number: int, token: str) -> None:
        # Evenly over the time in which they are to be opened.
        await asyncio.sleep(number / connections * OPEN_WITHIN_S * 0.9)
        address = LOOPBACK[next(source) % len(LOOPBACK)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        opened.append(time.perf_counter())
        writer.write(_get(token))
        await _answer(reader)
        writer.write(_post(token))
        await _answer(reader)
        writer.close()

    try:
        started = time.perf_counter()
        async with asyncio.timeout(ANSWER_WITHIN_S + OPEN_WITHIN_S):
            await asyncio.gather(*(one(number, token) for number, token in enumerate(tokens)))
        answered_s = time.perf_counter() - started
    finally:
        line.terminate()
        await asyncio.to_thread(line.wait)
    with closing(sqlite3.connect(folder / "crowd" / "izinhatti.db")) as database:
        [acts] = database.execute("SELECT count(*) FROM consent WHERE status = 'RET' AND source = 'IYS_WEB'").fetchone()
    return Crowd(connections, max(opened) - started, answered_s, acts)


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head[:40]
    length = _LENGTH.search(head)
    assert length, "every answer tells its length"
    await reader.readexactly(int(length[1]))


def _get(token: str) -> bytes:
    return f"GET /r/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _post(token: str) -> bytes:
    head = f"POST /r/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    return f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


def _serve(folder: Path, tokens: Sequence[str]) -> tuple["subprocess.Popen[str]", int]:
    """A line that knows these tokens, and the port of its pages, once it answers."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    (folder / "izinhatti.toml").write_text(
        f"""
        [database]
        url = "sqlite+aiosqlite:///izinhatti.db"
        [ledger]
        anchor_file = "ledger.anchors"
        signing_key = "ledger.key"
        [admin]
        listen = "127.0.0.1:0"
        [link]
        listen = "127.0.0.1:{port}"
        public_url = "http://127.0.0.1:{port}"
        requests_per_address_minute = 0
        """
    )
    _fill(folder / "izinhatti.db", tokens)
    process = _start("channels.cli", "--config", str(folder / "izinhatti.toml"), "serve", "--doors", "link")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return process, port
    raise TimeoutError("the line does not listen")


def _fill(path: Path, tokens: Sequence[str]) -> None:
    upgrade(f"sqlite+aiosqlite:///{path}")
    now = time.time_ns() // 1_000_000
    numbers = [f"+90532{n:07}" for n in range(len(tokens))]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(PUT_BRAND.sqlite.sql, ("600100", "MIGROS", "MIGROS", "1", "Migros", None, None, 1))
        given = ("600100", "MESAJ", "BIREYSEL", "ONAY", "HS_WEB", now - 1000, None, None, None)
        database.executemany(PUT_CONSENT.sqlite.sql, [(number, *given) for number in numbers])
        told = ("600100", "given", "MESAJ", now - 1000, now - 1000, now - 1000, 1, "queued", 2)
        database.executemany(PUT_NOTICE.sqlite.sql, [(n, number, *told) for n, number in enumerate(numbers, 1)])
        rows = [(token_hash(token), n, now + _YEAR_MS) for n, token in enumerate(tokens, 1)]
        database.executemany(ADD_TOKEN.sqlite.sql, rows)


def _start(module: str, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
