"""The proof that an act leaves behind: its ledger body, and the rows that `evidence show` puts together again."""

from functools import lru_cache
from typing import Any

import orjson

from core.conversation.consent_state import Change
from core.conversation.requests import Door
from core.domain.clock import Instant, legal_time, utc_text
from core.domain.consent import Objection, Record
from core.domain.ids import book_of
from core.store.queries.books import ENTRY
from core.store.queries.evidence import ANSWERS_OF_REQUEST, REQUEST_OF_RECEIPT
from core.store.transaction import Transaction

_utc = lru_cache(maxsize=1024)(utc_text)
_legal = lru_cache(maxsize=65536)(legal_time)


def ledger_body(
    *,
    receipt: str,
    door: Door,
    recipient: str | None,
    raw_hash: bytes,
    received_at: Instant,
    decided_at: Instant,
    changes: tuple[Change, ...],
) -> dict[str, Any]:
    """The body of one act's ledger entry. `recipient` is the pseudonym, never the number."""
    decided = _utc(decided_at)
    return {
        "receipt": receipt,
        "door": door._value_,
        "recipient": recipient,
        "raw": raw_hash.hex(),
        "receivedAt": _utc(received_at),
        "decidedAt": decided,
        "registeredAt": decided,
        "acts": [_act(change) for change in changes],
    }


def _act(change: Change) -> dict[str, Any]:
    return {
        "brandCode": change.row.brand_code,
        "type": change.row.type._value_,
        "before": _state(change.before),
        "after": _state(change.after),
    }


def _state(row: Record | Objection | None) -> dict[str, Any] | None:
    if row is None:
        return None
    if isinstance(row, Objection):
        return {"status": None, "source": row.source._value_, "consentDate": _legal(row.at), "objection": True}
    return {
        "status": row.status._value_,
        "source": row.source._value_,
        "consentDate": _legal(row.consent_at),
        "recipientType": row.recipient_type._value_,
    }


def evidence(transaction: Transaction, receipt: str) -> dict[str, Any] | None:
    """Everything that proves the act with this receipt; None for an unknown one."""
    found = transaction.rows(REQUEST_OF_RECEIPT, wanted=receipt)
    if not found:
        return None
    [row] = found
    request = dict(zip(_COLUMNS, row, strict=True))
    book = book_of(request["id"])
    [(_, _, body)] = transaction.rows(ENTRY, of_book=book, of_entry=request["entry"])
    text = request["text"]
    octets = request["octets"]
    return {
        "receipt": receipt,
        "door": request["door"],
        "recipient": request["recipient"] or None,
        "raw": text if text is not None or octets is None else octets.hex(),
        "receivedAt": utc_text(request["received_at"]),
        "decidedAt": utc_text(request["decided_at"]),
        "registeredAt": utc_text(request["registered_at"]),
        "acts": orjson.loads(body)["acts"],
        "ledger": {"book": book, "entry": request["entry"]},
        "answers": [text for text, *_ in transaction.rows(ANSWERS_OF_REQUEST, of_request=request["id"])],
    }


_COLUMNS = (
    *("id", "recipient", "door", "origin", "connection", "key", "received_at", "decided_at", "registered_at"),
    *(
        "registry_id",
        "outcome",
        "receipt",
        "entry",
        "salt",
        "raw_hash",
        "repeat_of",
        "review",
        "silence",
        "octets",
        "text",
    ),
)
