"""What counts as a movement, of imports and of citizens, on both databases; its day, and its id."""

from datetime import date
from typing import Final

import pytest

from core.conversation.answers import Committed, OnayQuestion
from core.conversation.requests import BrandMention, CloseLine, Digits, Onay, RequestIntent, Ret
from core.domain.clock import Instant, start_of
from core.domain.consent import ConsentType, RecipientType, Source, Status
from core.registry.import_row import ImportRow
from core.registry.importer import Counts, Importer, Row
from core.registry.movements import Movement, movements
from core.store.postgresql import connection as postgresql
from core.store.queries.brands import PUT_BRAND
from core.store.transaction import Transaction
from tests.container import BOYNER, MIGROS, NUMBER, RET_MIGROS, Container
from tests.container_fixtures import on_postgresql

MONDAY: Final = date(2026, 11, 23)
KEY: Final = bytes(32)
NOW: Final = "2026-11-23 14:05:00"
GIVEN: Final = "2023-11-15 01:13:20"
MESAJ, BIREYSEL = ConsentType.MESAJ, RecipientType.BIREYSEL
WEB: Final = ImportRow(
    NUMBER.reveal(), MIGROS.code, MESAJ, BIREYSEL, Status.ONAY, Source.HS_WEB, Instant(1_700_000_000_000)
)


async def moved(container: Container, day: date = MONDAY) -> list[Movement]:
    def look(transaction: Transaction) -> list[Movement]:
        return sorted(movements(transaction, day, KEY), key=lambda one: (one.created, one.recipient_type, one.status))

    return await container.database.transact(look)


async def intent(container: Container, *intents: RequestIntent) -> None:
    for intent in intents:
        await container.desk.handle(container.request(intent))
        container.clock.pass_ms(1000)


async def load(container: Container, *acts: ImportRow) -> None:
    brands = [(brand.code, brand.name, "", "", "", None, None, 1) for brand in (MIGROS, BOYNER)]
    await container.database.transact(lambda transaction: transaction.run_many(PUT_BRAND, brands))

    async def on_slice(_: Counts) -> None:
        pass

    rows = [Row(n, (), act) for n, act in enumerate(acts, 2)]
    await Importer(container.database, container.book, b"file", container.clock).load(
        rows, lambda row, reason: None, on_slice
    )


def what(found: list[Movement]) -> list[tuple[str, ...]]:
    return [(one.status, one.source, one.consent_date, one.recipient_type) for one in found]


async def test_a_refusal_is_a_movement_and_its_repeat_is_none(container: Container) -> None:
    await container.allow(NUMBER)

    await intent(container, RET_MIGROS, RET_MIGROS)

    [one] = await moved(container)
    assert one[:8] == (NUMBER.reveal(), "MESAJ", "RET", "IYS_KISAMESAJ", NOW, "BIREYSEL", "600100", NOW)


async def test_each_brand_of_one_act_has_an_id_of_its_own(container: Container) -> None:
    await container.allow(NUMBER)
    await container.allow(NUMBER, brand=BOYNER)

    await intent(container, Ret((BrandMention.of(MIGROS), BrandMention.of(BOYNER))))

    found = await moved(container)
    assert sorted(one.brand_code for one in found) == ["600100", "600102"]
    assert len({one.transaction_id for one in found}) == 2


async def test_an_objection_is_told_for_both_kinds_of_recipients_each_time_it_is_renewed(container: Container) -> None:
    await intent(container, RET_MIGROS, RET_MIGROS)

    found = await moved(container)

    later = "2026-11-23 14:05:01"
    assert what(found) == [
        *[("RET", "IYS_KISAMESAJ", NOW, kind) for kind in ("BIREYSEL", "TACIR")],
        *[("RET", "IYS_KISAMESAJ", later, kind) for kind in ("BIREYSEL", "TACIR")],
    ]
    assert len({one.transaction_id for one in found}) == 4


async def test_an_onay_that_clears_an_objection_is_one_movement(container: Container) -> None:
    await intent(container, RET_MIGROS)
    objected = await moved(container)
    asked = await container.desk.handle(container.request(Onay((BrandMention.of(MIGROS),))))
    assert isinstance(asked, Committed)
    assert isinstance(asked.answer, OnayQuestion)

    await intent(container, Digits((), asked.answer.code))

    found = [one for one in await moved(container) if one not in objected]
    assert what(found) == [("ONAY", "IYS_KISAMESAJ", "2026-11-23 14:05:01", "BIREYSEL")]


async def test_a_closed_line_ends_what_stood_and_its_objections_are_not_told(container: Container) -> None:
    await intent(container, Ret((BrandMention.of(BOYNER),)))
    await container.allow(NUMBER)
    objected = await moved(container)

    await intent(container, CloseLine())

    [closed] = [one for one in await moved(container) if one not in objected]
    assert (closed.brand_code, closed.status, closed.consent_date) == ("600100", "RET", "2026-11-23 14:05:01")


async def test_a_row_of_an_import_that_met_an_objection_is_two_movements(container: Container) -> None:
    await intent(container, RET_MIGROS)
    objected = await moved(container)

    await load(container, WEB, WEB)

    found = [one for one in await moved(container) if one not in objected]
    assert what(found) == [("ONAY", "HS_WEB", GIVEN, "BIREYSEL"), ("RET", "IYS_KISAMESAJ", NOW, "BIREYSEL")]
    assert {one.created for one in found} == {"2026-11-23 14:05:01"}


async def test_a_row_that_changed_nothing_is_none(container: Container) -> None:
    await container.allow(NUMBER)

    await load(container, WEB)

    assert await moved(container) == []


@pytest.mark.parametrize(
    ("offset_ms", "expected"),
    [
        pytest.param(-1, [], id="before"),
        pytest.param(0, ["600100", "600102"], id="first moment"),
        pytest.param(86_400_000 - 1, ["600100", "600102"], id="last moment"),
        pytest.param(86_400_000, [], id="after"),
    ],
)
async def test_the_day_is_that_of_istanbul(container: Container, offset_ms: int, expected: list[str]) -> None:
    await container.allow(NUMBER)
    container.clock.now = Instant(start_of(MONDAY) + offset_ms)

    await container.desk.handle(container.request())
    await load(container, WEB._replace(brand_code=BOYNER.code))

    assert sorted(one.brand_code for one in await moved(container)) == expected


async def test_ids_are_the_same_each_time_and_other_ones_under_another_key(container: Container) -> None:
    await container.allow(NUMBER)
    await intent(container, RET_MIGROS)
    await load(container, WEB._replace(brand_code=BOYNER.code))

    once, again = await moved(container), await moved(container)
    other = await container.database.transact(lambda transaction: [*movements(transaction, MONDAY, b"other")])

    assert once == again
    assert len({one.transaction_id for one in once + other}) == 4
    assert not any(NUMBER.reveal() in one.transaction_id for one in once)


@on_postgresql
async def test_a_result_of_several_pages_is_read_whole_beside_another(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_STREAM_ROWS", 3)
    await load(container, *[WEB._replace(recipient=f"+90532000000{n}") for n in range(10)])

    def look(transaction: Transaction) -> list[tuple[Movement, Movement]]:
        one, other = movements(transaction, MONDAY, KEY), movements(transaction, MONDAY, KEY)
        return [*zip(one, other, strict=True)]

    pairs = await container.database.transact(look)

    assert len(pairs) == 10
    assert all(left == right for left, right in pairs)
