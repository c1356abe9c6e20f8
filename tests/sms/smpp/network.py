"""Operators that do with messages and answers what a test tells them, on real sockets.

A wish is a citizen's message: its operator owns it until it is acknowledged with status 0. Whatever was submitted and
not refused has reached the citizen, also when nobody was told.
"""

import asyncio
from collections import Counter
from typing import Final, cast

from sms.smpp import codes
from sms.smpp.pdu import Framer, Message, build_bind_response, build_message, build_response, header, parse_message

_RECEIVING: Final = frozenset({codes.BIND_RECEIVER, codes.BIND_TRANSCEIVER})
_BINDS: Final = _RECEIVING | {codes.BIND_TRANSMITTER}


class Wish:
    """One message of one citizen."""

    def __init__(self, citizen: str) -> None:
        self.citizen = citizen
        self.is_acknowledged = False
        self.is_under_way = False


class Submit:
    """A submit_sm that waits for its answer; `message_id` is given early when a receipt overtakes it."""

    def __init__(self, end: "End", sequence: int, message: Message) -> None:
        self.end = end
        self.sequence = sequence
        self.message = message
        self.message_id = ""


class End(asyncio.Protocol):
    """The operator's end of one connection."""

    def __init__(self, network: "Network") -> None:
        self.bound = 0
        self._network = network
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None
        self._sequence = 0
        self._brought: dict[int, tuple[Wish | None, bytes]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._network.is_gone:
            self._transport.abort()
        else:
            self._network.ends.append(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.bound = 0
        network = self._network
        if self in network.ends:
            network.ends.remove(self)
        for submit in [one for one in network.waiting if one.end is self]:
            network.waiting.remove(submit)
            network.told[submit.message.dest] += 1
        for wish, _ in self._brought.values():
            if wish is not None:
                wish.is_under_way = False

    def data_received(self, data: bytes) -> None:
        for pdu in self._framer.feed(data):
            head = header(pdu)
            if head.command in _BINDS:
                self.bound = head.command
                self.send(build_bind_response(head.command, head.sequence, "network"))
            elif head.command == codes.SUBMIT_SM:
                self._network.waiting.append(Submit(self, head.sequence, parse_message(pdu)))
            elif head.command == codes.DELIVER_SM_RESP:
                self._answered(head.sequence, head.status)
            elif not head.command & codes.RESPONSE:
                self.send(build_response(head.command, 0, head.sequence))

    def send(self, pdu: bytes) -> None:
        if self._transport is not None:
            self._transport.write(pdu)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def bring(self, message: Message, wish: Wish | None = None) -> None:
        self._sequence += 1
        pdu = build_message(codes.DELIVER_SM, self._sequence, message)
        self._brought[self._sequence] = wish, pdu
        if wish is not None:
            wish.is_under_way = True
        self.send(pdu)

    def bring_the_last_octets_again(self) -> None:
        if self._brought:
            self.send(self._brought[self._sequence][1])

    def _answered(self, sequence: int, status: int) -> None:
        wish, _ = self._brought[sequence]
        if wish is not None:
            wish.is_under_way = False
            wish.is_acknowledged = wish.is_acknowledged or status == 0


class Network:
    """One operator."""

    def __init__(self, prefix: str) -> None:
        self.port = 0
        self.is_gone = False
        self.ends: list[End] = []
        self.waiting: list[Submit] = []
        self.wishes: list[Wish] = []
        self.told: Counter[str] = Counter()
        self.accepted: list[tuple[str, Message]] = []
        self._prefix = prefix
        self._last_id = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(lambda: End(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    @property
    def receiving(self) -> End | None:
        return next((end for end in self.ends if end.bound in _RECEIVING), None)

    def cut(self) -> None:
        for end in list(self.ends):
            end.abort()

    def bring(self, wish: Wish) -> None:
        if self.receiving is not None:
            message = Message(wish.citizen, "3338", b"RET MIGROS", source_ton=1, source_npi=1)
            self.receiving.bring(message, wish)

    def bring_what_is_left(self) -> None:
        for wish in self.wishes:
            if not wish.is_acknowledged and not wish.is_under_way:
                self.bring(wish)

    def answer(self, submit: Submit, status: int) -> None:
        self.waiting.remove(submit)
        message_id = ""
        if status == codes.ESME_ROK:
            message_id = submit.message_id or self._next_id()
            self.told[submit.message.dest] += 1
            self.accepted.append((message_id, submit.message))
        submit.end.send(build_response(codes.SUBMIT_SM, status, submit.sequence, message_id or None))

    def send_receipt(self, message_id: str, message: Message) -> None:
        if self.receiving is not None:
            text = f"id:{message_id.lower().zfill(12)} stat:DELIVRD".encode()
            self.receiving.bring(Message(message.dest, "3338", text, esm_class=codes.ESM_RECEIPT, source_ton=1))

    def send_receipt_early(self, submit: Submit) -> None:
        submit.message_id = submit.message_id or self._next_id()
        self.send_receipt(submit.message_id, submit.message)

    def _next_id(self) -> str:
        self._last_id += 1
        return f"{self._prefix}{self._last_id:X}"
