"""The service under what the units forbid it."""

import asyncio
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from sms.smpp.simulator import Simulator
from tests.system.izinhatti import PROGRAM, run
from tests.system.test_serve import free_port

LIMIT_S: Final = 60.0
CONFINED: Final = (sys.executable, "-m", "tests.system.confined")
ROOT: Final = Path(__file__).parents[2]
SETTINGS: Final = """
[database]
url = "sqlite+aiosqlite:///izinhatti.db"
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
[admin]
listen = "127.0.0.1:0"
[link]
listen = "127.0.0.1:{link}"
[[sms.operators]]
name = "operator-a"
host = "127.0.0.1"
port = {port}
system_id = "{system_id}"
password = "{password}"
"""
BRANDS: Final = "brandCode,name,shortNames,iysCode,title\n600100,MIGROS,MIGROS,500100,Migros Örnek A.Ş.\n"


@pytest.mark.parametrize(
    "work",
    [
        pytest.param("import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", id="another address family"),
        pytest.param("import os; os.chown('.', -1, -1)", id="a call of the privileged set"),
        pytest.param("import mmap; mmap.mmap(-1, 4096, prot=7)", id="memory written and executed"),
    ],
)
def test_what_is_forbidden_is_refused(work: str) -> None:
    free, confined = (
        subprocess.run([*before, sys.executable, "-c", work], cwd=ROOT, capture_output=True, check=False, timeout=60)
        for before in ((), CONFINED)
    )

    assert free.returncode == 0
    assert b"PermissionError: [Errno 1]" in confined.stderr


async def test_a_confined_service_does_its_work(tmp_path: Path) -> None:
    simulator, link = Simulator(), free_port()
    port = await simulator.start("127.0.0.1")
    given = {"system_id": simulator.system_id, "password": simulator.password}
    (tmp_path / "izinhatti.toml").write_text(SETTINGS.format(port=port, link=link, **given))
    (tmp_path / "brands.csv").write_text(BRANDS)
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    simulator.on_text = lambda _, text: answer.set_result(text)
    for arguments in (("db", "upgrade"), ("brands", "import", "brands.csv")):
        assert (await run(tmp_path, *arguments)).code == 0

    process = await asyncio.create_subprocess_exec(
        *(*CONFINED, PROGRAM, "--config", str(tmp_path / "izinhatti.toml"), "serve"), cwd=ROOT, stderr=PIPE
    )
    async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession() as session:
        while not simulator.receivers:  # the simulator raises no event here
            assert process.returncode is None
            await asyncio.sleep(0.05)
        status = await simulator.deliver("905320000001", "RET MIGROS", dest="3338")
        text = await answer
        async with session.get(f"http://127.0.0.1:{link}/r/unknown") as page:
            page_status = page.status
        process.terminate()
        await process.communicate()
    await simulator.stop()

    assert status == 0
    assert "MIGROS" in text
    assert page_status == 404
    assert process.returncode == 0
