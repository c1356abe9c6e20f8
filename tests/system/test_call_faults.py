"""Calls that go wrong, on a real Asterisk: what the caller hears, and that nothing is done that was not said.

Each takes seconds: where no database plays a part, one does.
"""

import asyncio
import signal
import socket
import subprocess
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from core.conversation.requests import Language
from ivr.speech import Fixed
from tests import outside
from tests.container_fixtures import on_sqlite
from tests.system.asterisk import free_port
from tests.system.caller import HOST, Caller, calling
from tests.system.test_calls import MIGROS, both, pressed
from tests.system.voice_line import LIMIT_S, VoiceLine, receipt_in, voice_line

NUMBER: Final = "+905320200001"
REFUSAL: Final = ("1", "600100#", "1", "1")
WATCHDOG_S: Final = 6
SLACK_S: Final = 3
SAID_WITHIN_S: Final = 4.0  # after the last key (design, Voice menu)


@pytest.fixture
async def line(tmp_path: Path, url: str, sounds: Path) -> AsyncIterator[VoiceLine]:
    """A line of its own: it does not outlive the test's fault."""
    async with voice_line(tmp_path, url, sounds) as line:
        line.allow(NUMBER, MIGROS)
        yield line


async def hears(line: VoiceLine, caller: Caller, name: str) -> None:
    """Wait for the beginning of a prompt."""
    await caller.ear.hears(await line.beginning(name))


async def test_a_database_that_is_down_is_said_in_time_and_nothing_is_done_later(line: VoiceLine) -> None:
    beginning = await line.beginning("down")
    async with calling(line.asterisk, NUMBER) as caller:
        await pressed(caller, *REFUSAL[:-1])
        with outside.unfinished(line.url, lambda transaction: transaction.lock([NUMBER])):
            await pressed(caller, REFUSAL[-1])
            since = time.monotonic()
            await caller.ear.hears(beginning)
            waited_s = time.monotonic() - since
            await caller.ends()
        await caller.ends()

    assert waited_s < SAID_WITHIN_S
    await line.send("+905320200009", "YARDIM")  # behind whatever still waited
    assert line.allowed(NUMBER) == both(MIGROS)
    assert line.acts(NUMBER) == []
    assert line.received[NUMBER] == []


@on_sqlite
async def test_the_program_killed_in_mid_call_is_told_at_the_next_key(line: VoiceLine) -> None:
    async with calling(line.asterisk, NUMBER) as caller:
        await pressed(caller, "1")
        await caller.ear.more()
        line.process.kill()
        await caller.press("#")

        await hears(line, caller, "fallback")
        await caller.ends()

    assert line.allowed(NUMBER) == both(MIGROS)


@on_sqlite
async def test_the_message_after_a_kill_is_in_the_callers_language(line: VoiceLine) -> None:
    async with calling(line.asterisk, NUMBER) as caller:
        await pressed(caller, "9", "1")
        await caller.ear.more()
        line.process.kill()
        await caller.press("#")

        await caller.ear.hears(await line.sound((Fixed("fallback"),), Language.EN))


async def test_what_was_committed_before_a_kill_stays_and_is_texted_by_the_next_process(line: VoiceLine) -> None:
    async with calling(line.asterisk, NUMBER) as caller:
        await pressed(caller, *REFUSAL)
        await hears(line, caller, "done.thanks")
        line.process.kill()
        await line.process.wait()
        await caller.press("#")
        await hears(line, caller, "fallback")

    await line.start()

    receipt = receipt_in(await line.text(NUMBER))
    assert line.allowed(NUMBER) == {(MIGROS, "ARAMA")}
    assert line.rows("SELECT receipt FROM request WHERE recipient = ?", NUMBER) == [(receipt,)]


@on_sqlite
@pytest.mark.parametrize("keys", ["", "644767#"], ids=["who says nothing", "who goes on"])
async def test_a_caller_of_a_frozen_program_is_told_within_the_watchdog(
    tmp_path: Path, url: str, sounds: Path, keys: str
) -> None:
    async with (
        voice_line(tmp_path, url, sounds, WATCHDOG=str(WATCHDOG_S)) as line,
        calling(line.asterisk, NUMBER) as caller,
    ):
        beginning = await line.beginning("fallback")
        await pressed(caller, "1")
        await caller.ear.more()
        line.process.send_signal(signal.SIGSTOP)
        await caller.press(keys)

        await caller.ear.hears(beginning, WATCHDOG_S + SLACK_S)
        line.process.send_signal(signal.SIGCONT)
        await line.until_ready()
        assert line.acts(NUMBER) == []


@on_sqlite
async def test_a_caller_while_no_program_runs_is_told_at_once_what_to_do(line: VoiceLine) -> None:
    line.process.kill()
    await line.process.wait()

    async with calling(line.asterisk, NUMBER) as caller:
        heard = await caller.ends()

    assert heard == await line.sound((Fixed("fallback"),))


@on_sqlite
async def test_asterisk_restarted_is_found_again(line: VoiceLine) -> None:
    await line.asterisk.stop()
    async with asyncio.timeout(LIMIT_S):
        while not any("ivr ami" in lack for lack in await line.missing() or []):  # noqa: ASYNC110  # of a process
            await asyncio.sleep(0.05)
    await line.asterisk.start()

    await line.until_ready()

    async with calling(line.asterisk, NUMBER) as caller:
        await pressed(caller, *REFUSAL)
        await line.text(NUMBER)


@on_sqlite
async def test_calls_go_on_while_the_manager_link_is_cut_and_it_comes_back(line: VoiceLine, tmp_path: Path) -> None:
    cuts = 0
    async with calling(line.asterisk, NUMBER) as caller:
        await pressed(caller, "1")
        for connection in connections_to(line.process.pid, line.asterisk.ami_port):
            cut(connection)
            cuts += 1
        await pressed(caller, *REFUSAL[1:])
        await line.text(NUMBER)

    assert cuts == 1
    await line.until_ready()
    assert await line.metric("izinhatti_ami") == 1


def connections_to(pid: int, port: int) -> list[str]:
    """Local ports of a process's connections to a port of this machine."""
    sockets = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = []
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = row.split()
        if int(fields[2].split(":")[1], 16) == port and f"socket:[{fields[9]}]" in sockets:
            found.append(str(int(fields[1].split(":")[1], 16)))
    return found


def cut(local_port: str) -> None:
    subprocess.run(["ss", "-K", "src", f"{HOST}:{local_port}"], check=True, stdout=subprocess.DEVNULL)


@on_sqlite
async def test_one_call_too_many_hears_that_all_lines_are_busy(tmp_path: Path, url: str, sounds: Path) -> None:
    async with voice_line(tmp_path, url, sounds, max_calls=1) as line, calling(line.asterisk, NUMBER) as first:
        await first.ear.more()
        async with calling(line.asterisk, "+905320200002") as second:
            await hears(line, second, "busy")
            await second.ends()

        await pressed(first, "1")
        await hears(line, first, "brand.enter_ret")


@on_sqlite
async def test_zero_connects_to_a_person(tmp_path: Path, url: str, sounds: Path) -> None:
    port = free_port()
    person = await asyncio.create_subprocess_exec(
        *("sipp", "-sn", "uas", "-i", HOST, "-p", str(port), "-m", "1", "-timeout", "60s", "-nostdin"),
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    async with (
        voice_line(tmp_path, url, sounds, agent="desk1", AGENT_HOST=f"{HOST}:{port}") as line,
        calling(line.asterisk, NUMBER) as caller,
    ):
        await pressed(caller, "0")
        await caller.ear.hears(await line.sound((Fixed("agent.connecting"),)))
        await asyncio.sleep(1)  # a word with the person
        assert not caller.hung_up.is_set()

    async with asyncio.timeout(2 * LIMIT_S):
        assert await person.wait() == 0


@on_sqlite
async def test_at_the_end_running_calls_come_to_theirs_and_new_ones_are_turned_away(line: VoiceLine) -> None:
    async with calling(line.asterisk, NUMBER) as caller:
        await pressed(caller, "1")
        await caller.ear.more()
        line.process.terminate()
        async with asyncio.timeout(LIMIT_S):
            while True:
                async with calling(line.asterisk, "+905320200003") as late:
                    turned_away = await line.beginning("fallback")
                    if await late.ear.first(len(turned_away)) == turned_away:
                        break
        await pressed(caller, *REFUSAL[1:])
        await hears(line, caller, "done.receipt")
        await caller.hang_up()

    code, errors = await line.ended()
    assert code == 0, errors
    assert line.allowed(NUMBER) == {(MIGROS, "ARAMA")}


async def ended(connection: socket.socket) -> bool:
    """Whether the far side ends the connection without a word."""
    try:
        return await asyncio.get_running_loop().sock_recv(connection, 1) == b""
    except ConnectionResetError:
        return True


@on_sqlite
async def test_agi_from_a_strangers_address_is_closed_at_once(line: VoiceLine) -> None:
    stranger = socket.socket()
    stranger.setblocking(False)
    stranger.bind(("127.0.0.2", 0))
    loop = asyncio.get_running_loop()
    await loop.sock_connect(stranger, (HOST, line.agi_port))

    with closing(stranger):
        async with asyncio.timeout(LIMIT_S):
            assert await ended(stranger)
    assert await line.metric('izinhatti_ivr_ended_total{how="stranger"}') == 1
    assert await line.metric("izinhatti_ivr_calls") == 0
