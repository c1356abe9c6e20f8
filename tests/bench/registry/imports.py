"""Rows a second of an import, beside what the database takes by itself, and what a row leaves on the disk."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from core.registry.import_row import COLUMNS
from tests.bench.registry.lines import settings_file
from tests.bench.registry.places import Bench, Figure, Place, say
from tests.bench.registry.population import csv_line, imported

ROWS: Final = 200_000


def measure(bench: Bench, rows: int = ROWS) -> list[Figure]:
    file = csv_file(bench.folder / "consents.csv", rows)
    ours, left = [], []
    for place in bench.places("imports"):
        importing = start(place, bench.folder / place.kind, file)
        began = time.perf_counter()
        check(importing, rows)
        ours.append(rows / (time.perf_counter() - began))
        left.append(", ".join(f"{name} {octets / rows:.0f}" for name, octets in place.octets().items()))
        say(f"import, {place.kind}: {ours[-1]:,.0f} rows/s")
    bare = [rows / place.put_bare(imported(rows), bench.folder / "rows") for place in bench.places("bare")]
    ratios = (f"{rate:,.0f} ({rate / fastest:.2f} of the next row)" for rate, fastest in zip(ours, bare, strict=True))
    return [
        Figure(f"import of {rows:,} rows, rows a second", *ratios),
        Figure("bare COPY; bare executemany, one transaction", *(f"{rate:,.0f}" for rate in bare)),
        Figure("octets on the disk an imported consent", *left),
    ]


def csv_file(path: Path, rows: int) -> Path:
    with path.open("w") as file:
        file.write(",".join(COLUMNS) + "\n")
        file.writelines(map(csv_line, imported(rows)))
    return path


def start(place: Place, folder: Path, file: Path) -> "subprocess.Popen[str]":
    """`izinhatti consents import`, from its start to its end as an operator runs it."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = settings_file(place, folder, "import")
    return subprocess.Popen(
        [sys.executable, "-m", "channels.cli", "consents", "import", file, "--config", settings],
        stdout=subprocess.PIPE,
        text=True,
    )


def check(importing: "subprocess.Popen[str]", rows: int) -> None:
    """Wait for its end; every row must have entered."""
    intent, _ = importing.communicate()
    last = intent.strip().rpartition("\n")[2]
    assert last == f"imported={rows} unchanged=0 rejected=0", last
