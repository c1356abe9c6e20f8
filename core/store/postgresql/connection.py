"""A connection to PostgreSQL: asyncpg, driven by the thread that uses it.

The thread runs an event loop of its own for each statement's length. That costs what a greenlet costs, and the work
between the statements is in nobody's way.
"""

import asyncio
import hashlib
import struct
from collections.abc import Collection, Coroutine, Iterable, Iterator, Sequence
from itertools import count
from typing import Any, Final, TypeVar

import asyncpg

from core.store.connection import DatabaseConnection
from core.store.errors import BookLost, DataFault, StoreError, TemporaryFault
from core.store.query import Insert, Query
from core.store.wake import Wake

T = TypeVar("T")

BOOKS: Final = 1
"""The first of the two numbers of a book's lock. A citizen's lock is one number: those are a space of their own."""

CHANNEL: Final = "izinhatti"
"""On which commits tell other processes of this database something (`core.store.wake`)."""
KEEPALIVE: Final = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
# InternalClientError is what asyncpg may say when a server's end meets the beginning of a statement.
FAULTS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    UnicodeError,
)
"""What asyncpg raises."""

_STATEMENTS_CACHED: Final = 256
_STREAM_ROWS: Final = 2000
_CLOSE_S: Final = 1.0
_GRACE_S: Final = 1.0  # for the server's own limit to come back first
# Every statement looks a few keys up in tables that may hold millions. The planner is left no other way to do it: it
# judges by what it counted last, and after a first load, or where the table was empty then, it reads whole tables
# instead. A plan is made once for all values, for making it takes longer than a look-up in one part of sixteen.
_LOOKS_UP: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}
# SQLSTATE classes of what a row can do: cardinality, data, integrity, a limit of the program (an index row too long).
_OF_THE_DATA: Final = ("21", "22", "23", "54")
# After a limit of our own, nobody knows what the session still does.
_OF_THE_CONNECTION: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
_DOUBT_PAUSE_S: Final = 0.1
# Written with what it is to prove, so that a commit of which the answer was lost can be told from one that never was.
# (A transaction's number cannot: after a crash the server may give the same one again.)
_NOTE_TURN: Final = (
    "INSERT INTO turn (book, number) SELECT {book}, {number} WHERE pg_current_xact_id_if_assigned() IS NOT NULL "
    "ON CONFLICT (book) DO UPDATE SET number = excluded.number;"
)


class PostgresqlConnection(DatabaseConnection):
    """Holds one session, and makes another when it is lost.

    `timeout_s` bounds each statement, and how long a transaction may idle: a process that stops in its middle holds
    nobody up for longer.
    """

    # All sessions together have room for max_locks_per_transaction * max_connections, 6400 as it comes.
    names_max = 1000
    bulk_s = 0.1  # only these citizens wait

    def __init__(self, dsn: str, timeout_s: float, *, read_only: bool = False) -> None:
        self._dsn = dsn
        self._timeout_s = timeout_s
        self._begin = "BEGIN ISOLATION LEVEL " + ("REPEATABLE READ, READ ONLY" if read_only else "READ COMMITTED")
        self._loop = asyncio.new_event_loop()
        self._session: asyncpg.Connection | None = None
        self._books: set[int] = set()
        self._streams = count(1)
        self._turn = 0  # of the last transaction that was to be committed
        self._in_doubt = False  # nobody answered whether it was

    def begin(self) -> None:
        self._run(self._open())

    def commit(self, wake: Wake | None = None) -> None:
        self._run(self._commit(wake))

    def roll_back(self) -> None:
        if self._session is not None and self._session.is_in_transaction():
            try:
                self._run(self._session.execute("ROLLBACK"))
            except TemporaryFault:
                self._drop()  # without its session the server rolls back itself

    def rows(self, query: Query, values: dict[str, object]) -> list[tuple[Any, ...]]:
        form = query.postgresql
        return [tuple(row) for row in self._run(self._alive.fetch(form.sql, *form.bind(values)))]

    def stream(self, query: Query, values: dict[str, object]) -> Iterator[tuple[Any, ...]]:
        # A name for each: a FETCH that was prepared once gives the same columns for ever.
        form, name = query.postgresql, f"stream_{next(self._streams)}"
        self._run(self._alive.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {form.sql}", *form.bind(values)))
        while page := self._run(self._alive.fetch(f"FETCH {_STREAM_ROWS} FROM {name}")):
            yield from map(tuple, page)

    def run(self, query: Query, values: dict[str, object]) -> int:
        form = query.postgresql
        status: str = self._run(self._alive.execute(form.sql, *form.bind(values)))
        return int(status.rpartition(" ")[2])  # as in "UPDATE 3"

    def run_many(self, query: Query, rows: Sequence[tuple[object, ...]]) -> None:
        of_rows = query.postgresql_of_rows
        if of_rows is None:
            self._run(self._alive.executemany(query.postgresql.sql, rows))
        else:
            self._run(self._alive.execute(of_rows.sql, *zip(*rows, strict=True)))

    def add_many(self, query: Insert, rows: Sequence[tuple[object, ...]]) -> None:
        """By COPY, which takes half of what a statement of all rows takes."""
        try:
            self._run(self._alive.copy_records_to_table(query.table, records=rows, columns=query.parameters))
        except (OverflowError, TypeError) as error:  # which of a statement's parameters asyncpg makes a DataError
            raise DataFault(f"database: {type(error).__name__}") from error

    def lock(self, names: Iterable[str]) -> None:
        # In one order for everybody, so that nobody waits in a ring.
        keys = sorted(_lock_keys(set(names)))
        if keys:
            self._run(self._alive.fetch("SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k", keys))

    def try_lock(self, name: str) -> bool:
        is_ours: bool = self._run(self._alive.fetchval("SELECT pg_try_advisory_xact_lock($1)", *_lock_keys({name})))
        return is_ours

    def hold_book(self, book: int) -> bool:
        """Take the lock of a book for as long as this session lasts, and in the ones after it."""
        if not self._run(self._alive.fetchval("SELECT pg_try_advisory_lock($1, $2)", BOOKS, book)):
            return False
        self._books.add(book)
        return True

    def let_go_of_book(self, book: int) -> None:
        self._books.discard(book)
        if self._session is not None:
            self._run(self._session.execute("SELECT pg_advisory_unlock($1, $2)", BOOKS, book))

    def version(self) -> str | None:
        """Of the migrations that this database has seen; None for none. Within a transaction."""
        if self._run(self._alive.fetchval("SELECT to_regclass('alembic_version')")) is None:
            return None
        found: str | None = self._run(self._alive.fetchval("SELECT version_num FROM alembic_version"))
        return found

    def close(self) -> None:
        if self._loop.is_closed():
            return
        if self._session is not None:
            try:
                self._loop.run_until_complete(self._session.close(timeout=_CLOSE_S))
            except FAULTS:
                self._drop()
            self._session = None
        self._loop.close()

    @property
    def _alive(self) -> asyncpg.Connection:
        if self._session is None:
            raise TemporaryFault("database: the connection was lost")
        return self._session

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run_until_complete(work)
        except FAULTS as error:
            fault = fault_of(error)
            if isinstance(fault, TemporaryFault) and isinstance(error, _OF_THE_CONNECTION):
                self._drop()
            raise fault from error

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.terminate()
            self._loop.run_until_complete(asyncio.sleep(0))  # for its socket to be closed

    async def _open(self) -> None:
        if self._session is None or self._session.is_closed():
            was_in_doubt = self._in_doubt
            if await self._reconnect() and was_in_doubt:
                self._alive.terminate()
                self._session, self._in_doubt = None, True  # it stays lost, whoever hears of it first
                raise BookLost("database: a transaction was committed after it had been given up")
        await self._alive.execute(self._begin)

    async def _reconnect(self) -> bool:
        """As `_come_back`, by a new session."""
        session = await self._connect()
        try:
            is_committed = await self._come_back(session)
        except BaseException:
            session.terminate()
            raise
        self._session, self._in_doubt = session, False
        return is_committed

    async def _connect(self) -> asyncpg.Connection:
        limit_ms = str(max(1, round(self._timeout_s * 1000)))
        return await asyncpg.connect(
            self._dsn,
            timeout=self._timeout_s,
            command_timeout=self._timeout_s + _GRACE_S,
            statement_cache_size=_STATEMENTS_CACHED,
            server_settings={
                "application_name": "izinhatti",
                "statement_timeout": limit_ms,
                "idle_in_transaction_session_timeout": limit_ms,
                **_LOOKS_UP,
                **KEEPALIVE,
            },
        )

    async def _come_back(self, session: asyncpg.Connection) -> bool:
        """Be the process again whose books these are; whether the transaction in doubt was committed.

        The lock is free only once the lost session has ended, and with it what it had begun. Raises `BookLost`.
        """
        is_committed = False
        for book in self._books:
            if not await session.fetchval("SELECT pg_try_advisory_lock($1, $2)", BOOKS, book):
                raise TemporaryFault("database: the lost connection still stands on the server")
            if await session.fetchval("SELECT closed_at FROM book WHERE id = $1", book) is not None:
                raise BookLost(f"database: book {book} was taken over while the connection was lost")
            is_committed |= await session.fetchval("SELECT number FROM turn WHERE book = $1", book) == self._turn
        return is_committed

    async def _commit(self, wake: Wake | None) -> None:
        session = self._alive
        self._turn += 1
        notes = [_NOTE_TURN.format(book=book, number=self._turn) for book in self._books]
        # The server lets commits that notify take turns, each with its fsync: whoever sends itself tells nobody.
        told = "" if wake is None else f"NOTIFY {CHANNEL}, '{wake}';"
        try:
            # synchronous_commit is the server's: when this returns, the commit record is in its log on the disk.
            await session.execute("".join((*notes, told, "COMMIT")))
        except FAULTS as error:
            if not notes or not isinstance(error, _OF_THE_CONNECTION):
                raise
            session.terminate()
            self._session = None
            self._in_doubt = True
            if not await self._settle():
                raise

    async def _settle(self) -> bool:
        """Find out what became of a commit that was not answered; False if it was rolled back, or if that could not be
        found out in time: then it stays in doubt, and nothing else is written before it is known."""
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    try:
                        return await self._reconnect()
                    except (TemporaryFault, *FAULTS):
                        await asyncio.sleep(_DOUBT_PAUSE_S)
        except TimeoutError:
            return False


def fault_of(error: Exception) -> StoreError:
    """Ours for one of asyncpg. What it says of data may repeat the row, and so is left out."""
    state = getattr(error, "sqlstate", None)
    is_of_data = isinstance(error, asyncpg.DataError | UnicodeError | ValueError)
    if is_of_data or (isinstance(error, asyncpg.PostgresError) and str(state)[:2] in _OF_THE_DATA):
        return DataFault(f"database: {type(error).__name__}")
    if isinstance(error, asyncpg.PostgresError):
        return TemporaryFault(f"database: {error.args[0]}")  # without its detail
    return TemporaryFault(f"database: {str(error) or type(error).__name__}")


def _lock_keys(names: Collection[str]) -> tuple[int, ...]:
    digests = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names]
    return struct.unpack(f">{len(digests)}q", b"".join(digests))
