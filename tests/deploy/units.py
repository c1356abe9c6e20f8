"""Reads the systemd units as they are shipped."""

from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "systemd"
COMMON: Final = FOLDER / "izinhatti-.service.d" / "10-common.conf"
DOOR: Final = FOLDER / "izinhatti-door@.service"


class Assignment(NamedTuple):
    section: str
    key: str
    value: str


def assignments(unit: Path) -> list[Assignment]:
    """In the order of the file, lines joined as systemd.syntax(7) says."""
    found, section = [], ""
    for line in unit.read_text().replace("\\\n", " ").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and line[0] not in "#;":
            key, _, value = line.partition("=")
            found.append(Assignment(section, key, value))
    return found


def values(unit: Path, key: str) -> list[str]:
    return [one.value for one in assignments(unit) if one.key == key]


def value(unit: Path, key: str) -> str:
    [only] = values(unit, key)
    return only
