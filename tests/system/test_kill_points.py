"""Kill the process at every point between octets read and answer sent: nothing is lost, nothing happens twice.

On SQLite, whose commit is a call within the process.
"""

import asyncio
import signal
from pathlib import Path

import pytest

from core.ledger.anchor_file import AnchorFile
from core.ledger.chain import Entry
from core.ledger.verify import verify
from sms.gsm.segments import split
from sms.smpp.codes import TLV_USER_MESSAGE_REFERENCE
from sms.smpp.pdu import Message
from sms.smpp.simulator import Simulator
from tests.system.line import MIGROS, NUMBER, Line, prepare

AT_ONCE = 2  # processes side by side
RECORDINGS = 3  # what is not in each of them is some periodic work that happened to come between
ONE_OF = 16  # so many of the other points a normal run takes one; the long run takes all
UNMET_SHARE_MAX = 0.05
POINTS_MIN = 150  # fewer, and the recording missed something

SHORT = "RET MIGROS"
LONG = "ret migros " + "." * 160  # two parts


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "izinhatti.db"
    prepare(path)
    return path


def messages(text: str) -> list[Message]:
    return [
        Message(NUMBER[1:], "3338", s.octets, s.data_coding, 0x40 if s.udhi else 0, source_ton=1, source_npi=1)
        for s in split(text, "turkish-single", 7)
    ]


def _is_telling(point: str) -> bool:
    """Where the store or the network learns something; a normal run kills at all of these and at some of the others."""
    return "transaction.py" in point or "session.py" in point


async def test_recording_finds_points_on_all_floors(tmp_path: Path, template: Path) -> None:
    points = await record(tmp_path, template, SHORT)

    assert len(points) >= POINTS_MIN
    for expected in (
        "call sms/smpp/session.py Session.data_received",
        "call core/store/transaction.py Transaction.commit",
        "return core/store/transaction.py Transaction.commit",
        "call sms/smpp/session.py Session._flush",
        "return sms/smpp/session.py Session._flush",
        "return sms/smpp/session.py Session._on_submit_sm_resp",
    ):
        assert expected in points


@pytest.mark.parametrize("text", [pytest.param(SHORT, id="one part"), pytest.param(LONG, id="two parts")])
async def test_kill_at_every_point(tmp_path: Path, template: Path, text: str, long_run: bool) -> None:
    points = await record(tmp_path, template, text)
    if not long_run:
        points = [p for n, p in enumerate(points) if _is_telling(p) or (text == SHORT and n % ONE_OF == 0)]
    slots = asyncio.Semaphore(AT_ONCE)

    unmet: list[str] = []

    async def one(number: int, point: str) -> str | None:
        async with slots:
            folder = tmp_path / str(number)
            folder.mkdir()
            try:
                if not await killed_at(folder, template, text, point):
                    unmet.append(point)
            except (AssertionError, TimeoutError, ConnectionError) as error:
                return f"{point}: {type(error).__name__} {error}"
            return None

    failures = [f for f in await asyncio.gather(*(one(n, p) for n, p in enumerate(points))) if f]

    assert not failures, "\n".join(failures)
    # Work of each second that came, on a busy machine, in every recording.
    assert len(unmet) <= len(points) * UNMET_SHARE_MAX, unmet


async def record(folder: Path, template: Path, text: str) -> list[str]:
    """The points of one message's path, in the order in which they are first met."""
    recordings = []
    for number in range(RECORDINGS):
        of_one = folder / f"recording-{number}"
        of_one.mkdir()
        recordings.append(await record_once(of_one, template, text))
    return [point for point in recordings[0] if all(point in recording for recording in recordings)]


async def record_once(folder: Path, template: Path, text: str) -> list[str]:
    record_to = folder / "points"
    simulator = Simulator()
    line = Line(folder, template, simulator, await simulator.start("127.0.0.1"))
    line.start(record=record_to)
    for message in messages(text):
        await line.deliver(message, lambda: pytest.fail("the recorded process died"))
    await line.until(record_to.exists)
    assert await line.stop() == 0
    await simulator.stop()
    return record_to.read_text().splitlines()


async def killed_at(folder: Path, template: Path, text: str, point: str) -> bool:
    """Whether the message came by the point at all."""
    simulator = Simulator()
    line = Line(folder, template, simulator, await simulator.start("127.0.0.1"))
    try:
        line.start(kill_at=point)
        killed = line.process
        assert killed is not None
        for message in messages(text):
            await line.deliver(message, line.start)
        await line.until(lambda: not killed.is_alive() or (line.process is killed and line.is_settled()))
        is_met = not killed.is_alive()
        assert not is_met or killed.exitcode == -signal.SIGKILL, "it ended by itself"
        if line.is_dead:
            line.start()
        await line.until(line.is_settled)
        assert await line.stop() == 0
        check(line, len(messages(text)))
        return is_met
    finally:
        await simulator.stop()
        if not line.is_dead and line.process is not None:
            line.process.kill()


def check(line: Line, parts: int) -> None:
    outcomes = [outcome for (outcome,) in line.rows("SELECT outcome FROM request")]
    assert outcomes.count("ret") == 1, outcomes
    assert outcomes.count("silent") == parts - 1, outcomes
    assert outcomes.count("repeat") <= 1, outcomes
    assert set(outcomes) <= {"ret", "silent", "repeat"}, outcomes

    [(receipt,)] = line.rows("SELECT receipt FROM request WHERE outcome = 'ret'")
    standing = line.rows("SELECT recipient, brand_code, type, status, receipt FROM consent ORDER BY type")
    assert standing == [(NUMBER, MIGROS, "ARAMA", "ONAY", None), (NUMBER, MIGROS, "MESAJ", "RET", receipt)]

    [(text, unknowns)] = line.rows("SELECT text, unknowns FROM outbox")
    assert receipt in text
    assert 1 <= len(line.submits) <= 1 + unknowns <= 2
    assert len({message.tlvs[TLV_USER_MESSAGE_REFERENCE] for message in line.submits}) == 1
    assert len({message.short_message for message in line.submits}) == 1

    entries = [Entry(*row) for row in line.rows("SELECT book, entry, hash, body FROM ledger ORDER BY book, entry")]
    assert len(entries) == 1
    report = verify(entries, AnchorFile(line.settings.parent / "ledger.anchors").read())
    assert report.ok, report.reason
