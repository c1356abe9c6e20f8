"""The brand directory in the store: what is newer than what a process has seen."""

from typing import Any

from core.brands.brand import Brand
from core.store.queries.brands import BRANDS_SINCE
from core.store.transaction import Transaction

NAME_SEPARATOR = "|"


def brand_of(row: tuple[Any, ...]) -> Brand:
    code, name, short_names, iys_code, title, dealer_of, closed_at, _version = row
    shorts = tuple(short_names.split(NAME_SEPARATOR)) if short_names else ()
    return Brand(code, name, shorts, iys_code, title, dealer_of, closed_at is not None)


class BrandReader:
    """Reads brands that were added or changed since the last time, by whatever process."""

    def __init__(self) -> None:
        self._seen = 0

    def read(self, transaction: Transaction) -> list[Brand]:
        seen = self._seen

        def forget() -> None:
            self._seen = seen

        rows = transaction.rows(BRANDS_SINCE, seen=seen)
        transaction.undo(forget)  # what a failed transaction read reaches nobody
        if rows:
            self._seen = rows[-1][-1]
        return [brand_of(row) for row in rows]
