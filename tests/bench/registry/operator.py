"""The operator of one serving process, a program of its own: it brings refusals and notes how long each one takes.

It prints its port, then `bound`; a line on its standard input lets it begin, a second one lets it bring no more. When
all is answered it prints one line of JSON, an `Outcome`; it ends with its standard input.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

import uvloop

from sms.smpp import codes
from sms.smpp.pdu import Framer, Message, build_message, build_response, parse_message
from tests.bench.registry.population import refusal

STANDSTILL_S: Final = 60.0

_HEADER: Final = Struct(">IIII")


class Load(NamedTuple):
    """`messages` refusals at most, of a registry of `consents`, from number `first` on: `window` at a time, or `rate` a
    second, however many wait, where that is not 0."""

    consents: int
    first: int
    messages: int
    window: int
    rate: int


class Outcome(NamedTuple):
    """Milliseconds are from the deliver_sm to its response, and to the submit_sm of its answer."""

    seconds: float
    cpu_s: float
    answered_ms: list[float]
    told_ms: list[float]


class Operator(asyncio.Protocol):
    def __init__(self, load: Load) -> None:
        loop = asyncio.get_running_loop()
        self.bound: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[float] = loop.create_future()
        self.answered_ms: list[float] = []
        self.told_ms: list[float] = []
        self._load = load
        self._framer = Framer()
        self._sent_at: list[float] = []
        self._untold: dict[str, list[float]] = {}
        self._stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = transport.write  # type: ignore[attr-defined]  # uvloop's is no asyncio.Transport

    def data_received(self, data: bytes) -> None:
        now, out = time.perf_counter(), list[bytes]()
        for pdu in self._framer.feed(data):
            _, command, status, sequence = _HEADER.unpack_from(pdu)
            if command == codes.DELIVER_SM | codes.RESPONSE:
                if status and not self.ended.done():
                    self.ended.set_exception(RuntimeError(f"status {status}"))
                self.answered_ms.append((now - self._sent_at[sequence - 1]) * 1000)
                if not self._load.rate:
                    out += self._next()
            elif command == codes.SUBMIT_SM:
                sent_at = self._untold[parse_message(pdu).dest].pop(0)
                self.told_ms.append((now - sent_at) * 1000)
                out.append(build_response(command, 0, sequence, str(sequence)))
            elif command == codes.BIND_TRANSCEIVER:
                out.append(build_response(command, 0, sequence, "bench"))
                self.bound.set_result(None)
            elif not command & codes.RESPONSE:
                out.append(build_response(command, 0, sequence))
        self._write(b"".join(out))
        self._look_for_end()

    async def bring(self) -> None:
        """Until all is brought or `stop` is called."""
        self._began = time.perf_counter()
        for turn in range(self._load.messages if self._load.rate else self._load.window):
            if self._load.rate:
                await asyncio.sleep(self._began + turn / self._load.rate - time.perf_counter())
            if self._stopped:
                return
            self._write(b"".join(self._next()))

    def stop(self) -> None:
        self._stopped = True
        self._look_for_end()

    def _next(self) -> Sequence[bytes]:
        turn = len(self._sent_at)
        if self._stopped or turn == self._load.messages:
            return ()
        recipient, text = refusal(self._load.first + turn, self._load.consents)
        now = time.perf_counter()
        self._sent_at.append(now)
        self._untold.setdefault(recipient, []).append(now)
        message = Message(recipient, "3338", text, source_ton=1, source_npi=1, dest_ton=3)
        return (build_message(codes.DELIVER_SM, turn + 1, message),)

    def _look_for_end(self) -> None:
        is_all = self._stopped or len(self._sent_at) == self._load.messages
        if is_all and len(self.told_ms) == len(self._sent_at) and not self.ended.done():
            self.ended.set_result(time.perf_counter() - self._began)


async def serve(load: Load) -> None:
    """Raises TimeoutError when nothing more comes from the line."""
    loop = asyncio.get_running_loop()
    operator = Operator(load)
    server = await loop.create_server(lambda: operator, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.wait_for(operator.bound, STANDSTILL_S)
    print("bound", flush=True)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    await orders.readline()
    before = time.process_time()
    work = [asyncio.create_task(operator.bring()), asyncio.create_task(_stop_when_told(operator, orders))]
    told = -1
    while not operator.ended.done():
        if told == len(operator.told_ms):
            raise TimeoutError(f"no progress after {told} answers")
        told = len(operator.told_ms)
        await asyncio.wait([operator.ended], timeout=STANDSTILL_S)
    seconds, cpu_s = operator.ended.result(), time.process_time() - before
    print(json.dumps(Outcome(seconds, cpu_s, operator.answered_ms, operator.told_ms)), flush=True)
    await asyncio.gather(*work)
    await orders.read()  # until then the line keeps its bind


async def _stop_when_told(operator: Operator, orders: asyncio.StreamReader) -> None:
    await orders.readline()
    operator.stop()


if __name__ == "__main__":
    uvloop.run(serve(Load(*map(int, sys.argv[1:]))))
