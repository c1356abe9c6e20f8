"""The file outside the database in which a machine keeps what proves its ledger: signed heads, and seals."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import orjson

from core.ledger.anchors import Anchor, BadAnchor
from core.ledger.seals import Seal


class AnchorFile:
    """JSON lines, a signed head or a seal each, only ever appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def prepare(self) -> None:
        """Make the folder, and end a last line that a power cut left without its end."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._alone() as file:
            octets = self._path.read_bytes()
            if not octets.endswith(b"\n"):
                file.truncate(octets.rfind(b"\n") + 1)

    def append(self, record: Anchor | Seal) -> None:
        """Add one and fsync. One write: a kill leaves the whole line or none of it. Raises OSError."""
        line = orjson.dumps(record.as_json(), option=orjson.OPT_APPEND_NEWLINE)
        with self._alone() as file:
            end = file.seek(0, os.SEEK_END)
            if file.write(line) != len(line):
                # A disk that fills up takes what still fits; the next line must not be glued to that.
                file.truncate(end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())

    @contextmanager
    def _alone(self) -> Iterator[FileIO]:
        """The file, with no other process in it: an import and the service share it. Raises OSError that names it."""
        try:
            with self._path.open("ab", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # let go of when the file is closed; held for one line at most
                yield file
        except OSError as error:
            raise OSError(error.errno, f"{os.strerror(error.errno or 0)}: {self._path}") from error

    def read(self) -> Iterator[Anchor]:
        """Every signed head that the file holds when this is called; none where there is no file.

        Raises `BadAnchor`, naming the line.
        """
        return (record for record in self._records(self._octets()) if isinstance(record, Anchor))

    def seals(self) -> Iterator[Seal]:
        """As `read`, every seal; one may stand there twice."""
        return (record for record in self._records(self._octets()) if isinstance(record, Seal))

    def _octets(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _records(self, octets: int) -> Iterator[Anchor | Seal]:
        if octets == 0:
            return
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if (octets := octets - len(line)) < 0:
                    return
                try:
                    yield _record(orjson.loads(line))
                except ValueError as error:
                    raise BadAnchor(f"{self._path} line {number}: {error}") from error


def _record(value: Any) -> Anchor | Seal:
    return Seal.from_json(value) if isinstance(value, dict) and "seal" in value else Anchor.from_json(value)
