"""What every process that writes acts holds: the database, and a ledger book of its own in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from channels.sections import Settings
from core.clock import system_clock
from core.ledger.anchors import AnchorFile, Signer
from core.ledger.book import Book
from core.starts import begin, seal, store_anchor
from core.store.database import Database


class OwnBook:
    """The open book and the database that it is written to. `anchor` is called each second, `seal` at a good end."""

    def __init__(self, database: Database, book: Book, signer: Signer, file: AnchorFile) -> None:
        self.database = database
        self.book = book
        self._signer = signer
        self._file = file
        self._anchored = 0

    @property
    def code_key(self) -> bytes:
        """Keys the HMACs of confirming codes: processes that share a database share `ledger.signing_key`."""
        return self._signer.derived(b"izinhatti codes")

    @property
    def cookie_key(self) -> bytes:
        """Seals the cookies of the link pages; shared as `code_key` is."""
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

    async def seal(self) -> None:
        """Say that this process leaves nothing open. A book that is not sealed is taken over by the next start."""
        await self.anchor()
        await self.database.transact(lambda transaction: seal(transaction, self.book, system_clock()))


@asynccontextmanager
async def own_book(settings: Settings) -> AsyncIterator[OwnBook]:
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
        yield OwnBook(database, started.book, signer, file)
