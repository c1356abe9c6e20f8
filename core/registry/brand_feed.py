"""Brands from a file: what a row says, and what it changes in the directory."""

from collections.abc import Sequence
from typing import Any, Final

from core.brands.brand import SHORT_NAMES_MAX, Brand
from core.domain.clock import Instant
from core.domain.text import key
from core.registry.brand_store import NAME_SEPARATOR
from core.registry.import_row import Rejected
from core.store.queries.brands import BRAND_VERSION, BRANDS_SINCE, CLOSE_BRAND, PUT_BRAND
from core.store.transaction import Transaction

BRAND_COLUMNS: Final = ("brandCode", "name", "shortNames", "iysCode", "title")

_CODE_DIGITS_MAX: Final = 18
_VERSIONS: Final = ("brand versions",)
"""Given out one after the other: whoever has seen one has seen all before it."""


def read_brand(fields: tuple[str, ...]) -> Brand | Rejected:
    """Read a row's fields, in the order of `BRAND_COLUMNS`."""
    code, name, short_names, iys_code, title = fields
    if not (code.isascii() and code.isdigit() and len(code) <= _CODE_DIGITS_MAX):
        return Rejected("brandCode is not a number [H191]")
    if not name:
        return Rejected("name is empty")
    if not key(name):
        return Rejected("name has neither a letter nor a digit")
    shorts = tuple(map(str.strip, short_names.split(NAME_SEPARATOR))) if short_names else ()
    if len(shorts) > SHORT_NAMES_MAX:
        return Rejected(f"shortNames has more than {SHORT_NAMES_MAX} names")
    if not all(map(key, shorts)):
        return Rejected("shortNames has a name without a letter or digit")
    return Brand(code, name, shorts, iys_code, title)


class BrandWriter:
    """Adds and updates brands; a brand's being closed, and whose dealer it is, stay as they are."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Any, ...]] = {}
        self._seen = 0

    def put(self, transaction: Transaction, brands: Sequence[Brand]) -> int:
        """The number of them that were new or changed. All of a transaction share one version."""
        transaction.lock(_VERSIONS)
        for row in transaction.rows(BRANDS_SINCE, seen=self._seen):
            self._rows[row[0]] = row
            self._seen = row[-1]
        version = _version_next(transaction)
        changed: dict[str, tuple[Any, ...]] = {}
        count = 0
        for brand in brands:
            fields = (brand.code, brand.name, NAME_SEPARATOR.join(brand.short_names), brand.iys_code, brand.title)
            before = changed.get(brand.code) or self._rows.get(brand.code)
            if before is not None and before[: len(fields)] == fields:
                continue
            dealer_of, closed_at = before[5:7] if before else (None, None)
            changed[brand.code] = (*fields, dealer_of, closed_at, version)
            count += 1
        transaction.run_many(PUT_BRAND, list(changed.values()))
        return count


def close_brand(transaction: Transaction, code: str, now: Instant) -> bool:
    """False if there is no such brand. One that is closed already keeps its date."""
    transaction.lock(_VERSIONS)
    known = {row[0]: row[6] for row in transaction.rows(BRANDS_SINCE, seen=0)}
    if code not in known:
        return False
    if known[code] is None:
        transaction.run(CLOSE_BRAND, of_code=code, closing_at=now, new_version=_version_next(transaction))
    return True


def _version_next(transaction: Transaction) -> int:
    [(version,)] = transaction.rows(BRAND_VERSION)
    return int(version) + 1
