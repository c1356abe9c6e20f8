"""deploy/asterisk with a real Asterisk and real calls: what reaches the program, and what a caller hears without it."""

import asyncio
import copy
import os
import random
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest
import pytest_asyncio

from tests.system.asterisk import INSTALLED, RUN, Asterisk, free_port, running
from tests.system.caller import HOST, How, Message, TurnedAway, calling
from tests.system.sipp.call import call
from tests.system.sipp.scenario import Press

NUMBER: Final = "05321234567"
LIMIT_S: Final = 20.0
SOUNDS: Final = {  # tenths of a second
    "tr/fallback": 2,
    "en/fallback": 15,
    "tr/agent-away": 2,
    "tr/first": 2,
    "tr/second": 2,
    "tr/long": 100,
}
ENVIRONMENT: Final = {
    *("network", "network_script", "request", "channel", "language", "type", "uniqueid", "version", "callerid"),
    *("calleridname", "callingpres", "callingani2", "callington", "callingtns", "dnid", "rdnis", "context"),
    *("extension", "priority", "enhanced", "accountcode", "threadid", "arg_1", "arg_2"),
}


class Sounds:
    """Sound files of octets that no other file has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._content: dict[str, bytes] = {}
        for name, tenths in SOUNDS.items():
            self._content[name] = random.Random(name).randbytes(800 * tenths)
            path = folder / f"{name}.alaw"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._content[name])

    def __getitem__(self, name: str) -> bytes:
        return self._content[name]

    def path(self, name: str) -> str:
        """As Asterisk wants it: without the suffix."""
        return str(self.folder / name)


class Session:
    """One call as a program on AGI sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.environment: dict[str, str] = {}

    @property
    def arguments(self) -> list[str]:
        return [self.environment[f"agi_arg_{number}"] for number in (1, 2)]

    async def read_environment(self) -> None:
        while line := (await self._reader.readline()).decode().removesuffix("\n"):
            name, _, value = line.partition(": ")
            assert name not in self.environment, f"{name} came twice"
            self.environment[name] = value

    async def command(self, line: str) -> str:
        self._writer.write(f"{line}\n".encode())
        return (await self._reader.readline()).decode().removesuffix("\n")

    async def rest(self) -> str:
        """What comes until the connection is closed."""
        return (await self._reader.read()).decode()

    async def set(self, **variables: str) -> None:
        for name, value in variables.items():
            assert await self.command(f"SET VARIABLE IZINHATTI_{name} {value}") == "200 result=1"
        if "TAKEN" in variables:  # as the line's own program does: the dialplan waits for that only some seconds
            assert await self.command("EXEC Set TIMEOUT(absolute)=${WATCHDOG}") == "200 result=0"

    async def read(self, keys_max: int, *files: str) -> str:
        """The state and the keys of one Read."""
        await self.command(f"EXEC Read KEYS,{'&'.join(files)},{keys_max},,1")
        found = re.fullmatch(r"200 result=1 \((.*)\)", await self.command("GET FULL VARIABLE ${READSTATUS}:${KEYS}"))
        assert found
        return found[1]

    def close(self) -> None:
        self._writer.close()

    def die(self) -> None:
        self._writer.transport.abort()


Program = Callable[[Session], Awaitable[None]]


@asynccontextmanager
async def program(port: int, takes: Program) -> AsyncIterator[asyncio.Queue[Session]]:
    """A program on AGI; the calls that reached it."""
    sessions: asyncio.Queue[Session] = asyncio.Queue()
    calls: dict[Session, asyncio.Task[None]] = {}

    async def serve(session: Session) -> None:
        await session.read_environment()
        sessions.put_nowait(session)
        await takes(session)
        session.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(reader, writer)
        if server.is_serving():
            calls[session] = asyncio.create_task(serve(session))
        else:
            session.close()

    server = await asyncio.start_server(accept, HOST, port)
    try:
        yield sessions
    finally:
        server.close()
        for session, task in calls.items():
            task.cancel()
            session.close()
        ends = await asyncio.gather(*calls.values(), return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def finish(session: Session) -> None:
    await session.set(TAKEN="1", DONE="1")


async def freeze(session: Session) -> None:
    await asyncio.Event().wait()


async def take_and_freeze(session: Session) -> None:
    await session.set(TAKEN="1")
    await freeze(session)


async def die(session: Session) -> None:
    session.die()


async def take_and_die(session: Session) -> None:
    await session.set(TAKEN="1")
    session.die()


async def take_in_english_and_die(session: Session) -> None:
    await session.set(TAKEN="1", LANGUAGE="en")
    session.die()


async def take_in_no_language_and_die(session: Session) -> None:
    await session.set(TAKEN="1", LANGUAGE='"]?../../en')
    session.die()


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Sounds:
    return Sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Where two programs may be."""
    return free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(
    tmp_path_factory: pytest.TempPathFactory, sounds: Sounds, ports: tuple[int, int]
) -> AsyncIterator[Asterisk]:
    addresses = ",".join(f"{HOST}:{port}" for port in ports)
    async with running(tmp_path_factory.mktemp("asterisk"), sounds.folder, addresses) as asterisk:
        yield asterisk


@pytest.mark.parametrize("how", [pytest.param("rfc4733", id="RFC 4733"), pytest.param("info", id="SIP INFO")])
async def test_keys_reach_the_program_and_its_sound_the_caller(
    asterisk: Asterisk, sounds: Sounds, ports: tuple[int, int], how: How
) -> None:
    answers: list[str] = []

    async def menu(session: Session) -> None:
        await session.set(TAKEN="1")
        answers.append(await session.read(1, sounds.path("tr/first")))
        answers.append(await session.read(20, sounds.path("tr/second")))
        await session.set(DONE="1")

    async with program(ports[0], menu):
        called = await call(asterisk, NUMBER, [Press(1.5, "*"), Press(1.5, "64#")], how=how)

    assert called.errors == ""
    assert called.code == 0
    assert called.hung_up
    assert called.heard == sounds["tr/first"] + sounds["tr/second"]
    assert answers == ["OK:*", "OK:64"]


async def test_a_key_cuts_the_prompt_and_a_key_after_it_is_waited_for(
    asterisk: Asterisk, sounds: Sounds, ports: tuple[int, int]
) -> None:
    answers: list[str] = []

    async def menu(session: Session) -> None:
        await session.set(TAKEN="1")
        answers.append(await session.read(3, sounds.path("tr/long"), sounds.path("tr/second")))
        await session.set(DONE="1")

    async with program(ports[0], menu), calling(asterisk, NUMBER) as caller:
        await caller.ear.hears(sounds["tr/long"][:800])
        await caller.press("12")
        await caller.press("3")
        heard = await caller.ends()

    assert answers == ["OK:123"]
    assert heard == sounds["tr/long"][: len(heard)]
    assert len(heard) < len(sounds["tr/long"])


async def test_a_caller_who_hangs_up_is_told_to_the_program_and_the_connection_closed(
    asterisk: Asterisk, sounds: Sounds, ports: tuple[int, int]
) -> None:
    words: asyncio.Queue[str] = asyncio.Queue()

    async def menu(session: Session) -> None:
        await session.set(TAKEN="1")
        words.put_nowait(await session.command(f"EXEC Read KEYS,{sounds.path('tr/long')},20,,1"))
        words.put_nowait(await session.command("GET FULL VARIABLE ${KEYS}"))
        words.put_nowait(await session.rest())

    async with program(ports[0], menu):
        called = await call(asterisk, NUMBER, [Press(0.2, "1")], hang_up_after_s=0)
        async with asyncio.timeout(LIMIT_S):
            answers = [await words.get() for _ in range(3)]

    assert (called.code, called.hung_up) == (0, False)
    assert answers[:2] == ["200 result=0", "HANGUP"]
    assert "result" not in answers[2]


async def test_a_script_that_the_far_side_cuts_off_is_no_success(asterisk: Asterisk, sounds: Sounds) -> None:
    called = await call(asterisk, NUMBER, [Press(5.0, "1")])

    assert called.code != 0
    assert "unexpected BYE" in called.errors
    assert called.hung_up
    assert called.heard == sounds["tr/fallback"]


async def test_a_far_side_that_does_not_hang_up_is_no_success(
    tmp_path: Path, sounds: Sounds, ports: tuple[int, int]
) -> None:
    async with running(tmp_path / "state", sounds.folder, f"{HOST}:{ports[0]}") as asterisk, program(ports[0], freeze):
        called = await call(asterisk, NUMBER, limit_s=1)

    assert called.code != 0
    assert not called.hung_up


async def test_without_a_program_the_fallback_is_heard_at_once(asterisk: Asterisk, sounds: Sounds) -> None:
    called = await call(asterisk, NUMBER, limit_s=10)  # far below the watchdog

    assert called.errors == ""
    assert called.heard == sounds["tr/fallback"]
    assert called.hung_up


@pytest.mark.parametrize("first", [pytest.param(None, id="is away"), pytest.param(die, id="dies before it takes")])
async def test_when_the_first_program_fails_the_second_takes_the_call(
    asterisk: Asterisk, ports: tuple[int, int], first: Program | None
) -> None:
    async with program(ports[1], finish) as sessions:
        if first is None:
            called = await call(asterisk, NUMBER, limit_s=10)
        else:
            async with program(ports[0], first):
                called = await call(asterisk, NUMBER, limit_s=10)

    assert (called.code, called.hung_up, called.heard) == (0, True, b"")
    assert sessions.qsize() == 1


@pytest.mark.parametrize(
    ("takes", "fallback"),
    [
        pytest.param(take_and_die, "tr/fallback", id="in Turkish"),
        pytest.param(take_in_english_and_die, "en/fallback", id="in English"),
        pytest.param(take_in_no_language_and_die, "tr/fallback", id="a language that is none"),
    ],
)
async def test_a_program_killed_in_mid_call_leaves_the_fallback_and_no_second_program(
    asterisk: Asterisk, sounds: Sounds, ports: tuple[int, int], takes: Program, fallback: str
) -> None:
    async with program(ports[0], takes) as ones, program(ports[1], takes) as others:
        called = await call(asterisk, NUMBER, limit_s=10)

    assert (called.code, called.hung_up) == (0, True)
    assert called.heard == sounds[fallback]
    assert ones.qsize() + others.qsize() == 1


async def test_a_program_that_does_not_take_the_call_is_passed_over_and_calls_begin_at_any(
    asterisk: Asterisk, ports: tuple[int, int]
) -> None:
    begun_at_the_first, seconds = 0, 0
    while not 0 < begun_at_the_first < seconds:  # by chance of one in two a call
        async with program(ports[0], freeze) as frozen, program(ports[1], finish) as sessions:
            called = await call(asterisk, NUMBER, limit_s=10)

            assert (called.code, called.hung_up, called.heard) == (0, True, b"")
            assert sessions.qsize() == 1
            begun_at_the_first += frozen.qsize()
            seconds += 1
        assert seconds < 20


@pytest.mark.parametrize(
    "takes", [pytest.param(freeze, id="before it takes"), pytest.param(take_and_freeze, id="in mid-call")]
)
async def test_a_frozen_program_is_ended_by_the_watchdog(
    tmp_path: Path, sounds: Sounds, ports: tuple[int, int], takes: Program
) -> None:
    async with (
        running(tmp_path / "state", sounds.folder, f"{HOST}:{ports[0]}", WATCHDOG="1") as asterisk,
        program(ports[0], takes),
    ):
        called = await call(asterisk, NUMBER, limit_s=10)

    assert (called.code, called.hung_up) == (0, True)
    assert called.heard == sounds["tr/fallback"]


async def test_the_watchdog_does_not_cut_a_fallback_that_is_longer(
    tmp_path: Path, sounds: Sounds, ports: tuple[int, int]
) -> None:
    async with (
        running(tmp_path / "state", sounds.folder, f"{HOST}:{ports[0]}", WATCHDOG="1") as asterisk,
        program(ports[0], take_in_english_and_die),
    ):
        called = await call(asterisk, NUMBER, limit_s=10)

    assert called.heard == sounds["en/fallback"]


async def test_the_watchdog_counts_anew_when_the_program_says_so(
    tmp_path: Path, sounds: Sounds, ports: tuple[int, int]
) -> None:
    async def menu(session: Session) -> None:
        await session.set(TAKEN="1")
        await session.command("SET VARIABLE TIMEOUT(absolute) 60")
        assert await session.read(1, sounds.path("tr/first")) == "OK:5"
        await session.set(DONE="1")

    async with (
        running(tmp_path / "state", sounds.folder, f"{HOST}:{ports[0]}", WATCHDOG="1") as asterisk,
        program(ports[0], menu),
    ):
        called = await call(asterisk, NUMBER, [Press(2.0, "5")], limit_s=20)

    assert (called.code, called.hung_up) == (0, True)
    assert called.heard == sounds["tr/first"]


FORGED: Final = "%0D%0Aagi_forged: 1%0D%0A"


@pytest.mark.parametrize(
    ("number", "name", "headers", "expected"),
    [
        pytest.param(NUMBER, "", {}, NUMBER, id="national"),
        pytest.param("+905321234567", "", {}, "+905321234567", id="international"),
        pytest.param("+905321234567;phone-context=+1", "", {}, "+905321234567", id="with a parameter of the user part"),
        pytest.param("9" * 32, "", {}, "9" * 32, id="32 digits"),
        pytest.param("9" * 33, "", {}, "9" * 32, id="33 digits"),
        pytest.param("9" * 500, "9" * 500, {}, "9" * 32, id="500 digits"),
        pytest.param("x" * 500, "x" * 500, {}, "", id="500 letters"),
        pytest.param("0532%0D%0Aagi_forged%3A%201", FORGED, {}, "05321", id="line breaks"),
        pytest.param("0532%0Aagi_forged%3A%201%0A", "", {}, "05321", id="a bare line feed"),
        pytest.param("0532%00123", "", {}, "0532", id="a zero octet"),
        pytest.param("%24%7BLINE_NUMBER%7D%22,1%29(", "${LINE_NUMBER}", {}, "1", id="words of the dialplan"),
        pytest.param("ali", "Ali", {}, "", id="a name"),
        pytest.param(None, "", {}, "", id="anonymous"),
        pytest.param(
            NUMBER,
            "",
            {"Diversion": f"<sip:0%0D%0Aagi_forged%3A%201@{HOST}>;reason=no-answer"},
            NUMBER,
            id="line breaks in a diversion",
        ),
        pytest.param(
            "444",
            "",
            {"P-Asserted-Identity": '"x" <sip:0532%0D%0Aagi_forged%3A%201@127.0.0.1>'},
            "05321",
            id="line breaks in an asserted identity",
        ),
    ],
)
async def test_what_the_callers_side_wrote_reaches_the_program_only_as_a_number(
    asterisk: Asterisk, ports: tuple[int, int], number: str | None, name: str, headers: dict[str, str], expected: str
) -> None:
    async with program(ports[0], finish) as sessions, calling(asterisk, number, name=name, headers=headers) as caller:
        await caller.ends()
        session = sessions.get_nowait()

    assert set(session.environment) == {f"agi_{name}" for name in ENVIRONMENT}
    assert session.arguments[0] == expected
    assert session.environment["agi_callerid"] == (expected or "unknown")
    assert {session.environment[f"agi_{name}"] for name in ("calleridname", "dnid", "rdnis")} == {"unknown"}
    assert (session.environment["agi_extension"], session.environment["agi_language"]) == ("3338", "tr")


async def test_no_number_reaches_the_log(asterisk: Asterisk) -> None:
    async with calling(asterisk, NUMBER, name="x" * 500) as caller:  # Asterisk warns of such a name, with the number
        await caller.ends()

    assert "fallback played" in asterisk.log
    assert NUMBER not in asterisk.log


ASSERTED: Final = {"P-Asserted-Identity": f"<sip:{NUMBER}@{HOST}>"}


@pytest.mark.parametrize(
    ("number", "headers", "expected"),
    [
        pytest.param(NUMBER, {}, [NUMBER, "allowed_not_screened"], id="shown"),
        pytest.param("444", ASSERTED, [NUMBER, "allowed_not_screened"], id="the network asserts another number"),
        pytest.param(None, ASSERTED | {"Privacy": "id"}, [NUMBER, "prohib"], id="hidden, asserted"),
        pytest.param(NUMBER, {"Privacy": "id"}, [NUMBER, "prohib"], id="hidden by a header alone"),
        pytest.param(None, {"Privacy": "id;critical"}, ["", "prohib"], id="anonymous"),
        pytest.param(NUMBER, {"Privacy": "none"}, [NUMBER, "allowed_not_screened"], id="expressly shown"),
    ],
)
async def test_presentation_is_kept(
    asterisk: Asterisk, ports: tuple[int, int], number: str | None, headers: dict[str, str], expected: list[str]
) -> None:
    async with program(ports[0], finish) as sessions:
        called = await call(asterisk, number, headers=headers)

    assert called.code == 0, called.errors
    assert sessions.get_nowait().arguments == expected


async def test_calls_beyond_the_bound_are_turned_away_and_one_that_ends_makes_room(
    tmp_path: Path, sounds: Sounds, ports: tuple[int, int]
) -> None:
    async with (
        running(tmp_path / "state", sounds.folder, f"{HOST}:{ports[0]}", MAX_CALLS="2") as asterisk,
        program(ports[0], freeze),
        calling(asterisk, NUMBER),
    ):
        async with calling(asterisk, NUMBER):
            with pytest.raises(TurnedAway, match="503"):
                async with calling(asterisk, NUMBER):
                    pytest.fail("a third call was taken")

        async with asyncio.timeout(LIMIT_S):
            while not await is_taken(asterisk):  # noqa: ASYNC110  # it takes a moment to count a call as ended
                await asyncio.sleep(0.05)


async def is_taken(asterisk: Asterisk) -> bool:
    try:
        async with calling(asterisk, NUMBER):
            return True
    except TurnedAway:
        return False


async def test_a_program_finds_the_times_for_keys_set(asterisk: Asterisk, ports: tuple[int, int]) -> None:
    answers: list[str] = []

    async def ask(session: Session) -> None:
        answers.append(await session.command("GET FULL VARIABLE ${TIMEOUT(response)}:${TIMEOUT(digit)}"))
        await finish(session)

    async with program(ports[0], ask), calling(asterisk, NUMBER) as caller:
        await caller.ends()

    assert answers == ["200 result=1 (8.000:12.000)"]


async def test_options_behind_the_short_number_are_passed_over(asterisk: Asterisk, ports: tuple[int, int]) -> None:
    elsewhere = copy.copy(asterisk)
    elsewhere.line_number = "3338;npdi=yes"

    async with program(ports[0], finish) as sessions, calling(elsewhere, NUMBER) as caller:
        await caller.ends()

    assert sessions.get_nowait().environment["agi_extension"] == "3338"


async def test_another_extension_is_turned_away(asterisk: Asterisk) -> None:
    elsewhere = copy.copy(asterisk)
    elsewhere.line_number = "3339"

    with pytest.raises(TurnedAway, match="404"):
        async with calling(elsewhere, NUMBER):
            pytest.fail("the call was taken")


class Person(asyncio.DatagramProtocol):
    """A telephone that is busy; what it was called as."""

    def __init__(self) -> None:
        self.called: set[str] = set()
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        invite = Message.parse(data)
        if not invite.first.startswith("INVITE") or self.transport is None:
            return
        self.called.add(invite.first)
        copied = [f"{name}: {invite.headers[name]}" for name in ("via", "from", "call-id", "cseq")]
        answer = ["SIP/2.0 486 Busy Here", *copied, f"To: {invite.headers['to']};tag=1", "Content-Length: 0", "", ""]
        self.transport.sendto("\r\n".join(answer).encode(), address)


@pytest.mark.parametrize(
    ("agent", "dialled", "heard"),
    [
        pytest.param("100", "100", "tr/agent-away", id="a person who is busy"),
        pytest.param("1,n,System(x)", "1nSystemx", "tr/agent-away", id="digits and words of the dialplan"),
        pytest.param("nobody", "nobody", "tr/agent-away", id="an extension of letters"),
        pytest.param("-", None, None, id="no extension"),
    ],
)
async def test_a_caller_who_wants_a_person_is_connected_or_told(
    tmp_path: Path, sounds: Sounds, ports: tuple[int, int], agent: str, dialled: str | None, heard: str | None
) -> None:
    async def hand_over(session: Session) -> None:
        await session.set(TAKEN="1", DONE="1", AGENT=agent)

    transport, person = await asyncio.get_running_loop().create_datagram_endpoint(Person, local_addr=(HOST, 0))
    person.transport = transport
    desk = f"{HOST}:{transport.get_extra_info('sockname')[1]}"
    async with (
        running(tmp_path / "state", sounds.folder, f"{HOST}:{ports[0]}", AGENT_HOST=desk) as asterisk,
        program(ports[0], hand_over),
    ):
        called = await call(asterisk, NUMBER)
    transport.close()

    assert (called.code, called.hung_up) == (0, True)
    assert person.called == ({f"INVITE sip:{dialled}@{desk} SIP/2.0"} if dialled else set())
    assert called.heard.endswith(sounds[heard] if heard else b"")


class Manager:
    """AMI by hand: what the account of the project may do."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def login(cls, asterisk: Asterisk, secret: str) -> tuple["Manager", dict[str, str]]:
        manager = cls(*await asyncio.open_connection(HOST, asterisk.ami_port))
        await manager._reader.readline()  # the greeting
        return manager, await manager.act("Login", Username=asterisk.ami_user, Secret=secret)

    async def act(self, action: str, **keys: str) -> dict[str, str]:
        lines = [f"{name}: {value}" for name, value in {"Action": action, **keys}.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        return await self.next()

    async def next(self) -> dict[str, str]:
        async with asyncio.timeout(LIMIT_S):
            lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        return dict(line.split(": ", 1) for line in lines if ": " in line)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def test_the_manager_account_counts_and_hears_ends_of_calls_and_may_no_more(
    tmp_path: Path, sounds: Sounds, ports: tuple[int, int]
) -> None:
    async with (
        running(tmp_path / "state", sounds.folder, f"{HOST}:{ports[0]}") as asterisk,
        program(ports[0], freeze),
        calling(asterisk, NUMBER) as caller,
    ):
        manager, welcome = await Manager.login(asterisk, asterisk.ami_secret)
        ping = await manager.act("Ping")
        status = await manager.act("CoreStatus")
        refused = [
            (await manager.act(action, **keys))["Message"]
            for action, keys in (
                ("Command", {"Command": "core show channels"}),
                ("Originate", {"Channel": "PJSIP/1@agents", "Application": "Hangup"}),
                ("Redirect", {"Channel": "x", "Context": "agents", "Exten": "1", "Priority": "1"}),
                ("GetConfig", {"Filename": "manager.conf"}),
            )
        ]
        await caller.hang_up()
        event = await manager.next()
        idle = await manager.act("CoreStatus")
        await manager.close()

    assert welcome["Response"] == "Success"
    assert ping["Ping"] == "Pong"
    assert status["CoreCurrentCalls"] == "1"
    assert refused == ["Permission denied"] * 4
    assert (event["Event"], event["Exten"], event["Cause"]) == ("Hangup", "3338", "0")
    assert idle["CoreCurrentCalls"] == "0"


async def test_a_wrong_secret_is_refused(asterisk: Asterisk) -> None:
    manager, answer = await Manager.login(asterisk, "wrong")
    await manager.close()

    assert answer["Response"] == "Error"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            pytest.param(port, value, id=f"{port} {why}")
            for port in ("SIP_PORT", "AMI_PORT", "RTP_START", "RTP_END")
            for value, why in (("x", "of letters"), ("0", "0"), ("65536", "too high"), ("5060\n", "and a line break"))
        ),
        pytest.param("RTP_END", "1", id="RTP_END below RTP_START"),
        pytest.param("AMI_USER", "a]\nwrite = all", id="AMI_USER with a line break"),
        pytest.param("AMI_USER", "", id="AMI_USER empty"),
        pytest.param("AMI_USER", "general", id="AMI_USER the name of another section"),
        pytest.param("AMI_SECRET", "a\nwrite = all", id="AMI_SECRET with a line break"),
        pytest.param("AMI_SECRET", "a;b", id="AMI_SECRET with a comment"),
        pytest.param("AGI_ADDRESS", "127.0.0.1", id="AGI_ADDRESS without a port"),
        pytest.param("AGI_ADDRESS", "127.0.0.1:65536", id="AGI_ADDRESS with a port too high"),
        pytest.param("AGI_ADDRESS", "127.0.0.1:1,", id="AGI_ADDRESS with an empty part"),
        pytest.param("AGI_ADDRESS", ",".join(["127.0.0.1:1"] * 17), id="AGI_ADDRESS of 17"),
        pytest.param("AGENT_HOST", "127.0.0.1:1)", id="AGENT_HOST with a parenthesis"),
        pytest.param("SOUNDS", "/a&/b", id="SOUNDS of two"),
        pytest.param("SOUNDS", "/a\n/b", id="SOUNDS with a line break"),
        pytest.param("LINE_NUMBER", "_X.", id="LINE_NUMBER a pattern"),
        pytest.param("WATCHDOG", "0", id="WATCHDOG 0"),
        pytest.param("WATCHDOG", "1.5", id="WATCHDOG a fraction"),
        pytest.param("MAX_CALLS", "-1", id="MAX_CALLS negative"),
        pytest.param("STATE", "", id="STATE empty"),
        pytest.param("STATE", "/tmp/" + "x" * 100, id="STATE too long for its socket"),
    ],
)
async def test_a_bad_setting_is_named_in_one_line(asterisk: Asterisk, name: str, value: str) -> None:
    result = await asterisk.run("start", {name: value})

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"deploy/asterisk/run: {name}: ")
    assert result.err.count("\n") == 1


async def test_sounds_without_a_fallback_are_warned_of(tmp_path: Path) -> None:
    async with running(tmp_path / "state", tmp_path, f"{HOST}:1") as asterisk:
        await asterisk.stop()
        result = await asterisk.run("start")

    assert result.code == 0
    assert result.err.startswith(f"deploy/asterisk/run: {tmp_path} lacks tr/fallback: ")


async def test_a_second_start_is_refused_and_the_first_goes_on(asterisk: Asterisk, sounds: Sounds) -> None:
    result = await asterisk.run("start")
    called = await call(asterisk, NUMBER)

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"deploy/asterisk/run: already running in {asterisk.state}: process ")
    assert called.heard == sounds["tr/fallback"]


@pytest.mark.parametrize("name", ["SIP_PORT", "AMI_PORT"])
async def test_a_port_in_use_is_named(asterisk: Asterisk, tmp_path: Path, name: str) -> None:
    ports = {"SIP_PORT": str(free_port()), "AMI_PORT": str(free_port(socket.SOCK_STREAM))}
    ports[name] = asterisk.environment[name]

    result = await asterisk.run("start", {"STATE": str(tmp_path), **ports})

    assert result.code == 1
    assert result.err == f"deploy/asterisk/run: {name} {ports[name]}: Address already in use\n"


async def test_stopping_ends_calls_and_a_second_stop_does_nothing(
    tmp_path: Path, sounds: Sounds, ports: tuple[int, int]
) -> None:
    async with (
        running(tmp_path / "state", sounds.folder, f"{HOST}:{ports[0]}") as asterisk,
        program(ports[0], freeze),
        calling(asterisk, NUMBER) as caller,
    ):
        await asterisk.stop()
        await caller.ends()

        again = await asterisk.run("stop")

    assert (again.code, again.out, again.err) == (0, "", "")


async def test_it_starts_again_from_what_a_killed_one_left(tmp_path: Path, sounds: Sounds) -> None:
    async with running(tmp_path / "state", sounds.folder, f"{HOST}:1") as asterisk:
        os.kill(int((asterisk.state / "run/asterisk.pid").read_text()), signal.SIGKILL)

        await asterisk.start()
        called = await call(asterisk, NUMBER)

    assert called.heard == sounds["tr/fallback"]


@pytest.fixture
def run_module() -> Iterator[ModuleType]:
    """deploy/asterisk/run as a module, so that its limits can be short."""
    loader = SourceFileLoader("asterisk_run", str(RUN))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    module = module_from_spec(spec)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    yield module
    del sys.modules[loader.name]


def pretend(folder: Path, script: str) -> Path:
    """An install whose program is this."""
    program = folder / "root/asterisk"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


async def test_an_asterisk_that_ends_at_its_start_shows_its_last_words(asterisk: Asterisk, tmp_path: Path) -> None:
    settings = {
        "STATE": str(tmp_path / "state"),
        "SIP_PORT": str(free_port()),
        "AMI_PORT": str(free_port(socket.SOCK_STREAM)),
    }

    result = await asterisk.run("start", settings, pretend(tmp_path, "seq 100; echo 'no module'; exit 1"))

    lines = result.err.splitlines()
    assert result.code == 1
    assert lines[0] == "deploy/asterisk/run: Asterisk did not start; its last lines:"
    assert lines[1:] == [str(number) for number in range(82, 101)] + ["no module"]


def test_an_asterisk_that_never_gets_ready_is_ended(
    run_module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pretend(tmp_path, 'case "$*" in *-rx*) exit 1;; esac; echo $$ >pid; exec sleep 1000')
    values = run_module.read_settings(
        {"SIP_PORT": str(free_port()), "AMI_PORT": str(free_port(socket.SOCK_STREAM))}, folder
    )
    monkeypatch.setattr(run_module, "START_LIMIT_S", 0.5)

    with pytest.raises(run_module.Failed, match="did not start"):
        run_module.Asterisk(folder, folder / "state").start(values)

    assert not Path(f"/proc/{(folder / 'state/pid').read_text().strip()}").exists()


async def test_an_asterisk_that_does_not_stop_is_killed(
    run_module: ModuleType, tmp_path: Path, sounds: Sounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "ASK_LIMIT_S", 0.5)
    monkeypatch.setattr(run_module, "STOP_LIMIT_S", 0.5)
    async with running(tmp_path / "state", sounds.folder, f"{HOST}:1") as asterisk:
        by_hand = run_module.Asterisk(INSTALLED, asterisk.state)
        os.kill(by_hand.running(), signal.SIGSTOP)

        by_hand.stop()

        assert by_hand.running() is None


async def test_a_state_that_cannot_be_made_is_named(asterisk: Asterisk, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ports = {"SIP_PORT": str(free_port()), "AMI_PORT": str(free_port(socket.SOCK_STREAM))}

    result = await asterisk.run("start", {"STATE": str(tmp_path / "file"), **ports})

    assert result.code == 1
    assert result.err == f"deploy/asterisk/run: [Errno 17] File exists: '{tmp_path / 'file'}'\n"


async def test_a_folder_without_asterisk_is_named(asterisk: Asterisk, tmp_path: Path) -> None:
    result = await asterisk.run("start", folder=tmp_path)

    assert (result.code, result.out) == (2, "")
    assert result.err == f"deploy/asterisk/run: {tmp_path} holds no Asterisk: deploy/asterisk/install {tmp_path}\n"


async def test_another_verb_is_refused(asterisk: Asterisk) -> None:
    result = await asterisk.run("restart")

    assert result.code == 2
    assert result.err == "deploy/asterisk/run: usage: deploy/asterisk/run DIR start|stop\n"
