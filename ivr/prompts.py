"""Sound files for what the line says: built ahead for the catalog, rendered when first said for the rest.

<sounds>/tr/main-menu.alaw          a prompt of the catalog, hyphens for its dots; its slow twin in tr/slow/
<sounds>/recorded/tr/main-menu.wav  a recording, which wins over the text
<sounds>/names/                     brands, counts and days
<sounds>/manifest.json              what each prompt was made from
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, assert_never

import structlog

from core.conversation.requests import Language
from core.domain.clock import Clock, day_of, system_clock
from core.domain.text import key
from ivr import numerals
from ivr.manifest import Manifest, from_recording, from_text
from ivr.programs import RenderFailed
from ivr.pronounce import spoken
from ivr.sound import is_there, pauses, sound_of, twin, write_sound
from ivr.sound_cache import SoundCache
from ivr.speaker import Speaker
from ivr.speech import Counted, Dated, Fixed, Named, Part, Spelled
from ivr.texts.catalog import Line, catalog

WAIT_S: Final = 2.0
COUNTS_AHEAD: Final = 20
DAYS_AHEAD: Final = 14  # three business days around the longest holiday
_AT_ONCE: Final = 2
_LIMIT_S: Final = 60.0  # for each program of a build

_log = structlog.get_logger(component="ivr")


class Built(NamedTuple):
    """Counts of the prompts that were made, and of those that stayed as they were."""

    built: int
    unchanged: int

    def __str__(self) -> str:
        return f"built={self.built} unchanged={self.unchanged}"


class Prompts:
    """The sounds of one line in one folder. `close` it when done."""

    def __init__(self, sounds: Path, speaker: Speaker, line_number: str, clock: Clock = system_clock) -> None:
        self._sounds = sounds.absolute()
        self._speaker = speaker
        self._clock = clock
        self._catalogs = {language: catalog(language, line_number) for language in Language}
        self._stems = {
            language: {name: self._stem(language, name) for name in self._catalogs[language]} for language in Language
        }
        self._kept = SoundCache(self._sounds / "names", speaker)

    async def files(self, parts: Sequence[Part], language: Language, *, slow: bool = False) -> list[str]:
        """The files to play in order, named from the folder on without suffix, within `WAIT_S`.

        A name, count or day that cannot be rendered by then is spelled by its digits. Raises KeyError for a prompt
        that no catalog has.
        """
        until = asyncio.get_running_loop().time() + WAIT_S
        found = await asyncio.gather(*[self._said(part, language, until) for part in parts])
        files = [
            twin(stem) if slow or (isinstance(part, Spelled) and part.slowly) else stem
            for part, stems in zip(parts, found, strict=True)
            for stem in stems
        ]
        return [str(file.relative_to(self._sounds)) for file in files]

    def missing(self) -> list[str]:
        """Prompts of the catalogs that are not built, like `tr/main.menu`."""
        return [
            f"{language}/{name}"
            for language, stems in self._stems.items()
            for name, stem in stems.items()
            if not is_there(stem)
        ]

    @property
    def total(self) -> int:
        """The number of steps of a build."""
        return len(list(self._jobs(Manifest(self._sounds))))

    async def build(self, progress: Callable[[int], None]) -> Built:
        """Make what is not there or has changed; `progress` is told how many of `total` are done.

        Raises RenderFailed or OSError; what was made until then stays.
        """
        await asyncio.to_thread(self._sounds.mkdir, parents=True, exist_ok=True)
        manifest = Manifest(self._sounds)
        jobs, made = self._jobs(manifest), list[bool]()

        async def work() -> None:
            for job in jobs:
                made.append(await job())
                progress(len(made))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_AT_ONCE):
                    group.create_task(work())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            manifest.write()
        return Built(sum(made), len(made) - sum(made))

    async def close(self) -> None:
        """Stop what is being rendered."""
        await self._kept.close()

    async def _said(self, part: Part, language: Language, until: float) -> list[Path]:
        match part:
            case Fixed(prompt):
                return [self._stems[language][prompt]]
            case Spelled(text):
                return self._spelled(text, language)
            case Named(brand):
                name = spoken(brand)
                line, digits = Line(name, Language.TR) if name else None, brand.code
            case Counted(brands):
                line, digits = _counted(brands, language) if brands <= numerals.NUMBER_MAX else None, str(brands)
            case Dated(day):
                line, digits = _dated(day, language), f"{day:%d%m}"
            case _:
                assert_never(part)
        return await self._rendered(line, until) or self._spelled(digits, language)

    async def _rendered(self, line: Line | None, until: float) -> list[Path]:
        if line is None:
            return []
        try:
            async with asyncio.timeout_at(until):
                return [await self._kept.get(line)]
        except TimeoutError:
            _log.warning("a sound was not rendered in time", text=line.text)
        except (RenderFailed, OSError) as error:
            _log.warning("a sound could not be rendered", text=line.text, reason=str(error))
        return []

    def _spelled(self, text: str, language: Language) -> list[Path]:
        """Letters of other alphabets are left out."""
        stems = self._stems[language]
        names = [f"digit.{sign}" if sign.isdigit() else f"letter.{sign}" for sign in key(text)]
        return [stems[name] for name in names if name in stems]

    def _jobs(self, manifest: Manifest) -> Iterator[Callable[[], Awaitable[bool]]]:
        today = day_of(self._clock())
        for language, lines in self._catalogs.items():
            for name, line in lines.items():
                yield partial(self._build, manifest, self._stems[language][name], line)
            for brands in range(1, COUNTS_AHEAD + 1):
                yield partial(self._keep, _counted(brands, language))
            for days in range(1, DAYS_AHEAD + 1):
                yield partial(self._keep, _dated(today + timedelta(days), language))

    async def _build(self, manifest: Manifest, stem: Path, line: Line) -> bool:
        """True if it had to be made."""
        around = pauses(line.text)
        place = stem.relative_to(self._sounds)
        recording = self._sounds / "recorded" / place.with_suffix(".wav")
        recorded = recording.exists()
        made_from = from_recording(recording, around) if recorded else from_text(line, around, self._speaker)
        if manifest.has(str(place), made_from) and is_there(stem):
            return False
        if recorded:
            sound = await sound_of(recording, around, _LIMIT_S)
        else:
            sound = await self._speaker.say(line, around, _LIMIT_S)
        await asyncio.to_thread(write_sound, sound, stem)
        manifest.note(str(place), made_from)
        return True

    async def _keep(self, line: Line) -> bool:
        """True if it had to be made."""
        if self._kept.find(line):
            return False
        await self._kept.get(line)
        return True

    def _stem(self, language: Language, name: str) -> Path:
        return self._sounds / language / name.replace(".", "-")


def _counted(brands: int, language: Language) -> Line:
    return Line(numerals.brands(brands, language), language)


def _dated(day: date, language: Language) -> Line:
    return Line(numerals.day(day, language), language)
