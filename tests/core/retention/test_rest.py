"""Links, redeliveries, codes, notices and what imports took: each goes at its own end."""

from typing import Any, Final

import pytest

from core.domain.clock import MINUTE_MS, Instant
from core.domain.consent import RecipientType, Source, Status
from core.outbox.outbox import ANSWER_LIFE_MS, OutboxClass, row
from core.registry.import_row import ImportRow
from core.registry.importer import Counts, Importer, Row
from core.retention.counts import Removed
from core.store.queries.brands import PUT_BRAND
from core.store.queries.connections import ADD_CONNECTION, ADD_REDELIVERY
from core.store.queries.consents import PUT_CONSENT
from core.store.queries.notices import ADD_TOKEN, PUT_NOTICE
from core.store.queries.outbox import ADD_OUTBOX
from core.store.query import Query
from tests.container import NUMBER, Container
from tests.core.conversation.decisions.scenes import DAY_MS, MESAJ, MIGROS
from tests.core.retention.sweeping import SPANS, YEARS_3_MS, count, sweep

WHO: Final = NUMBER.reveal()


async def put(container: Container, query: Query, *rows: tuple[Any, ...]) -> None:
    await container.database.transact(lambda transaction: transaction.run_many(query, rows))


async def test_links_and_redeliveries_go_when_they_end(container: Container) -> None:
    now = container.clock.now
    await put(container, ADD_TOKEN, *[(bytes([n]) * 32, n, now + n - 2) for n in range(5)])
    await put(container, ADD_REDELIVERY, *[(WHO, n, b"key", now + n - 2) for n in range(5)])

    removed = await sweep(container)

    assert removed == Removed(links=3, redeliveries=3)
    assert sorted(await container.column("SELECT notice FROM token")) == [3, 4]
    assert sorted(await container.column("SELECT request FROM redelivery")) == [3, 4]


async def test_connections_go_once_they_have_been_closed_as_long_as_messages_stay(container: Container) -> None:
    now, messages_ms = container.clock.now, max(SPANS.raw_text_ms, SPANS.redelivery_ms, 2 * DAY_MS)
    closed_at = [now - 2 * messages_ms, now - messages_ms // 2, None]
    await put(container, ADD_CONNECTION, *[(n, "a", now - 3 * messages_ms, 0, at) for n, at in enumerate(closed_at, 7)])

    removed = await sweep(container)

    assert removed == Removed(connections=1)
    assert await container.column("SELECT id FROM connection ORDER BY id") == [8, 9]


async def test_a_code_stands_in_clear_until_shortly_after_its_end(container: Container) -> None:
    now = container.clock.now
    ends = [now - MINUTE_MS - 1, now - MINUTE_MS, now - MINUTE_MS + 1, now]
    rows = [row(n, None, WHO, "482913", "a", now, OutboxClass.CODE, at - now) for n, at in enumerate(ends)]
    answer = row(9, None, WHO, "tamam", "a", Instant(now - 9 * ANSWER_LIFE_MS))
    await put(container, ADD_OUTBOX, *rows, answer)

    removed = await sweep(container)

    assert removed == Removed(codes=2)
    assert await container.column("SELECT text FROM outbox ORDER BY id") == ["", "", "482913", "482913", "tamam"]
    assert await sweep(container) == Removed()


async def stands(container: Container, status: Status, consent_at: int, recipient_type: str = "BIREYSEL") -> None:
    await put(
        container,
        PUT_CONSENT,
        (WHO, MIGROS.code, MESAJ.value, recipient_type, status.value, "HS_WEB", consent_at, None, None, None),
    )


async def announced(container: Container, entered_at: int, types: str = "MESAJ|ARAMA", state: str = "queued") -> None:
    await put(container, PUT_NOTICE, (7, WHO, MIGROS.code, "given", types, 0, entered_at, 0, 1, state, 2))
    await put(container, ADD_OUTBOX, row(7, None, WHO, "izin", "", container.clock.now, OutboxClass.NOTICE))


@pytest.mark.parametrize(
    ("status", "ended_ms_ago", "entered_ms_ago", "fields", "gone"),
    [
        pytest.param(Status.RET, YEARS_3_MS, YEARS_3_MS, {}, 1, id="ended long ago"),
        pytest.param(Status.RET, YEARS_3_MS - 1, YEARS_3_MS, {}, 0, id="ended lately"),
        pytest.param(Status.RET, YEARS_3_MS, YEARS_3_MS - 1, {}, 0, id="entered lately"),
        pytest.param(Status.ONAY, 2 * YEARS_3_MS, 2 * YEARS_3_MS, {}, 0, id="stands"),
        pytest.param(Status.ONAY, 2 * YEARS_3_MS, YEARS_3_MS, {"types": "ARAMA"}, 1, id="of another type"),
        pytest.param(Status.RET, YEARS_3_MS, YEARS_3_MS, {"state": "waiting"}, 0, id="waits"),
    ],
)
async def test_a_notice_is_kept_as_long_as_the_consent_is_proven(
    container: Container, status: Status, ended_ms_ago: int, entered_ms_ago: int, fields: dict[str, str], gone: int
) -> None:
    now = container.clock.now
    await stands(container, status, now - ended_ms_ago)
    await announced(container, now - entered_ms_ago, **fields)

    removed = await sweep(container)

    assert removed == Removed(notices=gone)
    assert [await count(container, table) for table in ("notice", "outbox", "consent")] == [1 - gone, 1 - gone, 1]


async def test_a_notice_stays_while_its_link_may_live(container: Container) -> None:
    now = container.clock.now
    await stands(container, Status.RET, now - 2 * YEARS_3_MS)
    await announced(container, now - 2 * YEARS_3_MS)

    assert await sweep(container, SPANS._replace(link_ms=2 * YEARS_3_MS)) == Removed()
    assert await sweep(container, SPANS._replace(link_ms=YEARS_3_MS)) == Removed(notices=1)


async def load(container: Container, *acts: ImportRow) -> Counts:
    async def on_slice(_: Counts) -> None:
        pass

    rows = [Row(n, (), act) for n, act in enumerate(acts, 2)]
    loader = Importer(container.database, container.book, b"file", container.clock)
    return await loader.load(rows, lambda row, reason: None, on_slice)


async def test_what_imports_took_goes_three_years_after_its_record_ended_and_changes_nothing_read_again(
    container: Container,
) -> None:
    await put(container, PUT_BRAND, (MIGROS.code, MIGROS.name, "", "", "", None, None, 1))
    at = Instant(container.clock.now - 10 * DAY_MS)
    given = ImportRow(WHO, MIGROS.code, MESAJ, RecipientType.BIREYSEL, Status.ONAY, Source.HS_WEB, at)
    ended = given._replace(status=Status.RET, at=Instant(at + DAY_MS))
    standing = given._replace(recipient_type=RecipientType.TACIR)
    renewed = standing._replace(at=Instant(at + DAY_MS))
    await load(container, given, ended, standing, renewed)
    consents = await container.rows("SELECT * FROM consent ORDER BY recipient_type")
    container.clock.pass_ms(YEARS_3_MS - 9 * DAY_MS - 1)
    assert await sweep(container) == Removed()

    container.clock.pass_ms(9 * DAY_MS + 1)
    removed = await sweep(container)

    assert removed == Removed(import_log=1)
    assert await container.column("SELECT recipient_type FROM import_log") == ["TACIR"]
    assert await load(container, given, ended, standing, renewed) == Counts(unchanged=3, rejected=1)
    assert await container.rows("SELECT * FROM consent ORDER BY recipient_type") == consents
