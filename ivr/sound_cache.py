"""Sounds of what no catalog can list (names of brands, counts, days): rendered when first said, then kept."""

import asyncio
import hashlib
import os
from asyncio import Semaphore, Task
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ivr.programs import RenderFailed
from ivr.sound import RECIPE, WITHIN, file_of, twin, write_sound
from ivr.speaker import Speaker
from ivr.texts.catalog import Line

KEPT_MAX: Final = 20_000
AT_ONCE: Final = 2
WAITING_MAX: Final = 100  # more than this could not be rendered while a caller waits
_WAIT_S: Final = 2.0
_LIMIT_S: Final = 5.0  # for each program


class SoundCache:
    """A folder of sounds, at most `most` of them: from time to time the longest unused go, a twentieth at once."""

    def __init__(self, folder: Path, speaker: Speaker, most: int = KEPT_MAX) -> None:
        self._folder = folder
        self._speaker = speaker
        self._most = most
        self._step = max(1, most // 20)
        self._until_sweep = 0
        self._slots = Semaphore(AT_ONCE)
        self._making: dict[str, Task[None]] = {}

    def find(self, line: Line) -> Path | None:
        """Where the sound lies, without suffix, if it is there; it counts as used."""
        stem = self._stem(line)
        try:
            os.utime(file_of(stem))
        except FileNotFoundError:
            return None
        except PermissionError:  # `prompts build` was run by another user
            return stem
        return stem

    async def get(self, line: Line) -> Path:
        """Where the sound lies, without suffix; rendered now if need be, once for all who ask meanwhile.

        Raises RenderFailed, or OSError where it cannot be written. A caller who stops waiting does not stop it.
        """
        if found := self.find(line):
            return found
        stem = self._stem(line)
        making = self._making.get(stem.name)
        if making is None:
            if len(self._making) >= WAITING_MAX:
                raise RenderFailed("too many sounds wait to be rendered")
            making = asyncio.create_task(self._make(line, stem))
            self._making[stem.name] = making
            making.add_done_callback(lambda done: self._made(stem.name, done))
        await asyncio.wait([making])
        making.result()
        return stem

    async def close(self) -> None:
        """Stop what is being rendered."""
        making = list(self._making.values())
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)

    async def _make(self, line: Line, stem: Path) -> None:
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._slots.acquire()
        except TimeoutError:
            raise RenderFailed("the sounds before it take too long") from None
        try:
            sound = await self._speaker.say(line, WITHIN, _LIMIT_S)
            self._until_sweep -= 1
            if self._until_sweep < 0:
                self._until_sweep = self._step - 1
                await asyncio.to_thread(self._sweep)
            await asyncio.to_thread(write_sound, sound, stem)
        finally:
            self._slots.release()

    def _made(self, name: str, done: Task[None]) -> None:
        del self._making[name]
        if not done.cancelled():
            done.exception()  # seen, also where nobody waits any more

    def _sweep(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        room = self._step + AT_ONCE
        files = sorted(_times_of_use(self._folder))
        for _, name in files[: max(0, len(files) + room - self._most)]:
            usual = self._folder / name
            usual.unlink(missing_ok=True)
            twin(usual).unlink(missing_ok=True)

    def _stem(self, line: Line) -> Path:
        made_from = "\0".join((line.text, line.voice, *self._speaker.command, RECIPE))
        return self._folder / hashlib.sha256(made_from.encode()).hexdigest()[:32]


def _times_of_use(folder: Path) -> Iterator[tuple[int, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # another process swept it away
                if entry.is_file():
                    yield entry.stat().st_mtime_ns, entry.name
