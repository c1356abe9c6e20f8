"""The commands of one call, by their names in AGI.

Before each one that may take its time, the dialplan's watchdog is armed anew: should this program die or stand still
meanwhile, Asterisk takes the call back.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ivr.agi_wire import AgiCall, AgiWire
from ivr.errors import AgiBroken, HungUp

DIGITS_MAX: Final = 255  # app_read.c
BOUNCE_S: Final = 0.3
"""Longer than the contact of a key bounces, shorter than anybody answers what he has heard."""

KEYS_VARIABLE: Final = "IZINHATTI_KEYS"

_READ: Final = re.compile(r"(OK|TIMEOUT) ([0-9A-D*]*)")
_READ_FAILED: Final = re.compile(r"(?:ERROR|HANGUP|INTERRUPTED|SKIPPED)\b")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
# Read once more behind the AGI's own quotes, by the application.
_FILE: Final = re.compile(r"[\w./@+ -]+")
_VARIABLE: Final = re.compile(r"[A-Za-z_][0-9A-Za-z_]*")


class Keys(NamedTuple):
    """Keys of an entry, without the `#` that ended it. `is_timeout`: silence ended it, after `digits` or at once."""

    digits: str
    is_timeout: bool


class Agi:
    """The commands of one call. Every method raises CallEnded when the call ends under it.

    Sound files are named from the sounds folder on, without suffix.
    """

    def __init__(self, call: AgiCall, wire: AgiWire) -> None:
        self.call = call
        self._wire = wire

    async def arm_watchdog(self) -> None:
        """Give this program the dialplan's WATCHDOG from now on, as each command does that may take its time."""
        await self._ask_exec("Set", "TIMEOUT(absolute)=${WATCHDOG}", self._wire.patience.answer_s)

    async def drop_keys(self) -> None:
        """Forget the keys that were pressed so far, and those of a contact that bounces just now."""
        await self._exec("Wait", f"{BOUNCE_S}")

    async def read(self, files: Sequence[str], digits_max: int, silence_s: int | None = None) -> Keys:
        """Play sound files until a key is pressed, and take keys up to `#`, to `digits_max` of them (1 to 255) or to a
        silence: of `silence_s` whole seconds, else of TIMEOUT(response) before the first one or TIMEOUT(digit) between
        two.

        One command: AGI throws away what is pressed between two.
        """
        if not 1 <= digits_max <= DIGITS_MAX:
            raise ValueError(f"digits_max is {digits_max}, not 1 to {DIGITS_MAX}")
        limit = "" if silence_s is None else f",{silence_s}"
        await self._exec("Read", f"{KEYS_VARIABLE},{_joined(files)},{digits_max},,1{limit}")
        return _keys(await self.get_full_variable(f"${{READSTATUS}} ${{{KEYS_VARIABLE}}}"))

    async def play(self, files: Sequence[str]) -> None:
        """Play sound files from beginning to end; one that is missing is passed over."""
        await self._exec("Playback", _joined(files))

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable."""
        if not _VARIABLE.fullmatch(name):
            raise ValueError("no name of a variable")
        answer = await self._wire.ask(f"SET VARIABLE {name} {_quoted(value)}", self._wire.patience.answer_s)
        if answer.result != 1:
            raise AgiBroken(f"SET VARIABLE: result {answer.result}")

    async def get_full_variable(self, expression: str) -> str:
        """The value of an expression like `${READSTATUS}` now."""
        answer = await self._wire.ask(f"GET FULL VARIABLE {_quoted(expression)}", self._wire.patience.answer_s)
        if answer.value is None:
            raise AgiBroken(f"GET FULL VARIABLE: result {answer.result} without a value")
        return answer.value

    async def _exec(self, application: str, arguments: str) -> None:
        """Variables in the arguments are worth something because the dialplan has set AGIEXECFULL."""
        await self.arm_watchdog()
        await self._ask_exec(application, arguments, self._wire.patience.caller_s)

    async def _ask_exec(self, application: str, arguments: str, limit_s: float) -> None:
        answer = await self._wire.ask(f"EXEC {application} {_quoted(arguments)}", limit_s)
        if answer.result != 0:
            raise AgiBroken(f"EXEC {application}: result {answer.result}")


def _keys(value: str) -> Keys:
    found = _READ.fullmatch(value)
    if found is not None:
        return Keys(found[2], is_timeout=found[1] == "TIMEOUT")
    failed = _READ_FAILED.match(value)
    if failed is not None and failed[0] == "HANGUP":
        raise HungUp
    raise AgiBroken(f"Read: {failed[0]}" if failed is not None else "Read: no status")


def _joined(files: Sequence[str]) -> str:
    if not files:
        raise ValueError("no sound file")
    for file in files:
        if not _FILE.fullmatch(file):
            raise ValueError("a sound file's name holds more than letters, digits, spaces and ._/@+-")
    return "&".join([f"${{SOUNDS}}/{file}" for file in files])


def _quoted(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("a value with a control character")
    return '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'
