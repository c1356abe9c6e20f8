"""The program that reads a text out: espeak-ng, or another one by the setting `ivr.speech_command`."""

import re
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple, Self

from ivr.programs import output_of
from ivr.sound import Pauses, Sound, sound_of
from ivr.texts.catalog import Line

_ESPEAK: Final = ("espeak-ng", "-v", "{language}", "-s", "140", "-w", "{file}", "--", "{text}")
_PLACEHOLDER: Final = re.compile(r"\{(\w*)\}")
_PLACEHOLDERS: Final = ("text", "language", "file")


class Speaker(NamedTuple):
    """A program that reads a text out into a WAV file, as a command with placeholders.

    `{file}` is the path of the WAV file, `{language}` is `tr` or `en`, `{text}` the text, which is given on standard
    input where the command does not have it. Each word of the command stays one argument; no shell is involved.
    """

    command: tuple[str, ...] = _ESPEAK

    @classmethod
    def parse(cls, command: str) -> Self:
        """Read the setting, "" for espeak-ng. Raises ValueError with one line that says what is wrong with it."""
        words = tuple(shlex.split(command))
        if not words:
            return cls()
        found = _PLACEHOLDER.findall(command)
        for name in found:
            if name not in _PLACEHOLDERS:
                raise ValueError(f"{{{name}}} is none of {{text}}, {{language}} and {{file}}")
        if "file" not in found:
            raise ValueError("must hold {file}, the WAV file to be written")
        return cls(words)

    async def say(self, line: Line, around: Pauses, limit_s: float) -> Sound:
        """The text read out, each program within the time limit. Raises RenderFailed."""
        with TemporaryDirectory() as folder:
            wav = Path(folder, "said.wav")
            values = {"text": line.text, "language": line.voice.value, "file": str(wav)}
            command = [_PLACEHOLDER.sub(lambda found: values[found[1]], word) for word in self.command]
            takes_text = any("{text}" in word for word in self.command)
            await output_of(command, b"" if takes_text else line.text.encode(), limit_s)
            return await sound_of(wav, around, limit_s)
