"""A process that sends hears of what others put into the outbox, and finds what it did not hear of."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from channels.imports.brands import import_brands
from channels.imports.consents import import_consents
from channels.service import service as service_module
from channels.service.service import Service
from channels.settings.sections import Settings
from channels.settings.settings import load
from core.domain.clock import ISTANBUL, system_clock
from core.outbox.outbox import put, row
from core.store.database import Database
from core.store.postgresql import listener
from core.store.postgresql.listener import NAME
from core.store.wake import Wake
from sms.smpp.simulator import Simulator
from tests.container import execute, until
from tests.postgresql import Server

NUMBER: Final = "+905320000001"
NEVER_S: Final = 3600.0
END_LISTENER: Final = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '{NAME}'"
SETTINGS: Final = """
[database]
url = "{url}"
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
[admin]
listen = "127.0.0.1:0"
[notices]
hours = "00:00-24:00"
[[sms.operators]]
name = "operator-a"
host = "127.0.0.1"
port = {port}
system_id = "izinhatti"
password = "secret"
"""


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    url = postgresql.fresh()
    yield url
    postgresql.give_back(url)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    simulator = Simulator()
    await simulator.start("127.0.0.1")
    yield simulator
    await simulator.stop()


@pytest.fixture
def texts(simulator: Simulator) -> list[str]:
    """What citizens receive."""
    texts: list[str] = []
    simulator.on_text = lambda _number, text: texts.append(text)
    return texts


@pytest.fixture
def settings(tmp_path: Path, url: str, simulator: Simulator) -> Settings:
    path = tmp_path / "izinhatti.toml"
    path.write_text(SETTINGS.format(url=url, port=simulator.port))
    return load(path, {})


@asynccontextmanager
async def serving(settings: Settings, simulator: Simulator) -> AsyncIterator[Service]:
    service = Service(settings, {"sms"})
    await service.start()
    try:
        await until(lambda: simulator.receivers == 1 and not service.missing())
        yield service
    finally:
        await service.stop()


@asynccontextmanager
async def another_process(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url, 5)
    yield database
    await database.close()


async def put_text(database: Database, number: int) -> None:
    new = row(number, None, NUMBER, f"text {number}", "", system_clock())
    await database.transact(lambda transaction: put(transaction, [new]))


async def test_what_another_process_puts_there_leaves_without_being_looked_for(
    settings: Settings, url: str, simulator: Simulator, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "SECOND", NEVER_S)
    async with serving(settings, simulator), another_process(url) as other:
        for number in (1, 2, 3):
            await put_text(other, number)
            await until(lambda: len(texts) == number)  # noqa: B023  # called before the next one

    assert texts == ["text 1", "text 2", "text 3"]


async def test_what_was_not_heard_is_found(
    settings: Settings, url: str, simulator: Simulator, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_PAUSE_S_FIRST", NEVER_S)
    async with serving(settings, simulator), another_process(url) as other:
        await put_text(other, 1)
        await until(lambda: len(texts) == 1)
        assert await other.transact(lambda transaction: execute(transaction, END_LISTENER)) == [(True,)]

        await put_text(other, 2)
        await until(lambda: len(texts) == 2)

    assert texts == ["text 1", "text 2"]


async def test_the_notices_of_an_import_leave_when_it_ends(
    settings: Settings, tmp_path: Path, simulator: Simulator, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brands.csv").write_text("brandCode,name,shortNames,iysCode,title\n600100,MIGROS,MIGROS,1,Migros\n")
    given = f"{datetime.now(ISTANBUL) - timedelta(minutes=5):%Y-%m-%d %H:%M:%S}"
    (tmp_path / "feed.csv").write_text(
        "recipient,type,status,source,consentDate,recipientType,brandCode\n"
        f"{NUMBER},MESAJ,ONAY,HS_WEB,{given},BIREYSEL,600100\n"
    )
    await import_brands(settings, tmp_path / "brands.csv")
    monkeypatch.setattr(service_module, "SECOND", NEVER_S)

    async with serving(settings, simulator):
        counts = await import_consents(settings, tmp_path / "feed.csv", notify=True)
        await until(lambda: len(texts) == 1)

    assert str(counts) == "imported=1 unchanged=0 rejected=0"
    assert "MIGROS" in texts[0]


async def test_a_process_tells_only_while_it_cannot_send_itself(
    settings: Settings, url: str, simulator: Simulator, texts: list[str]
) -> None:
    async with serving(settings, simulator) as service, another_process(url) as other:
        told: list[Wake] = []
        hearing = asyncio.create_task(other.listen(told.append))
        await until(lambda: len(told) == 1)
        told.clear()

        await simulator.deliver(NUMBER, "YARDIM", dest="3338")
        await until(lambda: len(texts) == 1)
        await simulator.stop()
        await until(lambda: bool(service.missing()))
        await service.writer.errand(lambda transaction: transaction.wake(Wake.NOTICES))
        await until(lambda: bool(told))
        hearing.cancel()

    assert told == [Wake.NOTICES]
