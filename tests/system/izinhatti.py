"""The program as its users run it: `izinhatti` in a process of its own."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import IO, Any, NamedTuple

_LIMIT_S = 30.0
PROGRAM = Path(sys.executable).parent / "izinhatti"


class Result(NamedTuple):
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


async def spawn(
    folder: Path,
    *arguments: str,
    environment: dict[str, str] | None = None,
    stdout: int | IO[bytes] = PIPE,
    stderr: int | IO[bytes] = PIPE,
) -> Process:
    """Start a command in a folder that holds `izinhatti.toml`."""
    return await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        cwd=folder,
        stdout=stdout,
        stderr=stderr,
        env={**os.environ, **(environment or {})},
    )


async def run(folder: Path, *arguments: str) -> Result:
    process = await spawn(folder, *arguments)
    async with asyncio.timeout(_LIMIT_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Result(process.returncode, out.decode(), err.decode())
