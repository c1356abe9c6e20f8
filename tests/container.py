"""Desk, outbox and writer on a real database, by a clock that only the test moves."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.conversation.answers import Answer
from core.conversation.requests import BrandMention, Door, Language, Request, RequestIntent, Ret
from core.domain.calendar import Calendar
from core.domain.clock import Instant
from core.domain.consent import ConsentType, RecipientType, Record, Source, Status
from core.domain.ids import Ids
from core.domain.recipients import Msisdn
from core.domain.rules import Rules
from core.intake.batch import Tools
from core.intake.desk import Desk
from core.intake.process_book import begin
from core.intake.reply_quota import ReplyQuota
from core.intake.writer import Writer
from core.ledger.anchors import Signer
from core.ledger.book import Book
from core.outbox.connections import Connection, Connections
from core.outbox.deliveries import Deliveries
from core.outbox.outbox import Outbox
from core.registry.citizens import _consent_row
from core.store.connection import BookLocks, DatabaseConnection
from core.store.database import Database, upgrade
from core.store.postgresql.connection import PostgresqlConnection
from core.store.queries.consents import PUT_CONSENT
from core.store.schema import metadata
from core.store.sqlite.connection import SqliteConnection
from core.store.transaction import Transaction

PATIENCE_S: Final = 10.0
REDELIVERY_MS: Final = 3_600_000
LEASE_MS: Final = 60_000

NUMBER: Final = Msisdn.parse("+905321234567")
MIGROS: Final = Brand("600100", "MIGROS")
BOYNER: Final = Brand("600102", "BOYNER")
BRANDS: Final = Directory([MIGROS, BOYNER])
RET_MIGROS: Final = Ret((BrandMention.of(MIGROS),))


NO_LIMITS: Final = Rules(answers_per_number_hour=0, errors_per_number_hour=0, dedupe_ms=0)
"""Tests that are not about the guard or about repeats are not silenced by them."""


class FakeClock:
    """Monday, 2026-11-23 14:05:00 in Istanbul, until it is moved."""

    def __init__(self) -> None:
        self.now = Instant(1_795_431_900_000)
        self._passed = self.now

    def __call__(self) -> Instant:
        return self.now

    def steady(self) -> Instant:
        return self._passed

    def pass_ms(self, milliseconds: int) -> None:
        self.step_ms(milliseconds)
        self._passed = Instant(self._passed + milliseconds)

    def step_ms(self, milliseconds: int) -> None:
        """Be set, while no time passes."""
        self.now = Instant(self.now + milliseconds)


class Container:
    """One process's counter. A second one on the same file stands for another process."""

    def __init__(
        self, database: Database, locks: BookLocks, book: Book, clock: FakeClock, rules: Rules = NO_LIMITS
    ) -> None:
        self.database = database
        self.locks = locks
        self.book = book
        self.clock = clock
        self.ids = Ids(book.number)
        self.texts: Callable[[Answer], str] = lambda answer: type(answer).__name__
        self.connections = Connections(self.ids, clock, REDELIVERY_MS)
        self.writer = Writer(database, book)
        self.outbox = Outbox(book.number, clock, LEASE_MS)
        self.outboxes = [self.outbox]
        tools = Tools(
            self.ids, book, Calendar(), clock, self._text, lambda _: False, BRANDS.get, rules, ReplyQuota(rules)
        )
        self.desk = Desk(tools, self.connections, self.writer.wake, self.expect_answers)
        self.writer.join(self.desk)
        self.writer.join(self.outbox)
        self.deliveries = Deliveries(clock, self.writer.wake)
        self.writer.join(self.deliveries)

    def expect_answers(self) -> None:
        for outbox in self.outboxes:
            outbox.expect()

    def _text(self, answer: Answer, _language: Language) -> str:
        return self.texts(answer)

    def request(
        self,
        intent: RequestIntent = RET_MIGROS,
        recipient: Msisdn | None = NUMBER,
        *,
        key: bytes = b"key",
        **fields: Any,
    ) -> Request:
        return Request(Door.SMS, recipient, intent, "RET MIGROS", b"raw", key, self.clock(), "3338", "a")._replace(
            **fields
        )

    async def open_link(self) -> Connection:
        return await self.writer.errand(lambda transaction: self.connections.open(transaction, "a"))

    async def close_connection(self, connection: Connection) -> None:
        await self.writer.errand(lambda transaction: self.connections.close(transaction, connection))

    async def allow(self, *recipients: Msisdn, brand: Brand = MIGROS, type_: ConsentType = ConsentType.MESAJ) -> None:
        """Records of consent, given long ago."""
        given = Instant(1_700_000_000_000)
        rows = [
            _consent_row(
                Record(
                    one.reveal(),
                    brand.code,
                    type_,
                    RecipientType.BIREYSEL,
                    Status.ONAY,
                    Source.HS_WEB,
                    given,
                    None,
                    None,
                )
            )
            for one in recipients
        ]
        await self.database.transact(lambda transaction: transaction.run_many(PUT_CONSENT, rows))

    async def rows(self, sql: str, *values: object) -> list[Any]:
        return await self.database.transact(lambda transaction: execute(transaction, sql, *values))

    async def column(self, sql: str, *values: object) -> list[Any]:
        return [value for (value,) in await self.rows(sql, *values)]

    async def take_no_writes(self) -> None:
        """From the next transaction on, as a full disk does."""
        await self._set("PRAGMA query_only=ON", "SET default_transaction_read_only = on")

    async def take_writes(self) -> None:
        await self._set("PRAGMA query_only=OFF", "SET default_transaction_read_only = off")

    async def refuse(self, table: str, column: str, value: str) -> None:
        """From now on the store refuses rows of the table whose column has the value."""
        if isinstance(self.database._connection, SqliteConnection):
            for verb in ("INSERT", "UPDATE"):
                when = f"BEFORE {verb} ON {table} WHEN NEW.{column} = '{value}'"
                await self.rows(f"CREATE TRIGGER refuse_{verb} {when} BEGIN SELECT RAISE(ABORT, 'no'); END")
        else:
            await self.rows(f"ALTER TABLE {table} ADD CONSTRAINT refuse CHECK ({column} <> '{value}')")

    async def wait_at_most(self, milliseconds: int) -> None:
        """For another process."""
        await self._set(f"PRAGMA busy_timeout={milliseconds}", f"SET statement_timeout = {milliseconds}")

    @property
    def in_transaction(self) -> bool:
        connection = self.database._connection
        if isinstance(connection, SqliteConnection):
            return connection._raw.in_transaction
        assert isinstance(connection, PostgresqlConnection)
        return connection._session is not None and connection._session.is_in_transaction()

    async def everything(self) -> str:
        """What stands in the database, as one text."""
        tables = [await self.rows(f'SELECT * FROM "{name}"') for name in metadata.tables]
        return repr(tables)

    async def pragma(self, setting: str) -> list[Any]:
        """Outside of any transaction, on SQLite."""
        return await self._set(f"PRAGMA {setting}", "")

    async def _set(self, sqlite: str, postgresql: str) -> list[Any]:
        """Outside of any transaction."""
        connection = self.database._connection
        work = partial(_execute, connection, sqlite if isinstance(connection, SqliteConnection) else postgresql)
        return await asyncio.get_running_loop().run_in_executor(self.database._thread, work)


def execute(transaction: Transaction, sql: str, *values: object) -> list[Any]:
    """A statement that the program does not have, with `?` for each value."""
    return _execute(transaction._connection, sql, *values)


def _execute(connection: DatabaseConnection, sql: str, *values: object) -> list[Any]:
    if isinstance(connection, SqliteConnection):
        return connection._raw.execute(sql, values).fetchall()
    assert isinstance(connection, PostgresqlConnection)
    places = count(1)
    numbered = re.sub(r"\?", lambda _: f"${next(places)}", sql)
    return [tuple(row) for row in connection._run(connection._alive.fetch(numbered, *values))]


def numbers(count: int) -> list[Msisdn]:
    return [Msisdn(f"+90532{n:07}") for n in range(count)]


def sqlite_path(url: str) -> Path:
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


def prepared(template: Path, folder: Path) -> str:
    """The URL of a database of its own, copied from an empty one."""
    path = folder / "izinhatti.db"
    shutil.copy(template, path)
    return f"sqlite+aiosqlite:///{path}"


def make_template(folder: Path) -> Path:
    path = folder / "template.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@asynccontextmanager
async def opened(
    url: str, clock: FakeClock, signer: Signer, *, writes: bool = True, rules: Rules = NO_LIMITS
) -> AsyncIterator[Container]:
    """A counter as a process has it from its start to a kill: nothing is sealed at the end."""
    database = await Database.open(url, busy_timeout_s=5)
    locks = database.book_locks()
    try:
        started = await database.transact(lambda transaction: begin(transaction, locks, signer, clock, REDELIVERY_MS))
        container = Container(database, locks, started.book, clock, rules)
        running = asyncio.create_task(container.writer.run()) if writes else None
        try:
            yield container
        finally:
            if running is not None:
                container.writer.stop()
                async with asyncio.timeout(PATIENCE_S):
                    await running
    finally:
        await database.close()
        locks.close()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another task or a socket brings about."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110  # what is waited for raises no event
            await asyncio.sleep(0.001)


def outcomes(answers: Iterable[object]) -> list[str]:
    return [type(answer).__name__ for answer in answers]
