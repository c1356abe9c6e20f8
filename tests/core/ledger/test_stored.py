"""Whatever is done to the books of several processes, or to the seals over them, is found where the seals were kept.

Two processes on two machines: the first has the heads of its own book and the seals outside the database, of the other
one's book only the seals.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Final, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.intake.process_book import store_anchor
from core.ledger.anchors import Anchor, Signer
from core.ledger.chain import GENESIS, canonical, entry_hash
from core.ledger.sealing import seal_books
from core.ledger.seals import Seal
from core.ledger.stored import newest_seal, stored_seals, verify_stored
from core.ledger.verify import Report
from tests.container import Container, FakeClock, opened

STRANGER: Final = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
ENTRIES: Final = 7
NOTE: Final = "book 2 has no local heads: checked against those in the database only"


class Machine:
    """What verifies: the database, and what this machine keeps outside of it."""

    def __init__(self, here: Container, there: Container, signer: Signer) -> None:
        self.here = here
        self.there = there
        self.signer = signer
        self.local: list[Anchor] = []
        self.local_seals: list[Seal] = []

    async def write(self, container: Container, entries: int) -> None:
        bodies = [canonical({"receipt": f"K{container.book.next_entry + n}"}) for n in range(entries)]
        await container.writer.errand(lambda transaction: container.book.append(transaction, bodies))
        anchor = self.signer.sign(container.book.committed, container.clock())
        await container.writer.errand(lambda transaction: store_anchor(transaction, anchor))
        if container is self.here:
            self.local.append(anchor)

    async def seal(self) -> None:
        work = partial(seal_books, signer=self.signer, now=self.here.clock(), at_once=True)
        found = await self.here.writer.errand(work)
        assert found is not None
        assert found.newest is not None
        self.local_seals.append(found.newest)

    async def verify(self, trusted_key: bytes | None = None) -> Report:
        key = trusted_key or self.signer.public_key
        return await self.here.database.transact(
            lambda transaction: verify_stored(transaction, self.local, key, self.local_seals)
        )

    async def damage(self, *statements: str) -> None:
        """Behind the programs' backs; each statement must have changed something."""
        for sql in statements:
            before = await self.here.everything()
            await self.here.rows(sql)
            assert await self.here.everything() != before, sql


@pytest.fixture
async def machine(url: str, container: Container, clock: FakeClock, signer: Signer) -> AsyncIterator[Machine]:
    """Seal 1 over entry 3 of book 1 and entry 2 of book 2, seal 2 over 1.4, seal 3 over 2.3."""
    async with opened(url, clock, signer) as there:
        machine = Machine(container, there, signer)
        assert (container.book.number, there.book.number) == (1, 2)
        await machine.write(container, 3)
        await machine.write(there, 2)
        await machine.seal()
        await machine.write(container, 1)
        await machine.seal()
        await machine.write(there, 1)
        await machine.seal()
        yield machine


async def test_books_and_seals_as_they_were_written_are_right(machine: Machine) -> None:
    seals = await machine.here.writer.errand(lambda transaction: list(stored_seals(transaction)))

    assert await machine.verify() == Report(True, ENTRIES, reason=NOTE)
    assert [[head[:2] for head in seal.heads] for seal in seals] == [[(1, 3), (2, 2)], [(1, 4)], [(2, 3)]]
    assert seals == machine.local_seals
    assert await machine.here.writer.errand(newest_seal) == seals[-1]


async def test_what_has_grown_since_the_last_seal_is_right_too(machine: Machine) -> None:
    await machine.write(machine.here, 2)
    await machine.write(machine.there, 1)

    assert await machine.verify() == Report(True, ENTRIES + 3, reason=NOTE)


async def test_a_machine_that_keeps_no_seals_checks_those_in_the_database(machine: Machine) -> None:
    machine.local_seals.clear()

    assert await machine.verify() == Report(True, ENTRIES, reason=NOTE)


class Damage(NamedTuple):
    sql: tuple[str, ...]
    book: int | None
    entry: int | None
    reason: str


def damage(name: str, *sql: str, at: tuple[int, int] | None = None, reason: str) -> object:
    book, entry = at or (None, None)
    return pytest.param(Damage(sql, book, entry, reason), id=name)


NO_BOOK: Final = (
    "DELETE FROM ledger WHERE book = 2",
    "DELETE FROM anchor WHERE book = 2",
    "DELETE FROM book WHERE id = 2",
)
NO_TAIL: Final = ("DELETE FROM sealed_head WHERE seal > 1", "DELETE FROM seal WHERE number > 1")
SWAP: Final = tuple(
    f"UPDATE sealed_head SET book = {new} WHERE seal = 1 AND book = {old}" for old, new in ((1, 9), (2, 1), (9, 2))
)
IN_ANY_CASE: Final = [
    damage(
        "a changed entry", "UPDATE ledger SET body = '{}' WHERE book = 2 AND entry = 2", at=(2, 2), reason="changed"
    ),
    damage("a removed book, its heads and its row", *NO_BOOK, at=(2, 1), reason="the book is missing"),
    damage(
        "a book cut off with its head",
        "DELETE FROM ledger WHERE book = 2 AND entry = 3",
        "DELETE FROM anchor WHERE book = 2 AND entry = 3",
        at=(2, 3),
        reason="cut off",
    ),
    damage(
        "a removed seal",
        "DELETE FROM seal WHERE number = 2",
        "DELETE FROM sealed_head WHERE seal = 2",
        reason="seal 2 is missing",
    ),
    damage("a removed first seal", "DELETE FROM seal WHERE number = 1", reason="seal 1 is missing"),
    damage("swapped leaves", *SWAP, reason="seal 1: its root does not fit"),
    damage("a removed leaf", "DELETE FROM sealed_head WHERE seal = 1 AND book = 2", reason="seal 1: its root"),
    damage("a seal without its leaves", "DELETE FROM sealed_head WHERE seal = 2", reason="seal 2: its root"),
    damage(
        "a leaf more",
        "INSERT INTO sealed_head SELECT 2, book, entry, hash FROM sealed_head WHERE seal = 3",
        reason="seal 2: its root",
    ),
    damage("a seal of another time", "UPDATE seal SET at = at + 1 WHERE number = 2", reason="seal 2: its signature"),
    damage("a seal of another number", "UPDATE seal SET number = 4 WHERE number = 3", reason="seal 3 is missing"),
]
WITH_LOCAL_SEALS: Final = [
    damage("a tail of seals cut off", *NO_TAIL, reason="seal 2 is missing: the seals were cut off"),
    damage("all seals removed", "DELETE FROM seal", "DELETE FROM sealed_head", reason="seal 1 is missing"),
    damage(
        "a removed book and every seal of it",
        *NO_BOOK,
        "DELETE FROM seal",
        "DELETE FROM sealed_head",
        at=(2, 1),
        reason="the book is missing",
    ),
    damage(
        "a removed book and its leaves",
        *NO_BOOK,
        "DELETE FROM sealed_head WHERE book = 2",
        at=(2, 1),
        reason="the book is missing",
    ),
]


@pytest.mark.parametrize("damage", IN_ANY_CASE)
@pytest.mark.parametrize("keeps_seals", [True, False], ids=["with local seals", "without"])
async def test_damage_is_named(machine: Machine, damage: Damage, keeps_seals: bool) -> None:
    await machine.damage(*damage.sql)
    machine.local_seals *= keeps_seals

    report = await machine.verify()

    assert (report.ok, report.book, report.entry) == (False, damage.book, damage.entry), report
    assert damage.reason in (report.reason or "")


@pytest.mark.parametrize("damage", WITH_LOCAL_SEALS)
async def test_damage_is_named_by_what_lies_outside(machine: Machine, damage: Damage) -> None:
    await machine.damage(*damage.sql)

    report = await machine.verify()

    assert (report.ok, report.book, report.entry) == (False, damage.book, damage.entry), report
    assert damage.reason in (report.reason or "")


async def test_a_book_written_anew_whole_is_found_by_the_seals(machine: Machine) -> None:
    await machine.damage("DELETE FROM anchor WHERE book = 2")
    previous = GENESIS
    for entry in (1, 2, 3):
        previous = entry_hash(previous, 2, entry, "{}")
        await machine.here.rows("UPDATE ledger SET body = '{}', hash = ? WHERE book = 2 AND entry = ?", previous, entry)

    report = await machine.verify()

    assert (report.ok, report.book, report.entry) == (False, 2, 2)
    assert "not the one whose head was signed" in (report.reason or "")


async def test_seals_cut_off_and_made_anew_are_found_by_those_outside(machine: Machine) -> None:
    kept = list(machine.local_seals)
    await machine.damage(*NO_TAIL)
    machine.here.clock.pass_ms(1)
    await machine.seal()
    machine.local_seals = kept

    report = await machine.verify()

    assert report == Report(False, ENTRIES, reason="seal 2: it is not the one in the anchor file")


@pytest.mark.parametrize("number", [1, 3])
async def test_a_seal_signed_by_another_key_is_named(machine: Machine, number: int) -> None:
    seal = machine.local_seals[number - 1]
    forger = Machine(machine.here, machine.there, STRANGER)
    await machine.damage(
        *(
            f"DELETE FROM {table} WHERE {key} >= {number}"
            for table, key in (("sealed_head", "seal"), ("seal", "number"))
        )
    )
    await forger.seal()

    report = await machine.verify()

    assert forger.local_seals[0].number == seal.number
    assert report == Report(False, ENTRIES, reason=f"seal {number}: it is signed by another key")


async def test_a_line_changed_in_the_anchor_file_is_named(machine: Machine) -> None:
    machine.local_seals[1] = machine.local_seals[1]._replace(signature=bytes(64))

    report = await machine.verify()

    assert report == Report(False, ENTRIES, reason="seal 2 in the anchor file: its signature is wrong")
