"""Lets connections in: all that come are taken from the kernel at once, and given to the pages a few at a time.

The kernel keeps some thousand connections that nobody accepted, and resets what is beyond them. A crowd comes faster
than pages are made, so whoever accepts must not also have to serve everybody first.
"""

import asyncio
import os
import socket
from collections import deque
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import web

BACKLOG: Final = 8192  # the kernel's own bound may be lower
WAITING_MAX: Final = 100_000  # connections that were let in and wait to be served
FULL_PAUSE_S: Final = 0.1
_AT_ONCE: Final = 50

_log = structlog.get_logger(component="link")


class AcceptLoop:
    """Listens for an application's runner, which must be set up."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner
        self._waiting: deque[socket.socket] = deque()
        self._comes = asyncio.Event()
        self._listening: socket.socket | None = None
        self._admitting: asyncio.Task[None] | None = None

    def open(self, host: str, port: int) -> int:
        """Listen; the port. Raises OSError."""
        listening = socket.create_server((host, port), backlog=BACKLOG)
        listening.setblocking(False)
        self._listening = listening
        self._watch()
        self._admitting = asyncio.create_task(self._admit())
        return int(listening.getsockname()[1])

    async def close(self) -> None:
        """Let nobody in any more; who waits is turned away."""
        if self._listening is None or self._admitting is None:
            return
        asyncio.get_running_loop().remove_reader(self._listening)
        self._listening.close()
        self._listening = None
        self._admitting.cancel()
        with suppress(asyncio.CancelledError):
            await self._admitting
        while self._waiting:
            self._waiting.popleft().close()

    def _watch(self) -> None:
        if self._listening is not None:
            asyncio.get_running_loop().add_reader(self._listening, self._let_in)

    def _let_in(self) -> None:
        """Take what the kernel holds, as far as there is room; the kernel keeps the rest for a moment."""
        assert self._listening is not None, "called while it listens"
        self._comes.set()
        try:
            while len(self._waiting) < WAITING_MAX:
                connection, _ = self._listening.accept()
                connection.setblocking(False)
                self._waiting.append(connection)
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:  # no descriptor is free
            _log.error("a connection was not let in", reason=os.strerror(error.errno or 0))
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listening)
        loop.call_later(FULL_PAUSE_S, self._watch)

    async def _admit(self) -> None:
        while True:
            await self._comes.wait()
            self._comes.clear()
            while self._waiting:
                some = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
                await asyncio.gather(*map(self._serve, some))

    async def _serve(self, connection: socket.socket) -> None:
        server = self._runner.server
        assert server is not None, "the runner is set up"
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(server, connection)
        except OSError:
            connection.close()  # it went away while it waited
