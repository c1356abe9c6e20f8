"""Readings that are remembered: most citizens write the same few texts, and a reading depends on nothing else than its
text and the directory."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from core.brands.directory import Directory
from core.conversation.requests import Reading
from sms.reader.read import read

TEXTS_MAX: Final = 4096
LETTERS_MAX: Final = 40  # longer texts are hardly ever alike


class RememberedReader:
    """Reads texts by one directory, as `read` does; forgets everything when the directory changes."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._version = directory.version
        self._remembered: Callable[[str], Reading] = self._forget()

    def __call__(self, text: str) -> Reading:
        if len(text) > LETTERS_MAX:
            return read(text, self._directory)
        if self._version != self._directory.version:
            self._version = self._directory.version
            self._remembered = self._forget()
        return self._remembered(text)

    def _forget(self) -> Callable[[str], Reading]:
        return lru_cache(TEXTS_MAX)(lambda text: read(text, self._directory))
