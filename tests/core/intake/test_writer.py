"""What the writer says of itself while it is at work."""

import asyncio
from threading import Event

import pytest

from core.store.errors import TemporaryFault
from tests.container import Container


@pytest.mark.parametrize("fault", [pytest.param(None, id="done"), pytest.param(TemporaryFault("full"), id="refused")])
async def test_the_writer_is_busy_for_as_long_as_its_transaction(container: Container, fault: Exception | None) -> None:
    begun, may_end = Event(), Event()

    def work(_: object) -> None:
        begun.set()
        assert may_end.wait(30)
        if fault:
            raise fault

    before = container.writer.busy_s
    errand = asyncio.create_task(container.writer.errand(work))
    assert await asyncio.to_thread(begun.wait, 30)
    during = container.writer.busy_s
    may_end.set()
    [result] = await asyncio.gather(errand, return_exceptions=True)

    assert before == 0
    assert during > 0
    assert container.writer.busy_s == 0
    assert result is fault
