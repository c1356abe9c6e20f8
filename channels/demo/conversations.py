"""Texts of the demo's phone, number by number, kept in memory and bounded."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final, Literal, NamedTuple

from core.domain.clock import Clock, Instant

NUMBERS_MAX: Final = 100  # the number that was silent for longest gives way
MESSAGES_MAX: Final = 100  # of one number; the oldest gives way
WATCHERS_MAX: Final = 20  # pages open at one time

State = Literal["sending", "delivered", "failed"]


class TooManyWatchers(Exception):
    """`WATCHERS_MAX` pages are open."""


class Message(NamedTuple):
    """One bubble. `state` is that of an own message, None for an answer of the line; `version` grows with each change
    of any message."""

    id: int
    text: str
    at: Instant
    state: State | None
    version: int


class Conversations:
    """All conversations, and the events that wake the pages which show them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counter = count(1)
        self._of: OrderedDict[str, OrderedDict[int, Message]] = OrderedDict()
        self._watchers: set[asyncio.Event] = set()
        self.closed = False

    def send(self, number: str, text: str) -> Message:
        """An own message, on its way, at the end of the number's conversation."""
        return self._add(number, text, "sending")

    def answer(self, number: str, text: str) -> None:
        """An answer of the line at the end of the number's conversation."""
        self._add(number, text, None)

    def settle(self, number: str, message_id: int, state: State) -> None:
        """Give an own message its new state; one that has given way already stays away."""
        conversation = self._of.get(number, OrderedDict())
        if message_id in conversation:
            conversation[message_id] = conversation[message_id]._replace(state=state, version=next(self._counter))
        self.wake()

    def since(self, number: str, version: int) -> list[Message]:
        """The number's messages that are newer, or changed later, than this version; oldest first."""
        return [message for message in self._of.get(number, {}).values() if message.version > version]

    @contextmanager
    def watching(self) -> Iterator[asyncio.Event]:
        """An event that is set at each change. Raises `TooManyWatchers`."""
        if len(self._watchers) >= WATCHERS_MAX:
            raise TooManyWatchers
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            yield changed
        finally:
            self._watchers.discard(changed)

    def close(self) -> None:
        """Let every page's stream end."""
        self.closed = True
        self.wake()

    def wake(self) -> None:
        for changed in self._watchers:
            changed.set()

    def _add(self, number: str, text: str, state: State | None) -> Message:
        version = next(self._counter)
        message = Message(version, text, self._clock(), state, version)
        conversation = self._of.setdefault(number, OrderedDict())
        self._of.move_to_end(number)
        conversation[message.id] = message
        if len(conversation) > MESSAGES_MAX:
            conversation.popitem(last=False)
        if len(self._of) > NUMBERS_MAX:
            self._of.popitem(last=False)
        self.wake()
        return message
