"""Conversations: what is over in them is forgotten, and those in which nothing is left go."""

import orjson

from core.conversation.conversation import NEW, dump, load
from core.domain.clock import HOUR_MS
from core.retention.counts import Removed
from core.retention.terms import Terms
from core.retention.walk import Cursor, Slice, Walk, next_of, page_of
from core.store.queries.consents import CONVERSATIONS_OF, PUT_CONVERSATION
from core.store.queries.retention import OLD_CONVERSATIONS_AFTER, REMOVE_CONVERSATIONS
from core.store.transaction import Transaction

_QUIET_MS = HOUR_MS  # who is just talking is left alone


def _take(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    """The language and the date of a closed line stay: a new holder of the number must inherit nothing."""
    rows, last = page_of(transaction, OLD_CONVERSATIONS_AFTER, cursor, limit)
    quiet = [recipient for recipient, changed_at in rows if changed_at <= terms.now - _QUIET_MS]
    gone, changed = [], []
    if quiet:
        transaction.lock(quiet)  # and then read: a citizen may have said something meanwhile
        for recipient, state in transaction.rows(CONVERSATIONS_OF, keys=orjson.dumps(quiet).decode()):
            conversation = load(state)
            living = conversation.living(terms.now, terms.spans.help_repeat_ms, terms.spans.dedupe_ms)
            if living == NEW:
                gone.append(recipient)
            elif living != conversation:
                changed.append((recipient, dump(living), terms.now))
    if gone:
        transaction.run(REMOVE_CONVERSATIONS, keys=orjson.dumps(gone).decode())
    transaction.run_many(PUT_CONVERSATION, changed)
    return Slice(next_of(last, rows, limit), Removed(conversations=len(gone) + len(changed)))


CONVERSATIONS = Walk("conversations", ("",), _take)
