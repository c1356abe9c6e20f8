"""`make bench`: measures side by side, prints a table. `python -m tests.bench [MESSAGES] [RUNS]`, or `quick`: each part
small, to see that it works; its figures say little.
"""

import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from channels.service.logs import configure_logs
from tests.bench import calls, kannel, links, reading, sms_loop
from tests.bench.registry import table


def main(count: int, runs: int) -> None:
    of_messages(count, runs)
    print()
    reading.main()
    print()
    links.main()
    print()
    calls.main()
    print()
    table.main()


def quick() -> None:
    of_messages(1_000, 1)
    reading.main(rounds=1)
    links.main(pages=300, connections=300)
    calls.main(seconds=1)
    small = (("loop", (500, 1)), ("refusals", (1_000,)), ("imports", (2_000,)), ("busy", (2_000,)))
    for part, numbers in small:
        table.main((part,), numbers)


def of_messages(count: int, runs: int) -> None:
    """The whole loop of an SMS, beside its parts and its peers."""
    rates: dict[str, list[float]] = defaultdict(list)
    # Beside the project, not in a memory file system: an fsync must reach a disk.
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
    try:
        for run in range(runs):
            of_run = folder / str(run)
            rates["whole loop, group commit"].append(sms_loop.whole_loop(of_run / "loop", count))
            if kannel.is_here():
                rates["Kannel's keyword service, file store, no fsync"].append(
                    kannel.keyword_service(of_run / "kannel", count)
                )
            single = sms_loop.whole_loop(of_run / "single", count // 5, batch_max=1)
            rates["whole loop, one commit a message"].append(single)
            rates["session and codec, no database"].append(sms_loop.codec_loop(count))
            rows = of_run / "loop" / "izinhatti.db"
            for commits, name in ((3, "three commits"), (1, "one commit")):
                rate = sms_loop.ceiling(of_run / f"ceiling-{commits}", rows, count, commits)
                rates[f"plain sqlite3, the same rows, {name} for 50 messages"].append(rate)
            shutil.rmtree(of_run)
            print(f"run {run + 1} of {runs} done", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ours = statistics.median(rates["whole loop, group commit"])
    print(f"{count} messages, window {sms_loop.WINDOW}, median of {runs}; Python {platform.python_version()}, ", end="")
    print(f"SQLite {sqlite3.sqlite_version}")
    for name, of_name in rates.items():
        median = statistics.median(of_name)
        spread = f"{min(of_name):,.0f} to {max(of_name):,.0f}"
        print(f"{name:56} {median:9,.0f}/s   ({spread})   ours / this: {ours / median:.2f}")
    if not kannel.is_here():
        print(kannel.NEEDS)


if __name__ == "__main__":
    configure_logs()
    if sys.argv[1:] == ["quick"]:
        quick()
    else:
        main(*(int(argument) for argument in (*sys.argv[1:], "20000", "3")[:2]))
