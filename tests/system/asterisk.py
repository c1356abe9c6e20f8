"""A real Asterisk of one's own: the install of scripts/test-needs, run by deploy/asterisk/run on free ports."""

import asyncio
import os
import random
import socket
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
INSTALLED: Final = ROOT / "var/asterisk"
RUN: Final = ROOT / "deploy/asterisk/run"
LIMIT_S: Final = 60.0
_RTP_PORTS: Final = 400
_RTP_FROM: Final = range(10_000, 32_000, _RTP_PORTS)  # below the ports that the kernel gives out


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Asterisk:
    """One instance, with all that it holds below `state`; several run side by side."""

    line_number = "3338"
    ami_user = "izinhatti"
    ami_secret = "secret"

    def __init__(self, state: Path, sounds: Path, agi_address: str, **settings: str) -> None:
        self.state = state
        self.sounds = sounds
        self.agi_address = agi_address
        self.sip_port = free_port()
        self.ami_port = free_port(socket.SOCK_STREAM)
        self.rtp_start = random.choice(_RTP_FROM)
        self._settings = settings

    @property
    def environment(self) -> dict[str, str]:
        return {
            "STATE": str(self.state),
            "SOUNDS": str(self.sounds),
            "AGI_ADDRESS": self.agi_address,
            "SIP_PORT": str(self.sip_port),
            "AMI_PORT": str(self.ami_port),
            "AMI_USER": self.ami_user,
            "AMI_SECRET": self.ami_secret,
            "RTP_START": str(self.rtp_start),
            "RTP_END": str(self.rtp_start + _RTP_PORTS - 1),
            "LINE_NUMBER": self.line_number,
            **self._settings,
        }

    @property
    def log(self) -> str:
        """Notices, warnings and errors since its state is there."""
        return (self.state / "log/messages").read_text()

    async def run(self, verb: str, settings: Mapping[str, str] | None = None, folder: Path = INSTALLED) -> Ran:
        process = await asyncio.create_subprocess_exec(
            RUN, folder, verb, stdout=PIPE, stderr=PIPE, env={**os.environ, **self.environment, **(settings or {})}
        )
        async with asyncio.timeout(LIMIT_S):
            out, err = await process.communicate()
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def start(self) -> None:
        result = await self.run("start")
        assert result.code == 0, result.err

    async def stop(self) -> None:
        """Running calls end."""
        result = await self.run("stop")
        assert result.code == 0, result.err

    async def restart(self) -> None:
        await self.stop()
        await self.start()


@asynccontextmanager
async def running(state: Path, sounds: Path, agi_address: str, **settings: str) -> AsyncIterator[Asterisk]:
    """A started Asterisk; `settings` are more of the environment of deploy/asterisk/run, WATCHDOG for one."""
    asterisk = Asterisk(state, sounds, agi_address, **settings)
    await asterisk.start()
    try:
        yield asterisk
    finally:
        await asterisk.stop()
