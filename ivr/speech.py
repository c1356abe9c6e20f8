"""Speech of the line on the phone, before it is sound: parts that follow each other."""

from datetime import date
from typing import NamedTuple

from core.brands.brand import Brand


class Fixed(NamedTuple):
    """A prompt of the catalog, by its name (`main.menu`)."""

    name: str


class Named(NamedTuple):
    """A brand, by its name."""

    brand: Brand


class Spelled(NamedTuple):
    """Letters and digits one by one: a receipt, a number. `slowly`, whatever the pace of the rest."""

    text: str
    slowly: bool = False


class Counted(NamedTuple):
    """So many brands, 0 to 9,999: "dokuz marka"."""

    brands: int


class Dated(NamedTuple):
    """A day, by day and month: "yirmi altı Kasım"."""

    day: date


Part = Fixed | Named | Spelled | Counted | Dated
Speech = tuple[Part, ...]
