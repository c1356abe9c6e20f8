"""Runs the service in a process of its own that can be told to die at an exact point of a message's path.

The points are not written by hand: a first run records each call and each return of a function of ours, from the read
that brings the deliver_sm until the answer's acceptance is committed. The shipped program knows nothing of this.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import FrameType
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
_OURS: Final = tuple(str(_ROOT / floor) + os.sep for floor in ("core", "sms", "channels"))
_IMPORTED: Final = [
    *("channels.service.service", "holidays.countries"),
    *("tests.system.izinhatti", "tests.system.launcher"),
]
_DELIVER_SM: Final = b"\x00\x00\x00\x05"

Point = str
"""`call core/intake/desk.py Desk.submit`, or `return …`."""


def context() -> ForkServerContext:
    """Processes forked from one that has everything imported: a start costs milliseconds, and is a real process."""
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(_IMPORTED)
    return forking


def start(settings: Path, kill_at: Point | None = None, record: Path | None = None) -> ForkServerProcess:
    process = context().Process(target=_serve, args=(settings, kill_at, record), daemon=True)
    process.start()
    return process


def _serve(settings_path: Path, kill_at: Point | None, record: Path | None) -> None:
    from channels.service.service import Service
    from channels.service.supervisor import Supervisor
    from channels.settings.settings import load

    if kill_at is not None or record is not None:
        _Tracer(kill_at, record).install()
    asyncio.run(Service(load(settings_path, {}), {"sms"}).run(Supervisor()))
    sys.exit(0)


class _Tracer:
    """Follows calls and returns while a message is on its way; kills the process at its point."""

    def __init__(self, kill_at: Point | None, record: Path | None) -> None:
        self._kill_at = kill_at
        self._record = record
        self._armed = False
        self._done = False
        self._seen: dict[Point, None] = {}

    def install(self) -> None:
        threading.setprofile(self._on_event)
        sys.setprofile(self._on_event)

    def _on_event(self, frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if self._done or event not in ("call", "return") or not code.co_filename.startswith(_OURS):
            return
        if not self._armed:
            self._armed = event == "call" and code.co_name == "data_received" and _brings_message(frame)
            if not self._armed:
                return
        point = f"{event} {Path(code.co_filename).relative_to(_ROOT)} {code.co_qualname}"
        if point == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._seen[point] = None
        if event == "return" and code.co_qualname == "_OutboxJob.committed" and frame.f_locals["self"]._marks.accepted:
            self._done = True
            if self._record is not None:
                self._record.write_text("\n".join(self._seen))


def _brings_message(frame: FrameType) -> bool:
    """Whether a deliver_sm is in the octets read; the bind's response may stand before it."""
    data: bytes = frame.f_locals["data"]
    at = 0
    while at < len(data):
        if data[at + 4 : at + 8] == _DELIVER_SM:
            return True
        at += int.from_bytes(data[at : at + 4])
    return False
