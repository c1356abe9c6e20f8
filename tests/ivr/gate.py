"""A speech program that the test holds back."""

import asyncio
from typing import Self

from ivr.sound import Pauses, Sound
from ivr.speaker import Speaker
from ivr.texts.catalog import Line

WAIT_S = 20.0


class Gate(Speaker):
    """Says nothing until it is opened, and counts what it was asked to say."""

    def __new__(cls) -> Self:
        return super().__new__(cls, ("gate",))

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self._begun = asyncio.Semaphore(0)
        self.said: list[str] = []
        self.fault: Exception | None = None
        self.running = self.most_at_once = 0

    async def say(self, line: Line, around: Pauses, limit_s: float) -> Sound:
        self.said.append(line.text)
        self.running += 1
        self.most_at_once = max(self.running, self.most_at_once)
        self._begun.release()
        try:
            await self.opened.wait()
        finally:
            self.running -= 1
        if self.fault is not None:
            raise self.fault
        return Sound(line.text.encode(), b"slow")

    async def begin(self, times: int) -> None:
        """Wait until so many more texts are being said."""
        async with asyncio.timeout(WAIT_S):
            for _ in range(times):
                await self._begun.acquire()
