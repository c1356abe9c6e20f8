"""The labelled texts: `refusals.tsv` (made by `make_labelled.py`) is what people type to refuse, `silent.tsv` (by
hand) what must not act, `brands.csv` the brands of both."""

import csv
from pathlib import Path
from typing import Final, NamedTuple

from core.brands.brand import Brand

HERE: Final = Path(__file__).parent


class Labelled(NamedTuple):
    """A text and what it means, in the words of `understand --json`."""

    text: str
    intent: str
    brands: list[str]
    scope: list[str]
    label: str


def brands() -> list[Brand]:
    with (HERE / "brands.csv").open(encoding="utf-8", newline="") as file:
        return [
            Brand(
                row["brandCode"],
                row["name"],
                tuple(filter(None, row["shortNames"].split("|"))),
                row["iysCode"],
                row["title"],
            )
            for row in csv.DictReader(file)
        ]


def refusals() -> list[Labelled]:
    return [
        Labelled(
            row["text"].replace("\\n", "\n"), row["intent"], _list(row["brands"]), _list(row["scope"]), row["label"]
        )
        for row in _rows("refusals.tsv")
    ]


def silent() -> list[Labelled]:
    return [Labelled(row["text"], "none", [], [], row["label"]) for row in _rows("silent.tsv")]


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _list(cell: str) -> list[str]:
    return cell.split(",") if cell else []
