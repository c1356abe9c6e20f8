"""Who is let in, how each connection ends, and how the door is closed."""

import asyncio
import errno
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from ivr import agi_server as module
from ivr.agi import Agi, Keys
from ivr.agi_server import AgiServer
from ivr.agi_wire import COMMAND_OCTETS_MAX, AgiWire, Patience
from ivr.errors import AgiBroken, HungUp
from tests.container import until
from tests.ivr.scripted import PATIENCE_S, Asterisk, environment
from tests.system.asterisk import running
from tests.system.caller import Caller, calling

LOOPBACK = ip_network("127.0.0.0/8")
SECRET = "905321234567"


class Door:
    """A server, the port it listens at, and the calls that its handler has in hand."""

    def __init__(self, server: AgiServer, port: int, handled: list[Agi], go_on: asyncio.Event) -> None:
        self.server = server
        self.port = port
        self.handled = handled
        self.go_on = go_on
        self._all: list[Asterisk] = []

    async def connect(self) -> Asterisk:
        asterisk = await Asterisk.connected(self.port)
        self._all.append(asterisk)
        return asterisk

    async def call(self) -> Asterisk:
        """A call that its handler has in hand."""
        asterisk, count = await self.connect(), len(self.handled)
        await asterisk.send(environment())
        await until(lambda: len(self.handled) > count)
        return asterisk

    async def hang_up(self) -> None:
        for asterisk in self._all:
            await asterisk.close()


Handler = Callable[[Agi], Awaitable[None]]


@asynccontextmanager
async def opened(handler: Handler | None = None, **settings: Any) -> AsyncIterator[Door]:
    """A door whose handler waits for `go_on` and then sets a variable, or another one."""
    handled: list[Agi] = []
    go_on = asyncio.Event()

    async def waits(agi: Agi) -> None:
        await go_on.wait()
        await agi.set_variable("IZINHATTI_DONE", "1")

    async def noted(agi: Agi) -> None:
        handled.append(agi)
        await (handler or waits)(agi)

    patience = settings.pop("patience", Patience(PATIENCE_S, PATIENCE_S))
    settings = {"allowed": [LOOPBACK], "connections_max": 10, **settings}
    server = AgiServer(noted, patience=patience, **settings)
    door = Door(server, await server.open("127.0.0.1", 0), handled, go_on)
    try:
        yield door
    finally:
        await server.close()
        await door.hang_up()


def ended(how: str) -> float:
    return REGISTRY.get_sample_value("izinhatti_ivr_ended_total", {"how": how}) or 0.0


def calls_gauge() -> float | None:
    return REGISTRY.get_sample_value("izinhatti_ivr_calls")


async def counted(how: str, before: float) -> None:
    await until(lambda: ended(how) == before + 1)


# How a call ends.


async def test_a_call_is_handed_over_and_its_connection_closed_at_the_end() -> None:
    before = ended("done")
    async with opened() as door:
        asterisk = await door.call()
        assert door.handled[0].call.unique_id == "1757614000.42"
        assert (door.server.calls, calls_gauge()) == (1, 1)

        door.go_on.set()
        await asterisk.answer('SET VARIABLE IZINHATTI_DONE "1"', "200 result=1")

        assert await asterisk.is_closed()
        assert (door.server.calls, calls_gauge(), ended("done")) == (0, 0, before + 1)


async def test_calls_run_beside_each_other() -> None:
    async with opened() as door:
        calls = [await door.call() for _ in range(3)]
        assert door.server.calls == 3

        door.go_on.set()
        for asterisk in reversed(calls):
            await asterisk.answer('SET VARIABLE IZINHATTI_DONE "1"', "200 result=1")
            assert await asterisk.is_closed()


@pytest.mark.parametrize(
    ("octets", "how"),
    [
        pytest.param(environment() + b"HANGUP\n", "hung-up", id="caller hangs up at once"),
        pytest.param(environment() + b"200 result=1\n", "broken", id="injected answer"),
        pytest.param(b"GET / HTTP/1.1\r\n", "broken", id="no Asterisk"),
        pytest.param(environment()[:-1], "timeout", id="environment without end"),
    ],
)
async def test_a_connection_that_brings_no_call_is_closed_without_its_handler(octets: bytes, how: str) -> None:
    before = ended(how)
    async with opened(patience=Patience(environment_s=0.1)) as door:
        asterisk = await door.connect()
        await asterisk.send(octets)

        assert await asterisk.is_closed()
        await counted(how, before)
        assert door.handled == []


async def test_a_peer_that_goes_away_before_its_environment_is_lost() -> None:
    before = ended("lost")
    async with opened() as door:
        asterisk = await door.connect()
        await asterisk.close()

        await counted("lost", before)
        assert door.server.calls == 0


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        pytest.param("200 result=-1", "hung-up", id="hung up"),
        pytest.param("510 Invalid or unknown command", "broken", id="broken"),
        pytest.param("", "timeout", id="no answer"),
    ],
)
async def test_how_a_call_ended_under_its_handler_is_counted(answer: str, how: str) -> None:
    before = ended(how)
    async with opened(patience=Patience(PATIENCE_S, answer_s=0.1)) as door:
        asterisk = await door.call()
        door.go_on.set()
        await asterisk.command()
        await asterisk.send(f"{answer}\n".encode() if answer else b"")

        assert await asterisk.is_closed()
        await counted(how, before)


async def test_a_handler_that_fails_is_logged_without_words_and_the_next_call_goes_on() -> None:
    before = ended("failed")

    async def fails(agi: Agi) -> None:
        raise KeyError(SECRET)

    async with opened(fails) as door:
        with capture_logs() as logs:
            assert await (await door.call()).is_closed()
            await counted("failed", before)
            assert await (await door.call()).is_closed()

    assert logs[0] == {"event": "a call failed", "component": "ivr", "exc_info": True, "log_level": "error"}


async def test_a_fault_of_the_connection_is_logged_with_its_reason() -> None:
    async with opened() as door:
        with capture_logs() as logs:
            asterisk = await door.connect()
            await asterisk.send(environment(agi_arg_1=None, agi_arg_3=SECRET))
            assert await asterisk.is_closed()

    assert [entry["reason"] for entry in logs] == ["environment: without agi_arg_1"]


async def test_a_caller_who_hangs_up_is_not_logged() -> None:
    async with opened() as door:
        with capture_logs() as logs:
            asterisk = await door.connect()
            await asterisk.send(environment() + b"HANGUP\n")
            assert await asterisk.is_closed()

    assert logs == []


# Who is let in.


@pytest.mark.parametrize(
    "allowed",
    [
        pytest.param([], id="nobody is allowed"),
        pytest.param([ip_network("10.0.0.0/8"), ip_network("127.0.0.2/32")], id="others are"),
        pytest.param([ip_network("::/0")], id="all of IPv6"),
    ],
)
async def test_a_stranger_is_closed_at_once_and_logged(allowed: list[IPv4Network | IPv6Network]) -> None:
    before = ended("stranger")
    async with opened(allowed=allowed) as door:
        with capture_logs() as logs:
            asterisk = await door.connect()
            assert await asterisk.is_closed()

        assert (door.server.calls, ended("stranger")) == (0, before + 1)
    assert logs == [
        {"event": "a stranger was turned away", "component": "ivr", "address": "127.0.0.1", "log_level": "warning"}
    ]


async def test_a_connection_that_nobody_served_leaves_no_complaint_behind() -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with opened(allowed=[]) as door:
        assert await (await door.connect()).is_closed()

    gc.collect()

    assert complaints == []


@pytest.mark.parametrize(
    "allowed",
    [
        pytest.param([ip_network("127.0.0.1/32")], id="the address alone"),
        pytest.param([ip_network("::1/128"), ip_network("127.0.0.0/8")], id="in the second network"),
    ],
)
async def test_who_is_allowed_is_let_in(allowed: list[IPv4Network | IPv6Network]) -> None:
    async with opened(allowed=allowed) as door:
        await door.call()


async def test_connections_up_to_the_bound_are_let_in_and_no_more() -> None:
    before = ended("turned-away")
    async with opened(connections_max=3) as door:
        for _ in range(3):
            await door.call()

        assert await (await door.connect()).is_closed()

        assert (door.server.calls, ended("turned-away")) == (3, before + 1)


async def test_a_call_that_ends_makes_room_for_the_next() -> None:
    async with opened(connections_max=1) as door:
        asterisk = await door.call()
        door.go_on.set()
        await asterisk.answer('SET VARIABLE IZINHATTI_DONE "1"', "200 result=1")
        assert await asterisk.is_closed()

        await door.call()


async def test_connections_that_say_nothing_count_for_the_bound() -> None:
    async with opened(connections_max=1) as door:
        await door.connect()
        await until(lambda: door.server.calls == 1)

        assert await (await door.connect()).is_closed()


async def test_an_address_that_is_taken_is_an_error() -> None:
    async with opened() as door:
        with pytest.raises(OSError, match=f"{door.port}.* in use") as raised:
            await AgiServer(lambda _: asyncio.sleep(0), [LOOPBACK], 1).open("127.0.0.1", door.port)

    assert raised.value.errno == errno.EADDRINUSE


# How the door is closed.


async def test_turned_away_calls_are_closed_at_once_and_those_that_run_go_on() -> None:
    before = ended("turned-away")
    async with opened() as door:
        running = await door.call()
        door.server.turn_away()

        assert await (await door.connect()).is_closed()
        assert ended("turned-away") == before + 1
        door.go_on.set()
        await running.answer('SET VARIABLE IZINHATTI_DONE "1"', "200 result=1")
        assert await running.is_closed()


async def test_draining_waits_for_the_calls_that_run() -> None:
    before = ended("done")
    async with opened() as door:
        asterisk = await door.call()
        draining = asyncio.create_task(door.server.drain(PATIENCE_S))
        door.go_on.set()
        await asterisk.answer('SET VARIABLE IZINHATTI_DONE "1"', "200 result=1")

        await draining

        assert (door.server.calls, ended("done")) == (0, before + 1)


async def test_draining_ends_at_once_without_calls() -> None:
    async with opened() as door:
        await door.server.drain(3_600)


async def test_draining_cuts_what_still_runs_after_its_time() -> None:
    before = ended("cut")
    async with opened() as door:
        asterisk = await door.call()

        await door.server.drain(0.01)

        assert await asterisk.is_closed()
        assert (door.server.calls, ended("cut")) == (0, before + 1)


async def test_closing_cuts_what_runs_and_listens_no_more() -> None:
    before = ended("cut")
    async with opened() as door:
        running, silent = await door.call(), await door.connect()
        await until(lambda: door.server.calls == 2)

        await door.server.close()

        assert await running.is_closed()
        assert await silent.is_closed()
        assert (door.server.calls, calls_gauge(), ended("cut")) == (0, 0, before + 2)
        with pytest.raises(ConnectionRefusedError):
            await Asterisk.connected(door.port)


async def test_a_connection_that_is_cut_before_it_is_served_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ended("cut")
    async with opened() as door:
        let_in = door.server._opened

        def let_in_and_cut(wire: AgiWire) -> None:
            let_in(wire)
            for task in door.server._calls:
                task.cancel()

        monkeypatch.setattr(door.server, "_opened", let_in_and_cut)

        assert await (await door.connect()).is_closed()
        assert (door.server.calls, ended("cut")) == (0, before + 1)


async def test_a_handler_that_does_not_let_itself_be_cut_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CUT_S", 0.01)
    let_go = asyncio.Event()

    async def stubborn(agi: Agi) -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    async with opened(stubborn) as door:
        await door.call()

        await door.server.drain(0)

        assert door.server.calls == 1
        let_go.set()
        await until(lambda: door.server.calls == 0)


async def test_closing_a_door_that_was_never_opened_does_nothing() -> None:
    await AgiServer(lambda _: asyncio.sleep(0), [LOOPBACK], 1).close()


# With a real Asterisk.


Act = Callable[[Caller], Awaitable[None]]
VALUES = ['a"b', "a\\b", '\\"', "${CHANNEL} $[1+1]", "a,b;c|d&e", "şığ İÖ", " a  b ", "", "'"]
LONGEST = "x" * (COMMAND_OCTETS_MAX - len('SET VARIABLE X ""\n'))


async def echo(agi: Agi) -> list[str]:
    """What Asterisk keeps of values."""
    kept = []
    for value in [*VALUES, LONGEST]:
        await agi.set_variable("X", value)
        kept.append(await agi.get_full_variable("${X}"))
    return kept


async def reads(agi: Agi) -> list[Keys]:
    await agi.play(["missing", "tr/sound word"])
    pressed = await agi.read(["tr/sound word"] * 3, 20)
    return [pressed, await agi.read(["tr/sound word"], 1)]


async def reads_what_is_missing(agi: Agi) -> Keys:
    return await agi.read(["missing"], 1)


async def waits(caller: Caller) -> None:
    await caller.ends()


async def presses(caller: Caller) -> None:
    await caller.ear.hears(SOUND * 2)  # the first is none that keys cut
    await caller.press("12*#")
    await caller.ends()


async def hangs_up(caller: Caller) -> None:
    await caller.ear.hears(SOUND)
    await caller.hang_up()
    caller.hung_up.set()


SOUND = bytes(range(160)) * 50
SILENCE = Keys("", is_timeout=True)


def with_sounds(folder: Path) -> Path:
    for name, sound in (("sound word", SOUND), ("fallback", b"\x2a" * 1_600)):
        (folder / "tr").mkdir(exist_ok=True)
        (folder / f"tr/{name}.alaw").write_bytes(sound)
    return folder


@pytest.mark.parametrize(
    ("job", "act", "found", "how"),
    [
        pytest.param(echo, waits, [*VALUES, LONGEST], "done", id="values are kept as they were meant"),
        pytest.param(reads, presses, [Keys("12*", is_timeout=False), SILENCE], "done", id="keys and silence"),
        pytest.param(reads, hangs_up, HungUp, "hung-up", id="caller hangs up"),
        pytest.param(reads_what_is_missing, waits, AgiBroken, "broken", id="no sound file"),
    ],
)
async def test_a_real_asterisk(
    tmp_path: Path, job: Callable[[Agi], Awaitable[object]], act: Act, found: object, how: str
) -> None:
    before = ended(how)
    results: list[object] = []

    async def handler(agi: Agi) -> None:
        try:
            results.append(await job(agi))
        except Exception as error:
            results.append(type(error))
            raise
        await agi.set_variable("IZINHATTI_DONE", "1")

    async with opened(handler) as door:
        started = running(tmp_path / "state", with_sounds(tmp_path), f"127.0.0.1:{door.port}", WATCHDOG="10")
        async with started as asterisk, calling(asterisk, "05321234567") as caller:
            await act(caller)
            await counted(how, before)

    assert results == [found]
    assert door.handled[0].call.number == "05321234567"


async def test_a_real_asterisk_counts_the_watchdog_from_the_last_command_of_a_program_that_freezes(
    tmp_path: Path,
) -> None:
    async def handler(agi: Agi) -> None:
        await agi.set_variable("IZINHATTI_TAKEN", "1")
        await agi.play(["tr/sound word"])
        await agi.play(["tr/sound word"])  # both together are longer than the watchdog
        await asyncio.Event().wait()

    async with opened(handler) as door:
        started = running(tmp_path / "state", with_sounds(tmp_path), f"127.0.0.1:{door.port}", WATCHDOG="2")
        async with started as asterisk, calling(asterisk, "05321234567") as caller:
            heard = await caller.ends()

    assert heard == SOUND * 2 + b"\x2a" * 1_600
