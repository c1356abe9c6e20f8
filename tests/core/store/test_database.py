"""The database's version, its migrations, how faults are told apart, and the order of positional parameters."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, text

from core.domain.clock import Instant
from core.outbox import outbox
from core.outbox.outbox import Outbox, OutboxMessage
from core.store import versions
from core.store.database import Database, upgrade
from core.store.errors import DatabaseMissing, DatabaseNewer, DatabaseOlder, DataFault, StoreError, TemporaryFault
from core.store.queries.outbox import ACCEPT, ADD_OUTBOX, DEAD_LETTER, RETRY, UNKNOWN
from core.store.query import Query
from core.store.reading import reading
from core.store.schema import metadata
from core.store.sqlite.engine import SqliteEngine
from core.store.transaction import Transaction
from core.store.versions import migrate
from tests.container import FakeClock, execute, sqlite_path
from tests.container_fixtures import on_sqlite

STATEMENTS_MAX: Final = 500
MANY: Final = 500


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def set_version(url: str, version: str) -> None:
    database = await Database.open(url, busy_timeout_s=5)
    await database.transact(partial(execute, sql=f"UPDATE alembic_version SET version_num = '{version}'"))
    await database.close()


def check_version(path: Path) -> None:
    SqliteEngine(url_of(path), 1).check_version()


async def open_and_close(url: str) -> None:
    await (await Database.open(url, busy_timeout_s=1)).close()


async def test_a_database_of_this_version_is_opened(url: str) -> None:
    await open_and_close(url)


async def test_a_missing_database_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"

    with pytest.raises(DatabaseMissing, match=rf"^database: {path} does not exist; run: izinhatti db upgrade$"):
        await open_and_close(url_of(path))

    assert not path.exists()


async def test_a_file_without_tables_is_a_missing_database(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()

    with pytest.raises(DatabaseMissing, match=r"has no tables; run: izinhatti db upgrade$"):
        await open_and_close(url_of(path))


async def test_a_newer_database_is_named_and_left_alone(url: str) -> None:
    await set_version(url, "9999")

    with pytest.raises(DatabaseNewer, match=r"is of version 9999, which this program does not know$"):
        await open_and_close(url)
    with pytest.raises(DatabaseNewer):
        await asyncio.to_thread(upgrade, url)


async def test_an_older_database_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = versions.known()
    monkeypatch.setattr(versions, "known", lambda: (*known, "9999"))

    with pytest.raises(DatabaseOlder, match=r"is of the older version 0014; run: izinhatti db upgrade$"):
        await open_and_close(url)


def test_the_versions_are_those_of_the_migrations() -> None:
    script = ScriptDirectory.from_config(versions.alembic_config())

    assert versions.known() == tuple(reversed([one.revision for one in script.walk_revisions()]))


@pytest.mark.parametrize(
    ("label", "octets"), [("text", b"not a database, but a text" * 100), ("noise", bytes(range(256)) * 40)]
)
async def test_a_file_that_is_no_database_is_one_line_that_names_it(tmp_path: Path, label: str, octets: bytes) -> None:
    path = tmp_path / "izinhatti.db"
    path.write_bytes(octets)

    for look in (check_version, lambda path: upgrade(url_of(path))):
        with pytest.raises(StoreError, match=rf"^database: {path}: file is not a database$"):
            look(path)

    assert path.read_bytes() == octets, label


@on_sqlite
def test_an_upgrade_of_a_current_database_changes_nothing(url: str) -> None:
    before = dump(sqlite_path(url))

    upgrade(url)

    assert dump(sqlite_path(url)) == before


def test_an_upgrade_makes_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "50% new" / "izinhatti.db"

    upgrade(url_of(path))

    check_version(path)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


@on_sqlite
def test_the_migrations_make_the_tables_of_the_schema(url: str) -> None:
    engine = create_engine(f"sqlite:///{sqlite_path(url)}")
    try:
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), metadata)
    finally:
        engine.dispose()

    assert differences == []


@on_sqlite
def test_the_migrations_make_the_tables_as_the_schema_words_them(url: str, tmp_path: Path) -> None:
    """`compare_metadata` sees no WITHOUT ROWID, no AUTOINCREMENT and no condition of an index."""
    engine = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(engine)
    engine.dispose()

    assert statements(sqlite_path(url)) == statements(tmp_path / "made.db")


def statements(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        found = database.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name <> 'alembic_version'"
        )
        return sorted("".join(sql.replace('"', "").split()).removesuffix(",)") for (sql,) in found)


@pytest.mark.parametrize(
    ("label", "query", "parameters"),
    [
        ("accept", ACCEPT, ("by_operator", "given_id", "at", "of_id", "of_sender")),
        ("retry", RETRY, ("untried", "due", "given_reason", "of_id", "of_sender")),
        ("bury", DEAD_LETTER, ("given_reason", "at", "of_id", "of_sender")),
        ("unknown", UNKNOWN, ("at", "of_id", "of_sender")),
    ],
)
def test_the_order_of_positional_parameters_is_fixed(label: str, query: Query, parameters: tuple[str, ...]) -> None:
    assert query.parameters == parameters, label


def test_the_outbox_makes_its_tuples_in_that_order(clock: FakeClock) -> None:
    box = Outbox(1, clock, 1000)
    outbox_message = OutboxMessage(7, "+905321234567", "text", 1, Instant(0), 0, Instant(0))

    box.accepted(7, "a", "id-1")
    box.retry(outbox_message, 5, "later")
    box.dead_letter(7, "never")
    box.unknown(outbox_message)

    marks = box._marks
    assert dict(zip(ACCEPT.parameters, marks.accepted[0], strict=True)) == {
        "by_operator": "a",
        "given_id": "id-1",
        "at": clock.now,
        "of_id": 7,
        "of_sender": 1,
    }
    assert dict(zip(RETRY.parameters, marks.retried[0], strict=True)) == {
        "untried": 0,
        "due": clock.now + 5,
        "given_reason": "later",
        "of_id": 7,
        "of_sender": 1,
    }
    assert dict(zip(DEAD_LETTER.parameters, marks.dead_lettered[0], strict=True)) == {
        "given_reason": "never",
        "at": clock.now,
        "of_id": 7,
        "of_sender": 1,
    }
    assert dict(zip(UNKNOWN.parameters, marks.unknown[0], strict=True)) == {
        "at": clock.now,
        "of_id": 7,
        "of_sender": 1,
    }


def test_a_new_row_of_the_outbox_has_a_value_for_each_column() -> None:
    row = outbox.row(7, 3, "+905321234567", "text", "a", Instant(1000), life_ms=500)

    assert dict(zip(ADD_OUTBOX.parameters, row, strict=True)) | {"expires_at": 1500, "not_before": 0} == {
        **dict.fromkeys(ADD_OUTBOX.parameters),
        "id": 7,
        "request": 3,
        "recipient": "+905321234567",
        "class": 1,
        "text": "text",
        "origin": "a",
        "state": "ready",
        "attempts": 0,
        "created_at": 1000,
        "expires_at": 1500,
        "not_before": 0,
        "unknowns": 0,
    }


def too_large(transaction: Transaction) -> None:
    transaction.run_many(UNKNOWN, [(1 << 70, 1, 1)])


def surrogate(transaction: Transaction) -> None:
    transaction.run_many(DEAD_LETTER, [("\ud800", 0, 1, 1)])


def twice(transaction: Transaction) -> None:
    transaction.run_many(ADD_OUTBOX, [outbox.row(1, None, "", "", "", Instant(0))] * 2)


def rows_of(*ids: int, origin: str = "") -> list[tuple[object, ...]]:
    return [outbox.row(row_id, None, "", "", origin, Instant(0)) for row_id in ids]


def one_of_many_too_large(transaction: Transaction) -> None:
    transaction.add_many(ADD_OUTBOX, rows_of(*range(MANY), 1 << 70))


def one_of_many_a_surrogate(transaction: Transaction) -> None:
    transaction.add_many(ADD_OUTBOX, [*rows_of(*range(MANY)), *rows_of(MANY, origin="\ud800")])


def one_of_many_of_another_kind(transaction: Transaction) -> None:
    transaction.add_many(ADD_OUTBOX, [*rows_of(*range(MANY)), (MANY, *([[]] * (len(ADD_OUTBOX.parameters) - 1)))])


def one_of_many_twice(transaction: Transaction) -> None:
    transaction.add_many(ADD_OUTBOX, rows_of(*range(MANY), 0))


def no_table(transaction: Transaction) -> None:
    transaction.rows(Query(text("SELECT * FROM nowhere")))


@pytest.mark.parametrize(
    ("work", "fault"),
    [
        (too_large, DataFault),
        (surrogate, DataFault),
        (twice, DataFault),
        (one_of_many_too_large, DataFault),
        (one_of_many_a_surrogate, DataFault),
        (one_of_many_of_another_kind, DataFault),
        (one_of_many_twice, DataFault),
        (no_table, TemporaryFault),
    ],
)
async def test_a_fault_of_the_data_is_told_from_one_of_the_moment(
    url: str, work: Callable[[Transaction], None], fault: type[StoreError]
) -> None:
    database = await Database.open(url, busy_timeout_s=1)

    with pytest.raises(fault):
        await database.transact(work)

    assert await database.transact(lambda transaction: execute(transaction, "SELECT count(*) FROM outbox")) == [(0,)]
    await database.close()


@pytest.mark.parametrize("count", [0, 1, 2, MANY])
async def test_however_many_rows_are_added_each_is_there_as_it_was_given(url: str, count: int) -> None:
    database = await Database.open(url, busy_timeout_s=5)
    rows = rows_of(*range(1, count + 1), origin="İzniniz\nkaldırıldı\t\\N \U0001f600")

    await database.transact(lambda transaction: transaction.add_many(ADD_OUTBOX, rows))

    names = ", ".join(ADD_OUTBOX.parameters)
    found = await database.transact(lambda transaction: execute(transaction, f"SELECT {names} FROM outbox ORDER BY id"))
    assert [tuple(row) for row in found] == rows
    await database.close()


async def test_an_error_of_the_work_is_raised_as_it_is_and_takes_everything_back(url: str) -> None:
    database = await Database.open(url, busy_timeout_s=1)
    taken_back: list[int] = []

    def work(transaction: Transaction) -> None:
        transaction.undo(lambda: taken_back.append(1))
        transaction.undo(lambda: taken_back.append(2))
        transaction.run_many(ADD_OUTBOX, [outbox.row(1, None, "", "", "", Instant(0))])
        raise KeyError

    with pytest.raises(KeyError):
        await database.transact(work)

    assert taken_back == [2, 1]
    assert await database.transact(lambda transaction: execute(transaction, "SELECT count(*) FROM outbox")) == [(0,)]
    await database.close()


@on_sqlite
async def test_what_is_committed_is_synced(url: str) -> None:
    database = await Database.open(url, busy_timeout_s=1)

    settings = [
        await database.transact(partial(execute, sql=f"PRAGMA {name}"))
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]

    assert settings == [[("wal",)], [(2,)], [(1,)]]
    await database.close()


def test_a_reader_sees_one_moment_and_cannot_write(url: str) -> None:
    add = [outbox.row(1, None, "", "", "", Instant(0))]
    database = asyncio.run(Database.open(url, busy_timeout_s=5))

    with reading(url, busy_timeout_s=5) as transaction:
        before = execute(transaction, "SELECT count(*) FROM outbox")
        asyncio.run(database.transact(lambda writing: writing.run_many(ADD_OUTBOX, add)))
        after = execute(transaction, "SELECT count(*) FROM outbox")
        with pytest.raises(TemporaryFault, match=r"read-?only"):
            transaction.run_many(ADD_OUTBOX, add)

    assert before == after == [(0,)]
    asyncio.run(database.close())


async def test_two_processes_take_turns(url: str) -> None:
    one, other = await Database.open(url, busy_timeout_s=5), await Database.open(url, busy_timeout_s=5)

    def add(row_id: int) -> Callable[[Transaction], None]:
        return lambda transaction: transaction.run_many(ADD_OUTBOX, [outbox.row(row_id, None, "", "", "", Instant(0))])

    await asyncio.gather(*(database.transact(add(n)) for n, database in enumerate([one, other] * 20)))

    assert await one.transact(lambda transaction: execute(transaction, "SELECT count(*) FROM outbox")) == [(40,)]
    await one.close()
    await other.close()


def test_an_upgrade_that_ends_in_its_middle_changes_nothing(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.db", tmp_path / "old.db"
    upgrade(url_of(whole))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "0001")
    engine.dispose()
    before, after = dump(path), 0

    while after < STATEMENTS_MAX and not is_upgraded(path, after):
        assert dump(path) == before
        after += 1

    assert dump(path) == dump(whole)
    assert after > 30


def is_upgraded(path: Path, after: int) -> bool:
    """Whether an upgrade goes through if it is ended after so many statements."""
    statements = count()

    def end(*_: object) -> None:
        if next(statements) >= after:
            raise KeyboardInterrupt

    event.listen(sqlalchemy.Engine, "before_cursor_execute", end)
    try:
        upgrade(url_of(path))
    except KeyboardInterrupt:
        return False
    finally:
        event.remove(sqlalchemy.Engine, "before_cursor_execute", end)
    return True


async def test_parts_that_wait_are_kept_by_the_migration_that_tells_their_sets(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "0003")
    engine.dispose()
    rows = [
        ("+905320000001", "a", "3338", 7, total, number, b"x", 10 + number, 5)
        for total, number in ((3, 2), (3, 1), (2, 2))
    ]
    with closing(sqlite3.connect(path)) as old, old:
        request = "INSERT INTO request (id, door, origin, link, key, received_at, decided_at, registered_at, outcome, "
        request += "raw_hash) VALUES (?, 'sms', 'a', 1, ?, 5, 5, 5, 'silent', x'00')"
        old.executemany(request, [(11, b"one"), (12, b"two")])
        old.executemany("INSERT INTO piece VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    upgrade(f"sqlite+aiosqlite:///{path}")

    with closing(sqlite3.connect(path)) as new:
        found = new.execute("SELECT total, first, number, request, key FROM segment ORDER BY total, number").fetchall()
    assert found == [(2, 12, 2, 12, b"two"), (3, 11, 1, 11, b"one"), (3, 11, 2, 12, b"two")]


async def test_the_words_of_a_fault_repeat_no_data(url: str) -> None:
    """PostgreSQL names the row that broke a rule."""
    database = await Database.open(url, busy_timeout_s=5)
    row = outbox.row(1, None, "+905321234567", "", "", Instant(0))

    with pytest.raises(DataFault) as fault:
        await database.transact(lambda transaction: transaction.run_many(ADD_OUTBOX, [row] * 2))

    assert "5321234567" not in str(fault.value)
    await database.close()
