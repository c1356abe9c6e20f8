"""A small SMSC of our own on real sockets: the operator of the demo, and a fake one for tests.

It keeps nothing and brings nothing again. What a real operator would do about a status other than 0 is for the
caller, who gets that status.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from ssl import SSLContext
from typing import Final, cast

from sms.gsm.alphabet import decode
from sms.gsm.errors import BrokenUdh, UnknownAlphabet
from sms.gsm.segments import Udh, parse_udh, split
from sms.smpp import codes
from sms.smpp.errors import BrokenPdu, FramingError
from sms.smpp.pdu import (
    Framer,
    Header,
    Message,
    build_bind_response,
    build_message,
    build_response,
    generic_nack,
    header,
    parse_bind,
    parse_message,
    payload,
)

SETS_MAX: Final = 1_000  # unfinished long messages; the oldest gives way
ID_TLV: Final = 0x1400  # of the tags that are a vendor's own (SMPP 3.4, 5.3.1): the id of each text brought
_ID_OCTETS: Final = 8
DELIVERIES_MAX: Final = 1_000  # deliver_sm without an answer on one bind
STOP_TIMEOUT_S: Final = 10.0

_RECEIVING: Final = frozenset({codes.BIND_RECEIVER, codes.BIND_TRANSCEIVER})
_SENDING: Final = frozenset({codes.BIND_TRANSMITTER, codes.BIND_TRANSCEIVER})
_BINDS: Final = _RECEIVING | _SENDING
_SEQUENCE_MAX: Final = 0x7FFFFFFF  # SMPP 3.4, 3.2

_SetKey = tuple[str, str, int, int]


class Simulator:
    """Takes binds of one account, brings it messages and takes those that it submits.

    `on_submit` sees each submit_sm and returns the status that answers it, or None for no answer at all. `on_text`
    sees each whole text that was taken with status 0, and the number it is for, with a plus sign when its type is
    international. Both may be set at any time; they run inside the event loop and must not block. With `receipts`, a
    submit_sm that asks for a delivery receipt gets one, over any receiving bind.
    """

    def __init__(
        self,
        *,
        system_id: str = "izinhatti",
        password: str = "secret",  # noqa: S107
        response_timeout_s: float = 10.0,
        receipts: bool = False,
    ) -> None:
        self.system_id = system_id
        self.password = password
        self.on_submit: Callable[[Message], int | None] = _accept
        self.on_text: Callable[[str, str], None] = _ignore
        self.port = 0
        self._response_timeout_s = response_timeout_s
        self._receipts = receipts
        self._server: asyncio.Server | None = None
        self._sessions: dict[_Session, None] = {}
        self._sets: dict[_SetKey, dict[int, bytes]] = {}
        self._last_id = 0
        self._last_reference = 0

    async def start(self, host: str, port: int = 0, tls: SSLContext | None = None) -> int:
        """Listen, and return the port: a free one for 0. Raises OSError when it cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Session(self), host, port, ssl=tls)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def stop(self) -> None:
        """Close the listener and every connection at once; what waits for an answer gets ConnectionError."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self.drop_links()
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await server.wait_closed()

    def drop_links(self) -> None:
        """Cut every connection without unbind, as a broken network does. The listener stays."""
        for session in tuple(self._sessions):
            session.abort()

    @property
    def receivers(self) -> int:
        """The number of bound connections that `deliver` can use."""
        return sum(session.bound in _RECEIVING for session in self._sessions)

    async def deliver(self, source: str, text: str, *, dest: str) -> int:
        """Bring `text` from `source` in the cheapest alphabet; return the worst status of its parts.

        Raises ConnectionError without a receiving bind or when the connection breaks, TimeoutError when an answer
        is late, TextTooLong over 255 parts.
        """
        self._last_reference = (self._last_reference + 1) % 256
        messages = [
            Message(
                source=source.removeprefix("+"),
                dest=dest,
                short_message=segment.octets,
                data_coding=segment.data_coding,
                esm_class=codes.ESM_UDHI if segment.udhi else 0,
                source_ton=codes.TON_INTERNATIONAL,
                source_npi=codes.NPI_ISDN,
                tlvs={ID_TLV: os.urandom(_ID_OCTETS)},
            )
            for segment in split(text, "turkish-single", self._last_reference)
        ]
        return await self._deliver(messages)

    async def deliver_raw(self, message: Message) -> int:
        """Bring one message as it stands; return its status. Errors are those of `deliver`."""
        return await self._deliver([message])

    async def _deliver(self, messages: list[Message]) -> int:
        session = next((one for one in self._sessions if one.bound in _RECEIVING), None)
        if session is None:
            raise ConnectionError("no receiving bind")
        self._sessions[session] = self._sessions.pop(session)  # the next one has its turn
        answers = session.deliver(messages)
        async with asyncio.timeout(self._response_timeout_s):
            return max(await asyncio.gather(*answers))

    def opened(self, session: "_Session") -> None:
        self._sessions[session] = None

    def closed(self, session: "_Session") -> None:
        self._sessions.pop(session, None)

    def take(self, message: Message) -> tuple[int | None, str]:
        """Take one submit_sm; return the status, None for no answer, and for status 0 the new message id."""
        status = self.on_submit(message)
        if status != codes.ESME_ROK:
            return status, ""
        try:
            self._take_text(message)
        except (BrokenPdu, BrokenUdh, UnknownAlphabet):
            return codes.ESME_RSUBMITFAIL, ""
        self._last_id += 1
        if self._receipts and message.registered_delivery & codes.RECEIPT_ASKED:
            asyncio.get_running_loop().call_soon(self._send_receipt, message, str(self._last_id))
        return codes.ESME_ROK, str(self._last_id)

    def _send_receipt(self, message: Message, message_id: str) -> None:
        session = next((one for one in self._sessions if one.bound in _RECEIVING), None)
        if session is None:
            return
        text = f"id:{message_id} sub:001 dlvrd:001 stat:DELIVRD err:000"
        receipt = Message(message.dest, message.source, text.encode(), esm_class=codes.ESM_RECEIPT, source_ton=1)
        with suppress(ConnectionError):  # so many are open: a receipt more or less is not missed
            for answer in session.deliver([receipt]):
                answer.add_done_callback(asyncio.Future.exception)

    def _take_text(self, message: Message) -> None:
        octets = payload(message)
        udh = Udh()
        if message.esm_class & codes.ESM_UDHI:
            udh, octets = parse_udh(octets)
        if udh.total > 1:
            joined = self._join(message, udh, octets)
            if joined is None:
                return
            octets = joined
        text = decode(octets, message.data_coding, "gsm7", udh.single_shift, udh.locking_shift)
        sign = "+" if message.dest_ton == codes.TON_INTERNATIONAL else ""
        self.on_text(f"{sign}{message.dest}", text)

    def _join(self, message: Message, udh: Udh, octets: bytes) -> bytes | None:
        key = (message.source, message.dest, udh.reference, udh.total)
        parts = self._sets.setdefault(key, {})
        parts[udh.part] = octets
        if len(parts) == udh.total:
            del self._sets[key]
            return b"".join(parts[number] for number in range(1, udh.total + 1))
        if len(self._sets) > SETS_MAX:
            del self._sets[next(iter(self._sets))]
        return None


class _Session(asyncio.Protocol):
    """One connection, from the SMSC's side."""

    def __init__(self, simulator: Simulator) -> None:
        self.bound = 0  # the command of its bind, 0 before it
        self._simulator = simulator
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._sequence = 0
        self._answers: dict[int, asyncio.Future[int]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass of it
        self._simulator.opened(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._simulator.closed(self)
        self.bound = 0
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the link was lost before the answer"))
        self._answers.clear()

    def pause_writing(self) -> None:
        """Reads no more from a peer that does not read: so what waits to be written stays bounded."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        leave = False
        try:
            for pdu in self._framer.feed(data):
                leave = self._on_pdu(pdu) or leave
        except FramingError as error:
            self._out.append(generic_nack(codes.ESME_RINVCMDLEN, error.sequence))
            leave = True
        self._flush()
        if leave and self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def deliver(self, messages: list[Message]) -> list[asyncio.Future[int]]:
        """Send each as a deliver_sm; the futures become statuses. Raises ConnectionError at the bound."""
        if len(self._answers) + len(messages) > DELIVERIES_MAX:
            self._answers = {at: answer for at, answer in self._answers.items() if not answer.done()}
        if len(self._answers) + len(messages) > DELIVERIES_MAX:
            raise ConnectionError(f"more than {DELIVERIES_MAX} deliver_sm without an answer")
        loop = asyncio.get_running_loop()
        answers = []
        for message in messages:
            self._sequence = self._sequence % _SEQUENCE_MAX + 1
            answer = loop.create_future()
            self._answers[self._sequence] = answer
            answers.append(answer)
            self._out.append(build_message(codes.DELIVER_SM, self._sequence, message))
        self._flush()
        return answers

    def _flush(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _on_pdu(self, pdu: bytes) -> bool:
        """Answer one PDU; return whether the connection ends after it."""
        head = header(pdu)
        if head.command & codes.RESPONSE:
            return self._on_response(head)
        if head.command in _BINDS:
            self._out.append(self._on_bind(head, pdu))
        elif head.command == codes.SUBMIT_SM:
            self._out.append(self._on_submit(head, pdu))
        elif head.command in (codes.ENQUIRE_LINK, codes.UNBIND):
            self._out.append(build_response(head.command, codes.ESME_ROK, head.sequence))
        else:
            self._out.append(generic_nack(codes.ESME_RINVCMDID, head.sequence))
        return head.command == codes.UNBIND

    def _on_bind(self, head: Header, pdu: bytes) -> bytes:
        if self.bound:
            return build_response(head.command, codes.ESME_RALYBND, head.sequence)
        try:
            bind = parse_bind(pdu)
        except BrokenPdu:
            return build_response(head.command, codes.ESME_RBINDFAIL, head.sequence)
        if bind.system_id != self._simulator.system_id:
            return build_response(head.command, codes.ESME_RINVSYSID, head.sequence)
        if bind.password != self._simulator.password:
            return build_response(head.command, codes.ESME_RINVPASWD, head.sequence)
        self.bound = head.command
        return build_bind_response(head.command, head.sequence, "simulator")

    def _on_submit(self, head: Header, pdu: bytes) -> bytes:
        if self.bound not in _SENDING:
            return build_response(head.command, codes.ESME_RINVBNDSTS, head.sequence)
        try:
            message = parse_message(pdu)
        except BrokenPdu:
            return build_response(head.command, codes.ESME_RSUBMITFAIL, head.sequence)
        status, message_id = self._simulator.take(message)
        if status is None:
            return b""
        return build_response(head.command, status, head.sequence, message_id or None)

    def _on_response(self, head: Header) -> bool:
        answer = self._answers.pop(head.sequence, None)
        if answer is not None and not answer.done():
            answer.set_result(head.status)
        return head.command == codes.UNBIND_RESP


def _accept(_message: Message) -> int:
    return codes.ESME_ROK


def _ignore(_number: str, _text: str) -> None:
    return None
