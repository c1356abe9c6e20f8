"""Messages as they came: their texts go after a while, and those that were no act go with them."""

import orjson

from core.retention.counts import Removed
from core.retention.terms import Terms
from core.retention.walk import Cursor, Slice, Walk, beyond_young, page_of, span
from core.store.queries.retention import RAWS_AFTER, REMOVE_ACTLESS, REMOVE_OLD_RAWS, REMOVE_OUTBOX_OF_REQUESTS
from core.store.transaction import Transaction


def _take(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    """A slice of texts that are over: what waits for a person, for its other parts or for the end of a report keeps its
    text. A report's messages stay for as long as the report does, without their texts once it is closed."""
    rows, last = page_of(transaction, RAWS_AFTER, cursor, limit)
    if last is None:
        return Slice(None)
    page = span(cursor, last)
    actless = [row_id for (row_id,) in transaction.rows(REMOVE_ACTLESS, **page, before=terms.messages)]
    texts = transaction.run(REMOVE_OLD_RAWS, **page, before=terms.texts)
    answers = 0
    if actless:
        answers = transaction.run(REMOVE_OUTBOX_OF_REQUESTS, keys=orjson.dumps(actless).decode())
    return Slice(beyond_young(rows, terms.texts, limit), Removed(texts=texts, messages=len(actless), answers=answers))


MESSAGES = Walk("messages", (-1,), _take)
