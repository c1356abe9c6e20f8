"""Many messages through a whole process while something goes wrong, and what was lost, done twice or told twice.

The network is one that never forgets: it brings each message, `WINDOW` at a time, until that is acknowledged with
status 0.
"""

import asyncio
import random
import shutil
import sqlite3
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import aiohttp

from core.ledger.anchor_file import AnchorFile
from core.ledger.chain import Entry
from core.ledger.verify import verify
from core.store.database import upgrade
from core.store.queries.brands import PUT_BRAND
from core.store.queries.consents import PUT_CONSENT
from sms.smpp.pdu import Message
from sms.smpp.simulator import Simulator
from tests.system import launcher
from tests.system.test_serve import free_port
from tests.system.wire import Wire

WINDOW: Final = 50
LIMIT_S: Final = 240.0  # a connection that is cut again and again is taken up more slowly each time
BRAND: Final = "600100"
REFUSAL: Final = b"RET MIGROS"
OPERATORS: Final = ("operator-a", "operator-b")
ANSWERS_TO_ALLOWING: Final = 2  # the code, and that it is done

_SETTINGS: Final = """
[database]
url = "sqlite+aiosqlite:///izinhatti.db"
statement_timeout_s = 0.3
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
[timing]
dedupe_s = {dedupe_s}
[admin]
listen = "127.0.0.1:{admin}"
"""
_OPERATOR: Final = """
[[sms.operators]]
name = "{name}"
host = "127.0.0.1"
port = {port}
system_id = "izinhatti"
password = "secret"
window = {window}
rate = {rate}
response_timeout_s = {response_timeout_s}
{more}
"""


class Outcome(NamedTuple):
    """What became of the messages. `lost` counts citizens whose last wish does not stand, `doubled` answers that a
    citizen got more than once, `unanswered` citizens who got none and whose answer was not counted as given up,
    `unknown` submits that nobody answered, `most_sent` the rows that were seen as `sent` at one time."""

    lost: int
    acts: int
    unanswered: int
    doubled: int
    unknown: int
    given_up: int
    most_sent: int

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self._asdict().items())


def prepare(template: Path, count: int) -> None:
    """A database with one brand and so many citizens who allow it messages."""
    upgrade(f"sqlite+aiosqlite:///{template}")
    given = (BRAND, "MESAJ", "BIREYSEL", "ONAY", "HS_WEB", 1_700_000_000_000, None, None, None)
    with closing(sqlite3.connect(template)) as database, database:
        database.execute(PUT_BRAND.sqlite.sql, (BRAND, "MIGROS", "MIGROS", "1", "Migros", None, None, 1))
        database.executemany(PUT_CONSENT.sqlite.sql, [(f"+{number(n)}", *given) for n in range(count)])


def number(index: int) -> str:
    return f"90532{index:07}"


def text(sender: str, words: bytes) -> Message:
    return Message(sender, "3338", words, source_ton=1, source_npi=1)


class Campaign:
    """One service process at a time, before one simulated operator or two."""

    def __init__(self, folder: Path, count: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = count
        self.simulators: list[Simulator] = []
        self.submits: Counter[str] = Counter()
        self.acknowledged = 0
        self.process: ForkServerProcess | None = None
        self.admin = free_port()
        self.database = folder / "izinhatti.db"
        self._settings = folder / "izinhatti.toml"
        self._left: Iterator[int] = iter(range(count))
        self._most_sent = 0
        self.unknown_by_metric = 0.0
        self.allowed_again: set[str] = set()

    @classmethod
    @asynccontextmanager
    async def prepared(
        cls,
        folder: Path,
        template: Path,
        count: int,
        seed: int,
        *,
        operators: Sequence[str] = ("",),
        tls: ssl.SSLContext | None = None,
        response_timeout_s: float = 10.0,
        rate: int = 0,
        dedupe_s: int = 60,
        wire: Wire | None = None,
    ) -> AsyncIterator[Self]:
        """`operators` holds more settings for each of them; with `tls` they speak it. `wire` leads to the one there
        is."""
        campaign = cls(folder, count, seed)
        shutil.copy(template, campaign.database)
        settings = _SETTINGS.format(admin=campaign.admin, dedupe_s=dedupe_s)
        for name, more in zip(OPERATORS, operators, strict=False):
            simulator = Simulator(receipts=True)
            simulator.on_submit = campaign.take
            campaign.simulators.append(simulator)
            given = {"window": WINDOW, "rate": rate, "response_timeout_s": response_timeout_s}
            port = await simulator.start("127.0.0.1", tls=tls)
            port = port if wire is None else await wire.start(port)
            settings += _OPERATOR.format(name=name, port=port, more=more, **given)
        campaign._settings.write_text(settings)
        try:
            yield campaign
        finally:
            campaign.kill()
            if wire is not None:
                await wire.stop()
            for simulator in campaign.simulators:
                await simulator.stop()

    def start(self) -> None:
        self.process = launcher.start(self._settings)

    def kill(self) -> None:
        """SIGKILL: nothing in the process runs any more."""
        if self.process is not None:
            self.process.kill()
            self.process.join()

    def take(self, message: Message) -> int | None:
        """The answer to a submit_sm of the line, which is counted."""
        self.submits[message.dest] += 1
        return 0

    async def run(self, *troubles: "asyncio.Task[None]") -> Outcome:
        """Bring all messages, while the troubles last; wait until nothing is left to be sent; end the process."""
        watching = asyncio.create_task(self._watch())
        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(*(self._bring_some() for _ in range(WINDOW)), *troubles)
            while self.rows("SELECT 1 FROM outbox WHERE state IN ('ready', 'sent') LIMIT 1"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            self.unknown_by_metric = await self._metric("izinhatti_submit_unknown_total")
        watching.cancel()
        assert self.process is not None
        self.process.terminate()
        await asyncio.to_thread(self.process.join, LIMIT_S)
        assert self.process.exitcode == 0
        return self._outcome()

    async def until_acknowledged(self, count: int) -> None:
        while self.acknowledged < count:  # noqa: ASYNC110  # raises no event
            await asyncio.sleep(0.001)

    async def _bring_some(self) -> None:
        for index in self._left:
            simulator = self.simulators[index % len(self.simulators)]
            await self.refuse(simulator, number(index))
            self.acknowledged += 1

    async def refuse(self, simulator: Simulator, citizen: str) -> None:
        await self.bring(simulator, text(citizen, REFUSAL))

    async def bring(self, simulator: Simulator, message: Message) -> None:
        """Bring it again and again until it is acknowledged."""
        while not await self.is_taken(simulator, message):  # noqa: ASYNC110  # a network waits a little
            await asyncio.sleep(0.005)

    async def is_taken(self, simulator: Simulator, message: Message) -> bool:
        """Bring it once, if there is a link; whether it was acknowledged."""
        try:
            return simulator.receivers > 0 and await simulator.deliver_raw(message) == 0
        except (ConnectionError, TimeoutError):
            return False

    async def _watch(self) -> None:
        while True:
            [(count,)] = self.rows("SELECT count(*) FROM outbox WHERE state = 'sent'")
            self._most_sent = max(self._most_sent, count)
            await asyncio.sleep(0.02)

    async def _metric(self, name: str) -> float:
        """A number of the process; one that starts is waited for."""
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"http://127.0.0.1:{self.admin}/metrics") as page:
                        lines = (await page.text()).splitlines()
                    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database, timeout=30)) as database:
            return database.execute(sql).fetchall()

    def _outcome(self) -> Outcome:
        refused = {recipient for (recipient,) in self.rows("SELECT recipient FROM consent WHERE status = 'RET'")}
        [(acts,)] = self.rows("SELECT count(*) FROM request WHERE outcome = 'ret'")
        [(unknown,)] = self.rows("SELECT sum(unknowns) FROM outbox")
        given_up = {recipient for (recipient,) in self.rows("SELECT recipient FROM outbox WHERE state = 'dead'")}
        told = set(self.submits)
        self._check_ledger()
        return Outcome(
            lost=sum((f"+{one}" in refused) is (one in self.allowed_again) for one in map(number, range(self.count))),
            acts=acts,
            unanswered=sum(number(n) not in told and f"+{number(n)}" not in given_up for n in range(self.count)),
            doubled=self.submits.total() - len(told) - ANSWERS_TO_ALLOWING * len(self.allowed_again),
            unknown=unknown,
            given_up=len(given_up),
            most_sent=self._most_sent,
        )

    def _check_ledger(self) -> None:
        rows = self.rows("SELECT book, entry, hash, body FROM ledger ORDER BY book, entry")
        report = verify(map(Entry._make, rows), AnchorFile(self.database.parent / "ledger.anchors").read())
        assert report.ok, report.reason
