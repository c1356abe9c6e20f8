"""The mailer: takes approval notices from the outbox and hands them to the mail server.

What the server says at its door is all that is recorded of a mail: 2xx is accepted, 4xx is tried again, 5xx is a
bounce. A bounce that comes back later is a mail of its own (RFC 3464), to a mailbox that the line does not have.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import structlog
from prometheus_client import Counter

from channels.mail.connection import Connection, FateUnknown, NotSent, Refused, Step
from channels.mail.mailbox import Mailbox
from channels.mail.message import build, message_id
from channels.mail.notice import BadNotice, MailNotice
from channels.mail.relay import Relay
from channels.mail.signature import Signer
from channels.settings.sections import Mail
from core.domain.clock import Clock
from core.domain.recipients import BadAddress
from core.outbox.outbox import Outbox, OutboxMessage

CARRIER: Final = "mail"
RETRY_DELAY_MS: Final = 120_000  # times the number of attempts: greylisting lets nobody in for minutes
MAILS: Final = Counter("izinhatti_mails", "Mails answered, by the mail server's reply code.", ["code"])

# Codes that speak of how we came, not of this mail: commands it does not know, a login that is missing or refused.
_OURS: Final = frozenset({500, 502, 503, 504, 530, 534, 535, 538})
_FINAL: Final = range(500, 600)

_log = structlog.get_logger(component="mail")


class Pace(NamedTuple):
    """Mails held at one time, and the waits, in seconds.

    `step_s` limits connecting and leaving, an idle connection is tried every `ping_s`, and attempts to connect are
    `first_s` apart at first, doubling up to `most_s` while they are of no use.
    """

    in_hand_max: int = 20
    step_s: float = 10.0
    ping_s: float = 60.0
    first_s: float = 0.5
    most_s: float = 30.0


class _Held(NamedTuple):
    outbox_message: OutboxMessage
    until: float


class Mailer:
    """Keeps one connection to the mail server, and sends one mail after the other over it. An outbox's transport.

    A message is handed back or settled before its lease of `lease_s` seconds ends: it waits here for at most 0.4 of
    that, and half of it is the limit of handing it over. `wake` tells the writer that fates are known.
    """

    def __init__(
        self,
        section: Mail,
        outbox: Outbox,
        wake: Callable[[], None],
        clock: Clock,
        lease_s: float,
        pace: Pace | None = None,
    ) -> None:
        """Reads the DKIM key. Raises `BadAddress`, `BadKey` or `OSError` for settings that cannot work."""
        self._sender = Mailbox.parse(section.sender)
        self._relay = Relay.parse(section.smtp)
        self._signer = None
        if section.dkim_key is not None:
            self._signer = Signer(section.dkim_key.read_bytes(), section.dkim_selector, self._sender.domain)
        self._outbox = outbox
        self._wake = wake
        self._clock = clock
        self._hold_s = 0.4 * lease_s
        self._deliver_s = 0.5 * lease_s
        self._pace = pace or Pace()
        self._connection: Connection | None = None
        self._held: deque[_Held] = deque()
        self._is_delivering = False
        self._trouble = "not connected yet"
        self._turning_away = False
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def trouble(self) -> str | None:
        """Why no mail leaves now, in one line without addresses; None while the connection stands."""
        if self._connection is not None and self._connection.is_connected:
            return None
        return f"mail: {self._trouble}"

    async def run(self) -> None:
        """Stay connected until `stop`."""
        delay = self._pace.first_s
        while not self._stopping.is_set():
            if await self._live_once():
                delay = self._pace.first_s
            # Jitter: many processes must not come back in the same instant.
            await self._pause(delay * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
            delay = min(2 * delay, self._pace.most_s)

    def turn_away(self) -> None:
        """From now on no further message is taken."""
        self._turning_away = True

    def stop(self) -> None:
        """Hand back what waits; `run` ends once the mail that is being handed over is settled."""
        self._stopping.set()
        self._changed.set()

    # The outbox's transport.

    def capacity(self) -> int:
        if self.trouble or self._turning_away or self._stopping.is_set():
            return 0
        return self._pace.in_hand_max - len(self._held) - self._is_delivering

    def send(self, outbox_messages: Sequence[OutboxMessage]) -> None:
        until = asyncio.get_running_loop().time() + self._hold_s
        self._held += [_Held(outbox_message, until) for outbox_message in outbox_messages]
        if self.trouble or self._stopping.is_set():
            self._hand_back()
        self._changed.set()

    # Staying connected.

    async def _live_once(self) -> bool:
        """One connection from beginning to end; whether it was of any use."""
        connection = Connection(self._relay, self._sender.domain, self._pace.step_s, self._changed.set)
        try:
            await connection.open()
        except NotSent as error:
            self._fail(str(error))
            return False
        self._connection = connection
        self._trouble = "connection lost"
        _log.info("connected")
        self._outbox.expect()
        self._wake()
        try:
            return await self._serve(connection)
        finally:
            connection.close()
            self._connection = None
            self._hand_back()

    async def _serve(self, connection: Connection) -> bool:
        was_useful = False
        while connection.is_connected:
            if self._stopping.is_set():
                await connection.leave()
            elif self._held:
                was_useful |= await self._send(connection, self._held.popleft())
            else:
                was_useful |= await self._idle(connection)
        return was_useful

    async def _idle(self, connection: Connection) -> bool:
        """Wait for something to do; whether the connection was tried and stands."""
        self._changed.clear()
        try:
            async with asyncio.timeout(self._pace.ping_s):
                await self._changed.wait()
        except TimeoutError:
            await connection.ping()
            return connection.is_connected
        return False

    def _hand_back(self) -> None:
        for held in self._held:
            self._outbox.release(held.outbox_message, 0, "not sent")
        self._held.clear()
        self._wake()

    def _fail(self, trouble: str) -> None:
        if trouble != self._trouble and not self._stopping.is_set():
            _log.warning("no mail leaves", reason=trouble)
        self._trouble = trouble

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    # One mail.

    async def _send(self, connection: Connection, held: _Held) -> bool:
        """Settle one message; whether the server took or refused it for its own sake."""
        outbox_message = held.outbox_message
        if asyncio.get_running_loop().time() >= held.until:
            self._outbox.release(outbox_message, 0, "not sent")
            self._wake()
            return False
        self._is_delivering = True
        try:
            await self._deliver(connection, outbox_message)
        except (BadNotice, BadAddress) as error:
            _log.error("a mail cannot be written", outbox=outbox_message.id, reason=str(error))
            self._outbox.dead_letter(outbox_message.id, str(error))
        except Refused as refusal:
            return self._refused(connection, outbox_message, refusal)
        except NotSent as error:
            # Not handed back as it is: a mail that breaks every connection must not stand in the way of the others.
            self._outbox.retry(outbox_message, RETRY_DELAY_MS * outbox_message.attempts, str(error))
            self._fail(str(error))
            return False
        except FateUnknown as error:
            self._outbox.unknown(outbox_message)
            self._fail(str(error))
            return False
        finally:
            self._is_delivering = False
            self._wake()
        return True

    async def _deliver(self, connection: Connection, outbox_message: OutboxMessage) -> None:
        notice = MailNotice.from_json(outbox_message.text)
        recipient = Mailbox.parse(outbox_message.recipient)
        message = build(notice, recipient, self._sender, self._clock(), self._signer)
        code = await connection.deliver(self._sender, recipient, message, self._deliver_s)
        MAILS.labels(code).inc()
        self._outbox.accepted(outbox_message.id, CARRIER, message_id(notice, self._sender))

    def _refused(self, connection: Connection, outbox_message: OutboxMessage, refusal: Refused) -> bool:
        MAILS.labels(refusal.code).inc()
        if refusal.step is Step.SENDER or refusal.code in _OURS:
            # No mail would fare better: nothing is given up, and the next connection is tried later.
            self._outbox.release(outbox_message, 0, str(refusal))
            self._fail(f"refused: {refusal}")
            connection.close()
            return False
        if refusal.code in _FINAL:
            _log.warning("a mail was refused for good", outbox=outbox_message.id, code=refusal.code)
            self._outbox.dead_letter(outbox_message.id, str(refusal))
        else:
            self._outbox.retry(outbox_message, RETRY_DELAY_MS * outbox_message.attempts, str(refusal))
        return True
