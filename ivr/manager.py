"""Supervision over Asterisk's manager interface (AMI): is it there, and why do calls end.

The protocol is `asterisk-ami`'s. What that library leaves open is closed here: it is given a socket that is connected
already, its reader always says that it has ended, and what it gathers is bounded. Its futures are not used: they stay
for ever when no answer comes, and waiting for one blocks.
"""

import asyncio
import os
import random
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple, TypeVar

import structlog
from asterisk.ami.action import Action
from asterisk.ami.client import AMIClient
from asterisk.ami.event import Event
from asterisk.ami.response import Response

from ivr.metrics import AMI, IVR_HANGUPS

PACKET_OCTETS_MAX: Final = 65_536  # of one event or response; Asterisk's are a few hundred
VALUE_LENGTH_MAX: Final = 512  # of a user name or secret; Asterisk reads no line over 1,024 octets

_PACKET_END: Final = b"\r\n\r\n"
_CAUSE: Final = re.compile(r"[0-9]|[1-9][0-9]|1[01][0-9]|12[0-7]")  # Q.850: seven bits
_OTHER_CAUSE: Final = "other"

T = TypeVar("T")

_log = structlog.get_logger(component="ivr")


class Pace(NamedTuple):
    """Seconds: the limit of connecting and of each answer, the time between two pings, and between attempts to connect:
    doubling from `first_s` to `most_s`."""

    answer_s: float = 10.0
    ping_s: float = 30.0
    first_s: float = 0.5
    most_s: float = 30.0


class Manager:
    """Stays logged in. Raises ValueError for a user name or secret that Asterisk would not read as one line."""

    def __init__(self, host: str, port: int, username: str, secret: str, pace: Pace | None = None) -> None:
        for name, value in (("username", username), ("secret", secret)):
            if "\r" in value or "\n" in value or len(value) > VALUE_LENGTH_MAX:
                raise ValueError(f"ivr.ami.{name}: must be one line of at most {VALUE_LENGTH_MAX} characters")
        self._host = host
        self._port = port
        self._username = username
        self._secret = secret
        self._pace = pace or Pace()
        self._stopping = asyncio.Event()
        self._trouble: str | None = "not connected yet"

    @property
    def trouble(self) -> str | None:
        """Why Asterisk cannot be supervised now, in one line; None while logged in."""
        return f"ivr ami: {self._trouble}" if self._trouble is not None else None

    async def run(self) -> None:
        """Stay logged in until `stop`."""
        living = asyncio.create_task(self._live())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((living, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            living.cancel()
            stopping.cancel()
            await asyncio.wait((living, stopping))
        if not living.cancelled():
            living.result()

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    async def _live(self) -> None:
        delay = self._pace.first_s
        while True:
            if await self._live_once():
                delay = self._pace.first_s
            # Jitter: many processes must not come back in the same instant.
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
            delay = min(2 * delay, self._pace.most_s)

    async def _live_once(self) -> bool:
        """One connection from beginning to end: was it logged in."""
        try:
            connected = await self._connect()
        except OSError as error:  # a timeout is one too
            self._fail(f"cannot connect: {_why(error)}")
            return False
        connection = _Connection(connected)
        try:
            return await self._hold(connection)
        finally:
            AMI.set(0)
            self._trouble = self._trouble or "stopped"
            await connection.close(self._pace.answer_s)

    async def _connect(self) -> socket.socket:
        connected = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            connected.setblocking(False)
            async with asyncio.timeout(self._pace.answer_s):
                await asyncio.get_running_loop().sock_connect(connected, (self._host, self._port))
        except BaseException:
            connected.close()
            raise
        # The library's reader waits in a thread of its own. Its writes cannot: one small action is on its way at most.
        connected.setblocking(True)
        return connected

    async def _hold(self, connection: "_Connection") -> bool:
        pace = self._pace
        login = {"Username": self._username, "Secret": self._secret}
        is_taken = await connection.ask("Login", login, pace.answer_s)
        if not is_taken:
            self._fail("login refused" if is_taken is False else connection.end or "no answer to the login")
            return False
        _log.info("logged in at Asterisk")
        self._trouble = None
        AMI.set(1)
        is_answered: bool | None = True
        while is_answered is not None:
            await asyncio.wait([connection.ended], timeout=pace.ping_s)
            is_answered = await connection.ask("Ping", {}, pace.answer_s)
        self._fail(connection.end or "no answer to a ping")
        return True

    def _fail(self, trouble: str) -> None:
        if trouble != self._trouble:
            _log.warning("not logged in at Asterisk", reason=trouble)
        self._trouble = trouble


class _Connection:
    """One connection with a client of its own. The client's thread reads; what it hears is told in the event loop."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._asked: tuple[str, asyncio.Future[bool]] | None = None
        self._client = _Client(_Socket(connected), self._on_end, self._on_response, self._on_event)
        self._client.connect()

    @property
    def end(self) -> str | None:
        """Why it has ended, if it has."""
        return self.ended.result() if self.ended.done() else None

    async def ask(self, name: str, keys: dict[str, str], limit_s: float) -> bool | None:
        """Have an action done, one at a time: was it; None where no answer came."""
        if self.ended.done():
            return None
        new_action: Callable[..., Action] = Action
        send: Callable[[Action], None] = self._client.send
        next_action_id: Callable[[], str] = self._client.next_action_id
        action_id, answered = next_action_id(), self._loop.create_future()
        self._asked = action_id, answered
        with suppress(OSError):  # the reader meets the same fault, and ends
            send(new_action(name, {**keys, "ActionID": action_id}))
        await asyncio.wait((answered, self.ended), timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        return answered.result() if answered.done() else None

    async def close(self, limit_s: float) -> None:
        with suppress(OSError):  # it may be gone already
            self._connected.shutdown(socket.SHUT_RDWR)  # to close it would not wake the reader
        try:
            await asyncio.wait([self.ended], timeout=limit_s)
        finally:
            self._connected.close()

    # In the reader's thread, which an exception would end.

    def _on_response(self, response: Response, **_: object) -> None:
        asked = self._asked
        if asked is not None and asked[0] == response.keys.get("ActionID"):
            self._tell(asked[1], response.status == "Success")

    def _on_event(self, event: Event, **_: object) -> None:
        try:
            if event.name == "Hangup":
                cause = event.keys.get("Cause", "")
                IVR_HANGUPS.labels(cause if _CAUSE.fullmatch(cause) else _OTHER_CAUSE).inc()
        except Exception:  # noqa: BLE001  # one event's fault, named; the next ones are still read
            _log.error("an event of Asterisk was not counted", exc_info=True)

    def _on_end(self, reason: str) -> None:
        self._tell(self.ended, reason)

    def _tell(self, waiting: asyncio.Future[T], what: T) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear
            self._loop.call_soon_threadsafe(_settle, waiting, what)


class _Client(AMIClient):
    """The library's client, whose thread begins with a connected socket and always says that it ends."""

    def __init__(
        self,
        connected: "_Socket",
        ended: Callable[[str], None],
        on_response: Callable[..., None],
        on_event: Callable[..., None],
    ) -> None:
        initialize: Callable[..., None] = super().__init__
        initialize(timeout=None, on_response=on_response, on_event=on_event)
        self._socket = connected
        self._ended = ended
        self.finished = threading.Event()

    def connect(self) -> None:
        threading.Thread(target=self.listen, name="ami", daemon=True).start()

    def listen(self) -> None:
        listen: Callable[[], None] = super().listen
        reason = "the connection was lost"
        try:
            listen()
        except Exception:  # noqa: BLE001  # the library's own, without a name or words
            reason = "no greeting of Asterisk"
        self._ended(reason)


class _Socket:
    """A connected socket as the library uses it."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected
        self._tail = b""
        self._open_octets = 0

    def recv(self, size: int) -> bytes:
        """Read some. Raises ValueError for a packet that does not end: the library would gather it for ever."""
        octets = self._connected.recv(size)
        gathered = self._tail + octets
        _, end, rest = gathered.rpartition(_PACKET_END)
        self._open_octets = len(rest) if end else self._open_octets + len(octets)
        self._tail = rest[-len(_PACKET_END) + 1 :]
        if self._open_octets > PACKET_OCTETS_MAX:
            raise ValueError(f"a packet of more than {PACKET_OCTETS_MAX} octets")
        return octets

    def send(self, octets: bytes) -> int:
        return self._connected.send(octets)

    def close(self) -> None:
        """Nothing: its owner closes it, in another thread that may be using it now."""


def _settle(waiting: asyncio.Future[T], what: T) -> None:
    if not waiting.done():
        waiting.set_result(what)


def _why(error: OSError) -> str:
    """A failed connection in the system's words; asyncio's own repeat the address."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or "no answer"
