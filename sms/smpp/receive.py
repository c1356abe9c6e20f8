"""Receiving over one bind: messages go to the desk, and their answers back once they are committed."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from core.conversation.answers import Committed, Outcome, Temporary
from core.outbox.connections import Connection
from sms.smpp import codes
from sms.smpp.decode import Decoder
from sms.smpp.delayed_nacks import DelayedNacks
from sms.smpp.junk import JunkLog
from sms.smpp.profile import Profile
from sms.smpp.services import Services

Answer = Callable[[int], int]

_IN_HAND_POLL_S: Final = 0.01


class Receiver:
    """Hands each message to the desk and answers it. `connection` is set while there is a connection."""

    def __init__(self, profile: Profile, decoder: Decoder, services: Services) -> None:
        self.connection: Connection | None = None
        self._profile = profile
        self._decoder = decoder
        self._services = services
        self._delayed_nacks = DelayedNacks()
        self._junk = JunkLog(profile.name)
        self._in_hand = 0
        self._turning_away = False

    def delivered(self, pdu: bytes, answer: Answer) -> None:
        connection = self.connection
        if self._turning_away or connection is None:
            answer(self._profile.temporary_status)
            return
        arrival = self._decoder.take(pdu, connection.id)
        if arrival.delivery is not None:
            self._in_hand += 1
            self._services.deliveries.submit(arrival.delivery, partial(self._receipt_done, answer))
            return
        if arrival.request is None:
            answer(codes.ESME_ROK)
            return
        if self._profile.numbers and self._profile.texted(arrival.request.destination) is None:
            # Of another line on the same bind: to act for it would answer in the wrong name.
            self._junk.say("a message to a number that is not ours")
            answer(self._profile.permanent_status)
            return
        committed_status = self._profile.permanent_status if arrival.is_broken else codes.ESME_ROK

        def done(outcome: Outcome) -> None:
            self._in_hand -= 1
            # Called after the commit, never before: with status 0 the network forgets the message.
            if not isinstance(outcome, Committed):
                self._refuse(answer)
            elif requests_before := answer(committed_status):
                connection.answered(outcome.request_id, requests_before)

        self._in_hand += 1
        self._services.desk.submit(arrival.request, done)

    def turn_away(self) -> None:
        """From now on every new message gets the temporary status: the network keeps it."""
        self._turning_away = True
        self._delayed_nacks.release()

    async def until_nothing_in_hand(self) -> None:
        """The desk ends each request sooner or later."""
        while self._in_hand:  # noqa: ASYNC110  # an event would be set and cleared for each message
            await asyncio.sleep(_IN_HAND_POLL_S)

    def _receipt_done(self, answer: Answer, fault: Temporary | None) -> None:
        self._in_hand -= 1
        if fault is None:
            answer(codes.ESME_ROK)
        else:
            self._refuse(answer)

    def _refuse(self, answer: Answer) -> None:
        if self._turning_away:
            answer(self._profile.temporary_status)
        else:
            self._delayed_nacks.hold(lambda: answer(self._profile.temporary_status))
