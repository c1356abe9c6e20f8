"""How PostgreSQL goes about each statement of the hot path: by an index, and in one part of a divided table."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest

from core.store.postgresql.connection import PostgresqlConnection
from core.store.queries.books import ENTRY, LAST_ENTRY
from core.store.queries.connections import DROP_EXPIRED_REDELIVERIES, DROP_REDELIVERY, REDELIVERIES_OF
from core.store.queries.consents import (
    CONSENTS_OF,
    CONSENTS_OF_BRAND,
    CONVERSATIONS_OF,
    DROP_OBJECTION,
    IMPORT_LOG_OF_BRAND,
    OBJECTIONS_OF,
    OBJECTIONS_OF_BRAND,
)
from core.store.queries.evidence import ANSWERS_OF_REQUEST, REQUEST_OF_RECEIPT, RESOLVE_REVIEW
from core.store.queries.notices import NOTICE_OF_TOKEN, WAITING_NOTICES_OF
from core.store.queries.outbox import (
    ACCEPT,
    DEAD_LETTER,
    LEASE,
    OF_MESSAGE_ID,
    OLDEST_READY,
    RETRY,
    SETTLE,
    UNKNOWN,
    UNKNOWN_LAPSED,
)
from core.store.queries.reports import COMPLAINTS_OF
from core.store.queries.retention import (
    BLANK_CODES,
    IMPORT_LOG_AFTER,
    NOTICES_AFTER,
    OLD_CONVERSATIONS_AFTER,
    PROOFS_AFTER,
    RAWS_AFTER,
    REDELIVERIES_AFTER,
    REMOVE_ACTLESS,
    REMOVE_CONVERSATIONS,
    REMOVE_OLD_IMPORT_LOG,
    REMOVE_OLD_NOTICES,
    REMOVE_OLD_RAWS,
    REMOVE_OLD_REDELIVERIES,
    REMOVE_OLD_REPORT_TEXTS,
    REMOVE_OLD_REPORTS,
    REMOVE_OLD_TOKENS,
    REMOVE_OUTBOX,
    REMOVE_OUTBOX_OF_REQUESTS,
    REMOVE_RAWS,
    REMOVE_RECEIPTS,
    REMOVE_REQUESTS,
    REPORTS_AFTER,
    TOKENS_AFTER,
)
from core.store.queries.seals import GROWN_OR_ENDED, NEWEST_SEAL, SEALED_HEADS_OF
from core.store.queries.segments import SEGMENTS_OF_SET, SEGMENTS_OF_SETS
from core.store.query import Form, Query
from core.store.schema import PARTITIONED, PARTITIONS
from core.store.transaction import Transaction
from tests.container import execute

CITIZENS: Final = 20_000
FILL: Final = f"""
INSERT INTO consent SELECT '+90532' || lpad(n::text, 7, '0'), '600100', 'MESAJ', 'BIREYSEL', 'ONAY', 'HS_WEB', 1
FROM generate_series(1, {CITIZENS}) n;
INSERT INTO import_log SELECT recipient, '600100', 'MESAJ', 'BIREYSEL', 1, 'ONAY', 'HS_WEB', 1 FROM consent;
INSERT INTO objection SELECT recipient, '600100', 'MESAJ', 'IYS_WEB', 1, 'R' FROM consent;
INSERT INTO conversation SELECT recipient, '{{}}', 1 FROM consent;
INSERT INTO redelivery SELECT recipient, right(recipient, 7)::int, 'x', 9 FROM consent;
INSERT INTO request
(id, recipient, door, origin, connection, key, received_at, decided_at, registered_at, outcome, raw_hash)
SELECT right(recipient, 7)::int, recipient, 'sms', 'a', 1, 'x', 1, 1, 1, 'done', 'x' FROM consent;
INSERT INTO raw SELECT right(recipient, 7)::int, recipient, 'x', 'x' FROM consent;
INSERT INTO receipt SELECT 'R' || right(recipient, 7), recipient, right(recipient, 7)::int FROM consent;
INSERT INTO complaint SELECT 'R' || right(recipient, 7), recipient, null, 'x', 'open', 1, 1, null FROM consent;
INSERT INTO complaint_text SELECT 'R' || right(recipient, 7), right(recipient, 7)::int FROM consent;
INSERT INTO segment SELECT recipient, 'a', 'b', 1, 2, right(recipient, 7)::int, 1, 'x', 'x', right(recipient, 7)::int, 1
FROM consent;
INSERT INTO notice
SELECT right(recipient, 7)::int, recipient, '600100', 'given', 'MESAJ', 1, 1, 1, 1, 'waiting', 2 FROM consent;
INSERT INTO token SELECT sha256(recipient::bytea), right(recipient, 7)::int, 9 FROM consent;
INSERT INTO outbox
SELECT right(recipient, 7)::int, right(recipient, 7)::int, recipient, 1, 'text', 'a',
    CASE WHEN right(recipient, 1) = '0' THEN 'ready' ELSE 'accepted' END, 1, 1, 9, 1, null, 1, 0, 'a', recipient
FROM consent;
INSERT INTO ledger SELECT 1, right(recipient, 7)::int, 'x', '{{}}' FROM consent;
INSERT INTO book SELECT n, 1, 1, n FROM generate_series(2, {CITIZENS}) n;
INSERT INTO book VALUES (1, 1, null, null), ({CITIZENS} + 1, 1, null, null);
INSERT INTO seal SELECT n, 1, 'x', 'x', 'x', 'x' FROM generate_series(1, {CITIZENS}) n;
INSERT INTO sealed_head SELECT n, n, 1, 'x' FROM generate_series(1, {CITIZENS}) n;
ANALYZE;
SET plan_cache_mode = force_generic_plan
"""
NUMBER: Final = "+905320000042"
PAIR: Final = {"keys": json.dumps([[NUMBER, "600100"]])}
SET: Final = {"recipient": NUMBER, "origin": "a", "destination": "b", "reference": 1, "total": 2}
AT: Final = {"at": 5, "given_reason": "x"}


def case(query: Query, name: str, **values: object) -> Any:
    return pytest.param(query, values, id=name)


OF_A_CITIZEN: Final = [
    case(CONSENTS_OF_BRAND, "consents of citizens and brands", **PAIR),
    case(OBJECTIONS_OF_BRAND, "objections of citizens and brands", **PAIR),
    case(IMPORT_LOG_OF_BRAND, "what imports took of citizens and brands", **PAIR),
    case(WAITING_NOTICES_OF, "notices that wait for citizens", **PAIR),
    case(CONVERSATIONS_OF, "conversations", keys=json.dumps([NUMBER])),
    case(REDELIVERIES_OF, "what may come again", keys=json.dumps([NUMBER]), now=5),
    case(CONSENTS_OF, "all consents of one", recipient=NUMBER),
    case(OBJECTIONS_OF, "all objections of one", recipient=NUMBER),
    case(DROP_OBJECTION, "an objection goes", of_recipient=NUMBER, of_brand="600100", of_type="MESAJ"),
    case(DROP_REDELIVERY, "a redelivery was matched", of_recipient=NUMBER, of_request=42),
    case(COMPLAINTS_OF, "reports of one", recipient=NUMBER),
    case(SEGMENTS_OF_SETS, "parts of one", **SET),
    case(SEGMENTS_OF_SET, "parts of a message", **SET, of_first=42),
    case(RESOLVE_REVIEW, "a message is resolved", of_recipient=NUMBER, of_id=42),
]
BY_A_KEY: Final = [
    case(REQUEST_OF_RECEIPT, "evidence by receipt", wanted="R0000042"),
    case(ANSWERS_OF_REQUEST, "answers to a request", of_request=42),
    case(NOTICE_OF_TOKEN, "notice of a link", of_hash=b"\0" * 32, now=5),
    case(OF_MESSAGE_ID, "what a receipt is about", of_operator="a", keys=json.dumps([NUMBER])),
    case(LEASE, "the next to send", first_class=0, last_class=2, keys="[]", due=5, limit=50, lease=9, by_sender=1),
    case(OLDEST_READY, "the oldest that waits", of_class=1),
    case(ACCEPT, "a message was taken", by_operator="a", given_id="x", at=5, of_id=42, of_sender=1),
    case(RETRY, "a message goes again", untried=1, due=5, given_reason="x", of_id=42, of_sender=1),
    case(DEAD_LETTER, "a message is given up", **AT, of_id=42, of_sender=1),
    case(UNKNOWN, "nobody knows of a message", at=5, of_id=42, of_sender=1),
    case(SETTLE, "a receipt settles", new_state="delivered", due=5, **AT, of_id=42),
    case(UNKNOWN_LAPSED, "leases that ran out", at=5),
    case(ENTRY, "an entry", of_book=1, of_entry=42),
    case(LAST_ENTRY, "the head of a book", of_book=1),
    case(GROWN_OR_ENDED, "books to be sealed", limit=1000),
    case(NEWEST_SEAL, "the newest seal"),
    case(SEALED_HEADS_OF, "heads of a seal", of_seal=42),
]
NUMBERS: Final = {"after_0": 41, "last_0": 45}
RECEIPTS: Final = {"after_0": "R0000041", "last_0": "R0000045"}
REDELIVERED: Final = {"after_0": NUMBER, "after_1": 0, "last_0": "+905320000045", "last_1": 45}
ROW: Final = ("600100", "MESAJ", "BIREYSEL", 1, "ONAY")
IMPORT_LOG: Final = {f"after_{n}": value for n, value in enumerate((NUMBER, *ROW))} | {
    f"last_{n}": value for n, value in enumerate(("+905320000045", *ROW))
}
NAMED: Final = {"keys": json.dumps([[NUMBER, 42]])}
IN_BULK: Final = [
    case(RAWS_AFTER, "texts by number", after_0=41, limit=5),
    case(PROOFS_AFTER, "proofs by number", after_0=41, limit=5),
    case(NOTICES_AFTER, "notices by number", after_0=41, limit=5),
    case(OLD_CONVERSATIONS_AFTER, "conversations by citizen", after_0=NUMBER, limit=5),
    case(REPORTS_AFTER, "reports by receipt", after_0="R0000041", limit=5),
    case(TOKENS_AFTER, "links by hash", after_0=b"A", limit=5),
    case(REDELIVERIES_AFTER, "redeliveries by citizen", after_0=NUMBER, after_1=0, limit=5),
    case(IMPORT_LOG_AFTER, "rows of imports by key", **{k: v for k, v in IMPORT_LOG.items() if k[0] == "a"}, limit=5),
    case(REMOVE_ACTLESS, "messages that were no act", **NUMBERS, before=5),
    case(REMOVE_OLD_RAWS, "old texts", **NUMBERS, before=5),
    case(REMOVE_OLD_NOTICES, "old notices", **NUMBERS, before=5, entered_before=5),
    case(REMOVE_OLD_REPORTS, "old reports", **RECEIPTS, before=5),
    case(REMOVE_OLD_REPORT_TEXTS, "texts of old reports", **RECEIPTS, before=5),
    case(REMOVE_OLD_TOKENS, "old links", after_0=b"A" * 32, last_0=b"A" * 31 + b"B", before=5),
    case(REMOVE_OLD_REDELIVERIES, "old redeliveries", **REDELIVERED, before=5),
    case(REMOVE_OLD_IMPORT_LOG, "old rows of imports", **IMPORT_LOG, before=5),
    case(REMOVE_REQUESTS, "requests by name", **NAMED),
    case(REMOVE_RAWS, "texts by name", **NAMED),
    case(REMOVE_RECEIPTS, "receipts by name", keys='["R0000042"]'),
    case(REMOVE_CONVERSATIONS, "conversations by name", keys=json.dumps([NUMBER])),
    case(REMOVE_OUTBOX, "messages by number", keys="[42]"),
    case(REMOVE_OUTBOX_OF_REQUESTS, "answers by request", keys="[42]"),
    case(BLANK_CODES, "codes that ended", before=5, limit=5),
]


@pytest.fixture(scope="module")
def filled(postgresql: Any) -> Iterator[PostgresqlConnection]:
    url = postgresql.fresh()
    connection = PostgresqlConnection(url.replace("+asyncpg", ""), 60)
    connection.begin()
    for statement in FILL.split(";\n"):
        execute(Transaction(connection), statement)
    yield connection
    connection.roll_back()
    connection.close()
    postgresql.give_back(url)


def plan_of(connection: PostgresqlConnection, query: Query, values: dict[str, object]) -> list[dict[str, Any]]:
    """Every node of the plan that was gone through: a part that was pruned never is."""
    form = query.postgresql
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {form.sql}"
    [(found,)] = execute(Transaction(connection), re.sub(r"\$\d+", "?", explain), *in_order(form, values))
    return [node for node in nodes(json.loads(found)[0]["Plan"]) if node["Actual Loops"] > 0]


def in_order(form: Form, values: dict[str, object]) -> list[object]:
    bound = form.bind(values)
    return [bound[int(number) - 1] for number in re.findall(r"\$(\d+)", form.sql)]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def parts_read(plan: list[dict[str, Any]]) -> Counter[str]:
    """How many parts of each divided table were read."""
    read = {node["Relation Name"] for node in plan if "Relation Name" in node and "Scan" in node["Node Type"]}
    return Counter(name[:-3] for name in read if name[:-3] in PARTITIONED)


@pytest.mark.parametrize(("query", "values"), [*OF_A_CITIZEN, *BY_A_KEY])
def test_a_hot_statement_goes_by_an_index_and_in_one_part(
    filled: PostgresqlConnection, query: Query, values: dict[str, object]
) -> None:
    plan = plan_of(filled, query, values)

    scans = {node["Node Type"] for node in plan if "Relation Name" in node and "Scan" in node["Node Type"]}
    assert scans <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
    assert set(parts_read(plan).values()) <= {1}


@pytest.mark.parametrize(("query", "values"), IN_BULK)
def test_a_slice_of_bulk_work_reads_no_table_whole(
    filled: PostgresqlConnection, query: Query, values: dict[str, object]
) -> None:
    plan = plan_of(filled, query, values)

    whole = {node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"}
    assert whole <= {"segment"}  # of which there are only those that wait
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in plan if "Index Cond" in node) < 1000


def test_a_batch_reads_no_more_parts_than_it_has_citizens(filled: PostgresqlConnection) -> None:
    few = json.dumps([[f"+90532000{n:04}", "600100"] for n in range(1, 4)])

    plan = plan_of(filled, CONSENTS_OF_BRAND, {"keys": few})

    assert 1 <= parts_read(plan)["consent"] <= 3
    assert {node["Node Type"] for node in plan if "Relation Name" in node} == {"Index Scan"}


def test_the_parts_share_the_citizens_evenly(filled: PostgresqlConnection) -> None:
    found = execute(Transaction(filled), "SELECT tableoid, count(*) FROM consent GROUP BY 1")

    assert len(found) == PARTITIONS
    assert all(abs(rows - CITIZENS / PARTITIONS) < CITIZENS / PARTITIONS / 4 for _, rows in found)


def test_a_sweep_reads_no_redelivery_but_those_that_ended(filled: PostgresqlConnection) -> None:
    execute(Transaction(filled), "UPDATE redelivery SET expires_at = 4 WHERE recipient = '+905320000077'")

    plan = plan_of(filled, DROP_EXPIRED_REDELIVERIES, {"now": 5})

    scans = [node for node in plan if node.get("Relation Name") == "redelivery" and "Scan" in node["Node Type"]]
    assert [node["Actual Rows"] for node in scans] == [1] * len(scans)
    assert all("Index Cond" in node for node in scans)
    assert "redelivery_expires" in {node.get("Index Name") for node in scans}
