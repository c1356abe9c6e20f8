"""`FILE.rejected.csv`: what did not go in, and why."""

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self


class Rejects:
    """Lists rejected lines beside their file. The list of an earlier run goes; without a rejection there is none."""

    def __init__(self, file: Path, header: Sequence[str]) -> None:
        self._path = file.with_name(f"{file.name}.rejected.csv")
        self._header = ("line", "reason", *header)
        self._closing = ExitStack()
        self._add = self._open

    def __enter__(self) -> Self:
        if self._path.exists():
            self._path.unlink()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def add(self, line: int, reason: str, original: Sequence[str]) -> None:
        """`original` are the fields as they stood, octets that are no UTF-8 as surrogates."""
        self._add((str(line), reason, *original))

    def _open(self, row: Sequence[str]) -> None:
        file = self._path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        writer = csv.writer(self._closing.enter_context(file), lineterminator="\n")
        writer.writerow(self._header)
        writer.writerow(row)
        self._add = writer.writerow
