"""A line that can be called: `izinhatti serve` with all doors in a process of its own, a real Asterisk before it, a
simulated operator that receives its texts."""

import asyncio
import re
import signal
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp

from channels.imports.table import Table
from core.brands.brand import Brand
from core.conversation.requests import Language
from core.domain.clock import ISTANBUL
from core.registry.brand_feed import BRAND_COLUMNS, read_brand
from core.store.queries.brands import PUT_BRAND
from core.store.queries.consents import PUT_CONSENT
from ivr.prompts import Prompts
from ivr.speaker import Speaker
from ivr.speech import Fixed, Part
from sms.smpp.simulator import Simulator
from tests import outside
from tests.system.asterisk import Asterisk, free_port, running
from tests.system.izinhatti import Running, run, spawn

LIMIT_S: Final = 30.0
ROOT: Final = Path(__file__).parents[2]
BRANDS: Final = ROOT / "channels/demo/brands.csv"
RECEIPT: Final = re.compile(r"(?:İşlem|Şikayet) no ([0-9A-Z]{8})\b|(?:Ref|Complaint) ([0-9A-Z]{8})\b")
CODE: Final = re.compile(r"\b(\d{6})\b")
SILENCE_OCTETS: Final = 1600
SPEECH_OCTETS: Final = 1600
_STREAM: Final = socket.SOCK_STREAM
SETTINGS: Final = """
[database]
url = "{url}"
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
[admin]
listen = "127.0.0.1:{admin}"
[link]
listen = "127.0.0.1:{link}"
public_url = "http://127.0.0.1:{link}"
[notices]
hours = "00:00-24:00"
[ivr]
listen = "127.0.0.1:{agi}"
sounds = "{sounds}"
max_calls = {max_calls}
agent = "{agent}"
[ivr.ami]
port = {ami}
[[sms.operators]]
name = "operator-a"
host = "127.0.0.1"
port = {operator}
system_id = "{system_id}"
password = "{password}"
receipts = false
rate = 0
"""


class VoiceLine:
    """What the tests see of it from outside."""

    def __init__(self, folder: Path, url: str, sounds: Path, simulator: Simulator) -> None:
        self.folder = folder
        self.url = url
        self.simulator = simulator
        self.admin_port, self.link_port, self.agi_port = (free_port(_STREAM) for _ in range(3))
        self.asterisk: Asterisk
        self.process: Running
        self.received: dict[str, list[str]] = defaultdict(list)
        self._sounds = sounds
        self._prompts = Prompts(sounds, Speaker(), "3338")
        simulator.on_text = lambda number, text: self.received[number].append(text)

    async def start(self) -> None:
        """Start the service and wait until it is ready."""
        self.process = await spawn(self.folder, "serve")
        await self.until_ready()

    async def until_ready(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            while (await self.missing()) != []:  # noqa: ASYNC110  # another process raises no event here
                await asyncio.sleep(0.05)

    async def missing(self) -> list[str] | None:
        """What /readyz names; None: no answer."""
        try:
            async with (
                aiohttp.ClientSession() as client,
                client.get(f"http://127.0.0.1:{self.admin_port}/readyz") as response,
            ):
                found: list[str] = (await response.json())["missing"]
                return found
        except aiohttp.ClientError:
            return None

    async def metric(self, name: str) -> float:
        """A sample by its whole name with labels; 0 where there is none."""
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{self.admin_port}/metrics") as response,
        ):
            text = await response.text()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name} "))

    async def stop(self) -> tuple[int, str]:
        """SIGTERM; exit code and standard error."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        return await self.ended()

    async def ended(self) -> tuple[int, str]:
        """The same, once it ends by itself."""
        async with asyncio.timeout(LIMIT_S):
            _, errors = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, errors.decode()

    async def command(self, *arguments: str) -> Any:
        """A command of the program with --json; what it prints."""
        result = await run(self.folder, *arguments, "--json")
        assert result.code == 0, result.err
        return result.json()

    async def text(self, number: str, count: int = 1) -> str:
        """The last of so many texts that the number has received."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.received[number]) < count:  # noqa: ASYNC110  # the simulator raises no event here
                await asyncio.sleep(0.01)
        return self.received[number][count - 1]

    async def send(self, number: str, text: str) -> None:
        """Bring a text, once a bind receives: one that the database had stood still for is given up and taken again."""
        async with asyncio.timeout(LIMIT_S):
            while not self.simulator.receivers:  # noqa: ASYNC110  # the simulator raises no event here
                await asyncio.sleep(0.01)
        assert await self.simulator.deliver(number, text, dest="3338") == 0

    def allow(self, number: str, *brand_codes: str, days_ago: int = 30) -> None:
        """Calls and messages, given to a sender."""
        given = round((datetime.now(ISTANBUL) - timedelta(days=days_ago)).timestamp()) * 1000
        rows = [
            (number, code, kind, "BIREYSEL", "ONAY", "HS_WEB", given, None, None, None)
            for code in brand_codes
            for kind in ("ARAMA", "MESAJ")
        ]
        outside.put(self.url, PUT_CONSENT, rows)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return outside.rows(self.url, sql, *values)

    def allowed(self, number: str) -> set[tuple[Any, ...]]:
        """(brand code, type) of what stands."""
        return set(self.rows("SELECT brand_code, type FROM consent WHERE recipient = ? AND status = 'ONAY'", number))

    def acts(self, number: str) -> list[str]:
        """Outcomes of the number's requests by phone, in order."""
        rows = self.rows("SELECT outcome FROM request WHERE recipient = ? AND door = 'ivr' ORDER BY id", number)
        return [outcome for (outcome,) in rows]

    async def beginning(self, name: str) -> bytes:
        """Of a prompt: the silence that all begin with, and as much speech as tells it from all others."""
        return (await self.sound((Fixed(name),)))[: SILENCE_OCTETS + SPEECH_OCTETS]

    async def sound(self, parts: Sequence[Part], language: Language = Language.TR, *, slow: bool = False) -> bytes:
        """The octets of what is said."""
        files = await self._prompts.files(parts, language, slow=slow)
        return b"".join((self._sounds / f"{file}.alaw").read_bytes() for file in files)


def brand(code: str) -> Brand:
    """One of the sample brands."""
    return next(brand for brand in _brands() if brand.code == code)


def _brands() -> Iterator[Brand]:
    with Table(BRANDS, BRAND_COLUMNS) as table:
        for record in table.records():
            found = read_brand(record.fields or ())
            assert isinstance(found, Brand)
            yield found


def receipt_in(text: str) -> str:
    found = RECEIPT.search(text)
    assert found, text
    return found[1] or found[2]


def code_in(text: str) -> str:
    found = CODE.search(text)
    assert found, text
    return found[1]


@asynccontextmanager
async def voice_line(
    folder: Path, url: str, sounds: Path, *, max_calls: int = 100, agent: str = "", **settings: str
) -> AsyncIterator[VoiceLine]:
    """A line that is ready, with the sample brands in the empty database at `url`. `settings` are more of the
    environment of deploy/asterisk/run."""
    simulator = Simulator()
    line = VoiceLine(folder, url, sounds, simulator)
    operator = await simulator.start("127.0.0.1")
    async with running(folder / "asterisk", sounds, f"127.0.0.1:{line.agi_port}", **settings) as asterisk:
        line.asterisk = asterisk
        filled = SETTINGS.format(
            url=url,
            admin=line.admin_port,
            link=line.link_port,
            agi=line.agi_port,
            ami=asterisk.ami_port,
            sounds=sounds,
            max_calls=max_calls,
            agent=agent,
            operator=operator,
            system_id=simulator.system_id,
            password=simulator.password,
        )
        (folder / "izinhatti.toml").write_text(filled)
        outside.put(
            url,
            PUT_BRAND,
            [
                (one.code, one.name, "|".join(one.short_names), one.iys_code, one.title, None, None, version)
                for version, one in enumerate(_brands(), 1)
            ],
        )
        await line.start()
        try:
            yield line
        finally:
            if line.process.returncode is None:
                line.process.send_signal(signal.SIGCONT)
                line.process.kill()
                await line.process.communicate()
            await simulator.stop()
