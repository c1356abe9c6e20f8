"""Removes what is over, beside a running service and without holding it up.

Every slice is one transaction: its rows and the ledger's entry that counts them, or neither. So it may be killed at any
moment, run again, or run twice at once: then the two take turns.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, NamedTuple

from core.domain.clock import Clock, utc_text
from core.ledger.book import Book
from core.ledger.chain import canonical
from core.retention.conversations import CONVERSATIONS
from core.retention.counts import Removed
from core.retention.messages import MESSAGES
from core.retention.notices import NOTICES
from core.retention.proofs import PROOFS
from core.retention.rest import CODES, CONNECTIONS, IMPORT_LOG, LINKS, REDELIVERIES, REPORTS
from core.retention.terms import Spans, Terms
from core.retention.walk import Cursor, Slice, Walk
from core.store.bulk_pacing import REAL_PACE, ROWS_FIRST, Pace, others_write, rows_next
from core.store.database import Database
from core.store.transaction import Transaction

# Reports before the messages that they stood on, links before the notices that they lead to.
WALKS: Final = (
    *(CODES, REDELIVERIES, CONNECTIONS, LINKS, CONVERSATIONS, REPORTS, MESSAGES, PROOFS, NOTICES, IMPORT_LOG),
)
_AIM_S: Final = 0.02  # leaves room in the 50 ms that a slice may take for a slow fsync or a checkpoint
_TURNS: Final = ("retention",)


class Sweeper:
    """One run. What is over is judged by the moment at which it begins."""

    def __init__(self, database: Database, book: Book, clock: Clock, spans: Spans, *, pace: Pace = REAL_PACE) -> None:
        self._database = database
        self._book = book
        self._clock = clock
        self._terms = Terms.at(clock(), spans)
        self._pace = pace

    async def run(self, on_slice: Callable[[str, Removed], Awaitable[None]]) -> Removed:
        """Go through everything; after each commit say what was gone through and what was removed so far.

        Raises StoreError; what was committed before stays removed.
        """
        removed = Removed()
        for walk in WALKS:
            cursor: Cursor | None = walk.start
            size = ROWS_FIRST  # a row of one kind may take ten times as long as one of another
            while cursor is not None:
                started = self._pace.monotonic()
                done = await self._database.transact(partial(self._take, walk=walk, cursor=cursor, limit=size))
                took_s = self._pace.monotonic() - started
                self._book.keep()
                removed, cursor = removed.plus(done.slice.removed), done.slice.cursor
                await on_slice(walk.name, removed)
                size = min(rows_next(size, took_s, _AIM_S), self._database.names_max)
                if done.others_write:
                    await self._pace.sleep(took_s)
        return removed

    def _take(self, transaction: Transaction, walk: Walk, cursor: Cursor, limit: int) -> "_Done":
        transaction.lock(_TURNS)
        taken = walk.take(transaction, self._terms, cursor, limit)
        if taken.removed:
            body = {"kind": "retention", **taken.removed._asdict(), "decidedAt": utc_text(self._clock())}
            self._book.append(transaction, [canonical(body)])
        return _Done(taken, others_write(transaction, self._book.number))


class _Done(NamedTuple):
    slice: Slice
    others_write: bool
