"""An Asterisk on loopback that does nothing by itself: the test writes each line and reads each command."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, Self

from ivr.agi import Agi
from ivr.agi_wire import AgiCall, AgiWire, Patience

PATIENCE_S: Final = 5.0

# As Asterisk 22 writes it, for AGI(agi://127.0.0.1/call,+905321234567,allowed_passed_screen).
VALUES: Final = {
    "agi_network": "yes",
    "agi_network_script": "call",
    "agi_request": "agi://127.0.0.1:4573/call",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_language": "tr",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1757614000.42",
    "agi_version": "22.10.0",
    "agi_callerid": "+905321234567",
    "agi_calleridname": "",
    "agi_callingpres": "1",
    "agi_callingani2": "0",
    "agi_callington": "0",
    "agi_callingtns": "0",
    "agi_dnid": "unknown",
    "agi_rdnis": "unknown",
    "agi_context": "line",
    "agi_extension": "3338",
    "agi_priority": "14",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "140737341523712",
    "agi_arg_1": "+905321234567",
    "agi_arg_2": "allowed_passed_screen",
}
CALL: Final = AgiCall("1757614000.42", "+905321234567", "allowed_passed_screen")


def environment(**changes: str | None) -> bytes:
    """An environment with its empty line; None leaves a key out."""
    values = {**VALUES, **changes}
    return "".join(f"{key}: {value}\n" for key, value in values.items() if value is not None).encode() + b"\n"


class Asterisk:
    """Asterisk's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connected(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    async def command(self) -> str:
        """The next command. Raises EOFError when the other side closed."""
        async with asyncio.timeout(PATIENCE_S):
            line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line.decode().removesuffix("\n")

    async def answer(self, command: str, answer: str) -> None:
        """Expect this command, and answer it."""
        assert await self.command() == command
        await self.send(f"{answer}\n".encode())

    async def is_closed(self) -> bool:
        """Whether the other side closes without a further command."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._reader.read(1) == b""
        except ConnectionError:
            return True

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return

    def abort(self) -> None:
        self._writer.transport.abort()


class Line(NamedTuple):
    """Both ends of one connection, the call's environment not yet written."""

    asterisk: Asterisk
    wire: AgiWire

    async def called(self, octets: bytes | None = None) -> Agi:
        await self.asterisk.send(environment() if octets is None else octets)
        return Agi(await self.wire.environment(), self.wire)


@asynccontextmanager
async def connected(patience: Patience | None = None) -> AsyncIterator[Line]:
    """A connection over a real socket."""
    wires: asyncio.Queue[AgiWire] = asyncio.Queue()
    given = patience or Patience(PATIENCE_S, PATIENCE_S, PATIENCE_S)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: AgiWire(wires.put_nowait, given), "127.0.0.1", 0)
    asterisk = await Asterisk.connected(server.sockets[0].getsockname()[1])
    wire = await wires.get()
    try:
        yield Line(asterisk, wire)
    finally:
        wire.close()
        await asterisk.close()
        server.close()


class NoTransport(asyncio.Transport):
    """Knows whether it was aborted."""

    def __init__(self) -> None:
        super().__init__()
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True

    def write(self, data: object) -> None:
        return None
