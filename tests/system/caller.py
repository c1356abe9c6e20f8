"""A caller whose keys depend on what was heard or texted: a small SIP and RTP phone. Scripted calls: sipp/call.py."""

import asyncio
import re
import secrets
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal, NamedTuple

from tests.system.asterisk import Asterisk

HOST: Final = "127.0.0.1"
LIMIT_S: Final = 20.0
How = Literal["rfc4733", "info"]
_FRAME_S: Final = 0.02
_FRAME: Final = 160  # octets of A-law, and units of RTP time
_SILENCE: Final = b"\xd5" * _FRAME
_PCMA: Final = 8
_EVENT: Final = 101
_EVENT_FRAMES: Final = 5  # 100 ms a digit
_EVENT_END: Final = 0x80
_GAP_FRAMES: Final = 5
_VOLUME: Final = 10  # dBm0 below zero
_DIGITS: Final = "0123456789*#"
_KEYS_MAX: Final = 100
_PACKETS_MAX: Final = 60_000  # 20 minutes of sound
_SDP: Final = """v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio {port} RTP/AVP {audio} {event}
a=rtpmap:{audio} PCMA/8000
a=rtpmap:{event} telephone-event/8000
a=fmtp:{event} 0-16
a=ptime:20
"""


class TurnedAway(Exception):
    """The far side did not take the call."""

    def __init__(self, status: int) -> None:
        super().__init__(f"turned away with {status}")
        self.status = status


class Message(NamedTuple):
    """One SIP message: its first line, headers by lower-case name, body."""

    first: str
    headers: dict[str, str]
    body: str

    @classmethod
    def parse(cls, data: bytes) -> "Message":
        head, _, body = data.decode().partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return cls(first, {name.strip().lower(): value.strip() for name, _, value in pairs}, body)

    @property
    def status(self) -> int:
        """0 for a request."""
        found = re.match(r"SIP/2\.0 (\d{3}) ", self.first)
        return int(found[1]) if found else 0

    @property
    def sequence(self) -> int:
        return int(self.headers["cseq"].split()[0])

    @property
    def method(self) -> str:
        """Of a request, or of the request that this answers."""
        return self.headers["cseq"].split()[1]


class Ear(asyncio.DatagramProtocol):
    """Hears RTP, puts A-law octets into the order in which they were sent."""

    transport: asyncio.DatagramTransport

    def __init__(self) -> None:
        self._packets: dict[int, bytes] = {}
        self._latest = 0
        self._more = asyncio.Event()
        self._found_until = 0

    @classmethod
    async def open(cls) -> "Ear":
        loop = asyncio.get_running_loop()
        transport, ear = await loop.create_datagram_endpoint(cls, local_addr=(HOST, 0))
        ear.transport = transport
        return ear

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, _address: object) -> None:
        if len(data) < 12 or data[1] & 0x7F != _PCMA or len(self._packets) >= _PACKETS_MAX:
            return
        (sequence,) = struct.unpack_from("!H", data, 2)
        if not self._packets:
            self._latest = sequence
        number = self._latest + ((sequence - self._latest + 0x8000) & 0xFFFF) - 0x8000
        self._latest = max(self._latest, number)
        self._packets[number] = data[12:]
        self._more.set()

    @property
    def heard(self) -> bytes:
        return b"".join(self._packets[number] for number in sorted(self._packets))

    async def hears(self, sound: bytes, limit_s: float = LIMIT_S) -> None:
        """Wait until these octets came, after those that were waited for before."""
        async with asyncio.timeout(limit_s):
            while (at := self.heard.find(sound, self._found_until)) < 0:
                self._more.clear()
                await self._more.wait()
        self._found_until = at + len(sound)

    async def first(self, octets: int, limit_s: float = LIMIT_S) -> bytes:
        """The first so many octets."""
        async with asyncio.timeout(limit_s):
            while len(self.heard) < octets:
                self._more.clear()
                await self._more.wait()
        return self.heard[:octets]

    async def more(self, limit_s: float = LIMIT_S) -> None:
        """Wait until something new is heard: the beginning of what comes next."""
        before = self._latest
        async with asyncio.timeout(limit_s):
            while self._latest == before:
                self._more.clear()
                await self._more.wait()

    def close(self) -> None:
        self.transport.close()


class Mouth:
    """Speaks RTP: a frame of silence every 20 ms, keys as RFC 4733 events among them."""

    def __init__(self, transport: asyncio.DatagramTransport, port: int) -> None:
        self._transport = transport
        self._address = (HOST, port)
        self._source = secrets.randbits(32)
        self._sequence = secrets.randbits(15)
        self._timestamp = secrets.randbits(31)
        self._keys: asyncio.Queue[tuple[str, asyncio.Event]] = asyncio.Queue(_KEYS_MAX)
        self._next_at = 0.0

    async def press(self, digit: str) -> None:
        sent = asyncio.Event()
        self._keys.put_nowait((digit, sent))
        async with asyncio.timeout(LIMIT_S):
            await sent.wait()

    async def speak(self) -> None:
        self._next_at = asyncio.get_running_loop().time()
        while True:
            if not self._keys.empty():
                digit, sent = self._keys.get_nowait()
                await self._key(digit)
                sent.set()
            await self._frame()

    async def _frame(self) -> None:
        self._send(_PCMA, _SILENCE)
        self._timestamp += _FRAME
        await self._tick()

    async def _key(self, digit: str) -> None:
        event = _DIGITS.index(digit)
        for frame in range(1, _EVENT_FRAMES + 1):
            self._send(_EVENT, struct.pack("!BBH", event, _VOLUME, frame * _FRAME), marker=frame == 1)
            await self._tick()
        for _ in range(3):  # RFC 4733, 2.5.1.4: the end is sent three times
            self._send(_EVENT, struct.pack("!BBH", event, _EVENT_END | _VOLUME, _EVENT_FRAMES * _FRAME))
        self._timestamp += _EVENT_FRAMES * _FRAME
        for _ in range(_GAP_FRAMES):
            await self._frame()

    def _send(self, kind: int, payload: bytes, marker: bool = False) -> None:
        second = marker << 7 | kind
        sequence, timestamp = self._sequence & 0xFFFF, self._timestamp & 0xFFFFFFFF
        self._sequence += 1
        self._transport.sendto(
            struct.pack("!BBHII", 0x80, second, sequence, timestamp, self._source) + payload, self._address
        )

    async def _tick(self) -> None:
        self._next_at += _FRAME_S
        await asyncio.sleep(max(0.0, self._next_at - asyncio.get_running_loop().time()))


class Caller(asyncio.DatagramProtocol):
    """One call over SIP: what it hears, keys while it runs."""

    transport: asyncio.DatagramTransport
    _mouth: Mouth
    _speaking: asyncio.Task[None] | None = None
    _over = False

    def __init__(self, asterisk: Asterisk, sender: str, headers: Mapping[str, str], how: How, ear: Ear) -> None:
        self.ear = ear
        self.hung_up = asyncio.Event()  # by the far side
        self._server = (HOST, asterisk.sip_port)
        self._target = f"sip:{asterisk.line_number}@{HOST}:{asterisk.sip_port}"
        self._to = f"<{self._target}>"
        self._from = f"{sender};tag={secrets.token_hex(8)}"
        self._headers = headers
        self._how = how
        self._call_id = secrets.token_hex(16)
        self._sequence = 0
        self._finals: dict[tuple[str, int], asyncio.Future[Message]] = {}

    def datagram_received(self, data: bytes, _address: object) -> None:
        message = Message.parse(data)
        if message.status >= 200:
            self._take_final(message)
        elif not message.status:
            self._answer(message)

    def _take_final(self, message: Message) -> None:
        if message.method == "INVITE":
            self._acknowledge(message)
        final = self._finals.get((message.method, message.sequence))
        if final is not None and not final.done():
            final.set_result(message)

    def _acknowledge(self, final: Message) -> None:
        self._to = final.headers["to"]
        contact = re.search(r"<([^>]+)>", final.headers.get("contact", ""))
        if final.status < 300 and contact:
            self._target = contact[1]
        # RFC 3261, 17.1.1.3: the ACK of a refusal belongs to the INVITE's transaction.
        self._send("ACK", final.sequence, of="ACK" if final.status < 300 else "INVITE")

    def _answer(self, request: Message) -> None:
        if request.method == "ACK":
            return
        copied = [f"{name}: {request.headers[name]}" for name in ("via", "from", "to", "call-id", "cseq")]
        answer = "\r\n".join(["SIP/2.0 200 OK", *copied, "Content-Length: 0", "", ""])
        self.transport.sendto(answer.encode(), self._server)
        if request.method == "BYE":
            self.hung_up.set()

    async def invite(self) -> None:
        """Call; returns when the call was taken."""
        sdp = _SDP.format(host=HOST, port=self.ear.port, audio=_PCMA, event=_EVENT).replace("\n", "\r\n")
        final = await self._request("INVITE", {**self._headers, "Content-Type": "application/sdp"}, sdp)
        if final.status != 200:
            raise TurnedAway(final.status)
        media = re.search(r"^m=audio (\d+) ", final.body, re.MULTILINE)
        assert media, final.body
        self._mouth = Mouth(self.ear.transport, int(media[1]))
        self._speaking = asyncio.create_task(self._mouth.speak())

    async def press(self, digits: str) -> None:
        """Press keys one after the other; returns when the last has been sent."""
        for digit in digits:
            if self._how == "info":
                body = f"Signal={digit}\r\nDuration=100\r\n"
                final = await self._request("INFO", {"Content-Type": "application/dtmf-relay"}, body)
                assert final.status == 200
            else:
                await self._mouth.press(digit)

    async def ends(self, limit_s: float = LIMIT_S) -> bytes:
        """Wait until the far side hangs up; all that was heard."""
        async with asyncio.timeout(limit_s):
            await self.hung_up.wait()
        return self.ear.heard

    async def hang_up(self) -> None:
        if not self._over and not self.hung_up.is_set():
            self._over = True
            await self._request("BYE", {})

    async def close(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.gather(self._speaking, return_exceptions=True)
        self.transport.close()

    async def _request(self, method: str, headers: Mapping[str, str], body: str = "") -> Message:
        self._sequence += 1
        final: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._finals[method, self._sequence] = final
        self._send(method, self._sequence, headers, body)
        async with asyncio.timeout(LIMIT_S):
            return await final

    def _send(
        self, method: str, sequence: int, headers: Mapping[str, str] | None = None, body: str = "", of: str = ""
    ) -> None:
        port = self.transport.get_extra_info("sockname")[1]
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK{self._call_id}{sequence}{of or method}",
            "Max-Forwards: 70",
            f"From: {self._from}",
            f"To: {self._to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <sip:caller@{HOST}:{port}>",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
            f"Content-Length: {len(body)}",
        ]
        self.transport.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), self._server)


def sender(number: str | None, name: str = "") -> str:
    """The From address of a number as it stands on the wire; None is a caller who hides it."""
    if number is None:
        return '"Anonymous" <sip:anonymous@anonymous.invalid>'
    return (f'"{name}" ' if name else "") + f"<sip:{number}@{HOST}>"


@asynccontextmanager
async def calling(
    asterisk: Asterisk,
    number: str | None,
    *,
    name: str = "",
    headers: Mapping[str, str] | None = None,
    how: How = "rfc4733",
) -> AsyncIterator[Caller]:
    """A call that was taken; it is hung up at the end.

    Raises TurnedAway.
    """
    ear = await Ear.open()
    transport, caller = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Caller(asterisk, sender(number, name), headers or {}, how, ear), local_addr=(HOST, 0)
    )
    caller.transport = transport
    try:
        await caller.invite()
        yield caller
        await caller.hang_up()
    finally:
        await caller.close()
        ear.close()
