"""A look at the database cannot change it, and sees one moment of it."""

from pathlib import Path

import pytest

from core.store.database import Database, upgrade
from core.store.errors import DatabaseMissing, TemporaryFault
from core.store.queries.brands import BRANDS_SINCE, CLOSE_BRAND, PUT_BRAND
from core.store.reading import reading
from core.store.transaction import Transaction


@pytest.fixture
def url(tmp_path: Path) -> str:
    # Signs that mean something in a URI must not in a path.
    url = f"sqlite+aiosqlite:///{tmp_path}/a b%20c#d/line.db"
    upgrade(url)
    return url


def test_a_look_cannot_write(url: str) -> None:
    with pytest.raises(TemporaryFault, match="readonly"), reading(url, 1) as transaction:
        transaction.run(CLOSE_BRAND, of_code="1", closing_at=0, new_version=1)


async def test_a_look_sees_one_moment_and_keeps_nobody_from_writing(url: str) -> None:
    database = await Database.open(url, 1)

    def add(transaction: Transaction) -> None:
        transaction.run_many(PUT_BRAND, [("1", "MIGROS", "", "", "", None, None, 1)])

    with reading(url, 1) as transaction:
        assert transaction.rows(BRANDS_SINCE, seen=0) == []
        await database.transact(add)
        assert transaction.rows(BRANDS_SINCE, seen=0) == []
    with reading(url, 1) as transaction:
        assert len(transaction.rows(BRANDS_SINCE, seen=0)) == 1
    await database.close()


def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing), reading(f"sqlite+aiosqlite:///{tmp_path}/line.db", 1):
        pass

    assert not list(tmp_path.iterdir())
