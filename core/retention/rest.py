"""Rows with an end of their own in them, or goes with what it belongs to."""

from core.retention.counts import Removed
from core.retention.terms import Terms
from core.retention.walk import Cursor, Slice, Walk, next_of, page_of, span
from core.store.queries.retention import (
    BLANK_CODES,
    CONNECTIONS_AFTER,
    IMPORT_LOG_AFTER,
    REDELIVERIES_AFTER,
    REMOVE_OLD_CONNECTIONS,
    REMOVE_OLD_IMPORT_LOG,
    REMOVE_OLD_REDELIVERIES,
    REMOVE_OLD_REPORT_TEXTS,
    REMOVE_OLD_REPORTS,
    REMOVE_OLD_TOKENS,
    REPORTS_AFTER,
    TOKENS_AFTER,
)
from core.store.transaction import Transaction


def _redeliveries(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    rows, last = page_of(transaction, REDELIVERIES_AFTER, cursor, limit)
    if last is None:
        return Slice(None)
    count = transaction.run(REMOVE_OLD_REDELIVERIES, **span(cursor, last), before=terms.now)
    return Slice(next_of(last, rows, limit), Removed(redeliveries=count))


def _connections(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    """Those that were closed as long ago as the messages that go: one that is open says what was surely answered."""
    rows, last = page_of(transaction, CONNECTIONS_AFTER, cursor, limit)
    if last is None:
        return Slice(None)
    count = transaction.run(REMOVE_OLD_CONNECTIONS, **span(cursor, last), before=terms.messages)
    return Slice(next_of(last, rows, limit), Removed(connections=count))


def _links(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    rows, last = page_of(transaction, TOKENS_AFTER, cursor, limit)
    if last is None:
        return Slice(None)
    count = transaction.run(REMOVE_OLD_TOKENS, **span(cursor, last), before=terms.now)
    return Slice(next_of(last, rows, limit), Removed(links=count))


def _codes(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    """A code that ended needs not stand in clear; that one was sent, and what became of it, stays with its message."""
    count = len(transaction.rows(BLANK_CODES, before=terms.codes, limit=limit))
    return Slice(cursor if count == limit else None, Removed(codes=count))


def _reports(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    """Those that are closed, for as long as a proof is kept; what they stood on then goes as any message does."""
    rows, last = page_of(transaction, REPORTS_AFTER, cursor, limit)
    if last is None:
        return Slice(None)
    page = span(cursor, last)
    transaction.run(REMOVE_OLD_REPORT_TEXTS, **page, before=terms.proofs)
    count = transaction.run(REMOVE_OLD_REPORTS, **page, before=terms.proofs)
    return Slice(next_of(last, rows, limit), Removed(reports=count))


def _import_log(transaction: Transaction, terms: Terms, cursor: Cursor, limit: int) -> Slice:
    """Acts that imports took of a record, while it stands and three years after it ended. A row that is read again
    after that is rejected as older than the record, where before it was unchanged: either way it changes nothing."""
    rows, last = page_of(transaction, IMPORT_LOG_AFTER, cursor, limit)
    if last is None:
        return Slice(None)
    count = transaction.run(REMOVE_OLD_IMPORT_LOG, **span(cursor, last), before=terms.proofs)
    return Slice(next_of(last, rows, limit), Removed(import_log=count))


REDELIVERIES = Walk("redeliveries", ("", -1), _redeliveries)
CONNECTIONS = Walk("connections", (-1,), _connections)
LINKS = Walk("links", (b"",), _links)
CODES = Walk("codes", (), _codes)
REPORTS = Walk("reports", ("",), _reports)
IMPORT_LOG = Walk("import_log", ("", "", "", "", -(2**62), ""), _import_log)
