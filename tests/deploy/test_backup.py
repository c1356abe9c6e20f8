"""Backup and restore as docs/backup.md tells it: the machine is lost, and the line goes on from what was kept."""

import asyncio
import json
import os
import re
import shutil
import signal
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from core.store.database import upgrade
from core.store.reading import reading
from sms.smpp.simulator import Simulator
from tests.container import execute
from tests.postgresql import PATIENCE_S, Server
from tests.system.doors import LIMIT_S, Door, Line
from tests.system.izinhatti import run

SCRIPT: Final = Path(__file__).parents[2] / "deploy/backup/sqlite"
MIGROS: Final = "600100,MIGROS,MIGROS,500100,Migros Örnek A.Ş."
EARLY: Final = ["+905320000001", "+905320000002", "+905320000003"]
KEPT: Final = ("consent", "objection", "import_log", "request", "raw", "receipt", "ledger")
LATE: Final = ["+905320000004", "+905320000005"]
NEXT: Final = ["+905320000006"]
CONSENTS: Final = [
    f"{number},MESAJ,ONAY,HS_WEB,2026-01-02 03:04:05,BIREYSEL,600100" for number in (*EARLY, *LATE, *NEXT)
]
UNTIL_WRITABLE: Final = "DO $$ BEGIN WHILE pg_is_in_recovery() LOOP PERFORM pg_sleep(0.02); END LOOP; END $$"
RECEIPT: Final = re.compile(r"İşlem no ([0-9A-Z]{8})\b")


class Network:
    """An operator, and the newest receipt of each number."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.port = simulator.port
        self.receipts: dict[str, list[str]] = defaultdict(list)
        simulator.on_text = lambda number, text: self.receipts[number].extend(RECEIPT.findall(text))

    async def refuse(self, numbers: Sequence[str]) -> None:
        """Each refuses, and reads that it is done."""
        wanted = {number: len(self.receipts[number]) + 1 for number in numbers}
        for number in numbers:
            assert await self._simulator.deliver(number, "RET MIGROS", dest="3338") == 0
        async with asyncio.timeout(LIMIT_S):
            while any(len(self.receipts[number]) < count for number, count in wanted.items()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    simulator = Simulator()
    await simulator.start("127.0.0.1")
    yield Network(simulator)
    await simulator.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    """One to lose."""
    with Server() as server:
        yield server


async def begun(folder: Path, url: str) -> Line:
    line = Line(folder, url)
    await asyncio.to_thread(upgrade, url)
    await line.take("brands", MIGROS)
    await line.take("consents", *CONSENTS)
    return line


async def known(line: Line) -> dict[str, list[tuple[object, ...]]]:
    """All that the registry and the evidence hold."""

    def read() -> dict[str, list[tuple[object, ...]]]:
        with reading(line.url, LIMIT_S) as transaction:
            return {name: sorted(execute(transaction, f"SELECT * FROM {name}"), key=repr) for name in KEPT}

    return await asyncio.to_thread(read)


async def verified(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = (await run(line.folder, "--config", "commands.toml", "ledger", "verify", "--json")).json()
    return found


def heads(octets: bytes) -> list[dict[str, Any]]:
    """The signed heads in an anchor file; seals stand between them."""
    return [head for line in octets.splitlines() if "entry" in (head := json.loads(line))]


async def until_signed(line: Line, entry: int) -> bytes:
    """The anchor file, once it holds the head of this entry of its newest book."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            octets = (line.folder / "ledger.anchors").read_bytes()
            if octets.endswith(b"\n") and heads(octets)[-1]["entry"] == entry:
                return octets
            await asyncio.sleep(0.05)


async def kill(door: Door) -> None:
    door.process.kill()
    await door.process.communicate()


async def goes_on(line: Line, network: Network, numbers: Sequence[str]) -> int:
    """These refuse; the ledger book that says so."""
    async with line.sms("sms", network.port) as sms:
        await sms.until_missing()
        await network.refuse(numbers)
        assert await sms.stop() == 0
    evidence = json.loads(await line.command("evidence", "show", network.receipts[numbers[0]][-1], "--json"))
    assert [act["after"]["status"] for act in evidence["acts"]] == ["RET"]
    assert (await verified(line))["ok"]
    return int(evidence["ledger"]["book"])


async def test_sqlite_is_restored_to_the_backup_and_the_anchors_name_what_came_after_it(
    tmp_path: Path, network: Network
) -> None:
    backup = tmp_path / "backup"
    lost = await begun(tmp_path / "lost", f"sqlite+aiosqlite:///{tmp_path}/lost/izinhatti.db")
    async with lost.sms("sms", network.port) as sms:
        await sms.until_missing()
        await network.refuse(EARLY)
        script = await asyncio.create_subprocess_exec(SCRIPT, lost.folder, backup)
        assert await script.wait() == 0
        before = await known(lost)
        await network.refuse(LATE)
        survived = await until_signed(lost, len(EARLY) + len(LATE))
        await kill(sms)
    shutil.rmtree(lost.folder)

    shutil.copytree(backup, tmp_path / "new")
    new = Line(tmp_path / "new", f"sqlite+aiosqlite:///{tmp_path}/new/izinhatti.db")
    anchors = new.folder / "ledger.anchors"
    anchors.write_bytes(survived)
    missing = await verified(new)
    shutil.copy(backup / "ledger.anchors", anchors)
    last_book = max(head["book"] for head in heads(survived))
    with closing(sqlite3.connect(new.folder / "izinhatti.db")) as database, database:
        database.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'book'", (last_book,))

    assert (missing["ok"], missing["book"], missing["entry"]) == (False, last_book, len(EARLY) + 1)
    assert f"a head of entry {len(EARLY) + len(LATE)} was signed" in missing["reason"]
    assert (await verified(new))["ok"]
    assert await known(new) == before
    assert await goes_on(new, network, LATE) > last_book


async def test_a_backup_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    script = await asyncio.create_subprocess_exec(SCRIPT, tmp_path, tmp_path / "backup", stderr=asyncio.subprocess.PIPE)

    _, said = await script.communicate()

    assert script.returncode == 1
    assert said.startswith(str(tmp_path / "backup").encode())


async def test_postgresql_comes_back_whole_by_its_log(tmp_path: Path, server: Server, network: Network) -> None:
    url, place = server.url("line"), ("-h", str(server.folder), "-U", "postgres")
    line = await begun(tmp_path / "line", url)
    wal = server.folder / "wal"
    await asyncio.to_thread(prepare_receiver, server, wal)
    receiver = server.spawn("pg_receivewal", *place, "-D", str(wal), "--slot=izinhatti", "--synchronous")
    try:
        for statement in ("ALTER SYSTEM SET synchronous_standby_names = 'pg_receivewal'", "SELECT pg_reload_conf()"):
            await asyncio.to_thread(server.call, "psql", "-c", statement)
        async with line.sms("sms", network.port) as sms:
            await sms.until_missing()
            await network.refuse(EARLY)
            await asyncio.to_thread(server.call, "pg_basebackup", "-D", "base", "--checkpoint=fast")
            await network.refuse(LATE)
            before = await known(line)
            await asyncio.to_thread(server.kill)
            await kill(sms)
    finally:
        receiver.send_signal(signal.SIGINT)
        receiver.wait(PATIENCE_S)
    shutil.rmtree(server.folder / "data")

    await asyncio.to_thread(restore, server, wal)

    assert (await verified(line))["ok"]
    assert await known(line) == before
    await goes_on(line, network, NEXT)


async def test_postgresql_is_filled_anew_from_a_dump_and_the_anchors_name_what_came_after_it(
    tmp_path: Path, server: Server, network: Network
) -> None:
    line = await begun(tmp_path / "line", server.url("line"))
    anchors, dumped = line.folder / "ledger.anchors", tmp_path / "dumped.anchors"
    async with line.sms("sms", network.port) as sms:
        await sms.until_missing()
        await network.refuse(EARLY)
        shutil.copy(anchors, dumped)
        await asyncio.to_thread(server.call, "pg_dump", "-Fc", "-f", "izinhatti.dump", "line")
        before = await known(line)
        await network.refuse(LATE)
        survived = await until_signed(line, len(EARLY) + len(LATE))
        await kill(sms)
    await asyncio.to_thread(server.call, "dropdb", "--force", "line")

    await asyncio.to_thread(server.call, "createdb", "line")
    await asyncio.to_thread(server.call, "pg_restore", "-d", "line", "izinhatti.dump")
    missing = await verified(line)
    shutil.copy(dumped, anchors)
    last_book = max(head["book"] for head in heads(survived))
    await asyncio.to_thread(server.call, "psql", "-d", "line", "-c", f"SELECT setval('book_id_seq', {last_book})")

    assert (missing["ok"], missing["book"], missing["entry"]) == (False, last_book, len(EARLY) + 1)
    assert (await verified(line))["ok"]
    assert await known(line) == before
    assert await goes_on(line, network, LATE) > last_book


def prepare_receiver(server: Server, wal: Path) -> None:
    owner = (server.folder / "data").stat()
    wal.mkdir()
    os.chown(wal, owner.st_uid, owner.st_gid)
    server.call("pg_receivewal", "--create-slot", "--slot=izinhatti", "--if-not-exists")


def restore(server: Server, wal: Path) -> None:
    """Put the base backup where the data was, and let the server read the log that was received."""
    data = (server.folder / "base").rename(server.folder / "data")
    for partial in wal.glob("*.partial"):
        partial.rename(partial.with_suffix(""))
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"restore_command = 'cp {wal}/%f \"%p\"'\nsynchronous_standby_names = ''\n")
    signalled, owner = data / "recovery.signal", data.stat()
    signalled.touch()
    os.chown(signalled, owner.st_uid, owner.st_gid)
    server.start()
    server.call("psql", "-c", UNTIL_WRITABLE)
