"""A folder of sounds and what is asked of the speech program."""

from datetime import datetime
from pathlib import Path

from core.domain.clock import ISTANBUL, Instant, from_datetime
from ivr.prompts import Built, Prompts
from ivr.speaker import Speaker

NOW = from_datetime(datetime(2026, 11, 23, 14, 5, tzinfo=ISTANBUL))
BROKEN = Speaker(("false", "{file}"))


class Studio:
    """Prompts over one folder, each time as after a restart. Says with the real espeak-ng and notes each text."""

    def __init__(self, folder: Path) -> None:
        self.sounds = folder / "sounds"
        self._log = folder / "said"
        script = f'echo "$3" >> {self._log}; exec espeak-ng -v "$1" -s 140 -w "$2" -- "$3"'
        self.speaker = Speaker(("sh", "-c", script, "sh", "{language}", "{file}", "{text}"))

    def prompts(self, speaker: Speaker | None = None, number: str = "3338", now: Instant = NOW) -> Prompts:
        return Prompts(self.sounds, speaker or self.speaker, number, lambda: now)

    async def build(self, speaker: Speaker | None = None, number: str = "3338", now: Instant = NOW) -> Built:
        return await self.prompts(speaker, number, now).build(lambda done: None)

    def said(self) -> list[str]:
        """What was asked for since the last time, in order of the alphabet."""
        if not self._log.exists():
            return []
        said = sorted(self._log.read_text().splitlines())
        self._log.unlink()
        return said

    def file(self, stem: str) -> Path:
        """`tr/welcome`, or what `files` gave."""
        return self.sounds / f"{stem}.alaw"

    def octets(self, stem: str) -> bytes:
        return self.file(stem).read_bytes()

    def times(self) -> dict[str, int]:
        return {str(path.relative_to(self.sounds)): path.stat().st_mtime_ns for path in self.sounds.rglob("*.alaw")}
