"""What the panels show of rows as the store holds them."""

import sqlite3
from pathlib import Path

import orjson
import pytest

from channels.demo.registry import ENTRIES_SHOWN, Act, View, view
from core.brands.brand import Brand
from core.brands.directory import Directory
from core.store.database import upgrade
from core.store.queries.books import ADD_ENTRY
from core.store.queries.consents import PUT_CONSENT, PUT_OBJECTION
from core.store.sqlite.connection import SqliteConnection
from core.store.transaction import Transaction

NUMBER = "+905320000001"
DIRECTORY = Directory([Brand("600100", "MIGROS"), Brand("600105", "Kiğılı Giyim", ("KİĞILI",))])


@pytest.fixture
def transaction(tmp_path: Path) -> Transaction:
    path = tmp_path / "izinhatti.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return Transaction(SqliteConnection(sqlite3.connect(path, isolation_level=None), "BEGIN"))


def seen(transaction: Transaction) -> View:
    return view(transaction, NUMBER, DIRECTORY.get)


def test_consents_and_objections_stand_under_their_brand_newest_first(transaction: Transaction) -> None:
    transaction.run_many(
        PUT_CONSENT,
        [
            (NUMBER, "600100", "ARAMA", "BIREYSEL", "ONAY", "HS_WEB", 1000, None, None, None),
            (NUMBER, "600100", "MESAJ", "TACIR", "ONAY", "HS_WEB", 1000, None, None, None),
            (NUMBER, "600100", "MESAJ", "BIREYSEL", "RET", "IYS_KISAMESAJ", 3000, 3000, "K7M4Q2XS", None),
            ("+905320000002", "600100", "MESAJ", "BIREYSEL", "ONAY", "HS_WEB", 9000, None, None, None),
        ],
    )
    transaction.run_many(PUT_OBJECTION, [(NUMBER, "600105", "MESAJ", "IYS_KISAMESAJ", 5000, "A123456B")])

    brands = seen(transaction).brands

    assert [(brand.code, brand.name) for brand in brands] == [("600105", "KİĞILI"), ("600100", "MIGROS")]
    assert [(held.status, held.receipt) for held in brands[0].held] == [(None, "A123456B")]
    assert [(held.type, held.merchant, held.status) for held in brands[1].held] == [
        ("MESAJ", False, "RET"),
        ("MESAJ", True, "ONAY"),
        ("ARAMA", False, "ONAY"),
    ]


def test_entries_are_the_newest_with_each_act_once_and_without_pseudonym(transaction: Transaction) -> None:
    act = {
        "brandCode": "600100",
        "type": "MESAJ",
        "before": {"status": "ONAY", "recipientType": "BIREYSEL"},
        "after": {"status": "RET", "recipientType": "BIREYSEL"},
    }
    wish = {"brandCode": "9", "type": "ARAMA", "before": None, "after": {"status": None, "objection": True}}
    body = {"receipt": "K7M4Q2XS", "recipient": "aa", "decidedAt": "2026-11-23T04:00:00.000Z", "acts": [act, act, wish]}
    rows = [(1, entry, b"", orjson.dumps(body).decode()) for entry in range(1, ENTRIES_SHOWN + 2)]
    transaction.run_many(ADD_ENTRY, rows)

    entries = seen(transaction).entries

    assert [entry.entry for entry in entries] == list(range(ENTRIES_SHOWN + 1, 1, -1))
    assert entries[0].acts == (Act("MIGROS", "MESAJ", "ONAY", "RET"), Act("9", "ARAMA", None, "objection"))
    assert entries[0].at == 1_795_406_400_000
    assert "aa" not in str(entries[0])


def test_an_import_shows_how_many_rows_went_in(transaction: Transaction) -> None:
    body = {"kind": "import", "imported": 34, "decidedAt": "2026-11-23T04:00:00.000Z"}
    transaction.run_many(ADD_ENTRY, [(1, 1, b"", orjson.dumps(body).decode())])

    [entry] = seen(transaction).entries

    assert (entry.imported, entry.acts, entry.receipt) == (34, (), None)
