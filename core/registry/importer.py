"""Takes the rows of a consents file into the registry, in slices short enough that nobody has to wait for them."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

import orjson

from core.brands.directory import Directory
from core.conversation.consent_state import Change, ConsentState
from core.domain.calendar import Calendar
from core.domain.clock import Clock, Instant, utc_text
from core.domain.consent import Record, Status
from core.ledger.book import Book
from core.ledger.chain import canonical
from core.registry.brand_store import BrandReader
from core.registry.citizens import Citizens, Pair
from core.registry.import_row import ImportKey, ImportRow, Rejected, judge
from core.registry.notices import Entered, NoticeWriter, kind_of
from core.store.bulk_pacing import REAL_PACE, ROWS_FIRST, Pace, others_write, rows_next
from core.store.database import Database
from core.store.queries.consents import ADD_IMPORT_LOG, IMPORT_LOG_OF_BRAND
from core.store.transaction import Transaction

_KEY: Final = slice(6)  # of a row of `taken`


class Row(NamedTuple):
    """A line of the file as it was read; `fields` are given back with its rejection."""

    line: int
    fields: tuple[str, ...]
    read: ImportRow | Rejected


class Counts(NamedTuple):
    """Counts of what became of a file's rows."""

    imported: int = 0
    unchanged: int = 0
    rejected: int = 0

    def plus(self, other: "Counts") -> "Counts":
        return Counts(*map(sum, zip(self, other, strict=True)))

    def __str__(self) -> str:
        return f"imported={self.imported} unchanged={self.unchanged} rejected={self.rejected}"


class SenderFeed(NamedTuple):
    """The mark of a sender's feed (`--notify`) and not a first load: late consents are void, and citizens are
    told of those that enter."""

    calendar: Calendar
    notices: NoticeWriter


class Importer:
    """Loads one file. `file_hash` is the SHA-256 of it, which each slice's ledger entry names."""

    def __init__(
        self,
        database: Database,
        book: Book,
        file_hash: bytes,
        clock: Clock,
        *,
        feed: SenderFeed | None = None,
        pace: Pace = REAL_PACE,
    ) -> None:
        self._feed = feed
        self._database = database
        self._book = book
        self._file_hash = file_hash
        self._clock = clock
        self._pace = pace
        self._brands = BrandReader()
        self._directory = Directory()

    async def load(
        self,
        rows: Iterable[Row],
        on_rejected: Callable[[Row, str], None],
        on_slice: Callable[[Counts], Awaitable[None]],
    ) -> Counts:
        """Take all rows; after each commit name what was rejected, and tell the counts so far.

        Raises StoreError; the slices committed before stay, and the file can be read again.
        """
        counts, size, waiting = Counts(), ROWS_FIRST, iter(rows)
        part = self._some(waiting, size)
        while part:
            # The next rows are read while the database has these; how many, the slice before tells.
            reading = asyncio.create_task(asyncio.to_thread(self._some, waiting, size))
            try:
                started = self._pace.monotonic()
                taken = await self._database.transact(partial(self._take, rows=part))
                took_s = self._pace.monotonic() - started
            finally:
                following = await reading
            self._book.keep()
            for row, reason in taken.rejected:
                on_rejected(row, reason)
            counts = counts.plus(taken.counts)
            await on_slice(counts)
            size = rows_next(len(part), took_s, self._database.bulk_s)
            if taken.others_write:
                await self._pace.sleep(took_s)
            part = following
        return counts

    def _some(self, waiting: Iterator[Row], size: int) -> list[Row]:
        """The next rows, of no more citizens than one transaction may lock."""
        rows: list[Row] = []
        citizens: set[str] = set()
        for row in islice(waiting, size):
            rows.append(row)
            if isinstance(row.read, ImportRow):
                citizens.add(row.read.recipient)
                if len(citizens) == self._database.names_max:
                    break
        return rows

    def _take(self, transaction: Transaction, rows: list[Row]) -> "_Slice":
        self._directory.apply(self._brands.read(transaction))
        imported, rejected = self._judge(transaction, rows)
        counts = Counts(len(imported), len(rows) - len(imported) - len(rejected), len(rejected))
        if imported:
            self._book.append(transaction, [self._entry(rows, imported, counts)])
        return _Slice(counts, rejected, others_write(transaction, self._book.number))

    def _judge(self, transaction: Transaction, rows: list[Row]) -> tuple[list[ImportRow], list[tuple[Row, str]]]:
        """Take the rows in their order; which acts moved the registry, and what was rejected."""
        acts = [row.read for row in rows if isinstance(row.read, ImportRow)]
        transaction.lock(act.recipient for act in acts)
        now, feed = self._clock(), self._feed
        void_before = feed.calendar.reporting_starts(now) if feed else None
        entered: list[Entered] = []
        talkers = [act.recipient for act in acts] if feed else ()
        citizens = Citizens(transaction, [(act.recipient, act.brand_code) for act in acts], talkers)
        taken = _taken(transaction, acts, citizens)
        imported: list[ImportRow] = []
        rejected: list[tuple[Row, str]] = []
        past: list[tuple[object, ...]] = []
        for row in rows:
            act = row.read
            if isinstance(act, Rejected):
                rejected.append((row, act.reason))
                continue
            key = act.key
            standing = citizens.standing((act.recipient, act.brand_code))
            verdict = judge(act, self._directory.get(act.brand_code), standing, key in taken, void_before)
            if isinstance(verdict, Rejected):
                rejected.append((row, verdict.reason))
                continue
            if isinstance(verdict, Change):
                if feed and act.status is Status.ONAY:
                    entered.append(
                        entered_by(act, verdict, standing, citizens.conversation(act.recipient).subscribed_at)
                    )
                imported.append(act)
                ended = _ended_at_once(act, verdict)
                citizens.apply((verdict,), now if ended is None else None)
                if ended is not None:
                    gone = (act, ended) if verdict.after != verdict.before else (act,)
                    past += [(*one.key, one.source._value_, now) for one in gone]
                    taken.add(ended.key)
            elif key not in taken and not citizens.is_of_import(act[:4]):
                # Equal to what else stands: read again, when something newer does, it must not be rejected.
                past.append((*key, None, None))
            taken.add(key)
        citizens.write(now)
        transaction.run_many(ADD_IMPORT_LOG, past)
        if feed:
            feed.notices.note(transaction, entered, now)
        return imported, rejected

    def _entry(self, rows: list[Row], imported: list[ImportRow], counts: Counts) -> str:
        digest = hashlib.sha256(orjson.dumps([tuple(act) for act in imported]))
        return canonical(
            {
                "kind": "import",
                "file": self._file_hash.hex(),
                "first": rows[0].line,
                "last": rows[-1].line,
                **counts._asdict(),
                "rows": digest.hexdigest(),
                "decidedAt": utc_text(self._clock()),
            }
        )


def entered_by(act: ImportRow, change: Change, standing: ConsentState, subscribed_at: Instant | None = None) -> Entered:
    """The news of a permission that a sender gave. `standing` is that before the change; `subscribed_at` is when
    the number's line was closed last."""
    assert isinstance(change.after, Record), "a row of a file makes records"
    kind = kind_of(standing, act.type, subscribed_at) if change.after.status is Status.ONAY else "ended"
    return Entered(act.recipient, act.brand_code, act.type, kind, act.at)


def _ended_at_once(act: ImportRow, change: Change) -> ImportRow | None:
    """The refusal, if there was one, by which an earlier wish of the citizen ended a row's permission."""
    after = change.after
    if isinstance(after, Record) and after.status is not act.status:
        return act._replace(status=after.status, source=after.source, at=after.consent_at)
    return None


class _Slice(NamedTuple):
    counts: Counts
    rejected: list[tuple[Row, str]]
    others_write: bool


def _taken(transaction: Transaction, acts: list[ImportRow], citizens: Citizens) -> set[ImportKey]:
    """Keys of what earlier imports took of these citizens and brands; an act taken leaves a record, so others are not
    asked."""
    pairs: set[Pair] = {(act.recipient, act.brand_code) for act in acts}
    known = [pair for pair in pairs if citizens.standing(pair).records]
    if not known:
        return set()
    return {row[_KEY] for row in transaction.rows(IMPORT_LOG_OF_BRAND, keys=orjson.dumps(known).decode())}
