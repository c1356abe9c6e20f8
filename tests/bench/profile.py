"""`make profile`: the functions in which the whole loop of an SMS spends its time."""

import cProfile
import pstats
import shutil
import sys
import tempfile
from pathlib import Path

from channels.service.logs import configure_logs
from tests.bench import sms_loop

LINES = 40


def main(count: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
    of_loop = cProfile.Profile()
    try:
        rate = of_loop.runcall(sms_loop.whole_loop, folder / "loop", count)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{count} messages, {rate:,.0f}/s under the profiler")
    pstats.Stats(of_loop).sort_stats("tottime").print_stats(LINES)


if __name__ == "__main__":
    configure_logs()
    main(*map(int, (*sys.argv[1:], "5000")[:1]))
