"""Movements of the registry on one day: the report by which senders bring their own lists up to date.

A movement is a record that came to be or changed: by a row of an import, by a citizen's act, or because a line was
closed. An act that left its record as it was (a repeat) moved nothing.

An objection is a movement too, though İYS has no record for it: the citizen does not want to hear from the brand, and a
sender who is not told goes on writing. It counts for both kinds of recipients, and so it is told as a RET of each: a
merchant may be written to until he refuses (Yönetmelik m.6). That a citizen's own ONAY cleared an objection is told by
that ONAY; a closed line gives no new permission, so that what it cleared is not told.
"""

import hmac
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from core.domain.clock import Instant, legal_time, start_of, to_second
from core.domain.consent import RecipientType, Status
from core.registry.import_row import COLUMNS
from core.store.queries.movements import ACTS_WITHIN, IMPORT_LOG_WITHIN, STANDING_WITHIN
from core.store.transaction import Transaction

MOVEMENT_COLUMNS: Final = (*COLUMNS, "creationDate", "transactionId")

_legal = lru_cache(maxsize=4096)(legal_time)


class Movement(NamedTuple):
    """One line of the report, in the order of `MOVEMENT_COLUMNS`. `created` is when the registry took it, and
    `consent_date` the act's own date, both as İYS writes them."""

    recipient: str
    type: str
    status: str
    source: str
    consent_date: str
    recipient_type: str
    brand_code: str
    created: str
    transaction_id: str


def movements(transaction: Transaction, day: date, key: bytes) -> Iterator[Movement]:
    """Every movement of the Istanbul day, in no order. Of a day that has ended a while ago all are there; one that goes
    on, or that a transaction is just being committed of, has more to come.

    A transaction id is an HMAC under `key` of what tells the movement from every other: of an import's row what it
    says, of an act its entry in the ledger and its place therein. It is the same whenever it is computed, and tells
    nothing to who has not the key: a bare hash of a number is found by trying all numbers.
    """
    span = {"start": start_of(day), "end": start_of(day + timedelta(days=1))}
    for query in (STANDING_WITHIN, IMPORT_LOG_WITHIN):
        for row in transaction.stream(query, **span):
            yield _imported(key, *row)
    for recipient, decided_at, book, entry, body in transaction.stream(ACTS_WITHIN, **span):
        created = _legal(to_second(decided_at))
        for number, act in enumerate(orjson.loads(body)["acts"]):
            for recipient_type, state in _moved(act):
                place = _transaction_id(key, "act", book, entry, number, recipient_type)
                what = (act["type"], state["status"] or Status.RET.value, state["source"], state["consentDate"])
                yield Movement(recipient, *what, recipient_type, act["brandCode"], created, place)


def _moved(act: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The recipient types for which an act moved its record, with what stands after it."""
    after = act["after"]
    if after is None or after == act["before"]:
        return
    for recipient_type in RecipientType if after.get("objection") else (RecipientType(after["recipientType"]),):
        yield recipient_type.value, after


def _imported(
    key: bytes,
    recipient: str,
    brand_code: str,
    type_: str,
    recipient_type: str,
    consent_at: Instant,
    status: str,
    source: str,
    created_at: Instant,
) -> Movement:
    transaction_id = _transaction_id(key, "import", recipient, brand_code, type_, recipient_type, consent_at, status)
    what = (type_, status, source, _legal(consent_at), recipient_type, brand_code)
    return Movement(recipient, *what, _legal(to_second(created_at)), transaction_id)


def _transaction_id(key: bytes, *parts: object) -> str:
    return hmac.digest(key, "\0".join(map(str, parts)).encode(), "sha256").hex()
