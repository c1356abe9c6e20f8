"""Proofs of acts: request, receipt, answer, and the salt by which the ledger's entry is known to be this number's.

A refusal is proven for three years; a permission while it stands, whoever renewed it, and three years after it ended.
What waits for a person, and what a report that is kept stands on, stays.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from core.domain.consent import ConsentType, RecipientType, Status
from core.registry.citizens import Citizens, Pair
from core.retention.counts import Removed
from core.retention.terms import Terms
from core.retention.walk import Cursor, Slice, Walk, beyond_young, page_of
from core.store.queries.retention import (
    PROOFS_AFTER,
    REMOVE_OUTBOX_OF_REQUESTS,
    REMOVE_RAWS,
    REMOVE_RECEIPTS,
    REMOVE_REQUESTS,
)
from core.store.transaction import Transaction

_Key = tuple[ConsentType, RecipientType]


def _take(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    rows, last = page_of(transaction, PROOFS_AFTER, cursor, limit)
    if last is None:
        return Slice(None)
    old = [row for row in rows if row[2] <= terms.proofs and not row[4]]
    given = {row_id: _given(recipient, body) for row_id, recipient, _, _, _, body in old if body}
    citizens = Citizens(transaction, [pair for pairs in given.values() for pair in pairs])
    over = [
        (recipient, row_id, receipt)
        for row_id, recipient, _, receipt, _, _ in old
        if not any(_is_wanted(terms, citizens, *one) for one in given.get(row_id, {}).items())
    ]
    step = beyond_young([(row[0], row[2]) for row in rows], terms.proofs, limit)
    return Slice(step, _remove(transaction, over))


def _given(recipient: str, body: str) -> dict[Pair, list[_Key]]:
    """The permissions that an act gave, by citizen and brand."""
    given: dict[Pair, list[_Key]] = {}
    for act in orjson.loads(body)["acts"]:
        for state in _permissions(act):
            key = ConsentType(act["type"]), RecipientType(state["recipientType"])
            given.setdefault((recipient, act["brandCode"]), []).append(key)
    return given


def _permissions(act: dict[str, Any]) -> Iterator[dict[str, Any]]:
    after = act["after"]
    if after is not None and after != act["before"] and after["status"] == Status.ONAY.value:
        yield after


def _is_wanted(terms: Terms, citizens: Citizens, pair: Pair, keys: list[_Key]) -> bool:
    records = citizens.standing(pair).records
    return any(terms.wants_proof(records[key]) for key in keys if key in records)


def _remove(transaction: Transaction, over: list[tuple[str, int, str | None]]) -> Removed:
    if not over:
        return Removed()
    pairs = orjson.dumps([(recipient, row_id) for recipient, row_id, _ in over]).decode()
    numbers = orjson.dumps([row_id for _, row_id, _ in over]).decode()
    receipts = [receipt for _, _, receipt in over if receipt]
    answers = transaction.run(REMOVE_OUTBOX_OF_REQUESTS, keys=numbers)
    texts = transaction.run(REMOVE_RAWS, keys=pairs)
    transaction.run(REMOVE_RECEIPTS, keys=orjson.dumps(receipts).decode())
    removed = transaction.run(REMOVE_REQUESTS, keys=pairs)
    return Removed(texts=texts, messages=removed - len(receipts), proofs=len(receipts), answers=answers)


PROOFS = Walk("proofs", (-1,), _take)
