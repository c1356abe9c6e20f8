"""Other programs: their output, their faults, and their end."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from ivr.programs import RenderFailed, output_of

WAIT_S = 20.0


@pytest.fixture
def held(tmp_path: Path) -> Iterator[IO[bytes]]:
    """A pipe whose end comes when all processes are dead that have the file `held` open."""
    os.mkfifo(tmp_path / "held")
    with os.fdopen(os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as pipe:
        yield pipe


async def read_from(pipe: IO[bytes], octets: int) -> bytes:
    """Wait until there are so many octets, or the end."""
    os.set_blocking(pipe.fileno(), True)
    async with asyncio.timeout(WAIT_S):
        return await asyncio.to_thread(pipe.read, octets)


async def test_a_program_gets_its_input_and_gives_its_output() -> None:
    assert await output_of(["tr", "a-z", "A-Z"], b"abc", WAIT_S) == b"ABC"


async def test_a_program_without_input_reads_nothing() -> None:
    assert await output_of(["cat"], b"", WAIT_S) == b""


async def test_an_argument_stays_one_whatever_it_holds() -> None:
    said = "a b \"c\" 'd' $(e) `f` ; g | h\n-i"

    assert await output_of(["printf", "%s", said], b"", WAIT_S) == said.encode()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(["false"], "false: exit 1", id="exit code"),
        pytest.param(
            ["sh", "-c", "echo one >&2; echo two >&2; exit 3"], "sh: exit 3: two", id="last line of the error"
        ),
        pytest.param(["sh", "-c", "kill -9 $$"], "sh: exit -9", id="killed"),
        pytest.param(["no-such-program"], "no-such-program: no such program", id="not there"),
        pytest.param(["/etc"], "/etc: Permission denied", id="a folder"),
        pytest.param(["sleep", "60"], "sleep: does not end within 0.05 s", id="no end"),
    ],
)
async def test_a_fault_is_one_line(command: list[str], reason: str) -> None:
    with pytest.raises(RenderFailed) as failed:
        await output_of(command, b"", WAIT_S if command[0] != "sleep" else 0.05)

    assert str(failed.value) == reason


@pytest.mark.parametrize("program", ["espeak-ng", "sox"])
async def test_a_missing_program_names_its_package(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RenderFailed) as failed:
        await output_of([program], b"", WAIT_S)

    assert str(failed.value) == (f"{program} is not installed; run: apt-get install --no-install-recommends {program}")


async def test_a_program_that_does_not_end_is_killed_with_its_children(tmp_path: Path, held: IO[bytes]) -> None:
    script = f"exec 9> {tmp_path}/held; sleep 60 & echo -n ready >&9; wait"

    with pytest.raises(RenderFailed):
        await output_of(["sh", "-c", script], b"", 1.0)

    assert await read_from(held, 5) == b"ready"
    assert await read_from(held, 5) == b""


async def test_a_program_whose_caller_gives_up_is_killed(tmp_path: Path, held: IO[bytes]) -> None:
    script = f"exec 9> {tmp_path}/held; echo -n ready >&9; exec sleep 60"
    keeps_open = os.open(tmp_path / "held", os.O_WRONLY)
    running = asyncio.create_task(output_of(["sh", "-c", script], b"", WAIT_S))
    assert await read_from(held, 5) == b"ready"
    os.close(keeps_open)

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert await read_from(held, 5) == b""
