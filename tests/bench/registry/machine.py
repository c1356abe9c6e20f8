"""What the figures hang on: the machine, its disk, and who uses how much of it."""

import os
import platform
import sqlite3
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

_FSYNCS: Final = 300
_PAGE: Final = bytes(8192)


def facts(*folders: Path) -> str:
    """One line; an fsync is that of 8 KiB at the end of a file in each folder, the median."""
    with Path("/proc/cpuinfo").open() as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    costs = " and ".join(f"{cost:.2f} ms" for cost in map(_fsync_ms, folders))
    return (
        f"{os.cpu_count()} cores of {model or platform.machine()}, {memory_gib:.0f} GiB, fsync {costs}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def cpu_s(pid: int) -> float:
    """Processor seconds of a process and of all it has started, also of those that have ended."""
    children = defaultdict[int, list[int]](list)
    used: dict[int, tuple[int, int]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name of the program stands in brackets, and may hold anything.
            fields = file.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        one = int(file.parent.name)
        children[int(fields[1])].append(one)
        used[one] = (sum(map(int, fields[11:13])), sum(map(int, fields[13:15])))
    ticks, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        own, of_ended = used.get(one, (0, 0))
        ticks += own + of_ended
        waiting += children[one]
    return ticks / os.sysconf("SC_CLK_TCK")


def _fsync_ms(folder: Path) -> float:
    path, took = folder / "fsync", []
    with path.open("wb") as file:
        for _ in range(_FSYNCS):
            file.write(_PAGE)
            file.flush()
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - started)
    path.unlink()
    return statistics.median(took) * 1000
