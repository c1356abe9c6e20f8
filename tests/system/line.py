"""A line for system tests: a prepared database, a settings file, a simulated operator that never forgets a message."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

from core.store.database import upgrade
from core.store.queries.brands import PUT_BRAND
from core.store.queries.consents import PUT_CONSENT
from sms.smpp.pdu import Message
from sms.smpp.simulator import Simulator
from tests.system import launcher

LIMIT_S: Final = 20.0

NUMBER: Final = "+905320000001"
MIGROS: Final = "600100"


def prepare(template: Path) -> None:
    """A database with one brand and one citizen who allows it messages and calls."""
    upgrade(f"sqlite+aiosqlite:///{template}")
    with closing(sqlite3.connect(template)) as database, database:
        database.execute(PUT_BRAND.sqlite.sql, (MIGROS, "MIGROS", "MIGROS", "1", "Migros", None, None, 1))
        given = ("BIREYSEL", "ONAY", "HS_WEB", 1_700_000_000_000, None, None, None)
        database.executemany(PUT_CONSENT.sqlite.sql, [(NUMBER, MIGROS, kind, *given) for kind in ("ARAMA", "MESAJ")])


class Line:
    """One service process at a time, before one simulated operator."""

    def __init__(self, folder: Path, template: Path, simulator: Simulator, port: int) -> None:
        self.simulator = simulator
        self.submits: list[Message] = []
        self.process: ForkServerProcess | None = None
        self.database = folder / "izinhatti.db"
        self.settings = folder / "izinhatti.toml"
        shutil.copy(template, self.database)
        simulator.on_submit = self._on_submit
        self.settings.write_text(
            f"""
            [database]
            url = "sqlite+aiosqlite:///izinhatti.db"
            [ledger]
            anchor_file = "ledger.anchors"
            signing_key = "ledger.key"
            [admin]
            listen = "127.0.0.1:0"
            [[sms.operators]]
            name = "operator-a"
            host = "127.0.0.1"
            port = {port}
            system_id = "izinhatti"
            password = "secret"
            rate = 0
            """
        )

    def start(self, **arguments: Any) -> None:
        self.process = launcher.start(self.settings, **arguments)

    async def deliver(self, message: Message, revive: Callable[[], None]) -> None:
        """Bring a message until it is acknowledged, as a network does; `revive` is called when the process is gone."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                await self.until(lambda: self.simulator.receivers > 0 or self.is_dead)
                if self.is_dead:
                    revive()
                    continue
                try:
                    if await self.simulator.deliver_raw(message) == 0:
                        return
                except ConnectionError:
                    continue

    @property
    def is_dead(self) -> bool:
        return self.process is None or not self.process.is_alive()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not is_so():  # noqa: ASYNC110  # what another process does raises no event here
                await asyncio.sleep(0.005)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database, timeout=5)) as database:
            return database.execute(sql).fetchall()

    def is_settled(self) -> bool:
        """Whether every answer was accepted by the network."""
        return [state for (state,) in self.rows("SELECT DISTINCT state FROM outbox")] == ["accepted"]

    async def stop(self) -> int | None:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        await self.until(lambda: self.is_dead)
        return self.process.exitcode

    def _on_submit(self, message: Message) -> int:
        self.submits.append(message)
        return 0
