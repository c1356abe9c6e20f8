"""`python -m tests.bench.registry [PART [NUMBER ...]]`: PostgreSQL and SQLite under a registry that has grown.

Parts: `loop [MESSAGES [ROUNDS]]`, `refusals [CONSENTS ...]`, `imports [ROWS]`, `busy [ROWS]`; without one, all of them
in middling sizes. PostgreSQL is a server of its own with durable settings. Compare the columns and the rows of one run
with each other: machines differ.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.bench.registry import busy, imports, loop, refusals
from tests.bench.registry.machine import facts
from tests.bench.registry.places import DURABLE, Bench, Figure
from tests.postgresql import Server

PARTS: Final[dict[str, Callable[..., list[Figure]]]] = {
    "loop": loop.measure,
    "refusals": refusals.measure,
    "imports": imports.measure,
    "busy": busy.measure,
}


def main(parts: Sequence[str] = tuple(PARTS), numbers: Sequence[int] = ()) -> None:
    with ExitStack() as stack:
        # Beside the project, not in a memory file system: an fsync must reach a disk.
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(Server(DURABLE))
        machine = facts(folder, server.folder)
        bench = Bench(server, folder)
        rows = [row for part in parts for row in PARTS[part](bench, *numbers)]
    print(f"{machine}; PostgreSQL with {', '.join(f'{name}={value}' for name, value in DURABLE.items())}\n")
    print("| | PostgreSQL | SQLite |\n| --- | ---: | ---: |")
    for row in rows:
        print(f"| {' | '.join(row)} |")
