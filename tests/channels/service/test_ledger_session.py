"""A process's own book: what it keeps outside the database of its own head and of the seals over all books."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import orjson
import pytest

from channels.service.ledger_session import LedgerSession, ledger_session
from channels.settings.sections import Database, Ledger, Settings
from core.domain.metrics import LAST_SEAL
from core.ledger.anchor_file import AnchorFile
from core.ledger.seals import Seal
from core.ledger.stored import stored_seals
from core.store.errors import TemporaryFault
from tests import outside
from tests.channels.conftest import Izinhatti

CONSENTS: Final = (
    "recipient,type,status,source,consentDate,recipientType,brandCode\n"
    "+905320000001,MESAJ,ONAY,HS_WEB,2026-01-02 03:04:05,BIREYSEL,600100\n"
)
Opening = Callable[[str], Awaitable[LedgerSession]]


@pytest.fixture
async def machine(url: str, tmp_path: Path) -> AsyncIterator[Opening]:
    """Opens the book of a process on a machine, which has an anchor file of its own; all share the signing key."""
    async with AsyncExitStack() as closing:

        async def opened(name: str) -> LedgerSession:
            ledger = Ledger(anchor_file=tmp_path / name, signing_key=tmp_path / "key")
            return await closing.enter_async_context(
                ledger_session(Settings(database=Database(url=url), ledger=ledger))
            )

        yield opened


async def write(own: LedgerSession) -> None:
    await own.database.transact(lambda transaction: own.book.append(transaction, ["{}"]))
    own.book.keep()


async def seals_in(own: LedgerSession) -> list[Seal]:
    return await own.database.transact(lambda transaction: list(stored_seals(transaction)))


async def seal_numbers(own: LedgerSession) -> list[int]:
    return [seal.number for seal in await seals_in(own)]


def kept(tmp_path: Path, name: str) -> list[int]:
    return [seal.number for seal in AnchorFile(tmp_path / name).seals()]


async def test_a_seal_is_kept_on_every_machine_whoever_made_it(machine: Opening, tmp_path: Path) -> None:
    one, other = await machine("one"), await machine("other")
    await write(one)
    await write(other)

    for own in (one, other, one, other):
        await own.seal_books(own.database.transact)

    assert await seal_numbers(one) == [1]
    assert kept(tmp_path, "one") == kept(tmp_path, "other") == [1]
    [seal] = await seals_in(one)
    assert [head.book for head in seal.heads] == [one.book.number, other.book.number]
    assert [seal] == list(AnchorFile(tmp_path / "other").seals())


async def test_a_seal_that_could_not_be_kept_is_kept_with_the_next_round(machine: Opening, tmp_path: Path) -> None:
    own = await machine("one")
    await write(own)
    (tmp_path / "one").rename(tmp_path / "away")
    (tmp_path / "one").mkdir()
    with pytest.raises(IsADirectoryError):
        await own.seal_books(own.database.transact)
    (tmp_path / "one").rmdir()

    await own.seal_books(own.database.transact)

    assert await seal_numbers(own) == kept(tmp_path, "one") == [1]


async def test_a_seal_that_was_not_committed_is_not_kept(machine: Opening, tmp_path: Path) -> None:
    own = await machine("one")
    await write(own)

    async def fail(_: object) -> None:
        raise TemporaryFault("database: disk full")

    LAST_SEAL.set(7)
    with pytest.raises(TemporaryFault):
        await own.seal_books(fail)

    assert kept(tmp_path, "one") == []
    assert LAST_SEAL._value.get() == 7


async def test_the_metric_says_when_the_books_were_last_sealed_or_had_nothing_new(machine: Opening) -> None:
    own = await machine("one")
    LAST_SEAL.set(0)
    await own.seal_books(own.database.transact)
    idle = LAST_SEAL._value.get()
    await write(own)
    await own.seal_books(own.database.transact)

    [seal] = await seals_in(own)
    assert 0 < idle <= seal.at / 1000 == LAST_SEAL._value.get()


async def test_the_end_of_a_process_seals_what_it_wrote_last(machine: Opening, tmp_path: Path) -> None:
    own = await machine("one")
    await write(own)
    await own.seal_books(own.database.transact)
    await write(own)

    await own.end()

    seals = await seals_in(own)
    assert [head.entry for seal in seals for head in seal.heads] == [1, 2]
    assert kept(tmp_path, "one") == [1, 2]


def test_a_book_that_a_command_wrote_is_missed_when_it_is_removed(
    home: Path, database: str, line: Izinhatti, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "consents.csv").write_text(CONSENTS)
    assert line("consents", "import", "consents.csv") == 0
    assert line("ledger", "verify") == 0
    assert line("ledger", "export", "ledger.jsonl") == 0
    assert line("ledger", "verify", "--file", "ledger.jsonl") == 0
    file = home / "var/ledger.anchors"
    seals = [octets for octets in file.read_bytes().splitlines(keepends=True) if b'"seal"' in octets]
    file.write_bytes(b"".join(seals))  # as a machine has it that did not run the command
    for table in ("ledger", "anchor", "book", "seal", "sealed_head"):
        outside.change(database, f"DELETE FROM {table}")
    capsys.readouterr()

    assert line("ledger", "verify", "--json") == 1

    assert orjson.loads(capsys.readouterr().out) == {
        "ok": False,
        "entries": 0,
        "book": 1,
        "entry": 1,
        "reason": "the book is missing, but a head of it was signed",
    }
