"""One operator: all of its binds, and the share of the outbox that leaves over them."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from core.outbox.outbox import OutboxMessage
from sms.smpp.binding import BackOff, Binding
from sms.smpp.decode import Decoder
from sms.smpp.profile import Profile
from sms.smpp.refusals import Refusals
from sms.smpp.services import Services

_WAKE_MIN_S: Final = 0.005  # a high rate frees its places one by one: they are taken together


class Operator:
    """The transport of its own outbox. `siblings` are all operators of this process; it may hold this one too."""

    def __init__(
        self,
        profile: Profile,
        decoder: Decoder,
        services: Services,
        siblings: Sequence["Operator"] = (),
        back_off: BackOff | None = None,
    ) -> None:
        self.name = profile.name
        self._refusals = Refusals(profile.name, asyncio.get_running_loop().time)
        self.binds = [
            Binding(profile, index, command, decoder, services, back_off or BackOff(), self._refusals)
            for index, command in enumerate(profile.commands, 1)
        ]
        self._services = services
        self._siblings = siblings
        self._waker: asyncio.TimerHandle | None = None

    @property
    def receives(self) -> bool:
        return any(bind.receives for bind in self.binds)

    @property
    def sends(self) -> bool:
        return any(bind.sends for bind in self.binds)

    @property
    def troubles(self) -> list[str]:
        """Why binds do not stand, a line each."""
        return [f"sms {self.name}: {bind.trouble}" for bind in self.binds if bind.trouble is not None]

    @property
    def refusal(self) -> str | None:
        """Why it takes none of our submits, a line; None while it does."""
        trouble = self._refusals.trouble
        return None if trouble is None else f"sms {self.name}: {trouble}"

    async def run(self) -> None:
        """Stay bound until `stop`."""
        async with asyncio.TaskGroup() as group:
            for bind in self.binds:
                group.create_task(bind.run())

    def turn_away(self) -> None:
        """From now on every new message gets the temporary status: the network keeps it."""
        for bind in self.binds:
            bind.turn_away()

    async def stop(self) -> None:
        """Await what is in hand and outstanding, unbind, and end `run`. At most three response timeouts."""
        await asyncio.gather(*(bind.stop() for bind in self.binds))

    def measure(self) -> None:
        for bind in self.binds:
            bind.measure()

    # The outbox's transport.

    def served_by_others(self) -> list[str]:
        """The operators that send the answers to their own messages themselves."""
        return [one.name for one in self._siblings if one is not self and one.sends]

    def capacity(self) -> int:
        room = sum(bind.room for bind in self.binds)
        if not room:
            self._wake_when_there_is_room()
        return room

    def send(self, outbox_messages: Sequence[OutboxMessage]) -> None:
        for outbox_message in outbox_messages:
            # A bind may have gone while the lease was written; then another bind, or another operator, has it next.
            bind = max((bind for bind in self.binds if bind.sends), key=lambda bind: bind.room, default=None)
            if bind is None:
                self._services.outbox.release(outbox_message, 0, "not sent")
            else:
                bind.send(outbox_message)

    def _wake_when_there_is_room(self) -> None:
        waits = [wait for bind in self.binds if (wait := bind.wait_s) is not None]
        if waits and self._waker is None:
            self._waker = asyncio.get_running_loop().call_later(max(_WAKE_MIN_S, min(waits)), self._woken)

    def _woken(self) -> None:
        self._waker = None
        self._services.outbox.expect()
        self._services.writer.wake()


def missing(operators: Iterable[Operator]) -> list[str]:
    """A line for each thing that this process lacks to receive and to send: one bind of each kind is enough, if what it
    sends is taken."""
    operators = list(operators)
    refusals = [one.refusal for one in operators if one.refusal is not None]
    if any(one.receives for one in operators) and any(one.sends for one in operators):
        return refusals
    return list(dict.fromkeys([*(trouble for one in operators for trouble in one.troubles), *refusals]))
