"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TextIO


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Yields what takes the place of `path` once it is written to its end and on the disk; a fault leaves what was
    there. Only its owner may read it. Raises OSError, or ValueError for a place where no file can be."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: is not a file")
    if not path.parent.is_dir():
        raise ValueError(f"{path.parent}: is not a folder")
    descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)  # of mode 0600
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink()
        raise
