"""`izinhatti serve` with the sample brands, bound to a simulated operator."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sms.smpp.simulator import Simulator
from tests.system.izinhatti import run, spawn

ROOT = Path(__file__).parents[2]
LIMIT_S = 20.0
SETTINGS = """
[database]
url = "{url}"
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
[admin]
listen = "127.0.0.1:0"
[[sms.operators]]
name = "operator-a"
host = "127.0.0.1"
port = {port}
system_id = "{system_id}"
password = "{password}"
receipts = false
rate = 0
"""


class Served:
    """`izinhatti serve` bound to a simulated operator; what each number has received."""

    def __init__(self, folder: Path, url: str, simulator: Simulator) -> None:
        self.folder = folder
        self.url = url
        self.simulator = simulator
        self.received: dict[str, list[str]] = defaultdict(list)
        simulator.on_text = lambda number, text: self.received[number].append(text)

    async def until(self, number: str, count: int) -> None:
        async with asyncio.timeout(LIMIT_S):
            while len(self.received[number]) < count:  # noqa: ASYNC110  # the simulator raises no event here
                await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(folder: Path, url: str, settings: str) -> AsyncIterator[Served]:
    """`url` is of an empty database."""
    simulator = Simulator()
    port = await simulator.start("127.0.0.1")
    given = {"url": url, "port": port, "system_id": simulator.system_id, "password": simulator.password}
    (folder / "izinhatti.toml").write_text(SETTINGS.format(**given) + settings)
    for arguments in (("import", str(ROOT / "channels/demo/brands.csv")), ("close", "600199")):
        assert (await run(folder, "brands", *arguments)).code == 0
    process = await spawn(folder, "serve")
    try:
        async with asyncio.timeout(LIMIT_S):
            while not simulator.receivers:  # noqa: ASYNC110  # the simulator raises no event here
                await asyncio.sleep(0.01)
        yield Served(folder, url, simulator)
    finally:
        process.terminate()
        await process.communicate()
        await simulator.stop()
