"""One line as several processes on one PostgreSQL: each opens its door alone, and what one decides another sends."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from core.domain.clock import ISTANBUL
from sms.smpp.simulator import Simulator
from tests.ivr.scripted import Asterisk, environment
from tests.postgresql import Server
from tests.system.doors import LIMIT_S, Door, Line, browsing

MIGROS: Final = "600100,MIGROS,MIGROS,500100,Migros Örnek A.Ş."
BOYNER: Final = "600102,BOYNER,BOYNER,500102,Boyner Örnek A.Ş."
NUMBERS: Final = [f"+90532000{n:04}" for n in range(80)]
NO_AMI: Final = "ivr ami: "
SUBMITTED: Final = 'izinhatti_submits_total{operator="operator-a",status="0x00000000 ESME_ROK"}'
RECEIVED: Final = 'izinhatti_requests_total{door="sms",outcome="ret"}'


class Network(NamedTuple):
    """An operator that brings a message until it is taken, over whichever link stands."""

    simulator: Simulator
    received: dict[str, list[str]]

    async def bring(self, number: str, text: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while True:
                try:
                    if await self.simulator.deliver(number, text, dest="3338") == 0:
                        return
                except (ConnectionError, TimeoutError):
                    pass
                await asyncio.sleep(0.05)

    async def until(self, number: str, count: int) -> str:
        """The newest of so many texts."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.received[number]) < count:  # noqa: ASYNC110  # the simulator raises no event here
                await asyncio.sleep(0.01)
        return self.received[number][-1]


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    simulator, received = Simulator(), defaultdict[str, list[str]](list)
    await simulator.start("127.0.0.1")
    simulator.on_text = lambda number, text: received[number].append(text)
    yield Network(simulator, received)
    await simulator.stop()


@asynccontextmanager
async def line_of(folder: Path, server: Server, name: str) -> AsyncIterator[Line]:
    line = Line(folder, server.url(name))
    await line.command("db", "upgrade")
    await line.take("brands", MIGROS)
    yield line


def consents(numbers: Iterable[str], brand: str, when: str = "2026-01-02 03:04:05") -> list[str]:
    return [f"{number},MESAJ,ONAY,HS_WEB,{when},BIREYSEL,{brand}" for number in numbers]


async def test_what_a_link_process_decides_leaves_by_an_sms_process(
    tmp_path: Path, postgresql: Server, network: Network
) -> None:
    citizen, port = NUMBERS[0], network.simulator.port
    async with line_of(tmp_path, postgresql, "link") as line, line.sms("sms", port) as sms, line.link() as link:
        for door in (sms, link):
            await door.until_missing()
        # Both have read their brands; another process brings one more, and a consent that citizens are told of.
        await line.take("brands", BOYNER)
        given = f"{datetime.now(ISTANBUL) - timedelta(minutes=5):%Y-%m-%d %H:%M:%S}"
        await line.take("consents", *consents([citizen], "600102", given), arguments=("--notify",))
        notice = await network.until(citizen, 1)
        async with browsing(link) as page:
            await page.ask_code(citizen)
            text = await network.until(citizen, 2)
            shown = await page.prove(re.findall(r"\b[0-9]{6}\b", text)[0])
        await network.bring(citizen, "RET BOYNER")
        answer = await network.until(citizen, 3)
        ended = [await door.stop() for door in (link, sms)]

        assert "BOYNER" in notice
        assert "BOYNER" in shown
        assert "izniniz kaldırıldı" in answer
        assert ended == [0, 0]
        await line.command("ledger", "verify")


async def test_two_sms_processes_share_an_operator_and_one_of_them_stops(
    tmp_path: Path, postgresql: Server, network: Network
) -> None:
    port = network.simulator.port
    async with (
        line_of(tmp_path, postgresql, "share") as line,
        line.sms("one", port) as one,
        line.sms("other", port) as other,
    ):
        await line.take("consents", *consents(NUMBERS, "600100"))
        for door in (one, other):
            await door.until_missing()
        first, later = NUMBERS[:40], NUMBERS[40:]
        await asyncio.gather(*(network.bring(number, "RET MIGROS") for number in first))
        answers = [await network.until(number, 1) for number in first]
        shares = [[await door.count(sample) for door in (one, other)] for sample in (RECEIVED, SUBMITTED)]
        bringing = asyncio.gather(*(bring_after(network, number, 0.01 * n) for n, number in enumerate(later)))
        await network.until(later[5], 1)
        ended = await one.stop()
        await bringing
        answers += [await network.until(number, 1) for number in later]
        await other.stop()
        await line.command("ledger", "verify")

    assert ended == 0
    assert all("izniniz kaldırıldı" in answer for answer in answers)
    assert [len(network.received[number]) for number in NUMBERS] == [1] * len(NUMBERS)
    for received_or_submitted in shares:
        assert min(received_or_submitted) > 0
        assert sum(received_or_submitted) == len(first)


async def bring_after(network: Network, number: str, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await network.bring(number, "RET MIGROS")


async def test_the_voice_door_opens_alone(tmp_path: Path, postgresql: Server, sounds: Path) -> None:
    """It takes calls; that nobody answers at the manager's port is all it lacks."""
    async with line_of(tmp_path, postgresql, "voice") as line, line.ivr(sounds) as ivr:
        await until_it_lacks(ivr, NO_AMI)
        asterisk = await Asterisk.connected(ivr.port)
        await asterisk.send(environment())
        first = await asterisk.command()
        await asterisk.close()

        assert first
        assert await ivr.stop() == 0


async def until_it_lacks(door: Door, beginning: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        while [line.startswith(beginning) for line in await door.missing() or ()] != [True]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
