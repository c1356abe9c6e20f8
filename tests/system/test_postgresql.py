"""`izinhatti` on PostgreSQL: the database made by the program, and two processes that serve one citizen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import orjson

from sms.smpp.simulator import Simulator
from tests.postgresql import Server
from tests.system.izinhatti import Running, run, spawn

LIMIT_S: Final = 30.0
CITIZENS: Final = 20
BRANDS: Final = "brandCode,name,shortNames,iysCode,title\n600100,MIGROS,MIGROS,500100,Migros Örnek A.Ş.\n"
CONSENTS: Final = "recipient,type,status,source,consentDate,recipientType,brandCode\n"
CONSENT: Final = "{number},MESAJ,ONAY,HS_WEB,2026-01-02 03:04:05,BIREYSEL,600100\n"
SETTINGS: Final = """
[database]
url = "{url}"
[ledger]
anchor_file = "{name}.anchors"
signing_key = "ledger.key"
[admin]
listen = "127.0.0.1:0"
[[sms.operators]]
name = "operator-{name}"
host = "127.0.0.1"
port = {port}
system_id = "{system_id}"
password = "{password}"
receipts = false
rate = 0
"""


class Door(NamedTuple):
    """A serving process, and the operator before it."""

    process: Running
    simulator: Simulator
    answers: dict[str, list[str]]


@asynccontextmanager
async def door(folder: Path, name: str, url: str) -> AsyncIterator[Door]:
    simulator = Simulator()
    port = await simulator.start("127.0.0.1")
    given = {"port": port, "system_id": simulator.system_id, "password": simulator.password}
    (folder / f"{name}.toml").write_text(SETTINGS.format(url=url, name=name, **given))
    answers: dict[str, list[str]] = {}
    simulator.on_text = lambda number, text: answers.setdefault(number, []).append(text)
    process = await spawn(folder, "--config", f"{name}.toml", "serve")
    try:
        async with asyncio.timeout(LIMIT_S):
            while not simulator.receivers:  # noqa: ASYNC110  # the simulator raises no event here
                await asyncio.sleep(0.01)
        yield Door(process, simulator, answers)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        await simulator.stop()


def texts_for(number: str, *doors: Door) -> list[str]:
    return [text for door in doors for text in door.answers.get(number, [])]


async def stop(process: Running) -> int | None:
    process.terminate()
    async with asyncio.timeout(LIMIT_S):
        await process.communicate()
    return process.returncode


def write_files(folder: Path, url: str, citizens: int) -> list[str]:
    """Settings, brands, and a consent of each citizen; their numbers."""
    numbers = [f"+90532000{n:04}" for n in range(citizens)]
    (folder / "izinhatti.toml").write_text(SETTINGS.format(url=url, name="x", port=1, system_id="x", password="x"))
    (folder / "brands.csv").write_text(BRANDS)
    (folder / "consents.csv").write_text(CONSENTS + "".join(CONSENT.format(number=number) for number in numbers))
    return numbers


async def test_two_processes_serve_one_citizen(tmp_path: Path, postgresql: Server) -> None:
    url = postgresql.url("line")
    numbers = write_files(tmp_path, url, CITIZENS)
    missing = await run(tmp_path, "consents", "show", numbers[0])
    made = [await run(tmp_path, "db", "upgrade") for _ in range(2)]
    for table in ("brands", "consents"):
        assert (await run(tmp_path, table, "import", f"{table}.csv")).code == 0

    async with door(tmp_path, "a", url) as one, door(tmp_path, "b", url) as other:
        statuses = await asyncio.gather(
            *(one.simulator.deliver(number, "RET MIGROS", dest="3338") for number in numbers),
            *(other.simulator.deliver(number, "RET 600100", dest="3338") for number in numbers),
        )
        # Either process may send an answer: both are of the same line.
        async with asyncio.timeout(LIMIT_S):
            while any(len(texts_for(number, one, other)) < 2 for number in numbers):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        ended = [await stop(each.process) for each in (one, other)]
    shown = await run(tmp_path, "consents", "show", numbers[0], "--json")
    verified = await run(tmp_path, "ledger", "verify", "--json")

    assert (missing.code, missing.err.strip()) == (
        3,
        "database: line does not exist; run: izinhatti db upgrade",
    )
    assert [(one.code, one.err) for one in made] == [(0, ""), (0, "")]
    assert set(statuses) == {0}
    for number in numbers:
        texts = texts_for(number, one, other)
        assert len(texts) == 2
        assert [("izniniz kaldırıldı" in text) for text in texts].count(True) == 1, texts
    assert ended == [0, 0]
    assert [row["status"] for row in shown.json()] == ["RET"]
    assert verified.code == 0, verified.out
    assert verified.json()["entries"] >= 2 * CITIZENS


async def test_a_book_that_vanishes_is_missed_on_another_machine(tmp_path: Path, postgresql: Server) -> None:
    url = postgresql.url("sealed")
    numbers = write_files(tmp_path, url, 2)
    for command in (["db", "upgrade"], ["brands", "import", "brands.csv"], ["consents", "import", "consents.csv"]):
        assert (await run(tmp_path, *command)).code == 0
    async with door(tmp_path, "a", url) as one, door(tmp_path, "b", url) as other:
        for each, number in zip((one, other), numbers, strict=True):
            assert await each.simulator.deliver(number, "RET MIGROS", dest="3338") == 0
        ended = [await stop(each.process) for each in (one, other)]
    whole = await run(tmp_path, "--config", "a.toml", "ledger", "verify", "--json")
    books = {head["book"] for seal in seals_of(tmp_path / "a.anchors") for head in seal["heads"]}

    session = await asyncpg.connect(url.replace("+asyncpg", ""))
    gone = await session.fetchval("SELECT max(id) FROM book")
    for table, column in (("ledger", "book"), ("anchor", "book"), ("sealed_head", "book"), ("book", "id")):
        await session.execute(f"DELETE FROM {table} WHERE {column} = $1", gone)
    await session.close()
    missed = await run(tmp_path, "--config", "a.toml", "ledger", "verify", "--json")

    assert ended == [0, 0]
    assert (whole.code, whole.json()["ok"]) == (0, True), whole.out
    assert {gone - 1, gone} <= books  # those of the two processes
    assert missed.code == 1
    assert missed.json() | {"entries": 0} == {
        "ok": False,
        "entries": 0,
        "book": gone,
        "entry": 1,
        "reason": "the book is missing, but a head of it was signed",
    }


def seals_of(file: Path) -> list[Any]:
    records = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    return [record for record in records if "seal" in record]
