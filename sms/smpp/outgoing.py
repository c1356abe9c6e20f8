"""Sending over one bind: messages become submits, and the answers to these become marks in the outbox."""

import asyncio
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Final

import structlog
from prometheus_client import Counter

from core.domain.clock import Instant
from core.domain.metrics import BIND_THROTTLED, BIND_UNKNOWN, SUBMITS
from core.outbox.outbox import OutboxMessage
from sms.gsm.errors import TextTooLong
from sms.gsm.segments import split
from sms.smpp import codes, pace
from sms.smpp.delivery import normal_id
from sms.smpp.profile import Profile, Validity
from sms.smpp.refusals import Refusals
from sms.smpp.services import Services
from sms.smpp.session import Fate, Session, Submission
from sms.smpp.statuses import Fault, fault_of

_REFERENCE: Final = 0xFFFF

_log = structlog.get_logger(component="sms")


class Outgoing:
    """Sends messages over the session that stands. `index` is the number of the bind among those of its operator."""

    def __init__(self, profile: Profile, index: int, services: Services, refusals: Refusals) -> None:
        self.pace = pace.Pace(profile.rate)
        self._profile = profile
        self._services = services
        self._refusals = refusals
        self._outbox_messages: dict[int, OutboxMessage] = {}
        self._count = lru_cache(maxsize=256)(self._counter)
        self._throttled = BIND_THROTTLED.labels(profile.name, index)
        self._unknown = BIND_UNKNOWN.labels(profile.name, index)

    def send(self, outbox_message: OutboxMessage, session: Session) -> None:
        """Let a leased message leave, or say in the outbox why it cannot."""
        try:
            submission = self._submission(outbox_message, self._services.clock())
        except (TextTooLong, ValueError) as error:
            _log.error("a message cannot be sent", outbox=outbox_message.id, reason=str(error))
            self._services.outbox.dead_letter(outbox_message.id, str(error))
            return
        self._outbox_messages[outbox_message.id] = outbox_message
        session.submit(submission)

    def submitted(self, outbox_id: int, result: int | Fate, message_id: str) -> None:
        outbox_message, outbox = self._outbox_messages.pop(outbox_id, None), self._services.outbox
        if outbox_message is None:
            return  # its lease ran out, it was sent again, and that has ended: this is the first one's end
        if result == codes.ESME_ROK:
            self._refusals.taken()
            given = normal_id(message_id)
            outbox.accepted(outbox_id, self._profile.name, given)
            self._services.deliveries.accepted(self._profile.name, given)
        elif result is Fate.UNKNOWN:
            self._unknown.inc()
            outbox.unknown(outbox_message)
        elif result is Fate.UNSENT:
            outbox.release(outbox_message, 0, "not sent")
        else:
            self._refused(outbox_message, result)
        if isinstance(result, int):
            self._count(codes.status_label(result)).inc()
        self._services.writer.wake()

    def accepted_late(self, outbox_id: int, message_id: str) -> None:
        """The response to a submit whose fate was unknown: it counts while the message has not left again."""
        self._refusals.taken()
        given = normal_id(message_id)
        self._services.outbox.accepted_late(outbox_id, self._profile.name, given)
        self._services.deliveries.accepted(self._profile.name, given)
        self._services.writer.wake()

    def _submission(self, outbox_message: OutboxMessage, now: Instant) -> Submission:
        profile = self._profile
        segments = split(outbox_message.text, profile.reply_alphabet, outbox_message.id, profile.default_alphabet)
        validity = _validity(profile.validity, outbox_message.expires_at, now)
        return Submission(
            *(outbox_message.id, outbox_message.recipient[1:], segments, validity, outbox_message.id & _REFERENCE),
            partial(self._may_leave, outbox_message),
            profile.texted(outbox_message.source or "") or profile.line_number,
        )

    def _may_leave(self, outbox_message: OutboxMessage) -> bool:
        """True if it is still ours and still of use: this process may have stood still since it was leased."""
        return self._services.clock() < min(outbox_message.lease_until, outbox_message.expires_at)

    def _refused(self, outbox_message: OutboxMessage, status: int) -> None:
        name, profile = codes.status_name(status), self._profile
        fault = fault_of(status, profile.throttle_statuses, profile.message_statuses)
        if fault is Fault.THROTTLE:
            self._throttled.inc()
            loop = asyncio.get_running_loop()
            if self.pace.slow_down(loop.time()):
                rate = self.pace.rate(loop.time())
                _log.warning("told to slow down", operator=self._profile.name, status=name, rate=rate)
                loop.call_later(pace.PAUSE_S, self._try_again)
            self._services.outbox.release(outbox_message, round(pace.PAUSE_S * 1000), name)
        elif fault is Fault.MESSAGE:
            _log.warning(
                "a message was refused for good", operator=self._profile.name, outbox=outbox_message.id, status=name
            )
            self._services.outbox.dead_letter(outbox_message.id, name)
        else:
            self._refusals.refused(status, fault)
            self._services.outbox.keep(outbox_message, name)

    def _try_again(self) -> None:
        self._services.outbox.expect()
        self._services.writer.wake()

    def _counter(self, status: str) -> Counter:
        return SUBMITS.labels(self._profile.name, status)


def _validity(form: Validity, expires_at: Instant, now: Instant) -> str:
    """A message's end as the operator wants it (SMPP 3.4, 7.1.1); absolute times are UTC."""
    if form == "none":
        return ""
    if form == "absolute":
        return f"{datetime.fromtimestamp(expires_at / 1000, UTC):%y%m%d%H%M%S}000+"
    return _relative_time(max(1, (expires_at - now) // 1000))


@lru_cache(maxsize=1024)
def _relative_time(seconds: int) -> str:
    """SMPP's relative time format (7.1.1.2), at most 28 days: YYMMDDhhmmss000R."""
    days, seconds = divmod(seconds, 86_400)
    return f"0000{min(days, 28):02}{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}000R"
