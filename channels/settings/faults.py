"""Faults of the settings, as lines a person can act on."""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong: where (`link.valid_days`, `izinhatti.toml:3`) and why. Never holds a secret."""

    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


class SettingsError(Exception):
    """The settings cannot work. `faults` holds at least one fault, in the order of the file."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)
