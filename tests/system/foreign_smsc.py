"""SMSCs that are not ours, as processes: orders in, what they saw out."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, ClassVar, Final, Self

_TESTS: Final = Path(__file__).parents[1]
_LIMIT_S: Final = 20.0


class ForeignSmsc:
    """Keeps what it hears until somebody waits for it, by kind."""

    program: ClassVar[tuple[str, Path]]

    def __init__(self, process: Process) -> None:
        self._process = process
        self._heard: dict[str, asyncio.Queue[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, system_id: str = "izinhatti", password: str = "secret") -> Self:
        return cls(await asyncio.create_subprocess_exec(*cls.program, system_id, password, stdin=PIPE, stdout=PIPE))

    async def hear(self, kind: str) -> Any:
        async with asyncio.timeout(_LIMIT_S):
            return await self._queue(kind).get()

    def has_heard(self, kind: str) -> bool:
        return not self._queue(kind).empty()

    async def order(self, **order: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()

    async def deliver(self, source: str, octets: bytes, data_coding: int = 0, esm_class: int = 0) -> int:
        """The status of the deliver_sm_resp."""
        await self.order(
            deliver={
                "source_addr": source,
                "source_addr_ton": 1,
                "source_addr_npi": 1,
                "destination_addr": "3338",
                "data_coding": data_coding,
                "esm_class": esm_class,
                "short_message": octets.hex(),
            }
        )
        return int(await self.hear("delivered"))

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    def _queue(self, kind: str) -> asyncio.Queue[Any]:
        return self._heard.setdefault(kind, asyncio.Queue())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            for kind, value in json.loads(line).items():
                self._queue(kind).put_nowait(value)


class NodeSmsc(ForeignSmsc):
    """On node-smpp."""

    program = "node", _TESTS / "node" / "smsc.js"


class PerlSmsc(ForeignSmsc):
    """On Debian's Net::SMPP."""

    program = "perl", _TESTS / "perl" / "smsc.pl"
