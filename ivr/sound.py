"""Sounds as Asterisk plays them without any change: raw A-law of 8 kHz, in whole frames."""

import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from ivr.programs import RenderFailed, output_of

_SUFFIX: Final = ".alaw"
_OCTETS_PER_S: Final = 8000
_FRAME_OCTETS: Final = 160  # 20 ms
_SILENCE: Final = b"\xd5"  # G.711: A-law of 0
_SHORTEST_S: Final = 0.04

_TRIMMED: Final = "silence 1 0.02 0.3%"
_FROM: Final = f"trim 0 120 highpass 200 lowpass 3600 rate 8000 {_TRIMMED} reverse {_TRIMMED} reverse"
_SLOWLY: Final = "tempo -s 0.75"
_TO: Final = "gain -n -4"

RECIPE: Final = f"{_FROM} [{_SLOWLY}] {_TO}"
"""What sox does to every sound; a sound made by another recipe is out of date."""

_serial = count()


class Pauses(NamedTuple):
    """Silence before and after a sound, in seconds."""

    before_s: float
    after_s: float


WITHIN: Final = Pauses(0.02, 0.06)
"""Around words in the middle of a sentence."""


class Sound(NamedTuple):
    """The same words at the usual pace and slowly."""

    usual: bytes
    slow: bytes


def pauses(text: str) -> Pauses:
    """A capital letter begins a sentence. A full stop or colon ends one, a comma makes a short break."""
    after_s = {".": 0.3, ":": 0.3, ",": 0.2}.get(text[-1], WITHIN.after_s)
    return Pauses(0.2 if text[0].isupper() else WITHIN.before_s, after_s)


async def sound_of(recording: Path, around: Pauses, limit_s: float) -> Sound:
    """A sound file of any kind that sox reads, of up to 120 s. Raises RenderFailed."""
    return Sound(
        await _alaw(recording, f"{_FROM} {_TO}", around, limit_s),
        await _alaw(recording, f"{_FROM} {_SLOWLY} {_TO}", around, limit_s),
    )


def twin(stem: Path) -> Path:
    """Where the slow twin of a sound lies, with or without suffix."""
    return stem.parent / "slow" / stem.name


def file_of(stem: Path) -> Path:
    return stem.with_name(stem.name + _SUFFIX)


def is_there(stem: Path) -> bool:
    """True if both paces lie there."""
    return all(path.is_file() and path.stat().st_size for path in (file_of(stem), file_of(twin(stem))))


def write_sound(sound: Sound, stem: Path) -> None:
    """Write both paces. A call that plays the file hears the old or the new one whole. Raises OSError."""
    twin(stem).parent.mkdir(parents=True, exist_ok=True)
    write_whole(file_of(twin(stem)), sound.slow)
    write_whole(file_of(stem), sound.usual)


def write_whole(path: Path, octets: bytes) -> None:
    """Write a file beside its place, then put it there. Raises OSError.

    Without fsync a power cut may leave the name on an empty file, which would be taken for a sound for ever.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}-{next(_serial)}")
    try:
        with beside.open("wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


async def _alaw(recording: Path, effects: str, around: Pauses, limit_s: float) -> bytes:
    target = ("-t", "al", "-r", str(_OCTETS_PER_S), "-c", "1", "-")
    said = await output_of(("sox", "-V1", "-D", str(recording), *target, *effects.split()), b"", limit_s)
    if len(said) < _SHORTEST_S * _OCTETS_PER_S:
        raise RenderFailed("nothing is heard")
    octets = _silence(around.before_s) + said + _silence(around.after_s)
    return octets + _SILENCE * (-len(octets) % _FRAME_OCTETS)


def _silence(seconds: float) -> bytes:
    return _SILENCE * round(seconds * _OCTETS_PER_S)
