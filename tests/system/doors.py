"""Several processes of one line on one database, each with its own doors, as an operator of the line runs them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from tests.system.izinhatti import Running, run, spawn
from tests.system.test_serve import free_port

LIMIT_S: Final = 30.0
_SHARED: Final = """
[database]
url = "{url}"
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
[limits]
answers_per_number_hour = 0
[notices]
hours = "00:00-24:00"
[admin]
listen = "127.0.0.1:{admin}"
"""
_SMS: Final = """
[[sms.operators]]
name = "operator-a"
host = "127.0.0.1"
port = {port}
system_id = "izinhatti"
password = "secret"
receipts = false
rate = 0
"""
_LINK: Final = """
[link]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
requests_per_address_minute = 0
"""
_IVR: Final = """
[ivr]
listen = "127.0.0.1:{port}"
sounds = "{sounds}"
[ivr.ami]
port = 1
"""


class Door:
    """A process that serves one door; of the others its settings say nothing."""

    def __init__(self, name: str, door: str, port: int) -> None:
        self.name = name
        self.door = door
        self.port = port
        self.admin = free_port()
        self.process: Running

    async def missing(self) -> list[str] | None:
        """What /readyz names; None while there is no answer."""
        try:
            async with self._get("readyz") as response:
                found: list[str] = (await response.json())["missing"]
                assert (response.status == 200) == (not found)
                return found
        except aiohttp.ClientError:
            return None

    async def until_missing(self, *expected: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while await self.missing() != list(expected):  # noqa: ASYNC110  # another process raises no event here
                await asyncio.sleep(0.05)

    async def count(self, sample: str) -> float:
        """A sample of the metrics by its whole name with labels; 0 where there is none."""
        async with self._get("metrics") as response:
            found = re.search(rf"^{re.escape(sample)} (\S+)$", await response.text(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    async def stop(self) -> int | None:
        self.process.terminate()
        async with asyncio.timeout(LIMIT_S):
            _, errors = await self.process.communicate()
        assert b'"level": "error"' not in errors, errors.decode()
        return self.process.returncode

    @asynccontextmanager
    async def _get(self, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{self.admin}/{path}") as response,
        ):
            yield response


class Line:
    """A database, and the settings of each process in a folder; those of commands have a name too."""

    def __init__(self, folder: Path, url: str, name: str = "commands") -> None:
        self.folder = folder
        self.url = url
        self._name = name
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text(_SHARED.format(url=url, admin=0))

    async def command(self, *arguments: str) -> str:
        """One that ends well; its last line."""
        result = await run(self.folder, "--config", f"{self._name}.toml", *arguments)
        assert result.code == 0, result.out + result.err
        return result.out.strip().rpartition("\n")[2]

    async def take(self, kind: str, *rows: str, arguments: tuple[str, ...] = ()) -> None:
        """Import rows of brands or consents, each as a line of its CSV."""
        header = {
            "brands": "brandCode,name,shortNames,iysCode,title",
            "consents": "recipient,type,status,source,consentDate,recipientType,brandCode",
        }[kind]
        (self.folder / f"{kind}.csv").write_text("\n".join((header, *rows, "")))
        done = await self.command(kind, "import", f"{kind}.csv", *arguments)
        assert done == f"imported={len(rows)} unchanged=0 rejected=0"

    @asynccontextmanager
    async def sms(self, name: str, operator_port: int) -> AsyncIterator[Door]:
        async with self._serving(Door(name, "sms", operator_port), _SMS) as door:
            yield door

    @asynccontextmanager
    async def link(self) -> AsyncIterator[Door]:
        async with self._serving(Door("link", "link", free_port()), _LINK) as door:
            yield door

    @asynccontextmanager
    async def ivr(self, sounds: Path) -> AsyncIterator[Door]:
        async with self._serving(Door("ivr", "ivr", free_port()), _IVR.replace("{sounds}", str(sounds))) as door:
            yield door

    @asynccontextmanager
    async def _serving(self, door: Door, section: str) -> AsyncIterator[Door]:
        shared = _SHARED.format(url=self.url, admin=door.admin)
        (self.folder / f"{door.name}.toml").write_text(shared + section.format(port=door.port))
        door.process = await spawn(self.folder, "--config", f"{door.name}.toml", "serve", "--doors", door.door)
        try:
            yield door
        finally:
            if door.process.returncode is None:
                door.process.kill()
                await door.process.communicate()


class Page:
    """A citizen's browser at the link pages: number, code, list."""

    def __init__(self, client: aiohttp.ClientSession, door: Door) -> None:
        self._client = client
        self._root = f"http://127.0.0.1:{door.port}"

    async def ask_code(self, number: str) -> None:
        async with self._client.post(f"{self._root}/izinler", data={"numara": number}) as response:
            assert response.status == 200, await response.text()

    async def prove(self, code: str) -> str:
        """The page of all permissions."""
        async with self._client.post(f"{self._root}/izinler/kod", data={"kod": code}) as response:
            assert response.url.path == "/izinler/liste", await response.text()
            return await response.text()


@asynccontextmanager
async def browsing(door: Door) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield Page(client, door)
