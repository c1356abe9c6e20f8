"""Calls as sipp makes them: a script of keys, and what the caller heard."""

import asyncio
import re
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.system.asterisk import Asterisk, free_port
from tests.system.caller import HOST, Ear, How, sender
from tests.system.sipp.scenario import Press, Scenario

_BYE_RECEIVED: Final = re.compile(r"message received \[\d+\] bytes :\s+BYE ")


class Called(NamedTuple):
    """How a call went: A-law octets in the order they were sent, who hung up, sipp's exit code and complaints."""

    heard: bytes
    hung_up: bool  # by the far side
    code: int
    errors: str


async def call(
    asterisk: Asterisk,
    number: str | None,
    keys: Sequence[Press] = (),
    *,
    name: str = "",
    headers: Mapping[str, str] | None = None,
    how: How = "rfc4733",
    hang_up_after_s: float | None = None,
    limit_s: int = 60,
) -> Called:
    """Call the line; a number of None is anonymous. The far side hangs up, or the caller some time after the last key.

    A far side that hangs up while keys are left, or not at all within `limit_s`, gives a code that is not 0.
    """
    scenario = Scenario(sender(number, name), headers or {}, keys, how, hang_up_after_s)
    ear = await Ear.open()
    with tempfile.TemporaryDirectory() as folder:
        script, errors, messages = (Path(folder) / file for file in ("call.xml", "errors", "messages"))
        script.write_text(scenario.xml(ear.port))
        process = await asyncio.create_subprocess_exec(
            *("sipp", f"{HOST}:{asterisk.sip_port}", "-sf", script, "-s", asterisk.line_number, "-m", "1"),
            *("-i", HOST, "-p", str(free_port()), "-mi", HOST, "-nostdin"),
            *("-timeout", f"{limit_s}s", "-timeout_error", "-trace_err", "-error_file", errors),
            *("-trace_msg", "-message_file", messages),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
        )
        try:
            async with asyncio.timeout(limit_s + 10):
                _, complaints = await process.communicate()
        finally:
            ear.close()
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return Called(
            ear.heard,
            bool(_BYE_RECEIVED.search(_read(messages))),
            process.returncode,
            (complaints.decode() if process.returncode else "") + _read(errors),
        )


def _read(file: Path) -> str:
    """sipp writes a file only when it has something for it."""
    return file.read_text() if file.exists() else ""
