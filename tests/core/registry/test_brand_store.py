"""What a process reads of the brand directory while its transactions fail."""

import pytest

from core.registry.brand_store import BrandReader
from core.store.queries.brands import PUT_BRAND
from core.store.transaction import Transaction
from tests.counter import MIGROS, Counter


async def test_brands_that_a_failed_transaction_read_are_read_again(counter: Counter) -> None:
    reader = BrandReader()
    row = (MIGROS.code, MIGROS.name, "", "1", "Migros", None, None, 1)
    await counter.database.transact(lambda transaction: transaction.run_many(PUT_BRAND, [row]))

    def read_and_fail(transaction: Transaction) -> None:
        assert reader.read(transaction)
        raise OverflowError

    with pytest.raises(OverflowError):
        await counter.database.transact(read_and_fail)
    read = await counter.database.transact(reader.read)
    again = await counter.database.transact(reader.read)

    assert [brand.code for brand in read] == [MIGROS.code]
    assert again == []
