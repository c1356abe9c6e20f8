"""The parts of the service that run side by side."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from core.domain.metrics import WORK_DONE
from core.store.errors import StoreError

_log = structlog.get_logger(component="service")


class SupervisedTasks:
    """Named tasks. One that fails (`failed`) ends the process by SIGTERM."""

    def __init__(self) -> None:
        self.failed: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def spawn(self, work: Awaitable[None], name: str) -> asyncio.Task[None]:
        async def guarded() -> None:
            try:
                await work
            except Exception:  # noqa: BLE001  # whatever it is, it is named and the process ends
                # A part that ends by an error of ours leaves the line half alive: end all of it, the supervisor
                # starts it anew, and what was accepted is in the store.
                _log.critical("a part of the service failed", part=name, exc_info=True)
                self.failed = name
                signal.raise_signal(signal.SIGTERM)

        task = asyncio.create_task(guarded(), name=name)
        self._tasks.append(task)
        return task

    def repeat(
        self, work: Callable[[], Awaitable[None]], name: str, pause_s: float, early: asyncio.Event | None = None
    ) -> None:
        """Do it again and again until `stop_repeating`; before the pause is over when `early` is set. What the store or
        a file refuses is logged, and tried again."""
        self.spawn(self._repeat(work, name, pause_s, early or asyncio.Event()), name)

    def stop_repeating(self) -> None:
        """Let what is repeated now be the last."""
        self._stopping = True

    async def cancel(self) -> None:
        """End all that still run."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _repeat(
        self, work: Callable[[], Awaitable[None]], name: str, pause_s: float, early: asyncio.Event
    ) -> None:
        while not self._stopping:
            early.clear()
            try:
                await work()
                WORK_DONE.labels(name).set_to_current_time()
            except (StoreError, OSError) as error:
                if not self._stopping:
                    _log.error("periodic work failed", reason=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await early.wait()
