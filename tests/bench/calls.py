"""Refusals by phone, at rising rates: through the plain dialplan, then through the line, on the same Asterisk.

`python -m tests.bench.calls [SECONDS]` of arrivals at each rate. The twin in the dialplan plays the same prompts and
reads the same keys with `Read`, without any program. A call has failed where sipp says so, or where its keys did not
arrive: the twin logs them, as errors, for Asterisk logs nothing less; the line's are looked up in the registry.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from channels.service.logs import configure_logs
from core.conversation.requests import Language
from core.store.database import upgrade
from ivr.prompts import Prompts
from ivr.speaker import Speaker
from ivr.speech import Fixed, Named, Speech
from tests.system.asterisk import INSTALLED, Asterisk, free_port
from tests.system.caller import HOST, calling
from tests.system.sipp.scenario import Press, Scenario
from tests.system.voice_line import VoiceLine, brand, voice_line

RATES: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 120, 140, 160)  # calls a second
SHARE: Final = 0.6  # of the twin's first failing rate, at which the line has to be free of failures
TWIN: Final = "3339"
MIGROS: Final = "600100"
KEYS: Final = ("1", "600100#", "1", "1")
CALLS_UP: Final = 100
MEASURED_CALLS: Final = 20
LIMIT_S: Final = 120
_CALLS_MAX: Final = 5000
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What came of arrivals at one rate; CPU in milliseconds a call."""

    rate: int
    calls: int
    failed: int
    asterisk_ms: float
    program_ms: float

    def __str__(self) -> str:
        return (
            f"{self.rate:4} calls/s  {self.calls:5} calls  {self.failed:4} failed   "
            f"Asterisk {self.asterisk_ms:6.1f} ms a call, program {self.program_ms:5.1f} ms a call"
        )


class Bench:
    def __init__(self, line: VoiceLine, folder: Path, seconds: int) -> None:
        self._line = line
        self._folder = folder
        self._seconds = seconds
        self._numbers = 0

    async def ramp(self, name: str, rates: Sequence[int], extension: str) -> list[Load]:
        """Loads at rising rates up to the first that fails."""
        print(name)
        loads = []
        for rate in rates:
            loads.append(await self.load(rate, extension))
            print(f"  {loads[-1]}", flush=True)
            if loads[-1].failed:
                break
        return loads

    async def load(self, rate: int, extension: str) -> Load:
        calls = rate * self._seconds
        numbers = [f"+90533{self._numbers + n:07}" for n in range(calls)]
        self._numbers += calls
        for number in numbers:
            self._line.allow(number, MIGROS)
        asterisk, program = self._asterisk_pid(), self._line.process.pid
        before = cpu_ms(asterisk), cpu_ms(program)
        failed = await self._sipp(rate, numbers, extension)
        after = cpu_ms(asterisk), cpu_ms(program)
        arrived = self._logged(numbers) if extension == TWIN else self._refused(numbers)
        spent = [(b - a) / calls for a, b in zip(before, after, strict=True)]
        return Load(rate, calls, max(failed, calls - arrived), *spent)

    async def answer_to_first_prompt(self) -> list[float]:
        """Seconds from a call's answer to the first octet of its first prompt, with `CALLS_UP` calls up."""
        holding = asyncio.ensure_future(self._sipp(20, [f"+90534{n:07}" for n in range(CALLS_UP)], "3338", idle_s=25))
        await asyncio.sleep(CALLS_UP / 20 + 1)
        waits = []
        for n in range(MEASURED_CALLS):
            async with calling(self._line.asterisk, f"+9053500000{n:02}") as caller:
                since = time.monotonic()
                await caller.ear.more()
                waits.append(time.monotonic() - since)
        await holding
        return waits

    async def _sipp(self, rate: int, numbers: Sequence[str], extension: str, idle_s: float = 0) -> int:
        """How many calls sipp counts as failed."""
        keys = [] if idle_s else [Press(0.12 if at else 0.7, key) for entry in KEYS for at, key in enumerate(entry)]
        scenario = Scenario("<sip:[field0]@127.0.0.1>", {}, keys, "info", idle_s or 1.5)
        script, callers = self._folder / "call.xml", self._folder / "callers.csv"
        sink = free_port()
        script.write_text(scenario.xml(sink))
        callers.write_text("SEQUENTIAL\n" + "\n".join(numbers))
        statistics_file = self._folder / "statistics.csv"
        statistics_file.unlink(missing_ok=True)
        process = await asyncio.create_subprocess_exec(
            *("sipp", f"{HOST}:{self._line.asterisk.sip_port}", "-sf", script, "-inf", callers, "-s", extension),
            *("-r", str(rate), "-m", str(len(numbers)), "-l", str(_CALLS_MAX)),
            *("-i", HOST, "-p", str(free_port()), "-mi", HOST, "-nostdin", "-timeout", f"{LIMIT_S}s"),
            *("-trace_stat", "-stf", statistics_file),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        async with asyncio.timeout(LIMIT_S + 10):
            await process.wait()
        names, *rows = [row.split(";") for row in statistics_file.read_text().splitlines()]
        return int(rows[-1][names.index("FailedCall(C)")])

    def _asterisk_pid(self) -> int:
        return int((self._line.asterisk.state / "run/asterisk.pid").read_text())

    def _logged(self, numbers: Sequence[str]) -> int:
        wanted = ":".join(key.rstrip("#") for key in KEYS)
        log = self._line.asterisk.log
        return sum(f"twin:{number}:{wanted}" in log for number in numbers)

    def _refused(self, numbers: Sequence[str]) -> int:
        rows = self._line.rows("SELECT recipient FROM consent WHERE status = 'RET' AND type = 'MESAJ'")
        return len({number for (number,) in rows} & set(numbers))


def cpu_ms(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / _TICKS


async def twin_steps(asterisk: Asterisk, prompts: Prompts) -> list[str]:
    """The refusal call as a plain dialplan."""
    migros = Named(brand(MIGROS))
    speeches: tuple[Speech, ...] = (
        (Fixed("english_offer"), Fixed("welcome"), Fixed("main.menu"), Fixed("main.repeat")),
        (Fixed("brand.enter_ret"),),
        (migros, Fixed("types.ask")),
        (migros, Fixed("confirm.MESAJ")),
        (Fixed("done.thanks"), Fixed("done.stops_head"), Fixed("done.stops_tail"), Fixed("done.more")),
    )
    intent = [await prompts.files(speech, Language.TR) for speech in speeches]
    main, entry, types, confirm, done = ["&".join(f"{asterisk.sounds}/{name}" for name in names) for names in intent]
    return [
        *("Set(TIMEOUT(response)=8)", "Set(TIMEOUT(digit)=12)", "Answer()"),
        *(f"Read(K1,{main},1,,1)", f"Read(K2,{entry},30,,1)", f"Read(K3,{types},1,,1)", f"Read(K4,{confirm},1,,1)"),
        *("Log(ERROR,twin:${CALLERID(num)}:${K1}:${K2}:${K3}:${K4})", f"Read(K5,{done},1,,1)", "Hangup()"),
    ]


def add_extension(asterisk: Asterisk, extension: str, steps: Sequence[str]) -> None:
    for priority, step in enumerate(steps, 1):
        command = f"dialplan add extension {extension},{priority},{step} into line"
        program = (INSTALLED / "root/asterisk", "-C", asterisk.state / "etc/asterisk.conf", "-rx", command)
        subprocess.run(program, check=True, stdout=subprocess.DEVNULL)


async def run(seconds: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
    sounds = Path.cwd() / "var" / "test-sounds"
    prompts = Prompts(sounds, Speaker(), "3338")
    try:
        await prompts.build(lambda _: None)
        (folder / "line").mkdir()
        url = f"sqlite+aiosqlite:///{folder}/izinhatti.db"
        await asyncio.to_thread(upgrade, url)
        room = {"MAX_CALLS": str(_CALLS_MAX), "RTP_START": "10000", "RTP_END": "30000"}
        async with voice_line(folder / "line", url, sounds, max_calls=_CALLS_MAX, **room) as line:
            add_extension(line.asterisk, TWIN, await twin_steps(line.asterisk, prompts))
            bench = Bench(line, folder, seconds)
            await bench.load(5, TWIN)  # warm
            twin = await bench.ramp("plain dialplan, the same prompts and keys", RATES, TWIN)
            aim = int(twin[-1].rate * SHARE)
            ours = await bench.ramp("through the line", [rate for rate in RATES if rate < aim] + [aim], "3338")
            waits = await bench.answer_to_first_prompt()
        last, same = ours[-1], next(load for load in reversed(twin) if load.rate <= ours[-1].rate)
        print(f"aim {aim} calls/s without a failure: {'reached' if not last.failed else 'missed'}")
        print(
            f"Asterisk's CPU a call: {last.asterisk_ms:.1f} ms at {last.rate}/s, twin {same.asterisk_ms:.1f} ms at "
            f"{same.rate}/s: ours / twin {last.asterisk_ms / same.asterisk_ms:.2f}; program {last.program_ms:.1f} ms"
        )
        print(
            f"answer to first prompt with {CALLS_UP} calls up: median {statistics.median(waits) * 1000:.0f} ms, "
            f"longest {max(waits) * 1000:.0f} ms of {len(waits)}"
        )
    finally:
        await prompts.close()
        shutil.rmtree(folder, ignore_errors=True)


def main(seconds: int = 5) -> None:
    if not (INSTALLED / "root").exists():
        print("Asterisk is not here: deploy/asterisk/install var/asterisk")
        return
    asyncio.run(run(seconds))


if __name__ == "__main__":
    configure_logs()
    main(*map(int, sys.argv[1:2]))
