"""How long a code asked for on the link pages, served by a process without operators, takes to the operator.

`python -m tests.bench.wakes`: POST of the number in a `serve --doors link` process → the commit → another process's
submit_sm at the simulated operator. Real PostgreSQL, real processes, one code after the other at uneven moments.
"""

import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from sms.smpp.simulator import Simulator
from tests.postgresql import Server
from tests.system.doors import Line, browsing

CODES: Final = 40
SEED: Final = 3338


async def measure(folder: Path, url: str) -> list[float]:
    """Milliseconds of each code."""
    simulator, came = Simulator(), asyncio.Event()
    port = await simulator.start("127.0.0.1")
    simulator.on_text = lambda _number, _text: came.set()
    pause, line, took_ms = random.Random(SEED), Line(folder, url), []  # only for uneven moments
    await line.command("db", "upgrade")
    async with line.sms("sms", port) as sms, line.link() as link, browsing(link) as page:
        for door in (sms, link):
            await door.until_missing()
        for n in range(CODES):
            await asyncio.sleep(pause.random())
            came.clear()
            started = time.perf_counter()
            await page.ask_code(f"+90532{n:07}")
            await came.wait()
            took_ms.append((time.perf_counter() - started) * 1000)
    await simulator.stop()
    return took_ms


def main() -> None:
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        took_ms = asyncio.run(measure(Path(folder), server.url("wakes")))
    print(f"{CODES} codes: median {statistics.median(took_ms):.1f} ms, most {max(took_ms):.1f} ms")


if __name__ == "__main__":
    main()
