"""Reading raw A-law sound, and making recordings."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

SILENCE = 0xD5
FRAME_OCTETS = 160


def linear(octet: int) -> int:
    """One sample by ITU-T G.711, table 1a, as 16 bits."""
    code = octet ^ 0x55
    segment, step = code >> 4 & 7, code & 15
    size = (step << 4) + 8 if segment == 0 else (step << 4) + 0x108 << segment - 1
    return size if code & 0x80 else -size


LINEAR = [linear(octet) for octet in range(256)]


def peak(octets: Iterable[int]) -> float:
    """0 to 1, which is full scale."""
    return max(abs(LINEAR[octet]) for octet in set(octets)) / 32768


def seconds(octets: bytes) -> float:
    return len(octets) / 8000


def record(path: Path, seconds: float, *effects: str, rate: int = 44100, channels: int = 2) -> Path:
    """A WAV file of a tone of so many seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = ("synth", str(seconds), "sine", "440")
    subprocess.run(["sox", "-V1", "-n", "-r", str(rate), "-c", str(channels), path, *tone, *effects], check=True)
    return path
