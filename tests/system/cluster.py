"""Two serving processes on one PostgreSQL, each bound to its own operator, and citizens who write to both in turn.

Each network brings a message until that is acknowledged with status 0; only then does its citizen write the next one,
over the other network. A process that ends is started again, as a supervisor does.
"""

import asyncio
import random
import re
import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import asyncpg

from core.store.queries.brands import PUT_BRAND
from core.store.queries.consents import PUT_CONSENT
from sms.smpp.simulator import Simulator
from tests.system.campaign import number, text
from tests.system.izinhatti import Running, spawn

LEASE_S: Final = 2.0
AT_ONCE: Final = 20  # citizens who are writing
LIMIT_S: Final = 120.0
PATIENCE_S: Final = 20.0
NAMES: Final = ("a", "b")
BRANDS: Final = (("600100", "MIGROS"), ("600102", "BOYNER"))
GIVEN_AT: Final = 1_700_000_000_000

_CODE: Final = re.compile(r"\b[0-9]{6}\b")
_SETTINGS: Final = """
[database]
url = "{url}"
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
[timing]
outbox_lease_s = {lease_s}
[admin]
listen = "127.0.0.1:0"
[[sms.operators]]
name = "operator-{name}"
host = "127.0.0.1"
port = {port}
system_id = "izinhatti"
password = "{password}"
receipts = false
rate = 0
response_timeout_s = 1.5
"""


class Wish(NamedTuple):
    """What a citizen writes, and the word that its request's row is to carry. No citizen writes the same twice: an
    identical message after a lost link may be the first one brought again."""

    words: str
    outcome: str


CODE: Final = Wish("the code", "onay")

CHANGE_OF_MIND: Final = (
    Wish("RET MIGROS", "ret"),
    Wish("ONAY MIGROS", "onay-question"),
    CODE,
    Wish("MIGROS RET", "ret"),
)
OBJECTION: Final = (
    Wish("RET MIGROS", "ret"),
    Wish("RET 600100", "ret"),  # as before, and so nothing changes
    Wish("ONAY MIGROS", "onay-question"),
    CODE,
)
CHOICE: Final = (Wish("RET", "list"), Wish("2", "ret"), Wish("LISTE", "list"), Wish("EVET", "ret"))

STORIES: Final = (CHANGE_OF_MIND, OBJECTION, CHOICE)
_ASKED_AGAIN: Final = ("ONAY 600100", "MIGROS ONAY")  # where a code was given up
_ALLOWED: Final = {CHANGE_OF_MIND: ("600100",), OBJECTION: (), CHOICE: ("600100", "600102")}


class Door:
    """A serving process, started again whenever it ends, and the operator before it."""

    def __init__(self, folder: Path, name: str) -> None:
        # No line of another test, whose operator had this port before, is to be let in.
        self._password = secrets.token_hex(4)
        self.simulator = Simulator(password=self._password)
        self.starts = 0
        self.rests_s = 0.1  # before it is started again
        self._folder = folder
        self._name = name
        self._process: Running | None = None
        self._killed: Running | None = None
        self._is_ending = False

    async def open(self, url: str) -> None:
        port = await self.simulator.start("127.0.0.1")
        given = {"port": port, "password": self._password, "lease_s": LEASE_S}
        settings = _SETTINGS.format(url=url, name=self._name, **given)
        (self._folder / f"{self._name}.toml").write_text(settings)

    async def supervise(self) -> None:
        """Until `end`; the last exit code has to be 0."""
        while not self._is_ending:
            self.starts += 1
            with (self._folder / f"{self._name}.log").open("ab") as log:
                arguments = ("--config", f"{self._name}.toml", "serve", "--doors", "sms")
                self._process = await spawn(self._folder, *arguments, stdout=log, stderr=log)
            await self._process.wait()
            await asyncio.sleep(self.rests_s)
        assert self._process is not None
        assert self._process.returncode == 0

    def kill(self) -> None:
        """SIGKILL for the process, if it has not ended by itself."""
        if self._process is not None and self._process.returncode is None:
            self._killed = self._process
            self._process.kill()

    async def until_bound(self) -> None:
        while not self.simulator.receivers or self._process is self._killed:  # noqa: ASYNC110  # raises no event
            await asyncio.sleep(0.02)

    async def end(self) -> None:
        """SIGTERM once it serves, and no other start."""
        await self.until_bound()
        assert self._process is not None
        self._is_ending = True
        self._process.terminate()


class Cluster:
    """The two doors and their citizens. `accepted` holds what networks were told was taken, in order."""

    def __init__(self, folder: Path, url: str, citizens: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.doors = [Door(folder, name) for name in NAMES]
        self.accepted: dict[str, list[Wish]] = defaultdict(list)
        self.acknowledged = 0
        self.brought = 0
        self.told: Counter[tuple[str, str]] = Counter()
        self._dsn = url.replace("+asyncpg", "")
        self._codes: dict[str, str] = {}
        self._stories = {number(n): STORIES[n % len(STORIES)] for n in range(citizens)}
        self._left: Iterator[str] = iter(self._stories)

    @classmethod
    @asynccontextmanager
    async def prepared(cls, folder: Path, url: str, citizens: int, seed: int) -> AsyncIterator[Self]:
        cluster = cls(folder, url, citizens, seed)
        await cluster._fill()
        supervising: list[asyncio.Task[None]] = []
        try:
            for door in cluster.doors:
                door.simulator.on_text = cluster._hear
                await door.open(url)
                supervising.append(asyncio.create_task(door.supervise()))
            (folder / "izinhatti.toml").write_bytes((folder / f"{NAMES[0]}.toml").read_bytes())
            yield cluster
            async with asyncio.timeout(LIMIT_S):
                for door in cluster.doors:
                    await door.end()
                await asyncio.gather(*supervising)
        finally:
            for task in supervising:
                task.cancel()
            for door in cluster.doors:
                door.kill()
                await door.simulator.stop()

    @property
    def messages(self) -> int:
        """How many messages the citizens have to write."""
        return sum(map(len, self._stories.values()))

    async def run(self, *troubles: "asyncio.Task[None]") -> None:
        """Let all citizens write, while the troubles last; wait until nothing is left to be sent."""
        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(*(self._live_some() for _ in range(AT_ONCE)), *troubles)
            while await self.rows("SELECT 1 FROM outbox WHERE state IN ('ready', 'sent') LIMIT 1"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def until_acknowledged(self, count: int) -> None:
        while self.acknowledged < count:  # noqa: ASYNC110  # raises no event
            await asyncio.sleep(0.001)

    async def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement finds; a server that is down is waited for."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    session = await asyncpg.connect(self._dsn)
                    try:
                        return [tuple(row) for row in await session.fetch(sql, *values)]
                    finally:
                        await session.close()
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await asyncio.sleep(0.05)

    async def _fill(self) -> None:
        session = await asyncpg.connect(self._dsn)
        rest = ("MESAJ", "BIREYSEL", "ONAY", "HS_WEB", GIVEN_AT, None, None, None)
        given = [(f"+{who}", code, *rest) for who, story in self._stories.items() for code in _ALLOWED[story]]
        for version, (code, name) in enumerate(BRANDS, 1):
            await session.execute(PUT_BRAND.postgresql.sql, code, name, name, "1", name, None, None, version)
        await session.executemany(PUT_CONSENT.postgresql.sql, given)
        await session.close()

    async def _live_some(self) -> None:
        for citizen in self._left:
            asked_again = iter(_ASKED_AGAIN)
            for wish in self._stories[citizen]:
                if wish is CODE:
                    while (code := await self._code(citizen)) is None:
                        await self._bring(citizen, Wish(next(asked_again), "onay-question"))
                    wish = Wish(code, CODE.outcome)
                await self._bring(citizen, wish)

    async def _bring(self, citizen: str, wish: Wish) -> None:
        """Bring it again and again until it is acknowledged, over the network that the last one did not come by."""
        accepted = self.accepted[citizen]
        simulator = self.doors[(int(citizen) + len(accepted)) % len(self.doors)].simulator
        message = text(citizen, wish.words.encode())
        while True:
            if simulator.receivers:
                self.brought += 1
                try:
                    if await simulator.deliver_raw(message) == 0:
                        break
                except (ConnectionError, TimeoutError):
                    pass  # nobody knows whether it was taken, and so it is brought again
            await asyncio.sleep(0.02)
        accepted.append(wish)
        self.acknowledged += 1

    async def _code(self, citizen: str) -> str | None:
        """The code that was sent, once it is there; None if it was given up."""
        dead = "SELECT 1 FROM outbox WHERE recipient = $1 AND class = 0 HAVING every(state = 'dead')"
        waited = 0
        while (code := self._codes.pop(citizen, None)) is None:
            waited += 1
            await asyncio.sleep(0.02)
            if waited % 100 == 0 and await self.rows(dead, f"+{citizen}"):
                return self._codes.pop(citizen, None)
        return code

    def _hear(self, citizen: str, words: str) -> None:
        self.told[citizen, words] += 1
        for code in set(_CODE.findall(words)) - {code for code, _ in BRANDS}:
            self._codes[citizen.removeprefix("+")] = code
