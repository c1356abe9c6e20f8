"""The link to one operator: stays bound, brings messages to the desk and parcels to the network."""

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

import structlog
from prometheus_client import Counter

from core.answers import Committed, Outcome
from core.clock import Clock, Instant
from core.desk import Desk
from core.links import Link, Links
from core.metrics import BIND, SUBMITS
from core.outbox import Outbox, Parcel
from core.store.errors import StoreError
from core.store.writer import Writer
from sms import codes
from sms.errors import TextTooLong
from sms.inbound import Inbound
from sms.profile import Profile
from sms.segments import split
from sms.session import Fate, Session, Shipment, State

THROTTLE_PAUSE_S: Final = 1.0
RETRY_DELAY_MS: Final = 5_000  # times the number of attempts

_REFERENCE: Final = 0xFFFF
_IN_HAND_POLL_S: Final = 0.01
# Statuses that speak of this one message: to send it again would end the same way (SMPP 3.4, 5.1.3).
_FINAL: Final = frozenset(
    {0x01, 0x0A, 0x0B, 0x15, 0x33, 0x34, 0x40, 0x42, 0x43, 0x44, 0x48, 0x49, 0x50, 0x51, 0x61, 0x62}
)
_REFUSED: Final = frozenset({codes.ESME_RBINDFAIL, codes.ESME_RINVPASWD, codes.ESME_RINVSYSID})

_log = structlog.get_logger(component="sms")


class BackOff(NamedTuple):
    """Seconds between attempts to bind: doubling from `first` to `most`; after a refusal from `refused`, ten times
    as much at the most."""

    first: float = 0.5
    most: float = 30.0
    refused: float = 10.0


class Services(NamedTuple):
    """What of the core the link works with."""

    desk: Desk
    links: Links
    outbox: Outbox
    writer: Writer
    clock: Clock


class Operator:
    """Owns one session at a time. The outbox's carrier."""

    def __init__(self, profile: Profile, inbound: Inbound, services: Services, back_off: BackOff | None = None) -> None:
        self._profile = profile
        self._inbound = inbound
        self._services = services
        self._back_off = back_off or BackOff()
        self._session: Session | None = None
        self._link: Link | None = None
        self._trouble = "not bound yet"
        self._stopping = asyncio.Event()
        self._turning_away = False
        self._in_hand = 0
        self._parcels: dict[int, Parcel] = {}
        self._count = lru_cache(maxsize=256)(self._counter)
        self._tokens = float(profile.rate)
        self._tokens_at = asyncio.get_running_loop().time()
        self._paused_until = 0.0
        self._waker: asyncio.TimerHandle | None = None

    @property
    def trouble(self) -> str | None:
        """Why this operator cannot be used now, in one line; None while it is bound."""
        if self._session is not None and self._session.state is State.BOUND:
            return None
        return f"sms {self._profile.name}: {self._trouble}"

    async def run(self) -> None:
        """Stay bound until `stop`."""
        delay = self._back_off.first
        while not self._stopping.is_set():
            bound, refused = await self._live_once()
            if bound:
                delay = self._back_off.first
            elif refused:
                delay = min(max(2 * delay, self._back_off.refused), 10 * self._back_off.refused)
            else:
                delay = min(2 * delay, self._back_off.most)
            # Jitter: a hundred links must not come back in the same instant.
            await self._pause(delay * random.uniform(0.5, 1.0))  # noqa: S311  # no secret

    def turn_away(self) -> None:
        """From now on every new message gets the temporary status: the network keeps it."""
        self._turning_away = True

    async def stop(self) -> None:
        """Await what is in hand and outstanding, unbind, and end `run`. At most three response timeouts."""
        self._stopping.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._profile.response_timeout_s):
                await self._until_nothing_in_hand()
        if self._session is not None:
            await self._session.unbind()

    # The session's owner.

    def delivered(self, pdu: bytes, answer: Callable[[int], bool]) -> None:
        link = self._link
        if self._turning_away or link is None:
            answer(self._profile.temporary_status)
            return
        arrival = self._inbound.take(pdu, link.id)
        if arrival.request is None:
            answer(codes.ESME_ROK)
            return
        committed_status = self._profile.permanent_status if arrival.is_broken else codes.ESME_ROK

        def done(outcome: Outcome) -> None:
            self._in_hand -= 1
            # Called after the commit, never before: with status 0 the network forgets the message.
            if not isinstance(outcome, Committed):
                answer(self._profile.temporary_status)
            elif answer(committed_status):
                link.answered(outcome.request_id, self._services.clock())

        self._in_hand += 1
        self._services.desk.submit(arrival.request, done)

    def submitted(self, shipment_id: int, result: int | Fate, message_id: str) -> None:
        parcel, outbox = self._parcels.pop(shipment_id), self._services.outbox
        if result == codes.ESME_ROK:
            outbox.accepted(shipment_id, self._profile.name, message_id)
        elif result is Fate.UNKNOWN:
            outbox.unknown(parcel)
        elif result is Fate.UNSENT:
            outbox.keep(parcel, 0, "not sent")
        else:
            self._refused(parcel, result)
        if isinstance(result, int):
            self._count(result).inc()
        self._services.writer.wake()

    # The outbox's carrier.

    def capacity(self) -> int:
        session = self._session
        now = asyncio.get_running_loop().time()
        room = session.room if session is not None and now >= self._paused_until else 0
        if not room or not self._profile.rate:
            return room
        elapsed, self._tokens_at = now - self._tokens_at, now
        self._tokens = min(float(self._profile.rate), self._tokens + elapsed * self._profile.rate)
        if self._tokens < 1:
            self._wake_in((1 - self._tokens) / self._profile.rate)
        return min(room, int(self._tokens))

    def carry(self, parcels: Sequence[Parcel]) -> None:
        session, outbox = self._session, self._services.outbox
        now = self._services.clock()
        for parcel in parcels:
            if session is None or session.state is not State.BOUND:
                outbox.keep(parcel, 0, "not sent")
                continue
            try:
                shipment = self._shipment(parcel, now)
            except (TextTooLong, ValueError) as error:
                _log.error("a message cannot be sent", outbox=parcel.id, reason=str(error))
                outbox.bury(parcel.id, str(error))
                continue
            self._tokens -= len(shipment.segments)
            self._parcels[parcel.id] = parcel
            session.submit(shipment)

    def _shipment(self, parcel: Parcel, now: Instant) -> Shipment:
        profile = self._profile
        segments = split(parcel.text, profile.reply_alphabet, parcel.id, profile.default_alphabet)
        validity = _relative_time(max(1, (parcel.expires_at - now) // 1000))
        return Shipment(parcel.id, parcel.recipient[1:], segments, validity, parcel.id & _REFERENCE)

    def _refused(self, parcel: Parcel, status: int) -> None:
        name = codes.status_name(status)
        if status in self._profile.throttle_statuses:
            self._paused_until = asyncio.get_running_loop().time() + THROTTLE_PAUSE_S
            self._wake_in(THROTTLE_PAUSE_S)
            self._services.outbox.keep(parcel, round(THROTTLE_PAUSE_S * 1000), name)
        elif status in _FINAL:
            _log.warning("a message was refused for good", operator=self._profile.name, outbox=parcel.id, status=name)
            self._services.outbox.bury(parcel.id, name)
        else:
            self._services.outbox.retry(parcel, RETRY_DELAY_MS * parcel.attempts, name)

    def _counter(self, status: int) -> Counter:
        return SUBMITS.labels(self._profile.name, codes.status_name(status))

    def _wake_in(self, seconds: float) -> None:
        if self._waker is None:
            self._waker = asyncio.get_running_loop().call_later(seconds, self._woken)

    def _woken(self) -> None:
        self._waker = None
        self._services.outbox.expect()
        self._services.writer.wake()

    # Staying bound.

    async def _live_once(self) -> tuple[bool, bool]:
        """One connection from beginning to end: was it bound, was it refused."""
        profile = self._profile
        try:
            async with asyncio.timeout(profile.response_timeout_s):
                _, session = await asyncio.get_running_loop().create_connection(
                    lambda: Session(profile, self), profile.host, profile.port
                )
        except OSError as error:  # a timeout is one too
            self._fail(f"cannot connect: {_why(error)}")
            return False, False
        self._session = session
        try:
            if self._stopping.is_set():  # `stop` found no session to unbind
                return False, False
            return await self._hold(session)
        finally:
            session.abort(self._trouble)
            await asyncio.wait([session.closed])
            if session.has_ended_in_order and self._link is not None:
                self._link.deliver_all()
            self._session = None
            BIND.labels(profile.name).set(0)
            await self._close_link()

    async def _hold(self, session: Session) -> tuple[bool, bool]:
        writer, links = self._services.writer, self._services.links
        try:
            # Before the bind: the first deliver_sm may come in one octet stream with the bind's answer.
            self._link = await writer.errand(lambda transaction: links.open(transaction, self._profile.name))
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
            return False, status in _REFUSED
        _log.info("bound", operator=self._profile.name)
        BIND.labels(self._profile.name).set(1)
        self._services.outbox.expect()
        writer.wake()
        self._fail(await session.closed)
        return True, False

    async def _close_link(self) -> None:
        """Before the next connection is opened the store must know what this one left open."""
        link, self._link = self._link, None
        if link is None:
            return
        await self._until_nothing_in_hand()  # the closing must see what the desk commits
        while True:
            try:
                await self._services.writer.errand(lambda transaction: self._services.links.close(transaction, link))
                return
            except StoreError as error:
                if self._stopping.is_set():
                    return  # the next start closes the links of this book
                self._fail(str(error))
                await self._pause(self._back_off.first)

    async def _until_nothing_in_hand(self) -> None:
        """The desk ends each request sooner or later."""
        while self._in_hand:  # noqa: ASYNC110  # an event would be set and cleared for each message
            await asyncio.sleep(_IN_HAND_POLL_S)

    def _fail(self, trouble: str) -> None:
        if trouble != self._trouble and not self._stopping.is_set():
            _log.warning("not bound", operator=self._profile.name, reason=trouble)
        self._trouble = trouble

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _why(error: OSError) -> str:
    """A failed connection in the system's words; asyncio's own repeat the address."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or "no answer"


@lru_cache(maxsize=1024)
def _relative_time(seconds: int) -> str:
    """SMPP's relative time format (7.1.1.2), at most 28 days: YYMMDDhhmmss000R."""
    days, seconds = divmod(seconds, 86_400)
    return f"0000{min(days, 28):02}{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}000R"
