"""Links, redeliveries, codes, notices and what imports took: each goes at its own end."""

from typing import Any, Final

import pytest

from core.domain.clock import MINUTE_MS, Instant
from core.domain.consent import RecipientType, Source, Status
from core.outbox.outbox import ANSWER_LIFE_MS, OutboxClass, row
from core.registry.import_row import Act
from core.registry.importer import Counts, Loader, Row
from core.retention.counts import Removed
from core.store.queries.brands import PUT_BRAND
from core.store.queries.connections import ADD_REDELIVERY
from core.store.queries.consents import PUT_CONSENT
from core.store.queries.notices import ADD_TOKEN, PUT_NOTICE
from core.store.queries.outbox import ADD_OUTBOX
from core.store.query import Query
from tests.core.conversation.decisions.scenes import DAY_MS, MESAJ, MIGROS
from tests.core.retention.sweeping import SPANS, YEARS_3_MS, count, sweep
from tests.counter import NUMBER, Counter

WHO: Final = NUMBER.reveal()


async def put(counter: Counter, query: Query, *rows: tuple[Any, ...]) -> None:
    await counter.database.transact(lambda transaction: transaction.run_many(query, rows))


async def test_links_and_redeliveries_go_when_they_end(counter: Counter) -> None:
    now = counter.clock.now
    await put(counter, ADD_TOKEN, *[(bytes([n]) * 32, n, now + n - 2) for n in range(5)])
    await put(counter, ADD_REDELIVERY, *[(WHO, n, b"key", now + n - 2) for n in range(5)])

    removed = await sweep(counter)

    assert removed == Removed(links=3, redeliveries=3)
    assert sorted(await counter.column("SELECT notice FROM token")) == [3, 4]
    assert sorted(await counter.column("SELECT request FROM redelivery")) == [3, 4]


async def test_a_code_stands_in_clear_until_shortly_after_its_end(counter: Counter) -> None:
    now = counter.clock.now
    ends = [now - MINUTE_MS - 1, now - MINUTE_MS, now - MINUTE_MS + 1, now]
    rows = [row(n, None, WHO, "482913", "a", now, OutboxClass.CODE, at - now) for n, at in enumerate(ends)]
    answer = row(9, None, WHO, "tamam", "a", Instant(now - 9 * ANSWER_LIFE_MS))
    await put(counter, ADD_OUTBOX, *rows, answer)

    removed = await sweep(counter)

    assert removed == Removed(codes=2)
    assert await counter.column("SELECT text FROM outbox ORDER BY id") == ["", "", "482913", "482913", "tamam"]
    assert await sweep(counter) == Removed()


async def stands(counter: Counter, status: Status, consent_at: int, recipient_type: str = "BIREYSEL") -> None:
    await put(
        counter,
        PUT_CONSENT,
        (WHO, MIGROS.code, MESAJ.value, recipient_type, status.value, "HS_WEB", consent_at, None, None, None),
    )


async def announced(counter: Counter, entered_at: int, types: str = "MESAJ|ARAMA", state: str = "queued") -> None:
    await put(counter, PUT_NOTICE, (7, WHO, MIGROS.code, "given", types, 0, entered_at, 0, 1, state, 2))
    await put(counter, ADD_OUTBOX, row(7, None, WHO, "izin", "", counter.clock.now, OutboxClass.NOTICE))


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
    counter: Counter, status: Status, ended_ms_ago: int, entered_ms_ago: int, fields: dict[str, str], gone: int
) -> None:
    now = counter.clock.now
    await stands(counter, status, now - ended_ms_ago)
    await announced(counter, now - entered_ms_ago, **fields)

    removed = await sweep(counter)

    assert removed == Removed(notices=gone)
    assert [await count(counter, table) for table in ("notice", "outbox", "consent")] == [1 - gone, 1 - gone, 1]


async def test_a_notice_stays_while_its_link_may_live(counter: Counter) -> None:
    now = counter.clock.now
    await stands(counter, Status.RET, now - 2 * YEARS_3_MS)
    await announced(counter, now - 2 * YEARS_3_MS)

    assert await sweep(counter, SPANS._replace(link_ms=2 * YEARS_3_MS)) == Removed()
    assert await sweep(counter, SPANS._replace(link_ms=YEARS_3_MS)) == Removed(notices=1)


async def load(counter: Counter, *acts: Act) -> Counts:
    async def on_slice(_: Counts) -> None:
        pass

    rows = [Row(n, (), act) for n, act in enumerate(acts, 2)]
    loader = Loader(counter.database, counter.book, b"file", counter.clock)
    return await loader.load(rows, lambda row, reason: None, on_slice)


async def test_what_imports_took_goes_three_years_after_its_record_ended_and_changes_nothing_read_again(
    counter: Counter,
) -> None:
    await put(counter, PUT_BRAND, (MIGROS.code, MIGROS.name, "", "", "", None, None, 1))
    at = Instant(counter.clock.now - 10 * DAY_MS)
    given = Act(WHO, MIGROS.code, MESAJ, RecipientType.BIREYSEL, Status.ONAY, Source.HS_WEB, at)
    ended = given._replace(status=Status.RET, at=Instant(at + DAY_MS))
    standing = given._replace(recipient_type=RecipientType.TACIR)
    renewed = standing._replace(at=Instant(at + DAY_MS))
    await load(counter, given, ended, standing, renewed)
    consents = await counter.rows("SELECT * FROM consent ORDER BY recipient_type")
    counter.clock.pass_ms(YEARS_3_MS - 9 * DAY_MS - 1)
    assert await sweep(counter) == Removed()

    counter.clock.pass_ms(9 * DAY_MS + 1)
    removed = await sweep(counter)

    assert removed == Removed(taken=1)
    assert await counter.column("SELECT recipient_type FROM taken") == ["TACIR"]
    assert await load(counter, given, ended, standing, renewed) == Counts(unchanged=3, rejected=1)
    assert await counter.rows("SELECT * FROM consent ORDER BY recipient_type") == consents
