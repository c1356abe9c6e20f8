"""One bind of an operator, that is kept: connected, bound, watched, and bound again when it is lost."""

import asyncio
import os
import random
import ssl
from contextlib import suppress
from typing import Final, NamedTuple

import structlog

from core.domain.metrics import BIND, BIND_RATE, BIND_REFUSED, BIND_WINDOW
from core.outbox.outbox import OutboxMessage
from core.store.errors import StoreError
from sms.smpp import codes
from sms.smpp.decode import Decoder
from sms.smpp.junk import JunkLog
from sms.smpp.outgoing import Outgoing
from sms.smpp.pdu_log import PduLog
from sms.smpp.profile import Profile
from sms.smpp.receive import Answer, Receiver
from sms.smpp.refusals import Refusals
from sms.smpp.services import Services
from sms.smpp.session import Fate, Session, State

BLOCKED_MAX_S: Final = 10.0  # commits that fail for so long: messages are better off with the network
WATCH_S: Final = 1.0

_REFUSED: Final = frozenset({codes.ESME_RBINDFAIL, codes.ESME_RINVPASWD, codes.ESME_RINVSYSID})

_log = structlog.get_logger(component="sms")


class BackOff(NamedTuple):
    """Seconds between attempts to bind: doubling from `first` to `most`; after a refusal from `refused`, ten times
    as much at the most. Only a bind that stood for `lasted` begins anew with `first`."""

    first: float = 0.5
    most: float = 30.0
    refused: float = 10.0
    lasted: float = 10.0


class Binding:
    """Owns one session at a time. `command` is its bind request, `index` its number among the operator's binds."""

    def __init__(
        self,
        profile: Profile,
        index: int,
        command: int,
        decoder: Decoder,
        services: Services,
        back_off: BackOff,
        refusals: Refusals,
    ) -> None:
        self._trouble = "not bound yet"
        self._profile = profile
        self._index = index
        self._command = command
        self._services = services
        self._back_off = back_off
        self._receiver = Receiver(profile, decoder, services)
        self._outgoing = Outgoing(profile, index, services, refusals)
        self._junk = JunkLog(profile.name)
        self._log = PduLog.open(profile.log_pdus, f"{profile.name}/{index}") if profile.log_pdus else None
        self._session: Session | None = None
        self._stopping = asyncio.Event()

    @property
    def trouble(self) -> str | None:
        """Why it cannot be used now; None while it is bound."""
        return None if self._is_bound else self._trouble

    @property
    def receives(self) -> bool:
        return self._is_bound and self._command != codes.BIND_TRANSMITTER

    @property
    def sends(self) -> bool:
        return self._is_bound and self._command != codes.BIND_RECEIVER

    @property
    def room(self) -> int:
        """The number of messages that may leave now."""
        return self._session.room if self._session is not None else 0

    @property
    def wait_s(self) -> float | None:
        """Seconds until its rate has room, None when it is not the rate that it waits for."""
        session = self._session
        if session is None or not self.sends or session.outstanding >= self._profile.window:
            return None
        return self._outgoing.pace.wait_s(asyncio.get_running_loop().time())

    def send(self, outbox_message: OutboxMessage) -> None:
        """Send a leased message; only while `sends`."""
        assert self._session is not None
        self._outgoing.send(outbox_message, self._session)

    def measure(self) -> None:
        """Tell the metrics how it stands."""
        labels = self._profile.name, self._index
        BIND.labels(*labels).set(self._is_bound)
        BIND_WINDOW.labels(*labels).set(self._session.outstanding if self._session else 0)
        BIND_RATE.labels(*labels).set(self._outgoing.pace.rate(asyncio.get_running_loop().time()))

    async def run(self) -> None:
        """Stay bound until `stop`."""
        try:
            await self._stay_bound()
        finally:
            if self._log is not None:
                self._log.close()

    def turn_away(self) -> None:
        """From now on every new message gets the temporary status: the network keeps it."""
        self._receiver.turn_away()

    async def stop(self) -> None:
        """Await what is in hand and outstanding, unbind, and end `run`. At most three response timeouts."""
        self._stopping.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._profile.response_timeout_s):
                await self._receiver.until_nothing_in_hand()
        if self._session is not None:
            await self._session.unbind()

    # The session's owner.

    def delivered(self, pdu: bytes, answer: Answer) -> None:
        self._receiver.delivered(pdu, answer)

    def submitted(self, outbox_id: int, result: int | Fate, message_id: str) -> None:
        self._outgoing.submitted(outbox_id, result, message_id)
        if result == codes.ESME_RINVBNDSTS and self._session is not None:
            self._session.abort(f"a submit was refused {codes.status_name(result)}")

    def accepted_late(self, outbox_id: int, message_id: str) -> None:
        self._outgoing.accepted_late(outbox_id, message_id)

    def heard(self, number: int) -> None:
        if self._receiver.connection is not None:
            self._receiver.connection.heard(number)

    # Staying bound.

    async def _stay_bound(self) -> None:
        delay = self._back_off.first
        while not self._stopping.is_set():
            has_lasted, refused = await self._live_once()
            if has_lasted:
                delay = self._back_off.first
            elif refused:
                delay = min(max(2 * delay, self._back_off.refused), 10 * self._back_off.refused)
            else:
                delay = min(2 * delay, self._back_off.most)
            # Jitter: a hundred binds must not come back in the same instant.
            await self._pause(delay * random.uniform(0.5, 1.0))  # noqa: S311  # no secret

    @property
    def _is_bound(self) -> bool:
        return self._session is not None and self._session.state is State.BOUND

    async def _live_once(self) -> tuple[bool, bool]:
        """One connection from beginning to end: was it bound for long, was it refused."""
        profile = self._profile
        try:
            async with asyncio.timeout(profile.response_timeout_s):
                session = await self._connect()
        except OSError as error:  # a timeout is one too
            self._fail(f"cannot connect: {_why(error)}")
            return False, False
        except UnicodeError:  # what a resolver says to a name like a..b
            self._fail("cannot connect: no name of a host")
            return False, False
        self._session = session
        try:
            if self._stopping.is_set():  # `stop` found no session to unbind
                return False, False
            return await self._hold(session)
        finally:
            session.abort(self._trouble)
            await asyncio.wait([session.closed])
            if session.has_ended_in_order and self._receiver.connection is not None:
                self._receiver.connection.deliver_all()
            self._session = None
            self.measure()
            await self._close_connection()

    async def _connect(self) -> Session:
        profile = self._profile
        _, session = await asyncio.get_running_loop().create_connection(
            lambda: Session(profile, self._command, self._outgoing.pace, self, self._junk, self._log),
            *profile.address(self._command),
            ssl=profile.tls,
            ssl_shutdown_timeout=profile.response_timeout_s if profile.tls else None,
        )
        return session

    async def _hold(self, session: Session) -> tuple[bool, bool]:
        writer, connections = self._services.writer, self._services.connections
        try:
            # Before the bind: the first deliver_sm may come in one octet stream with the bind's answer.
            self._receiver.connection = await writer.errand(
                lambda transaction: connections.open(transaction, self._profile.name)
            )
            status = await session.bind()
        except StoreError as error:
            self._fail(str(error))
            return False, False
        except TimeoutError:
            self._fail("no answer to the bind")
            return False, False
        if status is None:
            self._fail(await session.closed)
            return False, False
        if status != codes.ESME_ROK:
            self._fail(f"bind refused {codes.status_name(status)}")
            BIND_REFUSED.labels(self._profile.name, self._index).inc()
            return False, status in _REFUSED
        _log.info("bound", operator=self._profile.name, bind=self._index)
        self._trouble = "the link ended"
        bound_at = asyncio.get_running_loop().time()
        self.measure()
        self._services.outbox.expect()
        writer.wake()
        self._fail(await self._until_closed(session))
        # One that ends each bind a moment after it would be bound to a thousand times an hour.
        return asyncio.get_running_loop().time() - bound_at >= self._back_off.lasted, False

    async def _until_closed(self, session: Session) -> str:
        """Why it ended. A bind that receives is given up when the database takes no writes."""
        receives, writer = self._command != codes.BIND_TRANSMITTER, self._services.writer
        while not session.closed.done():
            await asyncio.wait([session.closed], timeout=WATCH_S)
            if receives and writer.blocked_s >= BLOCKED_MAX_S:
                await session.unbind()
                return "the database takes no writes"
        return session.closed.result()

    async def _close_connection(self) -> None:
        """Before the next connection is opened the store must know what this one left open."""
        connection, self._receiver.connection = self._receiver.connection, None
        if connection is None:
            return
        await self._receiver.until_nothing_in_hand()  # the closing must see what the desk commits
        delay = self._back_off.first
        while True:
            try:
                await self._services.writer.errand(
                    lambda transaction: self._services.connections.close(transaction, connection)
                )
                return
            except StoreError as error:
                if self._stopping.is_set():
                    return  # the next start closes the connections of this book
                self._fail(str(error))
                await self._pause(delay)
                delay = min(2 * delay, self._back_off.most)

    def _fail(self, trouble: str) -> None:
        if trouble != self._trouble and not self._stopping.is_set():
            say = _log.error if trouble.startswith("bind refused") else _log.warning
            say("not bound", operator=self._profile.name, bind=self._index, reason=trouble)
        self._trouble = trouble

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _why(error: OSError) -> str:
    """A failed connection in the system's words; asyncio's own repeat the address."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or 'no handshake'}"
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or "no answer"
