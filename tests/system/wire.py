"""The wire between the line and a simulated operator, on which a test can do what networks do."""

import asyncio
from collections.abc import Callable
from typing import cast

from sms.smpp.pdu import Framer


class Wire:
    """Listens where the line believes its operator. `on_pdu` sees each PDU on its way, in both directions, and says
    whether it goes on."""

    def __init__(self) -> None:
        self.on_pdu: Callable[[Crossing, bytes], bool] = lambda _crossing, _pdu: True
        self.crossings: set[Crossing] = set()
        self._server: asyncio.Server | None = None

    async def start(self, operator_port: int) -> int:
        """Lead to the operator's port, and return the own one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Crossing(self, operator_port).line, "127.0.0.1")
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for crossing in tuple(self.crossings):
            crossing.cut()
        await self._server.wait_closed()


class Crossing:
    """One connection of the line, and the one to the operator that belongs to it."""

    def __init__(self, wire: Wire, operator_port: int) -> None:
        self._wire = wire
        self._operator_port = operator_port
        self._connecting: asyncio.Task[object] | None = None
        self.operator = _End(self)
        self.line = _End(self)

    def opened(self, end: "_End") -> None:
        self._wire.crossings.add(self)
        if end is self.line:
            end.pause_reading()
            self._connecting = asyncio.create_task(self._connect())

    def came(self, end: "_End", pdu: bytes) -> None:
        if self._wire.on_pdu(self, pdu):
            (self.operator if end is self.line else self.line).send(pdu)

    def closed(self) -> None:
        self._wire.crossings.discard(self)
        for end in (self.line, self.operator):
            end.close()

    def cut(self) -> None:
        """Lose both connections, and what is on its way."""
        for end in (self.line, self.operator):
            end.abort()

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self.operator, "127.0.0.1", self._operator_port)
        except OSError:
            self.line.abort()
        else:
            self.line.resume_reading()


class _End(asyncio.Protocol):
    """One of a crossing's two sockets."""

    def __init__(self, crossing: Crossing) -> None:
        self._crossing = crossing
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._crossing.opened(self)

    def data_received(self, data: bytes) -> None:
        for pdu in self._framer.feed(data):
            self._crossing.came(self, pdu)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._crossing.closed()

    def send(self, pdu: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(pdu)

    def pause_reading(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
