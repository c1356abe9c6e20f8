"""A real Asterisk beside the demo, where one is installed (`deploy/asterisk/install var/asterisk`)."""

import asyncio
import os
import shutil
import socket
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Final, NamedTuple

_SCRIPTS: Final = Path(__file__).parents[2] / "deploy" / "asterisk"
_INSTALLED: Final = Path(__file__).parents[2] / "var" / "asterisk"
_LIMIT_S: Final = 60.0
_SPEAKERS: Final = ("espeak-ng", "sox")
_HOST: Final = "127.0.0.1"
_RTP_PORTS: Final = 200


class Ports(NamedTuple):
    """Free ports for Asterisk: for calls, its manager and the line's FastAGI; `rtp` is the first of two hundred."""

    sip: int
    ami: int
    agi: int
    rtp: int


class Exchange:
    """One instance of Asterisk with its state in a folder. `address` is what a softphone calls."""

    def __init__(self, folder: Path, sounds: Path, line_number: str) -> None:
        self.ports = _free_ports()
        self.sounds = sounds
        self.address = f"sip:{line_number}@{_HOST}:{self.ports.sip}"
        self._environment = {
            "STATE": str(folder),
            "SOUNDS": str(sounds),
            "LINE_NUMBER": line_number,
            "SIP_PORT": str(self.ports.sip),
            "AMI_PORT": str(self.ports.ami),
            "AGI_ADDRESS": f"{_HOST}:{self.ports.agi}",
            "RTP_START": str(self.ports.rtp),
            "RTP_END": str(self.ports.rtp + _RTP_PORTS),
        }

    async def start(self) -> str | None:
        """Returns when calls are taken, or, as one line, why none can be."""
        if not (_INSTALLED / "root").exists():
            return "no Asterisk; run: deploy/asterisk/install var/asterisk"
        if lacking := [program for program in _SPEAKERS if not shutil.which(program)]:
            return f"no speech; run: apt-get install --no-install-recommends {' '.join(lacking)}"
        await self._run("stop")  # what a demo that was killed left running has other ports
        return await self._run("start")

    async def stop(self) -> None:
        await self._run("stop")

    async def _run(self, order: str) -> str | None:
        """Its complaint, None where there is none."""
        process = await asyncio.create_subprocess_exec(
            *(_SCRIPTS / "run", _INSTALLED, order),
            env={**os.environ, **self._environment},
            stdout=PIPE,
            stderr=PIPE,
        )
        async with asyncio.timeout(_LIMIT_S):
            _, errors = await process.communicate()
        return " ".join(errors.decode(errors="replace").split()) if process.returncode else None


def _free_ports() -> Ports:
    kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM)
    probes = [socket.socket(socket.AF_INET, kind) for kind in kinds]
    try:
        for probe in probes:
            probe.bind((_HOST, 0))
        sip, ami, agi, rtp = (probe.getsockname()[1] for probe in probes)
    finally:
        for probe in probes:
            probe.close()
    # Pairs of ports from an even one on, and none beyond the last.
    return Ports(sip, ami, agi, min(rtp, 65_535 - _RTP_PORTS) & ~1)
