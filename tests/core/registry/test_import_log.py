"""What an import took is known again, and stays a movement of its day, whatever has taken its place since."""

import asyncio
from datetime import date
from typing import Final

from core.conversation.requests import BrandMention, RequestIntent, Ret, RetAll
from core.domain.clock import Instant
from core.domain.consent import ConsentType, RecipientType, Source, Status
from core.registry.import_row import ImportRow
from core.registry.importer import Counts, Importer, Row
from core.registry.movements import Movement, movements
from core.store.queries.brands import PUT_BRAND
from core.store.transaction import Transaction
from tests.container import BOYNER, MIGROS, NUMBER, RET_MIGROS, Container, execute

MONDAY: Final = date(2026, 11, 23)
GIVEN: Final = ImportRow(
    NUMBER.reveal(),
    MIGROS.code,
    ConsentType.MESAJ,
    RecipientType.BIREYSEL,
    Status.ONAY,
    Source.HS_WEB,
    Instant(1_700_000_000_000),
)


async def load(container: Container, *acts: ImportRow) -> Counts:
    brands = [(brand.code, brand.name, "", "", "", None, None, 1) for brand in (MIGROS, BOYNER)]
    await container.database.transact(lambda transaction: transaction.run_many(PUT_BRAND, brands))

    async def on_slice(_: Counts) -> None:
        pass

    rows = [Row(n, (), act) for n, act in enumerate(acts, 2)]
    loader = Importer(container.database, container.book, b"file", container.clock)
    return await loader.load(rows, lambda row, reason: None, on_slice)


async def told(container: Container, source: Source = Source.HS_WEB) -> list[Movement]:
    """The day's movements of this source."""
    found = await container.database.transact(lambda transaction: [*movements(transaction, MONDAY, bytes(32))])
    return [one for one in found if one.source == source.value]


async def intent(container: Container, *intents: RequestIntent) -> None:
    """At once, so that they are decided in one batch."""
    await asyncio.gather(
        *(container.desk.handle(container.request(intent, key=bytes([n]))) for n, intent in enumerate(intents))
    )


async def replaced(container: Container) -> list[tuple[object, ...]]:
    return await container.rows("SELECT status, source, created_at FROM import_log")


async def test_an_act_that_stands_is_its_record_and_nothing_else(container: Container) -> None:
    imported_at = container.clock.now

    assert await load(container, GIVEN) == Counts(imported=1)
    assert await load(container, GIVEN) == Counts(unchanged=1)

    assert await container.column("SELECT imported_at FROM consent") == [imported_at]
    assert await replaced(container) == []
    assert len(await told(container)) == 1


async def test_what_a_citizen_ended_is_known_again_and_told_as_before(container: Container) -> None:
    imported_at = container.clock.now
    await load(container, GIVEN)
    before = await told(container)
    container.clock.pass_ms(1000)

    await intent(container, RET_MIGROS)

    assert await replaced(container) == [("ONAY", "HS_WEB", imported_at)]
    assert await container.rows("SELECT status, imported_at FROM consent") == [("RET", None)]
    assert await told(container) == before
    assert await load(container, GIVEN) == Counts(unchanged=1)
    assert await load(container, GIVEN._replace(at=Instant(GIVEN.at - 1000))) == Counts(rejected=1)


async def test_two_acts_of_one_batch_that_end_it_leave_it_once(container: Container) -> None:
    """The second one reads all that the citizen has, and the record as it still lies in the database."""
    await load(container, GIVEN, GIVEN._replace(brand_code=BOYNER.code))

    await intent(container, Ret((BrandMention.of(MIGROS),)), RetAll(is_confirmed=True))

    assert await container.rows("SELECT status, source FROM import_log WHERE brand_code = ?", MIGROS.code) == [
        ("ONAY", "HS_WEB")
    ]
    assert await container.column("SELECT DISTINCT imported_at FROM consent") == [None]
    assert len(await told(container)) == 2
    assert await load(container, GIVEN, GIVEN._replace(brand_code=BOYNER.code)) == Counts(unchanged=2)


async def test_what_was_taken_before_records_told_so_is_known_again_and_told_once(container: Container) -> None:
    """Until version 0010 of the database every act lay in `taken`, also one that stood."""
    await load(container, GIVEN)
    before = await told(container)

    def age(transaction: Transaction) -> None:
        execute(
            transaction,
            "INSERT INTO import_log"
            " SELECT recipient, brand_code, type, recipient_type, consent_at, status, source, imported_at FROM consent",
        )
        execute(transaction, "UPDATE consent SET imported_at = NULL")

    await container.database.transact(age)
    assert await told(container) == before
    assert await load(container, GIVEN) == Counts(unchanged=1)

    await intent(container, RET_MIGROS)

    assert await told(container) == before
    assert len(await replaced(container)) == 1
    assert await load(container, GIVEN) == Counts(unchanged=1)
