"""Supervision over AMI, against a manager interface that the test plays."""

import asyncio
import socket
import threading
import warnings
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from ivr import manager as module
from ivr.manager import PACKET_OCTETS_MAX, VALUE_LENGTH_MAX, Manager, Pace
from tests.container import until
from tests.ivr.scripted import PATIENCE_S
from tests.system.asterisk import running
from tests.system.caller import calling

BANNER: Final = b"Asterisk Call Manager/9.0.0\r\n"
HASTE: Final = Pace(answer_s=PATIENCE_S, ping_s=3_600, first_s=0.01, most_s=0.02)
SECRET: Final = "s3cret"

Action = dict[str, str]


class Peer:
    """The manager interface's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def action(self) -> Action:
        """The next action, by its keys. Raises EOFError when the other side closed."""
        async with asyncio.timeout(PATIENCE_S):
            packet = await self._reader.readuntil(b"\r\n\r\n")
        return dict(line.split(": ", 1) for line in packet.decode().splitlines() if line)

    async def send(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    async def answer(self, action: Action, response: str = "Success", **keys: str) -> None:
        await self.send(packet(Response=response, ActionID=action["ActionID"], **keys))

    async def take_login(self, response: str = "Success") -> Action:
        await self.send(BANNER)
        login = await self.action()
        assert login["Action"] == "Login"
        await self.answer(login, response, Message="Authentication")
        return login

    async def is_closed(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._reader.read(1) == b""
        except ConnectionError:
            return True

    def abort(self) -> None:
        self._writer.transport.abort()


def packet(**keys: str) -> bytes:
    return "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in keys.items()).encode() + b"\r\n"


class Ami:
    """Listens; each connection waits for `accept`."""

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._all: list[Peer] = []

    async def start(self) -> Self:
        """Begin, or begin again at the same port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for peer in self._all:
                peer.abort()
            async with asyncio.timeout(PATIENCE_S):
                await self._server.wait_closed()

    async def accept(self) -> Peer:
        async with asyncio.timeout(PATIENCE_S):
            return await self._peers.get()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self._all.append(peer)
        self._peers.put_nowait(peer)


class Watch:
    """A manager that runs, and the interface that it watches."""

    def __init__(self, ami: Ami, pace: Pace) -> None:
        self.ami = ami
        self.manager = Manager("127.0.0.1", ami.port, "izinhatti", SECRET, pace)
        self.running = asyncio.create_task(self.manager.run())

    async def logged_in(self) -> Peer:
        peer = await self.ami.accept()
        await peer.take_login()
        await until(lambda: self.manager.trouble is None)
        return peer

    async def trouble(self) -> str:
        await until(lambda: self.manager.trouble not in {None, "ivr ami: not connected yet"})
        assert self.manager.trouble is not None
        return self.manager.trouble

    async def end(self) -> None:
        self.manager.stop()
        async with asyncio.timeout(PATIENCE_S):
            await self.running


@pytest.fixture
async def ami() -> AsyncIterator[Ami]:
    ami = await Ami().start()
    yield ami
    await ami.stop()


@pytest.fixture
async def watch(ami: Ami, request: pytest.FixtureRequest) -> AsyncIterator[Watch]:
    watch = Watch(ami, getattr(request, "param", HASTE))
    yield watch
    await watch.end()
    await until(lambda: not readers())


def readers() -> list[threading.Thread]:
    """The library's threads. None is left behind, but for the moment between its last word and its end."""
    return [thread for thread in threading.enumerate() if thread.name == "ami"]


def gauge() -> float | None:
    return REGISTRY.get_sample_value("izinhatti_ami")


def hangups(cause: str) -> float:
    return REGISTRY.get_sample_value("izinhatti_ivr_hangups_total", {"cause": cause}) or 0.0


# Being logged in.


async def test_a_manager_that_is_logged_in_has_no_trouble(watch: Watch) -> None:
    assert watch.manager.trouble == "ivr ami: not connected yet"

    peer = await watch.ami.accept()
    login = await peer.take_login()
    await until(lambda: watch.manager.trouble is None)

    assert gauge() == 1
    del login["ActionID"]
    assert login == {"Action": "Login", "Username": "izinhatti", "Secret": SECRET}


async def test_a_refused_login_is_named_and_tried_again(watch: Watch) -> None:
    with capture_logs() as logs:
        for _ in range(2):
            peer = await watch.ami.accept()
            await peer.take_login("Error")
            assert await peer.is_closed()
        assert watch.manager.trouble == "ivr ami: login refused"
        assert gauge() == 0

        await watch.logged_in()

    # One line, not one for each attempt.
    assert [entry["event"] for entry in logs] == ["not logged in at Asterisk", "logged in at Asterisk"]
    assert SECRET not in str(logs)


async def test_a_login_that_is_refused_and_cut_in_one_is_refused(watch: Watch) -> None:
    peer = await watch.ami.accept()
    await peer.take_login("Error")
    peer.abort()

    assert await watch.trouble() == "ivr ami: login refused"


async def test_an_interface_that_does_not_listen_is_named_until_it_does(watch: Watch) -> None:
    await (await watch.logged_in()).send(b"")
    await watch.ami.stop()
    await until(lambda: watch.manager.trouble == "ivr ami: cannot connect: Connection refused")
    assert gauge() == 0

    await watch.ami.start()

    await watch.logged_in()
    assert gauge() == 1


async def test_a_host_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", unknown)
    watch = Watch(Ami(), HASTE)

    assert await watch.trouble() == "ivr ami: cannot connect: Name or service not known"
    await watch.end()


async def test_an_address_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", lambda *_: asyncio.sleep(3_600))
    watch = Watch(Ami(), HASTE._replace(answer_s=0.01))

    assert await watch.trouble() == "ivr ami: cannot connect: no answer"
    await watch.end()


@pytest.mark.parametrize("watch", [HASTE._replace(answer_s=0.05)], indirect=True)
@pytest.mark.parametrize("greeting", [BANNER, b""], ids=["greeting", "silence"])
async def test_no_answer_to_the_login_is_named_and_tried_again(watch: Watch, greeting: bytes) -> None:
    peer = await watch.ami.accept()
    await peer.send(greeting)

    assert await watch.trouble() == "ivr ami: no answer to the login"
    await peer.action()
    assert await peer.is_closed()
    await watch.logged_in()


@pytest.mark.parametrize(
    "greeting",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another server"),
        pytest.param(b"Asterisk Call", id="half a greeting"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe\r\n", id="undecodable octets"),
    ],
)
async def test_what_does_not_greet_as_asterisk_is_named(watch: Watch, greeting: bytes) -> None:
    peer = await watch.ami.accept()
    await peer.send(greeting)
    if not greeting.endswith(b"\n"):
        peer.abort() if not greeting else peer._writer.close()

    assert await watch.trouble() == "ivr ami: no greeting of Asterisk"
    await watch.logged_in()


# Staying logged in.


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(b"", id="between two packets"),
        pytest.param(b"Event: Hangup\r\nCau", id="in mid-line"),
        pytest.param(b"Event: Hangup\r\nCause: 16\r\n", id="before the empty line"),
        pytest.param(packet(Response="Goodbye", Message="Thanks for all the fish."), id="goodbye"),
    ],
)
async def test_a_lost_connection_is_named_and_made_anew(watch: Watch, last: bytes) -> None:
    before = hangups("16")
    peer = await watch.logged_in()

    await peer.send(last)
    peer.abort() if not last else peer._writer.close()

    assert await watch.trouble() == "ivr ami: the connection was lost"
    assert gauge() == 0
    await watch.logged_in()
    assert hangups("16") == before


async def test_an_interface_that_restarts_is_found_again(watch: Watch) -> None:
    for _ in range(3):
        await watch.logged_in()
        await watch.ami.stop()
        await watch.trouble()
        await watch.ami.start()

    await watch.logged_in()


@pytest.mark.parametrize("watch", [HASTE._replace(ping_s=0.01)], indirect=True)
async def test_it_pings_while_it_is_answered(watch: Watch) -> None:
    peer = await watch.logged_in()

    ids = []
    for response in ("Success", "Error", "Success", "Success"):
        ping = await peer.action()
        assert ping["Action"] == "Ping"
        ids.append(ping["ActionID"])
        await peer.answer(ping, response, Ping="Pong")

    assert len(set(ids)) == 4
    assert watch.manager.trouble is None


@pytest.mark.parametrize("watch", [HASTE._replace(ping_s=0.01, answer_s=0.1)], indirect=True)
@pytest.mark.parametrize(
    "instead",
    [
        pytest.param(b"", id="silence"),
        pytest.param(packet(Event="Hangup", Cause="16"), id="an event"),
        pytest.param(packet(Response="Success", ActionID="999"), id="an answer to another action"),
        pytest.param(packet(Response="Success"), id="an answer to none"),
        pytest.param(b"\r\n\r\n\r\n\r\n", id="empty packets"),
        pytest.param(b"nonsense\r\n\r\n", id="nonsense"),
    ],
)
async def test_a_ping_without_an_answer_ends_the_connection(watch: Watch, instead: bytes) -> None:
    peer = await watch.logged_in()
    await peer.action()
    await peer.send(instead)

    assert await watch.trouble() == "ivr ami: no answer to a ping"
    assert await peer.is_closed()
    await watch.logged_in()


@pytest.mark.parametrize("watch", [HASTE._replace(answer_s=0.2, ping_s=0.3)], indirect=True)
async def test_silence_longer_than_an_answer_may_take_ends_nothing(watch: Watch) -> None:
    """The library's own time limit is also its socket's: without an event its reader would die in silence."""
    peer = await watch.logged_in()

    ping = await peer.action()
    await peer.answer(ping)
    await peer.answer(await peer.action())

    assert watch.manager.trouble is None


@pytest.mark.parametrize("watch", [HASTE._replace(ping_s=0.01, answer_s=0.1)], indirect=True)
async def test_an_answer_that_comes_again_does_not_answer_the_next_ping(watch: Watch) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    peer = await watch.logged_in()
    ping = await peer.action()

    await peer.send(3 * packet(Response="Success", ActionID=ping["ActionID"]))
    await peer.action()
    await peer.answer(ping)

    assert await watch.trouble() == "ivr ami: no answer to a ping"
    assert complaints == []


async def test_an_action_that_cannot_be_sent_has_no_answer() -> None:
    ours, theirs = socket.socketpair()
    ours.shutdown(socket.SHUT_WR)
    connection = module._Connection(ours)

    assert await connection.ask("Ping", {}, 0.01) is None

    await connection.close(PATIENCE_S)
    theirs.close()


async def pauses(watch: Watch, monkeypatch: pytest.MonkeyPatch, attempts: list[str]) -> list[float]:
    """The longest pause after attempts that end so."""
    found: list[float] = []
    sleep = asyncio.sleep

    def longest(low: float, high: float) -> float:
        assert (low, high) == (0.5, 1.0)
        return high

    async def noted(seconds: float) -> None:
        found.append(seconds)
        await sleep(0.001)

    monkeypatch.setattr("ivr.manager.random.uniform", longest)
    monkeypatch.setattr("ivr.manager.asyncio.sleep", noted)
    for attempt in attempts:
        peer = await watch.ami.accept()
        with suppress(EOFError, ConnectionError):
            if attempt == "lost":
                peer.abort()
            elif attempt == "refused":
                await peer.take_login("Error")
            else:
                await peer.take_login()
                while watch.manager.trouble is not None:
                    await sleep(0.001)
                peer.abort()
    await watch.ami.accept()
    return found


@pytest.mark.parametrize("watch", [HASTE._replace(first_s=0.5, most_s=3.0)], indirect=True)
@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        pytest.param(["lost"] * 5, [0.5, 1.0, 2.0, 3.0, 3.0], id="doubling up to the most"),
        pytest.param(["refused", "refused", "lost"], [0.5, 1.0, 2.0], id="refused"),
        pytest.param(["lost", "lost", "in", "lost"], [0.5, 1.0, 0.5, 1.0], id="anew after a login"),
    ],
)
async def test_pauses_between_attempts(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, attempts: list[str], expected: list[float]
) -> None:
    assert await pauses(watch, monkeypatch, attempts) == expected


# Events.


@pytest.mark.parametrize(
    ("keys", "cause"),
    [
        pytest.param({"Cause": "16", "Cause_txt": "Normal Clearing"}, "16", id="normal clearing"),
        pytest.param({"Cause": "0"}, "0", id="no cause"),
        pytest.param({"Cause": "127"}, "127", id="the highest"),
        pytest.param({"Cause": "128"}, "other", id="one above"),
        pytest.param({"Cause": "016"}, "other", id="leading zero"),
        pytest.param({"Cause": "-1"}, "other", id="negative"),
        pytest.param({"Cause": ""}, "other", id="empty"),
        pytest.param({"Cause": "905321234567"}, "other", id="a number"),
        pytest.param({"Cause_txt": "Normal Clearing"}, "other", id="none"),
    ],
)
async def test_hangups_are_counted_by_cause(watch: Watch, keys: dict[str, str], cause: str) -> None:
    before = hangups(cause)
    peer = await watch.logged_in()

    await peer.send(packet(Event="Hangup", Channel="PJSIP/trunk-00000001", **keys))

    await until(lambda: hangups(cause) == before + 1)


async def test_other_events_are_not_counted(watch: Watch) -> None:
    causes = [str(number) for number in range(128)] + ["other"]
    peer = await watch.logged_in()
    before = [hangups(cause) for cause in causes]

    await peer.send(packet(Event="FullyBooted") + packet(Event="SoftHangupRequest", Cause="16"))
    await peer.send(packet(Event="HangupRequest", Cause="17") + packet(Event="Hangup", Cause="42"))

    await until(lambda: hangups("42") == before[42] + 1)
    before[42] += 1
    assert [hangups(cause) for cause in causes] == before


async def test_an_event_that_cannot_be_counted_is_logged_and_the_next_one_is(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hangups("16")
    peer = await watch.logged_in()

    with capture_logs() as logs, monkeypatch.context() as broken:
        broken.setattr(module, "IVR_HANGUPS", None)
        await peer.send(packet(Event="Hangup", Cause="16"))
        await until(lambda: bool(logs))

    await peer.send(packet(Event="Hangup", Cause="16"))
    await until(lambda: hangups("16") == before + 1)
    assert [(entry["event"], entry["exc_info"]) for entry in logs] == [("an event of Asterisk was not counted", True)]


async def test_events_that_arrive_octet_by_octet_are_counted(watch: Watch) -> None:
    before = hangups("34")
    peer = await watch.logged_in()

    for octet in packet(Event="Hangup", Cause="34") * 2:
        await peer.send(bytes([octet]))
        await asyncio.sleep(0)

    await until(lambda: hangups("34") == before + 2)


async def test_a_packet_that_does_not_end_ends_the_connection(watch: Watch) -> None:
    peer = await watch.logged_in()

    await peer.send(packet(Event="FullyBooted") + b"x" * (PACKET_OCTETS_MAX + 1))

    assert await watch.trouble() == "ivr ami: the connection was lost"
    assert await peer.is_closed()


class Pieces(socket.socket):
    """Each read brings the next of these pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = list(pieces)

    def recv(self, size: int, flags: int = 0) -> bytes:
        return self._pieces.pop(0)


HALF: Final = b"x" * (PACKET_OCTETS_MAX // 2)
END: Final = b"\r\n\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([HALF, HALF[1:]], id="one below"),
        pytest.param([HALF, HALF], id="at the bound"),
        pytest.param([HALF, HALF[4:] + END, HALF, HALF[4:] + END], id="two packets at it"),
        pytest.param([HALF + HALF + HALF + END + HALF + HALF], id="the end in the middle"),
        *[
            pytest.param([HALF[4:] + END[:cut], END[cut:] + HALF] * 3, id=f"an end cut after {cut} octets")
            for cut in (1, 2, 3)
        ],
        pytest.param([HALF, *(END[at : at + 1] for at in range(4)), HALF, HALF], id="an end octet by octet"),
    ],
)
def test_packets_up_to_the_bound_are_read(pieces: list[bytes]) -> None:
    with Pieces(pieces) as source:
        reading = module._Socket(source)

        assert [reading.recv(1) for _ in pieces] == pieces


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([HALF, HALF + b"x"], id="one above"),
        pytest.param([END + HALF, HALF, b"x"], id="one above behind an end"),
        pytest.param([HALF + END[:3], b"x" + HALF], id="an end that is none"),
        pytest.param([END, END[:2], HALF + HALF], id="the halves of two ends"),
    ],
)
def test_a_packet_beyond_the_bound_is_an_error(pieces: list[bytes]) -> None:
    with Pieces(pieces) as source:
        reading = module._Socket(source)
        for _ in pieces[:-1]:
            reading.recv(1)

        with pytest.raises(ValueError, match=f"more than {PACKET_OCTETS_MAX} octets"):
            reading.recv(1)


def test_the_library_does_not_close_what_its_owner_may_be_using() -> None:
    with Pieces([]) as source:
        module._Socket(source).close()

        assert source.fileno() != -1


async def test_many_packets_together_are_more_than_the_bound_of_one(watch: Watch) -> None:
    before = hangups("31")
    peer = await watch.logged_in()
    event = packet(Event="Hangup", Cause="31")
    count = 2 * PACKET_OCTETS_MAX // len(event)

    await peer.send(event * count)

    await until(lambda: hangups("31") == before + count)


# Settings and the end.


@pytest.mark.parametrize("key", ["username", "secret"])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("x\r\nAction: Originate", id="an injected action"),
        pytest.param("x\n", id="LF"),
        pytest.param("\rx", id="CR"),
        pytest.param("x" * (VALUE_LENGTH_MAX + 1), id="too long"),
    ],
)
async def test_a_value_that_is_not_one_line_is_an_error_without_the_value(key: str, value: str) -> None:
    values: dict[str, Any] = {"host": "127.0.0.1", "port": 1, "username": "u", "secret": "s", key: value}

    with pytest.raises(ValueError, match=f"ivr.ami.{key}: must be one line") as raised:
        Manager(**values)

    assert value not in str(raised.value)


async def test_a_value_as_long_as_it_may_be_is_sent(ami: Ami) -> None:
    manager = Manager("127.0.0.1", ami.port, "ş" * VALUE_LENGTH_MAX, ": " * (VALUE_LENGTH_MAX // 2), HASTE)
    running = asyncio.create_task(manager.run())

    login = await (await ami.accept()).take_login()

    assert (login["Username"], login["Secret"]) == ("ş" * VALUE_LENGTH_MAX, ": " * (VALUE_LENGTH_MAX // 2))
    manager.stop()
    await running


async def test_stopping_ends_the_connection(watch: Watch) -> None:
    peer = await watch.logged_in()

    await watch.end()

    assert await peer.is_closed()
    assert (watch.manager.trouble, gauge()) == ("ivr ami: stopped", 0)


async def test_stopping_does_not_wait_for_an_answer_or_for_the_next_attempt(ami: Ami) -> None:
    slow = Watch(ami, Pace(answer_s=3_600))
    await ami.accept()
    await slow.end()

    pausing = Watch(ami, Pace(first_s=3_600, most_s=3_600))
    (await ami.accept()).abort()
    await pausing.trouble()
    await pausing.end()


async def test_a_manager_that_was_stopped_before_it_ran_ends_at_once(ami: Ami) -> None:
    manager = Manager("127.0.0.1", ami.port, "izinhatti", SECRET, HASTE)

    manager.stop()

    async with asyncio.timeout(PATIENCE_S):
        await manager.run()


async def test_a_cancelled_run_leaves_no_reader_behind(watch: Watch) -> None:
    await watch.logged_in()

    watch.running.cancel()
    await asyncio.wait([watch.running])

    assert watch.running.cancelled()
    await until(lambda: not readers())
    watch.running = asyncio.create_task(asyncio.sleep(0))


async def test_a_close_that_is_cut_short_closes_the_socket_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    connection = module._Connection(ours)
    monkeypatch.setattr(connection, "_tell", lambda *_: None)  # the reader's end is never heard of
    closing = asyncio.create_task(connection.close(3_600))
    await asyncio.sleep(0)

    closing.cancel()
    await asyncio.wait([closing])

    assert ours.fileno() == -1
    await until(lambda: not readers())
    theirs.close()


async def test_a_fault_of_ours_is_raised_and_leaves_no_reader_behind(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_connection: object) -> bool:
        raise KeyError

    monkeypatch.setattr(watch.manager, "_hold", fails)
    await watch.ami.accept()

    with pytest.raises(KeyError):
        await watch.running
    await until(lambda: not readers())
    watch.running = asyncio.create_task(asyncio.sleep(0))


def test_a_reader_whose_loop_is_gone_ends_in_silence() -> None:
    """A process that ends does not wait for its reader, and the reader does not write of it."""
    ours, theirs = socket.socketpair()

    async def connected() -> None:
        module._Connection(ours)

    asyncio.run(connected())
    [reader] = readers()
    assert reader.daemon

    theirs.sendall(BANNER + packet(Response="Success", ActionID="0"))
    theirs.close()
    reader.join(PATIENCE_S)

    assert not reader.is_alive()
    ours.close()


async def test_the_library_gives_no_warning_that_has_to_be_hidden(watch: Watch) -> None:
    """Its futures call the deprecated `notifyAll`; they are not used."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await watch.logged_in()

    assert [str(warning.message) for warning in caught] == []


async def test_a_real_asterisk_is_watched_refuses_hangs_up_and_restarts(tmp_path: Path) -> None:
    before = sum(hangups(str(cause)) for cause in range(128))
    (tmp_path / "tr").mkdir()
    (tmp_path / "tr/fallback.alaw").write_bytes(b"\xd5" * 160)
    async with running(tmp_path / "state", tmp_path, "127.0.0.1:1") as asterisk:
        pace = HASTE._replace(ping_s=0.02)
        stranger = Manager("127.0.0.1", asterisk.ami_port, asterisk.ami_user, "wrong", pace)
        manager = Manager("127.0.0.1", asterisk.ami_port, asterisk.ami_user, asterisk.ami_secret, pace)
        lives = [asyncio.create_task(one.run()) for one in (manager, stranger)]

        await until(lambda: manager.trouble is None)
        await until(lambda: stranger.trouble == "ivr ami: login refused")
        async with calling(asterisk, "05321234567") as caller:
            await caller.ends()
        await until(lambda: sum(hangups(str(cause)) for cause in range(128)) == before + 1)

        await asterisk.stop()
        await until(lambda: manager.trouble == "ivr ami: cannot connect: Connection refused")
        await asterisk.start()
        await until(lambda: manager.trouble is None)

        manager.stop()
        stranger.stop()
        await asyncio.gather(*lives)
