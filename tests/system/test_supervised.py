"""`izinhatti serve` under systemd's protocol: a real process, a real socket, an operator in between."""

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from sms.smpp.simulator import Simulator
from tests.channels.notify_socket import LIMIT_S, NotifySocket, notify_socket
from tests.system.izinhatti import run

SETTINGS = """
[database]
url = "sqlite+aiosqlite:///izinhatti.db"
statement_timeout_s = 0.05
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
"""
WATCHDOG_S = 1.0


@asynccontextmanager
async def serving(folder: Path, systemd: NotifySocket, password: str | None = None) -> AsyncIterator[Process]:
    """`izinhatti serve` that stands still while there is a file `hang`, bound to a simulated operator."""
    simulator = Simulator()
    port = await simulator.start("127.0.0.1")
    given = {"system_id": simulator.system_id, "password": password or simulator.password}
    (folder / "izinhatti.toml").write_text(SETTINGS.format(port=port, **given))
    assert (await run(folder, "db", "upgrade")).code == 0
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.system.hanging", str(folder / "hang")),
        *("--config", str(folder / "izinhatti.toml"), "serve"),
        cwd=Path(__file__).parents[2],
        env={"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6))},
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        await simulator.stop()


async def stop(process: Process) -> int | None:
    process.terminate()
    async with asyncio.timeout(LIMIT_S):
        await process.communicate()
    return process.returncode


async def until_logged(process: Process, words: str) -> None:
    assert process.stderr is not None
    async with asyncio.timeout(LIMIT_S):
        while words not in (await process.stderr.readline()).decode():
            assert process.returncode is None


@pytest.mark.parametrize("abstract", [pytest.param(False, id="a path"), pytest.param(True, id="an abstract address")])
async def test_systemd_hears_of_the_start_and_of_the_end(tmp_path: Path, abstract: bool) -> None:
    with notify_socket(tmp_path, abstract=abstract) as systemd:
        async with serving(tmp_path, systemd) as process:
            begun = await systemd.until("READY=1")
            await systemd.until("WATCHDOG=1", times=2)
            code = await stop(process)
        ended = systemd.take()

    assert begun[:3] == ["WATCHDOG=1", "EXTEND_TIMEOUT_USEC=1000000", "STATUS=not started yet"]
    assert systemd.heard.count("READY=1") == 1
    assert [line for line in ended if line[0] == "S" and line != "STATUS=ready"] == ["STATUS=stopping", "STOPPING=1"]
    assert code == 0


async def test_a_refused_bind_is_told_and_the_service_lives_on_unready(tmp_path: Path) -> None:
    with notify_socket(tmp_path) as systemd:
        async with serving(tmp_path, systemd, password="wrong") as process:
            await systemd.until("STATUS=sms operator-a: bind refused 0x0000000E ESME_RINVPASWD")
            await systemd.until("EXTEND_TIMEOUT_USEC", times=2)
            code = await stop(process)
        systemd.take()

    assert "READY=1" not in systemd.heard
    assert code == 0


async def test_a_database_that_is_locked_takes_no_sign_of_life_away(tmp_path: Path) -> None:
    with notify_socket(tmp_path) as systemd:
        async with serving(tmp_path, systemd) as process:
            await systemd.until("READY=1")
            with closing(sqlite3.connect(tmp_path / "izinhatti.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await until_logged(process, "database is locked")
                systemd.take()
                signs = await systemd.until("WATCHDOG=1", times=4)
            code = await stop(process)

    assert "STOPPING=1" not in signs
    assert code == 0


async def test_a_writer_thread_that_hangs_takes_them_away(tmp_path: Path) -> None:
    with notify_socket(tmp_path) as systemd:
        async with serving(tmp_path, systemd) as process:
            await systemd.until("READY=1")
            (tmp_path / "hang").touch()
            await until_logged(process, "no more signs of life")
            systemd.take()

            (tmp_path / "hang").unlink()
            back = await systemd.until("WATCHDOG=1")
            code = await stop(process)

    assert back == ["WATCHDOG=1"]
    assert code == 0
