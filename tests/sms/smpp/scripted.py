"""An SMSC on loopback that does nothing by itself: the test reads and writes each PDU."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from sms.smpp import codes
from sms.smpp.pdu import Framer, Header, build_bind_response, build_plain, build_response, header

PATIENCE_S: Final = 5.0
_BINDS: Final = frozenset({codes.BIND_TRANSCEIVER, codes.BIND_RECEIVER, codes.BIND_TRANSMITTER})
QUIET_S: Final = 0.02  # long enough for loopback, short enough for many tests


class Peer:
    """The SMSC's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._framer = Framer()
        self._pdus: list[bytes] = []
        self._sequence = 0

    async def send(self, *pdus: bytes) -> None:
        self._writer.write(b"".join(pdus))
        await self._writer.drain()

    async def receive(self) -> bytes:
        """The next PDU. Raises EOFError when the other side closed."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._pdus:
                octets = await self._reader.read(65_536)
                if not octets:
                    raise EOFError
                self._pdus += self._framer.feed(octets)
        return self._pdus.pop(0)

    async def head(self) -> Header:
        return header(await self.receive())

    async def heads(self, count: int) -> list[Header]:
        return [await self.head() for _ in range(count)]

    async def quiet(self) -> None:
        """Asserts that nothing more comes."""
        try:
            async with asyncio.timeout(QUIET_S):
                pdu = await self.receive()
        except TimeoutError:
            return
        raise AssertionError(f"came unasked: {header(pdu)}")

    async def is_closed(self) -> bool:
        """Whether the other side closes, whatever it says before."""
        try:
            while True:
                await self.receive()
        except (EOFError, ConnectionError):
            return True

    async def take_bind(self, status: int = codes.ESME_ROK) -> Header:
        head = await self.head()
        assert head.command in _BINDS
        if status == codes.ESME_ROK:
            await self.send(build_bind_response(head.command, head.sequence, "smsc"))
        else:
            await self.answer(head, status)
        return head

    async def answer(self, head: Header, status: int = codes.ESME_ROK, message_id: str | None = None) -> None:
        await self.send(build_response(head.command, status, head.sequence, message_id))

    async def ask(self, command: int) -> Header:
        self._sequence += 1
        await self.send(build_plain(command, self._sequence))
        return await self.head()

    def abort(self) -> None:
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.close()


class Smsc:
    """Listens; each connection waits for `accept`."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._all: list[Peer] = []

    async def accept(self) -> Peer:
        async with asyncio.timeout(PATIENCE_S):
            return await self._peers.get()

    async def bound(self) -> Peer:
        """The next connection that asks for a bind, bound; those that are gone before are passed over."""
        while True:
            peer = await self.accept()
            with suppress(EOFError, ConnectionError):
                await peer.take_bind()
                return peer

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.connections += 1
        self._all.append(peer)
        self._peers.put_nowait(peer)

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncIterator["Smsc"]:
        smsc = cls()
        server = await asyncio.start_server(smsc._connected, "127.0.0.1", 0)
        smsc.port = server.sockets[0].getsockname()[1]
        try:
            yield smsc
        finally:
            server.close()
            for peer in smsc._all:
                peer.abort()
            async with asyncio.timeout(PATIENCE_S):
                await server.wait_closed()
