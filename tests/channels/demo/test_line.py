"""The line that the page sees: the simulated operator's answers, and the registry of a running service."""

from pathlib import Path

import pytest

from channels.demo.line import LineBusy, SimulatedLine
from channels.demo.run import demo_settings
from channels.service.service import Service
from core.domain.recipients import Msisdn
from core.store.database import upgrade
from sms.gsm.errors import TextTooLong
from sms.smpp.simulator import Simulator

SENDER = Msisdn.parse("+905320000001")


class FakeOperator(Simulator):
    """Answers each text with one status or error."""

    def __init__(self, answer: int | Exception) -> None:
        super().__init__()
        self.delivered: list[tuple[str, str, str]] = []
        self._answer = answer

    async def deliver(self, source: str, text: str, *, dest: str) -> int:
        self.delivered.append((source, text, dest))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(demo_settings(tmp_path, 2775, Simulator(), 8338), ())


async def test_a_text_goes_to_the_short_number(service: Service) -> None:
    operator = FakeOperator(0)

    await SimulatedLine("3338", operator, service).deliver(SENDER, "RET MIGROS")

    assert operator.delivered == [("+905320000001", "RET MIGROS", "3338")]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(0x14, id="temporary"),
        pytest.param(0x65, id="refused for good"),
        pytest.param(ConnectionError("no receiving bind"), id="no link"),
        pytest.param(TimeoutError(), id="no answer"),
        pytest.param(TextTooLong(256), id="over 255 segments"),
    ],
)
async def test_whatever_is_not_taken_is_busy_and_names_no_number(service: Service, answer: int | Exception) -> None:
    line = SimulatedLine("3338", FakeOperator(answer), service)

    with pytest.raises(LineBusy) as raised:
        await line.deliver(SENDER, "RET MIGROS")

    assert "532" not in str(raised.value)


async def test_the_registry_is_read_while_the_service_runs_and_busy_after(service: Service, tmp_path: Path) -> None:
    upgrade(f"sqlite+aiosqlite:///{tmp_path}/izinhatti.db")
    line = SimulatedLine("3338", FakeOperator(0), service)
    await service.start()

    held = await line.look(SENDER)
    await service.stop()

    assert held.brands == ()
    with pytest.raises(LineBusy):
        await line.look(SENDER)
