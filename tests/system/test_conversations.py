"""Each row of the outcome table (domain, Outcomes), end to end over SMPP: the scripts in `conversations`."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import pytest
import pytest_asyncio

from core.domain.calendar import Calendar
from core.domain.clock import ISTANBUL, from_datetime, istanbul, system_clock
from core.store.queries.consents import PUT_CONSENT
from tests import outside
from tests.container_fixtures import DATABASES, empty_database
from tests.system.izinhatti import run
from tests.system.script import FOLDER, Expected, Script, Step, scripts
from tests.system.served import Served, serving

HASTY = "[timing]\nquestion_s = 1\nconfirm_code_s = 1\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory, url_of_module: str) -> AsyncIterator[Served]:
    async with serving(tmp_path_factory.mktemp("served"), url_of_module, "") as served:
        yield served


@pytest.fixture(scope="module", params=DATABASES)
def url_of_hasty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Not that of the other line, which would send this one's answers."""
    with empty_database(request.param, request, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty(tmp_path_factory: pytest.TempPathFactory, url_of_hasty: str) -> AsyncIterator[Served]:
    """A line whose questions end after a second."""
    async with serving(tmp_path_factory.mktemp("hasty"), url_of_hasty, HASTY) as served:
        yield served


@pytest.mark.parametrize("script", scripts(FOLDER), ids=lambda script: script.name)
@pytest.mark.asyncio(loop_scope="module")
async def test_conversation(served: Served, script: Script) -> None:
    await play(served, script)


@pytest.mark.parametrize("script", scripts(FOLDER / "late"), ids=lambda script: script.name)
@pytest.mark.asyncio(loop_scope="module")
async def test_conversation_with_late_answers(hasty: Served, script: Script) -> None:
    await play(hasty, script)


async def play(served: Served, script: Script) -> None:
    number = f"+9053{sum(script.name.encode()) % 10}{int.from_bytes(script.name.encode()) % 10**7:07}"
    put_consents(served.url, number, script.given)
    calendar = Calendar()
    now = system_clock()
    expected = Expected(f"{calendar.last_lawful_day(now):%d.%m.%Y}", istanbul(now))
    expected.caught["number"] = number
    heard = served.received[number]
    count = 0
    for step in script.steps:
        where = f"{script.name}, line {step.line}"
        match step.sign:
            case ">":
                assert len(heard) == count, f"{where}: nobody asked for {heard[count:]}"
                assert await served.simulator.deliver(number, expected.filled(step.text), dest="3338") == 0, where
            case "<":
                count += 1
                await served.until(number, count)
                answer = heard[count - 1]
                assert expected.matches(step.text, answer), f"{where}:\n{answer!r}\nis not\n{step.text!r}"
            case "=":
                assert standing(served.url, number, step) == step.text.split()[-1], where
            case "$":
                result = await run(served.folder, *shlex.split(expected.filled(step.text)))
                assert result.code == 0, f"{where}: {result.err}"
            case "wait":
                await asyncio.sleep(float(step.text))  # a question ends by the real clock of another process
            case "+" | "-" | "+tacir":
                pass
            case _:
                pytest.fail(f"{where}: unknown sign {step.sign}")
    assert len(heard) == count, f"{script.name}: nobody asked for {heard[count:]}"


def put_consents(url: str, number: str, given: list[Step]) -> None:
    codes = brand_codes(url)
    rows = []
    for step in given:
        kind, name, *date = step.text.split()
        at = from_datetime(datetime.fromisoformat(" ".join(date)).replace(tzinfo=ISTANBUL))
        status = "RET" if step.sign == "-" else "ONAY"
        refused_at = at if status == "RET" else None
        to = "TACIR" if step.sign == "+tacir" else "BIREYSEL"
        source = "IYS_WEB" if status == "RET" else "HS_WEB"
        rows.append((number, codes[name], kind, to, status, source, at, refused_at, None, None))
    outside.put(url, PUT_CONSENT, rows)


def standing(url: str, number: str, step: Step) -> str:
    kind, name, _ = step.text.split()
    of = (number, brand_codes(url)[name], kind)
    where = "WHERE recipient = ? AND brand_code = ? AND type = ?"
    found = set(outside.column(url, f"SELECT status FROM consent {where}", *of))
    if outside.rows(url, f"SELECT 1 FROM objection {where}", *of):
        found.add("objection")
    return "+".join(sorted(found)) or "none"


def brand_codes(url: str) -> dict[str, str]:
    rows = outside.rows(url, "SELECT code, short_names FROM brand")
    return {short: code for code, shorts in rows for short in shorts.split("|")}
