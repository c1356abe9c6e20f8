"""`python -m tests.bench.memory [MESSAGES]`: the SMS loop for so long that whatever grows with the messages shows.

A million of them by default, which take minutes: `make bench` leaves it out. What it may show before it is flat has a
bound: SQLite's page cache (64 MiB), and the last minute's messages that a session remembers (`sms.smpp.session`), which
follow the rate: 280 octets each, 70 MiB at the most.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.sms_loop import WINDOW, check, prepare, start_smsc

TENTHS: Final = 10
_SAMPLE_S: Final = 0.5
_STANDSTILL_S: Final = 60.0
_STOP_S: Final = 60.0
_SETTINGS: Final = """
[database]
url = "sqlite+aiosqlite:///izinhatti.db"
[ledger]
anchor_file = "anchors"
signing_key = "key"
[admin]
listen = "127.0.0.1:0"
[[sms.operators]]
name = "bench"
host = "127.0.0.1"
port = {port}
system_id = "bench"
password = "bench"
window = {window}
rate = 0
"""
_ACTS: Final = "SELECT entry FROM ledger ORDER BY book DESC, entry DESC LIMIT 1"
_UNANSWERED: Final = "SELECT 1 FROM outbox WHERE state IN ('ready', 'sent') LIMIT 1"


class Sample(NamedTuple):
    seconds: float
    messages: int
    resident_kib: int


def measure(folder: Path, count: int) -> list[Sample]:
    """The service's process, alone as it is shipped, from its first message to its last, at each tenth of them."""
    path = prepare(folder, count)
    with ExitStack() as stack:
        smsc, port = start_smsc(count)
        stack.callback(smsc.wait)
        stack.callback(smsc.kill)
        settings = folder / "izinhatti.toml"
        settings.write_text(_SETTINGS.format(port=port, window=WINDOW))
        service = subprocess.Popen([sys.executable, "-m", "channels.cli", "serve", "--config", settings])
        stack.callback(service.wait)
        stack.callback(service.kill)
        database = stack.enter_context(closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)))
        samples = _sampled(service, database, count)
        _until_all_answered(database)
        service.send_signal(signal.SIGTERM)
        if service.wait(_STOP_S):
            raise RuntimeError(f"the service ended with {service.returncode}")
    check(folder, count)
    return samples


def _sampled(service: "subprocess.Popen[bytes]", database: sqlite3.Connection, count: int) -> list[Sample]:
    """Raises RuntimeError when the service ends or stands still."""
    samples: list[Sample] = []
    started = moved_at = time.monotonic()
    done = 0
    while len(samples) < TENTHS:
        time.sleep(_SAMPLE_S)
        now, before = time.monotonic(), done
        [(done,)] = database.execute(_ACTS).fetchall() or [(0,)]
        if done != before:
            started = started if before else now
            moved_at = now
        if service.poll() is not None or now - moved_at > _STANDSTILL_S:
            raise RuntimeError(f"no progress after {done} messages")
        if done >= count * (len(samples) + 1) // TENTHS:
            samples.append(Sample(now - started, done, resident_kib(service.pid)))
            print(_line(samples[-1], samples[0]), flush=True)
    return samples


def _until_all_answered(database: sqlite3.Connection) -> None:
    deadline = time.monotonic() + _STOP_S
    while database.execute(_UNANSWERED).fetchall():
        if time.monotonic() > deadline:
            raise RuntimeError("answers are left in the outbox")
        time.sleep(_SAMPLE_S)


def resident_kib(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def _line(sample: Sample, first: Sample) -> str:
    grown = (sample.resident_kib - first.resident_kib) / 1024
    return f"{sample.seconds:7.1f} s {sample.messages:12,} {sample.resident_kib / 1024:9.1f} MiB {grown:+9.1f} MiB"


def main(count: int) -> None:
    # Beside the project, as in `make bench`.
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
    try:
        print(f"{count:,} messages, window {WINDOW}: time, messages, resident memory, growth since the first tenth")
        samples = measure(folder / "memory", count)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    fifth, end = samples[TENTHS // 5 - 1], samples[-1]
    grown = (end.resident_kib - fifth.resident_kib) * 1024
    print(f"from the end of the first fifth to the end: {grown / (1 << 20):+.1f} MiB", end="")
    print(f", {grown / (end.messages - fifth.messages):+.1f} octets a message")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
