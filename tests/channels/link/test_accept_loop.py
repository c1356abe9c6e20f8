"""A crowd at the door: everybody is let in at once and served in turn, within bounds."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from channels.link import accept_loop as module
from channels.link.accept_loop import AcceptLoop
from channels.link.serving import link_runner

LIMIT_S = 20.0


@pytest.fixture
async def accept_loop() -> AsyncIterator[AcceptLoop]:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="page")

    app = web.Application()
    app.router.add_get("/", page)
    runner = link_runner(app)
    await runner.setup()
    accept_loop = AcceptLoop(runner)
    yield accept_loop
    await accept_loop.close()
    await runner.cleanup()


async def get(port: int) -> str:
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/") as answer:
        return await answer.text()


async def test_a_crowd_is_served(accept_loop: AcceptLoop) -> None:
    port = accept_loop.open("127.0.0.1", 0)

    async with asyncio.timeout(LIMIT_S):
        assert set(await asyncio.gather(*(get(port) for _ in range(200)))) == {"page"}


async def test_without_a_free_descriptor_the_kernel_keeps_who_comes(
    accept_loop: AcceptLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = accept_loop.open("127.0.0.1", 0)
    listening = accept_loop._listening
    refused: list[int] = []

    class Full:
        def accept(self) -> tuple[socket.socket, object]:
            assert listening is not None
            if len(refused) < 3:
                refused.append(1)
                raise OSError(errno.EMFILE, "Too many open files")
            return listening.accept()

        def fileno(self) -> int:
            assert listening is not None
            return listening.fileno()

        def close(self) -> None:
            assert listening is not None
            listening.close()

    monkeypatch.setattr(module, "FULL_PAUSE_S", 0.01)
    monkeypatch.setattr(accept_loop, "_listening", Full())

    async with asyncio.timeout(LIMIT_S):
        assert await get(port) == "page"
    assert len(refused) == 3


async def test_who_waits_is_bounded(accept_loop: AcceptLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 5)
    monkeypatch.setattr(module, "FULL_PAUSE_S", 0.01)
    port = accept_loop.open("127.0.0.1", 0)

    async with asyncio.timeout(LIMIT_S):
        assert set(await asyncio.gather(*(get(port) for _ in range(50)))) == {"page"}


async def test_who_went_away_while_waiting_harms_nobody(accept_loop: AcceptLoop) -> None:
    port = accept_loop.open("127.0.0.1", 0)
    for _ in range(20):
        socket.create_connection(("127.0.0.1", port)).close()

    async with asyncio.timeout(LIMIT_S):
        assert await get(port) == "page"


async def test_a_closed_door_lets_nobody_in(accept_loop: AcceptLoop) -> None:
    port = accept_loop.open("127.0.0.1", 0)
    await accept_loop.close()

    with pytest.raises(aiohttp.ClientConnectorError):
        await get(port)
