"""How PostgreSQL goes about the statements of every batch, whatever it has counted in the tables before."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pytest

from core.store.engines import engine_of
from core.store.postgresql.connection import PostgresqlConnection
from core.store.queries.connections import REDELIVERIES_OF
from core.store.queries.consents import (
    CONSENTS_OF,
    CONSENTS_OF_BRAND,
    CONVERSATIONS_OF,
    IMPORT_LOG_OF_BRAND,
    OBJECTIONS_OF_BRAND,
)
from core.store.queries.notices import DROP_NOTICES_OF, WAITING_NOTICES_OF
from core.store.queries.outbox import ACCEPT, LEASE, OF_MESSAGE_ID, OLDEST_READY, RETRY, UNKNOWN
from core.store.query import Query
from tests.postgresql import Server

FILL: Final = """
INSERT INTO consent SELECT n::text, '1', 'MESAJ', 'BIREYSEL', 'ONAY', 'HS_WEB', 1 FROM generate_series(1, 50000) AS n
"""
COUNTED: Final = (
    pytest.param((), id="never counted"),
    pytest.param(("ANALYZE",), id="counted when empty"),
    pytest.param((FILL,), id="filled and not counted"),
)


@pytest.fixture
def connection(postgresql: Server) -> Iterator[PostgresqlConnection]:
    """In a transaction that is not committed."""
    url = postgresql.fresh()
    with closing(engine_of(url, 5.0).connect()) as connection:
        assert isinstance(connection, PostgresqlConnection)
        connection.begin()
        yield connection
        connection.roll_back()  # what was prepared goes with the session
    postgresql.give_back(url)


@pytest.mark.parametrize("counted", COUNTED)
@pytest.mark.parametrize(
    ("query", "indexes"),
    [
        pytest.param(CONSENTS_OF_BRAND, r"consent_\d\d_pkey", id="consents of brands"),
        pytest.param(CONSENTS_OF, r"consent_\d\d_pkey", id="all consents of one"),
        pytest.param(OBJECTIONS_OF_BRAND, r"objection_\d\d_pkey", id="objections of brands"),
        pytest.param(IMPORT_LOG_OF_BRAND, r"import_log_\d\d_pkey", id="what imports took"),
        pytest.param(CONVERSATIONS_OF, r"conversation_\d\d_pkey", id="conversations"),
        pytest.param(REDELIVERIES_OF, "redelivery_pkey", id="redeliveries"),
        pytest.param(WAITING_NOTICES_OF, "notice_of|notice_pkey", id="notices of brands"),
        pytest.param(DROP_NOTICES_OF, "notice_of", id="notices of one"),
        pytest.param(OLDEST_READY, "outbox_ready", id="the oldest that waits"),
        pytest.param(LEASE, "outbox_ready|outbox_pkey", id="lease"),
        pytest.param(ACCEPT, "outbox_pkey", id="accepted"),
        pytest.param(RETRY, "outbox_pkey", id="to be tried again"),
        pytest.param(UNKNOWN, "outbox_pkey", id="unknown"),
        pytest.param(OF_MESSAGE_ID, "outbox_message", id="by the operator's id"),
    ],
)
def test_a_look_up_goes_straight_to_its_rows(
    connection: PostgresqlConnection, query: Query, indexes: str, counted: tuple[str, ...]
) -> None:
    form = query.postgresql
    zeros = ",".join("'0'" for _ in form.parameters)
    for sql in (*counted, f"PREPARE look_up AS {form.sql}"):
        connection._run(connection._alive.execute(sql))

    found = connection._run(connection._alive.fetch(f"EXPLAIN EXECUTE look_up({zeros})"))
    plan = "\n".join(line for (line,) in found)

    scans = re.findall(r"Index Scan (?:using|on) (\w+)", plan)
    assert scans
    assert all(re.fullmatch(indexes, name) for name in scans), plan
    assert plan.count("Index Cond: ") == len(scans), plan
    assert not re.search(r"Seq Scan|Hash Join|Merge Join|Join Filter", plan), plan
