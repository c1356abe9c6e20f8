"""What an import took is known again, and stays a movement of its day, whatever has taken its place since."""

import asyncio
from datetime import date
from typing import Final

from core.conversation.requests import Mention, Ret, RetAll, Said
from core.domain.clock import Instant
from core.domain.consent import ConsentType, RecipientType, Source, Status
from core.registry.import_row import Act
from core.registry.importer import Counts, Loader, Row
from core.registry.movements import Movement, movements
from core.store.queries.brands import PUT_BRAND
from core.store.transaction import Transaction
from tests.counter import BOYNER, MIGROS, NUMBER, RET_MIGROS, Counter, execute

MONDAY: Final = date(2026, 11, 23)
GIVEN: Final = Act(
    NUMBER.reveal(),
    MIGROS.code,
    ConsentType.MESAJ,
    RecipientType.BIREYSEL,
    Status.ONAY,
    Source.HS_WEB,
    Instant(1_700_000_000_000),
)


async def load(counter: Counter, *acts: Act) -> Counts:
    brands = [(brand.code, brand.name, "", "", "", None, None, 1) for brand in (MIGROS, BOYNER)]
    await counter.database.transact(lambda transaction: transaction.run_many(PUT_BRAND, brands))

    async def on_slice(_: Counts) -> None:
        pass

    rows = [Row(n, (), act) for n, act in enumerate(acts, 2)]
    loader = Loader(counter.database, counter.book, b"file", counter.clock)
    return await loader.load(rows, lambda row, reason: None, on_slice)


async def told(counter: Counter, source: Source = Source.HS_WEB) -> list[Movement]:
    """The day's movements of this source."""
    found = await counter.database.transact(lambda transaction: [*movements(transaction, MONDAY, bytes(32))])
    return [one for one in found if one.source == source.value]


async def said(counter: Counter, *wishes: Said) -> None:
    """At once, so that they are decided in one batch."""
    await asyncio.gather(*(counter.desk.handle(counter.request(wish, key=bytes([n]))) for n, wish in enumerate(wishes)))


async def replaced(counter: Counter) -> list[tuple[object, ...]]:
    return await counter.rows("SELECT status, source, created_at FROM taken")


async def test_an_act_that_stands_is_its_record_and_nothing_else(counter: Counter) -> None:
    taken_at = counter.clock.now

    assert await load(counter, GIVEN) == Counts(imported=1)
    assert await load(counter, GIVEN) == Counts(unchanged=1)

    assert await counter.column("SELECT taken_at FROM consent") == [taken_at]
    assert await replaced(counter) == []
    assert len(await told(counter)) == 1


async def test_what_a_citizen_ended_is_known_again_and_told_as_before(counter: Counter) -> None:
    taken_at = counter.clock.now
    await load(counter, GIVEN)
    before = await told(counter)
    counter.clock.pass_ms(1000)

    await said(counter, RET_MIGROS)

    assert await replaced(counter) == [("ONAY", "HS_WEB", taken_at)]
    assert await counter.rows("SELECT status, taken_at FROM consent") == [("RET", None)]
    assert await told(counter) == before
    assert await load(counter, GIVEN) == Counts(unchanged=1)
    assert await load(counter, GIVEN._replace(at=Instant(GIVEN.at - 1000))) == Counts(rejected=1)


async def test_two_acts_of_one_batch_that_end_it_leave_it_once(counter: Counter) -> None:
    """The second one reads all that the citizen has, and the record as it still lies in the database."""
    await load(counter, GIVEN, GIVEN._replace(brand_code=BOYNER.code))

    await said(counter, Ret((Mention.of(MIGROS),)), RetAll(is_confirmed=True))

    assert await counter.rows("SELECT status, source FROM taken WHERE brand_code = ?", MIGROS.code) == [
        ("ONAY", "HS_WEB")
    ]
    assert await counter.column("SELECT DISTINCT taken_at FROM consent") == [None]
    assert len(await told(counter)) == 2
    assert await load(counter, GIVEN, GIVEN._replace(brand_code=BOYNER.code)) == Counts(unchanged=2)


async def test_what_was_taken_before_records_told_so_is_known_again_and_told_once(counter: Counter) -> None:
    """Until version 0010 of the database every act lay in `taken`, also one that stood."""
    await load(counter, GIVEN)
    before = await told(counter)

    def age(transaction: Transaction) -> None:
        execute(
            transaction,
            "INSERT INTO taken"
            " SELECT recipient, brand_code, type, recipient_type, consent_at, status, source, taken_at FROM consent",
        )
        execute(transaction, "UPDATE consent SET taken_at = NULL")

    await counter.database.transact(age)
    assert await told(counter) == before
    assert await load(counter, GIVEN) == Counts(unchanged=1)

    await said(counter, RET_MIGROS)

    assert await told(counter) == before
    assert len(await replaced(counter)) == 1
    assert await load(counter, GIVEN) == Counts(unchanged=1)
