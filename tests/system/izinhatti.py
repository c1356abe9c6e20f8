"""`izinhatti` in a process of its own, forked from one that has imported it: the processor's second that the imports
take is paid once, not by each command. Started as its users start it: `test_confined`, `test_demo_page`.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from channels.cli import main
from tests.system import launcher

_LIMIT_S: Final = 30.0
PROGRAM: Final = Path(sys.executable).parent / "izinhatti"


class Result(NamedTuple):
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Running:
    """A command that runs or has run, with what the tests use of asyncio's `Process`. It belongs to the event loop that
    it was made in."""

    def __init__(self, process: ForkServerProcess, outputs: Sequence[asyncio.StreamReader | None]) -> None:
        self._process = process
        self._outputs = outputs
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; -N for signal N."""
        return self._process.exitcode

    async def wait(self) -> None:
        await self._ended.wait()

    async def communicate(self) -> tuple[bytes, bytes]:
        """What was still to be read of standard output and standard error, once it has ended."""
        out, err = [await output.read() if output else b"" for output in self._outputs]
        await self.wait()
        return out, err

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._ended.set()


async def spawn(
    folder: Path,
    *arguments: str,
    stdout: int | IO[bytes] = PIPE,
    stderr: int | IO[bytes] = PIPE,
) -> Running:
    """Start a command in a folder that holds `izinhatti.toml`."""
    context = launcher.context()
    near: list[Connection | None] = []
    far: list[Connection] = []
    for output in (stdout, stderr):
        if output == PIPE:
            ours, theirs = context.Pipe(duplex=False)
            near.append(ours)
            far.append(theirs)
        else:
            near.append(None)
            far.append(Connection(os.dup(output if isinstance(output, int) else output.fileno()), readable=False))
    given = (folder, arguments, dict(os.environ), *far)
    process = context.Process(target=_main, args=given, daemon=True)
    await asyncio.to_thread(process.start)  # the first one waits for the imports
    for end in far:
        end.close()
    return Running(process, [await _reader(end) if end else None for end in near])


async def run(folder: Path, *arguments: str) -> Result:
    running = await spawn(folder, *arguments)
    async with asyncio.timeout(_LIMIT_S):
        out, err = await running.communicate()
    assert running.returncode is not None
    return Result(running.returncode, out.decode(), err.decode())


async def _reader(end: Connection) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(os.dup(end.fileno()), "rb")
    end.close()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


def _main(
    folder: Path, arguments: Sequence[str], environment: Mapping[str, str], stdout: Connection, stderr: Connection
) -> None:
    for number, output in enumerate((stdout, stderr), 1):
        os.dup2(output.fileno(), number)
        output.close()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["izinhatti", *arguments]
    main()
