"""Holdings of every process that writes acts: the database, and a ledger book of its own in it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

from channels.settings.sections import Settings
from core.domain.clock import system_clock
from core.domain.metrics import LAST_SEAL
from core.intake.process_book import begin, close_book, store_anchor
from core.ledger.anchor_file import AnchorFile
from core.ledger.anchors import Signer
from core.ledger.book import Book
from core.ledger.sealing import Round, seal_books
from core.store.database import Database
from core.store.transaction import Transaction

Sealing = Callable[[Transaction], Round | None]

_ANCHOR_S: Final = 1.0


class LedgerSession:
    """The open book and the database that it is written to. `anchor` is called each second, `seal_books` each
    `ROUND_S`, `end` at a good end."""

    def __init__(self, database: Database, book: Book, signer: Signer, file: AnchorFile) -> None:
        self.database = database
        self.book = book
        self._signer = signer
        self._file = file
        self._anchored = 0
        self._kept = 0  # the newest seal that this process has put into the file
        self._anchored_at = time.monotonic()

    @property
    def code_key(self) -> bytes:
        """Keys the HMACs of confirming codes: processes that share a database share `ledger.signing_key`."""
        return self._signer.derived(b"izinhatti codes")

    @property
    def cookie_key(self) -> bytes:
        """Encrypts the cookies of the link pages; shared as `code_key` is."""
        return self._signer.derived(b"izinhatti cookies")

    async def anchor(self) -> None:
        """Sign the committed head, once for each head."""
        head = self.book.committed
        if head.entry == self._anchored:
            return
        anchor = self._signer.sign(head, system_clock())
        await asyncio.to_thread(self._file.append, anchor)
        await self.database.transact(lambda transaction: store_anchor(transaction, anchor))
        self._anchored = head.entry

    async def anchor_now_and_then(self) -> None:
        """Sign, if that was not done within the last second: for bulk work, after each slice."""
        if time.monotonic() - self._anchored_at >= _ANCHOR_S:
            await self.anchor()
            self._anchored_at = time.monotonic()

    async def seal_books(self, transact: Callable[[Sealing], Awaitable[Round | None]]) -> None:
        """Seal the books of all processes, unless another one has just done it, and keep the newest seal, whose ever it
        is, outside the database."""
        sealing = partial(seal_books, signer=self._signer, now=system_clock())
        await self._keep(await transact(sealing))

    async def end(self) -> None:
        """Say that this process leaves nothing open, and seal what it wrote. A book whose process does not say so is
        taken over by the next start."""
        await self.anchor()
        now = system_clock()

        def work(transaction: Transaction) -> Round | None:
            close_book(transaction, self.book, now)
            return seal_books(transaction, self._signer, now, at_once=True)

        await self._keep(await self.database.transact(work))

    async def _keep(self, found: Round | None) -> None:
        if found is None:
            return
        LAST_SEAL.set(found.at / 1000)
        if found.newest is not None and found.newest.number != self._kept:
            # After the commit: nothing may stand in the file that the database could have rolled back.
            await asyncio.to_thread(self._file.append, found.newest)
            self._kept = found.newest.number


@asynccontextmanager
async def ledger_session(settings: Settings) -> AsyncIterator[LedgerSession]:
    """Open a book, and take over those of dead processes. Raises StoreError, OSError or ValueError."""
    async with AsyncExitStack() as closing:
        database = await Database.open(settings.database.url, settings.database.statement_timeout_s)
        closing.push_async_callback(database.close)
        signer = Signer.of_file(settings.ledger.signing_key)
        file = AnchorFile(settings.ledger.anchor_file)
        file.prepare()
        locks = database.book_locks()
        closing.callback(locks.close)
        redelivery_ms = round(settings.timing.redelivery_s * 1000)
        started = await database.transact(
            lambda transaction: begin(transaction, locks, signer, system_clock, redelivery_ms)
        )
        for anchor in started.anchors:
            file.append(anchor)
        yield LedgerSession(database, started.book, signer, file)
