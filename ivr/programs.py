"""Running another program to its end, within a time limit."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

_OF_DEBIAN: Final = frozenset({"espeak-ng", "sox"})  # programs with packages of the same name


class RenderFailed(Exception):
    """A sound could not be made; one line says why."""


async def output_of(command: Sequence[str], given: bytes, limit_s: float) -> bytes:
    """The program's standard output, when it is given this on its standard input.

    Raises RenderFailed: it is not there, ends with a fault, or does not end in time and is killed with its children.
    """
    name = command[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE if given else DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except FileNotFoundError:
        raise RenderFailed(_not_there(name)) from None
    except OSError as error:
        raise RenderFailed(f"{name}: {error.strerror}") from error
    try:
        async with asyncio.timeout(limit_s):
            output, errors = await process.communicate(given or None)
    except TimeoutError:
        await _kill(process)
        raise RenderFailed(f"{name}: does not end within {limit_s:g} s") from None
    except BaseException:
        await _kill(process)
        raise
    if process.returncode:
        said = errors.decode(errors="replace").strip().splitlines()
        raise RenderFailed(f"{name}: exit {process.returncode}{f': {said[-1]}' if said else ''}")
    return output


def _not_there(name: str) -> str:
    if name in _OF_DEBIAN:
        return f"{name} is not installed; run: apt-get install --no-install-recommends {name}"
    return f"{name}: no such program"


async def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
