"""Which processes live: each holds one byte of a lock file for as long as it runs, the byte of its book's number.

The kernel lets go of it when the process ends, however it ends. SQLite means one machine, so a file lock is enough.
"""

import fcntl
import os
import struct
from pathlib import Path
from typing import Final

_FLOCK: Final = struct.Struct("hhqqi4x")  # l_type, l_whence, l_start, l_len, l_pid of Linux's struct flock


class FileLocks:
    """The lock file beside a database. Locks belong to this object (open file description), not to the process."""

    def __init__(self, database: Path) -> None:
        self._descriptor = os.open(database.with_name(database.name + ".books"), os.O_RDWR | os.O_CREAT, 0o600)

    def hold(self, book: int) -> bool:
        """Take the book's byte; False if a living process has it."""
        return self._set(fcntl.F_WRLCK, book)

    def let_go(self, book: int) -> None:
        self._set(fcntl.F_UNLCK, book)

    def close(self) -> None:
        os.close(self._descriptor)

    def _set(self, kind: int, book: int) -> bool:
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, book, 1, 0))
        except BlockingIOError:
            return False
        return True
