"""The round in which one of the living processes seals the books of all."""

from typing import Final, NamedTuple

from core.domain.clock import Instant
from core.ledger.anchors import Signer
from core.ledger.chain import Head
from core.ledger.seals import Seal, make_seal
from core.ledger.stored import newest_seal
from core.store.queries.seals import ADD_SEAL, ADD_SEALED_HEAD, GROWN_OR_ENDED, SET_LAST_SEAL
from core.store.transaction import Transaction

ROUND_S: Final = 10.0
"""How often each process tries."""

BOOKS_MAX: Final = 1000
"""In one seal. What is more waits for the next one: only the first seal over a long past has so many."""

_FRESH_MS: Final = 9_000  # a bit less than a round, so that one which comes a moment early is not put off by another
_SEALS: Final = "seals"


class Round(NamedTuple):
    """The outcome of a round: the newest seal, if there is any, and up to when the books are known to be sealed."""

    newest: Seal | None
    at: Instant


def seal_books(transaction: Transaction, signer: Signer, now: Instant, *, at_once: bool = False) -> Round | None:
    """Seal the heads of all books that have grown since they were sealed last; None while another process does it.

    Nothing is sealed while the newest seal is fresh (except `at_once`), nor when nothing has grown. A clock that was
    set back or differs makes a seal look old or of the future, never fresh for long.

    The heads are read by one statement, so they are of one moment also at READ COMMITTED. It would do no harm if they
    were not: books grow each by itself and only at their ends, and what one has grown by since is in the next seal.
    """
    # Without waiting: whoever holds it seals the same books, and a process that hangs must not hold up our acts.
    if not transaction.try_lock(_SEALS):
        return None
    newest = newest_seal(transaction)
    if newest is not None and not at_once and abs(now - newest.at) < _FRESH_MS:
        return Round(newest, newest.at)
    rows = transaction.rows(GROWN_OR_ENDED, limit=BOOKS_MAX)
    heads = [Head(book, entry, hash_) for book, entry, hash_, has_grown, _ in rows if has_grown]
    if heads:
        newest = make_seal(heads, newest, signer, now)
        _add(transaction, newest)
    number = newest.number if newest is not None else 0
    transaction.run_many(SET_LAST_SEAL, [(number, book) for book, *_, has_ended in rows if has_ended])
    return Round(newest, now)


def _add(transaction: Transaction, seal: Seal) -> None:
    number, at, heads, *rest = seal
    transaction.run_many(ADD_SEAL, [(number, at, *rest)])
    transaction.run_many(ADD_SEALED_HEAD, [(number, *head) for head in heads])
