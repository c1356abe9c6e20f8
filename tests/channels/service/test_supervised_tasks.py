"""Periodic work: when it was last done is told, and a fault of the store or of a file does not end it."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from channels.service.supervised_tasks import SupervisedTasks
from core.domain.metrics import WORK_DONE
from core.store.errors import TemporaryFault


def done_at(work: str) -> float | None:
    return REGISTRY.get_sample_value("izinhatti_work_done_timestamp_seconds", {"work": work})


@pytest.mark.parametrize("fault", [TemporaryFault("database: locked"), OSError(28, "No space left on device")])
async def test_work_that_fails_is_tried_again_and_only_then_done(fault: Exception) -> None:
    WORK_DONE.clear()
    tries: asyncio.Queue[float | None] = asyncio.Queue()

    async def work() -> None:
        tries.put_nowait(done_at("work"))
        if tries.qsize() == 1:
            raise fault

    parts = SupervisedTasks()
    parts.repeat(work, "work", 0)
    async with asyncio.timeout(10):
        while tries.qsize() < 3:  # noqa: ASYNC110  # the parts tell nobody
            await asyncio.sleep(0)
    await parts.cancel()

    seen = [tries.get_nowait() for _ in range(3)]
    assert seen[:2] == [None, None]
    assert seen[2] is not None
    assert parts.failed is None
