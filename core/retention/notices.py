"""Notices of consents: that a citizen was told of one is proven for as long as the consent is."""

import orjson

from core.retention.counts import Removed
from core.retention.terms import Terms
from core.retention.walk import Cursor, Slice, Walk, beyond_young, page_of, span
from core.store.queries.retention import NOTICES_AFTER, REMOVE_OLD_NOTICES, REMOVE_OUTBOX
from core.store.transaction import Transaction


def _take(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    rows, last = page_of(transaction, NOTICES_AFTER, cursor, limit)
    if last is None:
        return Slice(None)
    terms_of = {"before": terms.proofs, "entered_before": terms.notices}
    gone = [row_id for (row_id,) in transaction.rows(REMOVE_OLD_NOTICES, **span(cursor, last), **terms_of)]
    if gone:
        transaction.run(REMOVE_OUTBOX, keys=orjson.dumps(gone).decode())
    return Slice(beyond_young(rows, terms.notices, limit), Removed(notices=len(gone)))


NOTICES = Walk("notices", (-1,), _take)
