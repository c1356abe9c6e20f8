"""The page beside the demo's phone: a number's consents, and the newest entries of the ledger."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from core.brands.brand import Brand
from core.domain.clock import Instant, from_datetime
from core.domain.consent import ConsentType, Status
from core.registry.citizens import objection_of, record_of
from core.store.queries.books import LATEST_ENTRIES
from core.store.queries.consents import CONSENTS_OF, OBJECTIONS_OF
from core.store.transaction import Transaction

ENTRIES_SHOWN: Final = 10
_TYPES: Final = (ConsentType.MESAJ, ConsentType.ARAMA, ConsentType.EPOSTA)

FindBrand = Callable[[str], Brand | None]


class Held(NamedTuple):
    """One consent or, with `status` None, one objection."""

    type: ConsentType
    status: Status | None
    merchant: bool
    source: str
    at: Instant
    receipt: str | None


class HeldOfBrand(NamedTuple):
    code: str
    name: str
    held: tuple[Held, ...]


class Act(NamedTuple):
    """Effect of an entry on one type of a brand; statuses are None where there was no record."""

    brand: str
    type: str
    before: str | None
    after: str | None


class Entry(NamedTuple):
    """One ledger entry, without the citizen's pseudonym. `imported` counts rows, None for a citizen's act."""

    book: int
    entry: int
    at: Instant | None
    receipt: str | None
    acts: tuple[Act, ...]
    imported: int | None


class View(NamedTuple):
    brands: tuple[HeldOfBrand, ...]
    entries: tuple[Entry, ...]


def view(transaction: Transaction, recipient: str, find: FindBrand) -> View:
    """The number's records in the registry, the brand changed last first; and the newest entries."""
    by_brand: dict[str, list[Held]] = {}
    for row in transaction.rows(CONSENTS_OF, recipient=recipient):
        record = record_of(row)
        merchant = record.recipient_type == "TACIR"
        by_brand.setdefault(record.brand_code, []).append(
            Held(record.type, record.status, merchant, record.source, record.consent_at, record.receipt)
        )
    for row in transaction.rows(OBJECTIONS_OF, recipient=recipient):
        objection = objection_of(row)
        by_brand.setdefault(objection.brand_code, []).append(
            Held(objection.type, None, False, objection.source, objection.at, objection.receipt)
        )
    brands = [
        HeldOfBrand(
            code, _name(code, find), tuple(sorted(held, key=lambda one: (_TYPES.index(one.type), one.merchant)))
        )
        for code, held in by_brand.items()
    ]
    brands.sort(key=lambda brand: (-max(one.at for one in brand.held), brand.code))
    rows = transaction.rows(LATEST_ENTRIES, limit=ENTRIES_SHOWN)
    return View(tuple(brands), tuple(entry_of(row, find) for row in rows))


def entry_of(row: tuple[int, int, str], find: FindBrand) -> Entry:
    book, entry, body = row
    said: dict[str, Any] = orjson.loads(body)
    acts = {
        Act(_name(act["brandCode"], find), act["type"], _status(act["before"]), _status(act["after"])): None
        for act in said.get("acts", ())
    }
    at = said.get("decidedAt")
    return Entry(
        book,
        entry,
        from_datetime(datetime.fromisoformat(at)) if at else None,
        said.get("receipt"),
        tuple(acts),
        said.get("imported") if said.get("kind") == "import" else None,
    )


def _status(state: dict[str, Any] | None) -> str | None:
    if state is None:
        return None
    return "objection" if state.get("objection") else str(state["status"])


def _name(code: str, find: FindBrand) -> str:
    brand = find(code)
    return brand.label if brand else code
