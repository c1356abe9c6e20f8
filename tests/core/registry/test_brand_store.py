"""What a process reads of the brand directory while its transactions fail."""

import pytest

from core.registry.brand_store import BrandReader
from core.store.queries.brands import PUT_BRAND
from core.store.transaction import Transaction
from tests.container import MIGROS, Container


async def test_brands_that_a_failed_transaction_read_are_read_again(container: Container) -> None:
    reader = BrandReader()
    row = (MIGROS.code, MIGROS.name, "", "1", "Migros", None, None, 1)
    await container.database.transact(lambda transaction: transaction.run_many(PUT_BRAND, [row]))

    def read_and_fail(transaction: Transaction) -> None:
        assert reader.read(transaction)
        raise OverflowError

    with pytest.raises(OverflowError):
        await container.database.transact(read_and_fail)
    read = await container.database.transact(reader.read)
    again = await container.database.transact(reader.read)

    assert [brand.code for brand in read] == [MIGROS.code]
    assert again == []
