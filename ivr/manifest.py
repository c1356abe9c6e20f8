"""The sources of each built prompt, so that the next build makes only what has changed."""

import json
import shlex
from pathlib import Path
from typing import Final

from ivr.sound import RECIPE, Pauses, write_whole
from ivr.speaker import Speaker
from ivr.texts.catalog import Line

MadeFrom = dict[str, str]

_NAME: Final = "manifest.json"


class Manifest:
    """The file `manifest.json` beside the sounds; one that is missing or broken means that nothing is made yet."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._made = _read(self._path)

    def has(self, prompt: str, made_from: MadeFrom) -> bool:
        return self._made.get(prompt) == made_from

    def note(self, prompt: str, made_from: MadeFrom) -> None:
        self._made[prompt] = made_from

    def write(self) -> None:
        """Raises OSError."""
        write_whole(self._path, json.dumps(self._made, ensure_ascii=False, indent=1, sort_keys=True).encode())


def from_text(line: Line, around: Pauses, speaker: Speaker) -> MadeFrom:
    said = {"text": line.text, "voice": line.voice.value, "speech": shlex.join(speaker.command)}
    return said | _shape(around)


def from_recording(recording: Path, around: Pauses) -> MadeFrom:
    """Raises OSError."""
    seen = recording.stat()
    return {"octets": str(seen.st_size), "changed_ns": str(seen.st_mtime_ns)} | _shape(around)


def _shape(around: Pauses) -> MadeFrom:
    return {"pauses_s": f"{around.before_s:g} {around.after_s:g}", "recipe": RECIPE}


def _read(path: Path) -> dict[str, object]:
    try:
        made = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return made if isinstance(made, dict) else {}
