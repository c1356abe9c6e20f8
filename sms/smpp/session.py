"""One bound connection to an SMSC (SMPP 3.4, ESME side)."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from enum import Enum, auto
from math import inf
from struct import Struct
from typing import Final, NamedTuple, Protocol, cast

from sms.gsm.segments import Segment
from sms.smpp import codes
from sms.smpp.errors import FramingError
from sms.smpp.junk import JunkLog
from sms.smpp.pace import Pace
from sms.smpp.pdu import (
    Framer,
    build_bind,
    build_plain,
    build_response,
    build_tlvs,
    generic_nack,
    interface_version,
    parse_message_id,
)
from sms.smpp.pdu_log import PduLog
from sms.smpp.profile import Profile
from sms.smpp.submit import SubmitTemplate

SEQUENCE_MAX: Final = 0x7FFFFFFF  # SMPP 3.4, 3.2
REMEMBERED_MAX: Final = 262_144  # deliver_sm whose outcome is kept for a repeat of the same octets
REMEMBERED_S: Final = 60.0
UNREAD_OCTETS_MAX: Final = 4 << 20  # what the SMSC may leave unread before the connection is given up
TICK_S: Final = 0.5
GIVEN_UP_TIMEOUTS: Final = 2.4  # response timeouts after which a submit is unknown, on a connection that lives: a slow
# operator's answer still counts meanwhile; with the settings' defaults it is over before the lease
GIVEN_UP_MAX: Final = 10_000  # given up submits whose answer is still known when it comes

_FIRST_WITH_TLVS: Final = 0x34  # an interface_version

_HEADER: Final = Struct(">IIII")


class State(Enum):
    OPEN = auto()
    BINDING = auto()
    BOUND = auto()
    UNBINDING = auto()
    CLOSED = auto()


class Submission(NamedTuple):
    """A message to submit. `reference` is the user_message_reference, equal in a repeat of it; `may_leave` is asked
    before its first octet leaves; `source` is one of the profile's own numbers, empty for the line's."""

    id: int
    dest: str
    segments: list[Segment]
    validity: str
    reference: int
    may_leave: Callable[[], bool] = lambda: True
    source: str = ""


class Fate(Enum):
    """The end of a submission, if not with a command status."""

    UNKNOWN = auto()  # it left, and no response came
    UNSENT = auto()  # none of it left


class Owner(Protocol):
    """Who has the session: hears what came and how submits ended."""

    def delivered(self, pdu: bytes, answer: Callable[[int], int]) -> None:
        """A deliver_sm came; `answer` takes its command status, once, and says how many requests of ours were written
        before it, of which the bind is the first; 0 when the connection does not stand any more."""
        ...

    def submitted(self, outbox_id: int, result: "int | Fate", message_id: str) -> None:
        """A submission ended: with the status of its last segment, or of the first that failed. `message_id` is that of
        its last segment."""
        ...

    def accepted_late(self, outbox_id: int, message_id: str) -> None:
        """A submission that had ended as unknown was accepted after all."""
        ...

    def heard(self, number: int) -> None:
        """The SMSC responded to our request of this number, counted from 1: it has read what we wrote before that."""
        ...


class Session(asyncio.Protocol):
    """Speaks SMPP: bind, window, enquire_link and unbind both ways. Times are taken from the event loop.

    `command` is the bind request that it makes, of a transceiver, receiver or transmitter. `pace` and `junk` outlive
    it: the next connection of the same bind goes on with them.
    """

    def __init__(
        self,
        profile: Profile,
        command: int,
        pace: Pace,
        owner: Owner,
        junk: JunkLog | None = None,
        log: PduLog | None = None,
    ) -> None:
        self.state = State.OPEN
        self._command = command
        self._pace = pace
        self.has_ended_in_order = False
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._profile = profile
        self._owner = owner
        self._log = log
        self._junk = junk or JunkLog(profile.name)
        self._loop = asyncio.get_running_loop()
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None
        self._templates = {number: _template(profile, number) for number in profile.own_numbers}
        self._tlvs = build_tlvs(profile.submit_tlvs)
        self._takes_tlvs = False
        self._sequence = 0
        self._requests = 0
        self._out: list[bytes] = []
        self._bound: asyncio.Future[int | None] = self._loop.create_future()
        self._unbound: asyncio.Future[str] = self._loop.create_future()
        self._remembered: OrderedDict[int, _Remembered] = OrderedDict()
        self._outstanding: dict[int, _Sent] = {}
        self._given_up: OrderedDict[int, _Sent] = OrderedDict()
        self._unsent: deque[tuple[_InFlight, Segment, bool]] = deque()
        self._heard_at = self._loop.time()
        self._half_since: float | None = None
        self._enquired_at: float | None = None
        self._enquiry = 0, 0  # its sequence number, and its number among our requests
        self._last_enquiry_at = -inf
        self._unproven_since: float | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._filler: asyncio.TimerHandle | None = None
        self._closer: asyncio.TimerHandle | None = None
        self._reason = "the operator closed the connection"
        self._commands: dict[int, Callable[[bytes, int, int], None]] = {
            codes.DELIVER_SM: self._on_deliver_sm,
            codes.DATA_SM: self._on_deliver_sm,
            codes.SUBMIT_SM_RESP: self._on_submit_sm_resp,
            codes.ENQUIRE_LINK: self._on_enquire_link,
            codes.ENQUIRE_LINK_RESP: self._on_enquire_link_resp,
            command | codes.RESPONSE: self._on_bind_resp,
            codes.UNBIND: self._on_unbind,
            codes.UNBIND_RESP: self._on_unbind_resp,
            codes.GENERIC_NACK: self._on_generic_nack,
        }

    # What the owner does.

    async def bind(self) -> int | None:
        """Bind; the command status, None if the connection was lost. Raises TimeoutError."""
        self.state = State.BINDING
        self._send(build_bind(self._command, self._next_sequence(), self._profile.bind))
        async with asyncio.timeout(self._profile.response_timeout_s):
            return await self._bound

    def submit(self, submission: Submission) -> None:
        """Send a message's segments as the window allows; the owner hears once what became of it."""
        last = len(submission.segments)
        in_flight = _InFlight(submission, last, self._loop.time())
        self._unsent.extend(
            (in_flight, segment, number == last) for number, segment in enumerate(submission.segments, 1)
        )
        self._fill_window()

    @property
    def room(self) -> int:
        """The number of submits that window and rate still take now."""
        if self.state is not State.BOUND or self._command == codes.BIND_RECEIVER:
            return 0
        free = self._profile.window - len(self._outstanding)
        return max(0, self._pace.room(self._loop.time(), free) - len(self._unsent))

    @property
    def outstanding(self) -> int:
        """The number of submits that wait for their answer."""
        return len(self._outstanding)

    async def unbind(self) -> None:
        """End in order: wait for what is outstanding, unbind, close. At most two response timeouts."""
        deadline = self._loop.time() + self._profile.response_timeout_s
        while (self._outstanding or self._unsent) and self._loop.time() < deadline and not self.closed.done():
            await asyncio.wait([self.closed], timeout=0.05)
        if self.state is State.BOUND:
            self.state = State.UNBINDING
            self._enquired_at = None  # the answer to the unbind is waited for now
            self._send(build_plain(codes.UNBIND, self._next_sequence()))
            await asyncio.wait(
                [self.closed, self._unbound],
                timeout=self._profile.response_timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        self._close("unbound")

    def abort(self, reason: str) -> None:
        """Give the connection up at once."""
        self._reason = reason
        if self._transport is not None:
            self._transport.abort()

    # What the transport does.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transport is one only in its manner
        self._tick()

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        try:
            for pdu in self._framer.feed(data):
                self._half_since = None
                if self._log is not None:
                    self._log.received(pdu)
                _, command, status, sequence = _HEADER.unpack_from(pdu)
                handle = self._commands.get(command)
                if handle is None:
                    self._on_unknown(command, sequence)
                else:
                    handle(pdu, status, sequence)
        except FramingError as error:
            self._junk.say("the stream is out of step", reason=str(error))
            self._send(generic_nack(codes.ESME_RINVCMDLEN, error.sequence))
            self._flush()
            self._close(str(error))
        if not self._framer.is_within_pdu:
            self._half_since = None
        elif self._half_since is None:
            self._half_since = self._heard_at

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self._reason = str(exc) or type(exc).__name__
        self.state = State.CLOSED
        for timer in (self._ticker, self._filler, self._closer):
            if timer is not None:
                timer.cancel()
        if not self._bound.done():
            self._bound.set_result(None)
        self._end_all_in_flight()
        if not self.closed.done():
            self.closed.set_result(self._reason)

    # What the SMSC says.

    def _on_deliver_sm(self, pdu: bytes, _status: int, sequence: int) -> None:
        """Hand a message on, that of a data_sm too. The same number with the same octets within 60 s shares the first
        one's outcome, but for a refusal that asked for it to come again."""
        command, fingerprint = int.from_bytes(pdu[4:8]), hash(pdu)
        known = self._remembered.get(sequence)
        if known is not None and known.fingerprint == fingerprint and self._heard_at - known.at < REMEMBERED_S:
            if known.status is None:
                known.answers_due += 1
                return
            if known.status != self._profile.temporary_status:
                self._send(build_response(command, known.status, sequence))
                return
        entry = _Remembered(fingerprint, self._heard_at)
        self._remembered[sequence] = entry
        self._remembered.move_to_end(sequence)
        while len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)

        def answer(status: int) -> int:
            entry.status = status
            self._send(build_response(command, status, sequence) * entry.answers_due)
            if self._unproven_since is None:
                self._unproven_since = self._loop.time()
            return 0 if self.state is State.CLOSED else self._requests

        self._owner.delivered(pdu, answer)

    def _on_submit_sm_resp(self, pdu: bytes, status: int, sequence: int) -> None:
        sent = self._outstanding.pop(sequence, None) or self._given_up.pop(sequence, None)
        if sent is None:
            self._junk.say("a submit_sm_resp to nothing outstanding")
            return
        self._owner.heard(sent.number)
        in_flight = sent.in_flight
        if sent.is_last:
            in_flight.message_id = parse_message_id(pdu)
        if status != codes.ESME_ROK:
            self._end_in_flight(in_flight, status)
            if self._pace.is_paused(self._loop.time()):
                self._recall(queued_before=inf)
        else:
            in_flight.remaining -= 1
            if not in_flight.remaining and in_flight.is_given_up:
                self._owner.accepted_late(in_flight.submission.id, in_flight.message_id)
            elif not in_flight.remaining:
                in_flight.has_ended = True
                self._owner.submitted(in_flight.submission.id, status, in_flight.message_id)
        self._fill_window()

    def _on_enquire_link(self, _pdu: bytes, _status: int, sequence: int) -> None:
        self._send(build_response(codes.ENQUIRE_LINK, codes.ESME_ROK, sequence))

    def _on_enquire_link_resp(self, _pdu: bytes, _status: int, sequence: int) -> None:
        self._enquired_at = None
        if sequence == self._enquiry[0]:
            self._owner.heard(self._enquiry[1])

    def _on_bind_resp(self, pdu: bytes, status: int, _sequence: int) -> None:
        if self.state is State.BINDING:
            # One of before 3.4, or that names no version, knows no TLVs (SMPP 3.4, 4.1.2).
            self._takes_tlvs = min(interface_version(pdu), self._profile.bind.interface_version) >= _FIRST_WITH_TLVS
            self.state = State.BOUND if status == codes.ESME_ROK else State.OPEN
            if not self._bound.done():
                self._bound.set_result(status)

    def _on_unbind(self, _pdu: bytes, _status: int, sequence: int) -> None:
        self.state = State.UNBINDING
        self._send(build_response(codes.UNBIND, codes.ESME_ROK, sequence))
        self._flush()
        self._close("the operator unbound")

    def _on_unbind_resp(self, _pdu: bytes, _status: int, _sequence: int) -> None:
        # It stands in the stream behind everything that we wrote before the unbind: the operator has read all of that.
        self.has_ended_in_order = True
        if not self._unbound.done():
            self._unbound.set_result("unbound")

    def _on_generic_nack(self, _pdu: bytes, status: int, sequence: int) -> None:
        if sequence in self._outstanding:
            sent = self._outstanding.pop(sequence)
            self._owner.heard(sent.number)
            self._end_in_flight(sent.in_flight, status)
            self._fill_window()
        elif self._enquired_at is not None:
            self._on_enquire_link_resp(_pdu, status, sequence)  # whoever refuses it is there
        elif self.state is State.BINDING and not self._bound.done():
            self._bound.set_result(status or codes.ESME_RBINDFAIL)

    def _on_unknown(self, command: int, sequence: int) -> None:
        self._junk.say("unknown command", command=codes.command_name(command))
        if not command & codes.RESPONSE:
            self._send(generic_nack(codes.ESME_RINVCMDID, sequence))

    # Submits.

    def _fill_window(self) -> None:
        now = self._loop.time()
        while self._unsent and len(self._outstanding) < self._profile.window and self.state is State.BOUND:
            if self._unsent[0][0].has_ended:
                self._unsent.popleft()
                continue
            if not self._unsent[0][0].sent_at and not self._unsent[0][0].submission.may_leave():
                self._end_in_flight(self._unsent.popleft()[0], Fate.UNSENT)
                continue
            if not self._pace.room(now, 1):
                self._fill_later(self._pace.wait_s(now))
                return
            in_flight, segment, is_last = self._unsent.popleft()
            self._pace.spend(now)
            sequence, submission = self._next_sequence(), in_flight.submission
            in_flight.sent_at = now
            self._outstanding[sequence] = _Sent(in_flight, is_last, now, self._requests)
            self._send(
                self._templates[submission.source or self._profile.line_number].build(
                    sequence,
                    submission.dest,
                    segment.octets,
                    data_coding=segment.data_coding,
                    esm_class=codes.ESM_UDHI if segment.udhi else 0,
                    validity=submission.validity,
                    # One receipt for one text: the last segment's stands for all.
                    registered_delivery=int(self._profile.receipts and is_last),
                    reference=submission.reference if self._takes_tlvs and self._profile.reference_tlv else None,
                    tlvs=self._tlvs if self._takes_tlvs else b"",
                )
            )

    def _recall(self, queued_before: float) -> None:
        """Give back what has waited since then and has not begun to leave: the outbox decides again what goes first,
        and by which way, and no lease runs out meanwhile."""
        for in_flight, *_ in self._unsent:
            if not in_flight.sent_at and in_flight.queued_at < queued_before:
                self._end_in_flight(in_flight, Fate.UNSENT)
        self._unsent = deque(entry for entry in self._unsent if not entry[0].has_ended)

    def _fill_later(self, seconds: float) -> None:
        if self._filler is None:
            self._filler = self._loop.call_later(seconds, self._fill_again)

    def _fill_again(self) -> None:
        self._filler = None
        self._fill_window()

    def _end_in_flight(self, in_flight: "_InFlight", result: int | Fate) -> None:
        if not in_flight.has_ended:
            in_flight.has_ended = True
            self._owner.submitted(in_flight.submission.id, result, "")

    def _end_all_in_flight(self) -> None:
        for sent in self._outstanding.values():
            self._end_in_flight(sent.in_flight, Fate.UNKNOWN)
        for in_flight, *_ in self._unsent:
            self._end_in_flight(in_flight, Fate.UNSENT)
        self._outstanding.clear()
        self._unsent.clear()

    # Time.

    def _tick(self) -> None:
        self._ticker = self._loop.call_later(min(TICK_S, self._profile.response_timeout_s / 4), self._tick)
        now, timeout = self._loop.time(), self._profile.response_timeout_s
        self._look_at_overdue(now)
        self._recall(queued_before=now - timeout / 2)
        while self._remembered and next(iter(self._remembered.values())).at + REMEMBERED_S <= now:
            self._remembered.popitem(last=False)
        if self._half_since is not None and self._half_since + timeout <= now:
            self.abort("half a PDU, and not the rest of it")
        elif self._enquired_at is not None:
            if self._enquired_at + timeout <= now:
                self.abort("no answer to enquire_link")
        elif self.state is State.BOUND and self._wants_a_sign_of_life(now):
            self._enquire(now)

    def _look_at_overdue(self, now: float) -> None:
        """Give up what the SMSC has not answered for long though it lives. While it does not live, its enquire_link
        ends the connection sooner: what was sent over a dead one is sent again over another."""
        patience = self._profile.response_timeout_s * GIVEN_UP_TIMEOUTS
        if self._enquired_at is not None:
            return
        given_up = [sequence for sequence, sent in self._outstanding.items() if sent.at + patience <= now]
        for sequence in given_up:
            self._given_up[sequence] = sent = self._outstanding.pop(sequence)
            if not sent.in_flight.has_ended:
                sent.in_flight.is_given_up = True
                self._end_in_flight(sent.in_flight, Fate.UNKNOWN)
        while len(self._given_up) > GIVEN_UP_MAX:
            self._given_up.popitem(last=False)
        if given_up:
            self._fill_window()

    def _wants_a_sign_of_life(self, now: float) -> bool:
        """True if nothing was heard for long, a submit is overdue, or acknowledgements wait for a proof that they were
        read."""
        timeout = self._profile.response_timeout_s
        if self._heard_at + self._profile.enquire_link_s <= now:
            return True
        if self._unproven_since is not None and self._unproven_since + timeout <= now:
            return True
        due = (sent.at + timeout for sent in self._outstanding.values())
        return any(self._last_enquiry_at < at <= now for at in due)

    def _enquire(self, now: float) -> None:
        self._enquired_at = self._last_enquiry_at = now
        sequence = self._next_sequence()
        self._enquiry = sequence, self._requests
        self._send(build_plain(codes.ENQUIRE_LINK, sequence))

    # Octets.

    def _next_sequence(self) -> int:
        """Of the request that is written next."""
        self._requests += 1
        self._unproven_since = None  # the response to this one will be the proof
        self._sequence = self._sequence % SEQUENCE_MAX + 1
        return self._sequence

    def _send(self, pdu: bytes) -> None:
        """Gather what one turn of the event loop has to say into one write."""
        if not self._out:
            self._loop.call_soon(self._flush)
        if self._log is not None:
            self._log.sent(pdu)
        self._out.append(pdu)

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing() or not self._out:
            self._out.clear()
            return
        self._transport.write(b"".join(self._out))
        self._out.clear()
        if self._transport.get_write_buffer_size() > UNREAD_OCTETS_MAX:
            self.abort("the operator does not read")

    def _close(self, reason: str) -> None:
        """Close, once what was written is read; one that does not read is left after the response timeout."""
        self._reason = reason
        if self._transport is not None and self._closer is None:
            self._closer = self._loop.call_later(self._profile.response_timeout_s, self._transport.abort)
            self._transport.close()


def _template(profile: Profile, number: str) -> SubmitTemplate:
    return SubmitTemplate(
        source=number,
        source_ton=profile.source_ton,
        source_npi=profile.source_npi,
        dest_ton=profile.dest_ton,
        dest_npi=profile.dest_npi,
        service_type=profile.service_type,
        protocol_id=profile.protocol_id,
        priority=profile.priority,
    )


class _Remembered:
    """A deliver_sm and its outcome."""

    __slots__ = ("answers_due", "at", "fingerprint", "status")

    def __init__(self, fingerprint: int, at: float) -> None:
        self.fingerprint = fingerprint
        self.at = at
        self.status: int | None = None
        self.answers_due = 1


class _InFlight:
    """A submission on its way."""

    __slots__ = ("has_ended", "is_given_up", "message_id", "queued_at", "remaining", "sent_at", "submission")

    def __init__(self, submission: Submission, remaining: int, queued_at: float) -> None:
        self.submission = submission
        self.remaining = remaining
        self.queued_at = queued_at
        self.sent_at = 0.0
        self.message_id = ""
        self.has_ended = False
        self.is_given_up = False


class _Sent(NamedTuple):
    """A submit_sm that left. `number` counts our requests on this connection."""

    in_flight: _InFlight
    is_last: bool
    at: float
    number: int
