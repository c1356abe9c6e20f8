"""A look at the database cannot change it, and sees one moment of it."""

from pathlib import Path

import pytest

from core.store.database import upgrade
from core.store.errors import DatabaseMissing, TemporaryFault
from core.store.queries.brands import BRANDS_SINCE, CLOSE_BRAND, PUT_BRAND
from core.store.reading import reading
from core.store.transaction import Transaction
from tests import outside


def test_a_look_cannot_write(url: str) -> None:
    with pytest.raises(TemporaryFault, match=r"read-?only"), reading(url, 1) as transaction:
        transaction.run(CLOSE_BRAND, of_code="1", closing_at=0, new_version=1)


def test_a_look_sees_one_moment_and_keeps_nobody_from_writing(url: str) -> None:
    def add(code: str, version: int) -> None:
        outside.put(url, PUT_BRAND, [(code, "MIGROS", "", "", "", None, None, version)])

    def seen(transaction: Transaction) -> list[str]:
        return [row[0] for row in transaction.rows(BRANDS_SINCE, seen=0)]

    add("1", 1)

    with reading(url, 1) as transaction:
        assert seen(transaction) == ["1"]
        add("2", 2)
        assert seen(transaction) == ["1"]
    with reading(url, 1) as transaction:
        assert seen(transaction) == ["1", "2"]


def test_signs_that_mean_something_in_a_uri_do_not_in_the_path_of_a_file(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/a b%20c#d/line.db"
    upgrade(url)

    with reading(url, 1) as transaction:
        assert transaction.rows(BRANDS_SINCE, seen=0) == []


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing), reading(f"sqlite+aiosqlite:///{tmp_path}/line.db", 1):
        pass

    assert not list(tmp_path.iterdir())
