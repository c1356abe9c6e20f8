"""`consents import` as a process of its own: killed and run again, and two at once with the same file."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from core.domain.clock import legal_time
from core.store.database import Database
from tests.container import execute
from tests.container_fixtures import on_sqlite
from tests.system.izinhatti import Result, run, spawn

ROWS: Final = 20_000
LIMIT_S: Final = 60.0
SLICES: Final = 3  # committed before the kill
HEADER: Final = "recipient,type,status,source,consentDate,recipientType,brandCode"
SETTINGS: Final = """
[database]
url = "{url}"
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
"""


@pytest.fixture
def file(tmp_path: Path, url: str) -> Path:
    """A file of consents, in a folder with settings."""
    (tmp_path / "izinhatti.toml").write_text(SETTINGS.format(url=url))
    (tmp_path / "brands.csv").write_text("brandCode,name,shortNames,iysCode,title\n600100,MIGROS,,,\n")
    path = tmp_path / "consents.csv"
    path.write_text("\n".join((HEADER, *rows(), "")))
    return path


def rows() -> Iterator[str]:
    for number in range(ROWS):
        status, second = ("RET" if number % 10 == 0 else "ONAY"), f"{number // 60 % 60:02}:{number % 60:02}"
        yield f"+90532{number:07},MESAJ,{status},HS_WEB,2026-03-10 10:{second},BIREYSEL,600100"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url, LIMIT_S)
    yield database
    await database.close()


async def count(database: Database, table: str) -> int:
    [(found,)] = await database.transact(lambda transaction: execute(transaction, f"SELECT count(*) FROM {table}"))
    assert isinstance(found, int)
    return found


async def registry(database: Database) -> list[str]:
    sql = "SELECT recipient, type, status, source, consent_at, recipient_type, brand_code FROM consent"
    held = await database.transact(lambda transaction: execute(transaction, sql))
    return sorted(",".join((*row[:4], legal_time(row[4]), *row[5:])) for row in held)


def counts(result: Result) -> list[int]:
    """Imported, unchanged and rejected."""
    assert (result.code, result.err) == (0, "")
    return [int(number) for number in re.findall(r"\d+", result.out)]


async def test_an_import_that_was_killed_is_run_again_to_the_same_end(file: Path, url: str) -> None:
    folder = file.parent
    assert (await run(folder, "brands", "import", "brands.csv")).code == 0
    async with opened(url) as database:
        killed = await spawn(folder, "consents", "import", file.name)
        async with asyncio.timeout(LIMIT_S):
            while await count(database, "ledger") < SLICES:
                assert killed.returncode is None
                await asyncio.sleep(0.005)
        killed.kill()
        await killed.communicate()
        before = await count(database, "consent")

        again = counts(await run(folder, "consents", "import", file.name))
        once_more = counts(await run(folder, "consents", "import", file.name))
        held, replaced = await registry(database), await count(database, "import_log")
        verified = await run(folder, "ledger", "verify", "--json")

    assert 0 < before < ROWS
    assert again == [ROWS - before, before, 0]
    assert once_more == [0, ROWS, 0]
    assert held == sorted(rows())
    assert replaced == 0
    assert verified.code == 0, verified.out


async def test_a_file_imported_by_two_processes_at_once_goes_in_once(file: Path, url: str) -> None:
    folder = file.parent
    assert (await run(folder, "brands", "import", "brands.csv")).code == 0

    one, other = map(counts, await asyncio.gather(*(run(folder, "consents", "import", file.name) for _ in range(2))))

    assert [a + b for a, b in zip(one, other, strict=True)] == [ROWS, ROWS, 0]
    assert (await run(folder, "ledger", "verify", "--json")).code == 0
    async with opened(url) as database:
        assert await registry(database) == sorted(rows())
        assert await count(database, "import_log") == 0


@on_sqlite
async def test_who_watches_an_import_sees_rows_rate_and_time_left(file: Path) -> None:
    assert (await run(file.parent, "brands", "import", "brands.csv")).code == 0
    ours, terminal = os.openpty()

    importing = await spawn(file.parent, "consents", "import", file.name, stderr=terminal)
    os.close(terminal)
    seen = await asyncio.to_thread(read_terminal, ours)
    async with asyncio.timeout(LIMIT_S):
        out, _ = await importing.communicate()

    assert re.search(r"consents\.csv .* \d+% [\d,]+ rows, [\d,]+/s \d:\d\d:\d\d", seen), seen
    assert out.decode() == f"imported={ROWS} unchanged=0 rejected=0\n"


def read_terminal(descriptor: int) -> str:
    """What was shown until nobody held the other end, without its signs of control."""
    octets = b""
    with open(descriptor, "rb", buffering=0) as terminal:
        try:
            while part := terminal.read(65_536):
                octets += part
        except OSError:  # Linux's word for the end of a terminal
            return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", octets.decode())
    raise AssertionError("a terminal ends with an error")
