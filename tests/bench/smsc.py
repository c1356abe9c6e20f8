"""The other side of the benchmark: an SMSC that keeps a window full and counts, as lean as it can be."""

import asyncio
import sys
import time
from struct import Struct

import uvloop

from sms.smpp import codes
from sms.smpp.pdu import Framer, Message, build_message, build_response

_HEADER = Struct(">IIII")


class Smsc(asyncio.Protocol):
    """Delivers `RET MIGROS` from `count` numbers, `window` at a time, and answers every submit."""

    def __init__(self, count: int, window: int, finished: "asyncio.Future[float]") -> None:
        self._framer = Framer()
        self._count, self._window, self._finished = count, window, finished
        self._next = self._answered = self._submits = 0
        self._started = 0.0
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for pdu in self._framer.feed(data):
            _, command, status, sequence = _HEADER.unpack_from(pdu)
            if command == codes.DELIVER_SM | codes.RESPONSE:
                if status:
                    raise RuntimeError(f"status {status}")
                self._answered += 1
                self._deliver(1)
            elif command == codes.SUBMIT_SM:
                self._submits += 1
                self._out.append(build_response(command, 0, sequence, str(sequence)))
            elif command == codes.BIND_TRANSCEIVER:
                self._out.append(build_response(command, 0, sequence, "bench"))
                self._started = time.perf_counter()
                self._deliver(self._window)
            elif not command & codes.RESPONSE:
                self._out.append(build_response(command, 0, sequence))
        self._transport.write(b"".join(self._out))  # type: ignore[attr-defined]
        self._out.clear()
        if self._submits == self._count and not self._finished.done():
            self._finished.set_result(time.perf_counter() - self._started)

    def _deliver(self, count: int) -> None:
        for _ in range(min(count, self._count - self._next)):
            self._next += 1
            message = Message(number(self._next), "3338", b"RET MIGROS", source_ton=1, source_npi=1, dest_ton=3)
            self._out.append(build_message(codes.DELIVER_SM, self._next, message))


def number(index: int) -> str:
    """The citizen of a message, spread over the numbering range as real ones are."""
    return f"9053{index * 7_919 % 100_000_000:08}"


async def serve(count: int, window: int, port: int) -> None:
    loop = asyncio.get_running_loop()
    finished: asyncio.Future[float] = loop.create_future()
    server = await loop.create_server(lambda: Smsc(count, window, finished), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    print(await finished, flush=True)
    await asyncio.sleep(30)


if __name__ == "__main__":
    uvloop.run(serve(*map(int, sys.argv[1:4])))
