"""Reading CSV files as people have them: any order of columns, with or without BOM, with lines that are broken.

A line is a record: no field of our files holds a line break, and so an open quote spoils its own line only.
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

_LINE_OCTETS_MAX: Final = 65_536
_HASH_OCTETS: Final = 1 << 20


class BadTable(Exception):
    """The file as a whole cannot be read. The message names it, and the column or line."""


class Record(NamedTuple):
    """A line that is not empty. `fields` are in the order asked for, None where the line is `broken`; `original` are
    all its fields as they stand, undecodable octets as surrogates."""

    line: int
    original: tuple[str, ...]
    fields: tuple[str, ...] | None
    broken: str


class Table:
    """An open CSV file (UTF-8, comma) with its header read. `octets` is its size, `done` how far it was read."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Raises `BadTable`."""
        self._path = path
        try:
            if not path.is_file():
                raise BadTable(f"{path}: is not a file" if path.exists() else f"{path}: does not exist")
            self._file = path.open("rb")
        except OSError as error:
            raise BadTable(f"{path}: {error.strerror}") from error
        try:
            self.hash, self.octets = _hash(self._file)
            self.header = self._read_header()
            self._places = self._find(columns)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def done(self) -> int:
        return self._file.tell()

    def records(self) -> Iterator[Record]:
        """Every line below the header that is not empty."""
        width = len(self.header)
        for number, octets in enumerate(iter(partial(self._file.readline, _LINE_OCTETS_MAX), b""), 2):
            if len(octets) == _LINE_OCTETS_MAX and not octets.endswith(b"\n"):
                self._skip_line()
                yield Record(number, (), None, f"the line is longer than {_LINE_OCTETS_MAX} octets")
                continue
            text = octets.decode("utf-8", "surrogateescape").rstrip("\r\n")
            if not text or text.isspace():
                continue
            try:
                original = _split(text)
            except csv.Error as error:
                yield Record(number, (text,), None, f"the line is no CSV: {error}")
                continue
            fields, broken = None, ""
            if len(original) != width:
                broken = f"the line has {len(original)} fields, the header {width}"
            elif not _is_text(octets):
                broken = "the line is not UTF-8 text"
            else:
                fields = tuple(map(str.strip, map(original.__getitem__, self._places)))
            yield Record(number, original, fields, broken)

    def _read_header(self) -> tuple[str, ...]:
        octets = self._file.readline(_LINE_OCTETS_MAX).removeprefix(b"\xef\xbb\xbf")
        try:
            return tuple(map(str.strip, _split(octets.decode().rstrip("\r\n"))))
        except (UnicodeDecodeError, csv.Error) as error:
            raise BadTable(f"{self._path}:1: the header is no CSV in UTF-8") from error

    def _find(self, columns: Sequence[str]) -> tuple[int, ...]:
        for column in columns:
            if (count := self.header.count(column)) != 1:
                fault = "has no column" if count == 0 else "has more than one column"
                raise BadTable(f"{self._path}:1: the header {fault} {column}")
        return tuple(map(self.header.index, columns))

    def _skip_line(self) -> None:
        while (rest := self._file.readline(_LINE_OCTETS_MAX)) and not rest.endswith(b"\n"):
            pass


def _split(text: str) -> tuple[str, ...]:
    return tuple(next(csv.reader((text,), strict=True))) if '"' in text else tuple(text.split(","))


def _is_text(octets: bytes) -> bool:
    if octets.isascii():
        return b"\0" not in octets
    try:
        return "\0" not in octets.decode()
    except UnicodeDecodeError:
        return False


def _hash(file: BinaryIO) -> tuple[bytes, int]:
    digest = hashlib.sha256()
    while part := file.read(_HASH_OCTETS):
        digest.update(part)
    octets = file.tell()
    file.seek(0)
    return digest.digest(), octets
