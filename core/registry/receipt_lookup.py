"""Lookup of a receipt that a citizen asks about."""

from typing import Any

import orjson

from core.conversation.answers import Effect
from core.conversation.decisions.scene import Past, Report
from core.domain.clock import Instant
from core.domain.ids import book_of
from core.store.queries.books import ENTRY
from core.store.queries.evidence import REQUEST_OF_RECEIPT
from core.store.queries.reports import COMPLAINT
from core.store.transaction import Transaction


def look_up_receipt(
    transaction: Transaction, receipt: str, recipient: str | None = None, subscribed_at: Instant | None = None
) -> Past | Report | None:
    """The act or report of this number, on its present subscription; None for any other receipt. Without a number,
    that of anybody."""
    found = transaction.rows(REQUEST_OF_RECEIPT, wanted=receipt)
    if not found:
        return None
    request_id, owner, *_ = found[0]
    received_at, outcome, entry, review = found[0][6], found[0][10], found[0][12], found[0][16]
    if (recipient is not None and owner != recipient) or (subscribed_at is not None and received_at <= subscribed_at):
        return None
    if reports := transaction.rows(COMPLAINT, wanted=receipt):
        [(_, _, code, _, state, opened_at, _, result)] = reports
        return Report(receipt, state, code, opened_at, result)
    if outcome == "ret-all-question":
        return Past("question", (), received_at)
    if outcome == "set-aside":
        return Past("resolved" if review == "resolved" else "set-aside", (), received_at)
    [(_, _, body)] = transaction.rows(ENTRY, of_book=book_of(request_id), of_entry=entry)
    codes: dict[Effect, dict[str, None]] = {}
    for act in orjson.loads(body)["acts"]:
        codes.setdefault(_effect(act), {})[act["brandCode"]] = None
    order: tuple[Effect, ...] = ("ended", "allowed", "kept", "unchanged")
    what: Effect = next((effect for effect in order if effect in codes), "unchanged")
    return Past(what, tuple(codes.get(what, ())), received_at)


def _effect(act: dict[str, Any]) -> Effect:
    before, after = act["before"], act["after"]
    if after is None:
        return "allowed"  # the citizen's own consent ended an objection
    if after.get("objection"):
        return "kept"
    if after["status"] == "ONAY":
        return "unchanged" if before == after else "allowed"
    return "ended" if before is None or before["status"] == "ONAY" else "unchanged"
