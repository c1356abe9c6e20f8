"""What is counted of committed requests: by door and outcome, refusals by brand, first texts of new numbers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from prometheus_client import REGISTRY

from core.conversation.requests import BrandMention, CloseLine, Door, NotUnderstood, Request, Ret
from core.domain.consent import PHONE_TYPES
from core.domain.recipients import Msisdn
from core.domain.rules import Rules
from core.ledger.anchors import Signer
from tests.container import BOYNER, MIGROS, NUMBER, PATIENCE_S, RET_MIGROS, Container, FakeClock, numbers, opened
from tests.container_fixtures import on_sqlite

pytestmark = on_sqlite

BOTH: Final = Ret((BrandMention.of(MIGROS), BrandMention.of(BOYNER)))


@pytest.fixture
async def container(url: str, clock: FakeClock, signer: Signer) -> AsyncIterator[Container]:
    async with opened(url, clock, signer, rules=Rules()) as container:
        yield container


async def hand_in(container: Container, *requests: Request) -> None:
    async with asyncio.timeout(PATIENCE_S):
        for request in requests:
            await container.desk.handle(request)


def hello(container: Container, recipient: Msisdn = NUMBER, *, key: bytes = b"key") -> Request:
    return container.request(NotUnderstood(), recipient, key=key, text="selam")


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"izinhatti_{name}", labels) or 0.0


def refusals() -> dict[str, float]:
    return {brand.code: count("refusals_total", brand=brand.code) for brand in (MIGROS, BOYNER)}


@pytest.mark.parametrize(
    ("intent", "door", "migros", "boyner"),
    [
        pytest.param(RET_MIGROS, Door.SMS, 1, 0, id="a permission that ends"),
        pytest.param(RET_MIGROS._replace(types=PHONE_TYPES), Door.SMS, 1, 0, id="two types are one refusal"),
        pytest.param(BOTH, Door.SMS, 1, 1, id="an objection counts too"),
        pytest.param(NotUnderstood(), Door.SMS, 0, 0, id="no wish"),
        pytest.param(CloseLine(), Door.CLERK, 0, 0, id="a line that is closed is no refusal"),
    ],
)
async def test_refusals_are_counted_by_brand(
    container: Container, intent: Ret | NotUnderstood | CloseLine, door: Door, migros: int, boyner: int
) -> None:
    await container.allow(NUMBER)
    before = refusals()

    await hand_in(container, container.request(intent, door=door))

    assert refusals() == {MIGROS.code: before[MIGROS.code] + migros, BOYNER.code: before[BOYNER.code] + boyner}


async def test_a_refusal_that_changes_nothing_is_not_counted(container: Container) -> None:
    await container.allow(NUMBER)
    await hand_in(container, container.request())
    before = refusals()

    await hand_in(container, container.request(key=b"again", text="ret migros!"))

    assert refusals() == before


async def test_requests_are_counted_and_timed_by_their_door(container: Container) -> None:
    before = count("requests_total", door="ivr", outcome="ret"), count("request_seconds_count", door="ivr")

    await hand_in(container, container.request(door=Door.IVR))

    after = count("requests_total", door="ivr", outcome="ret"), count("request_seconds_count", door="ivr")
    assert after == (before[0] + 1, before[1] + 1)


async def test_a_text_counts_once_for_each_number_that_is_new(container: Container) -> None:
    many = numbers(3)

    await hand_in(container, *(hello(container, one) for one in many))
    await hand_in(container, *(hello(container, one, key=b"again") for one in many))

    assert container.desk.metrics.spoof_monitor.largest(container.clock()) == 3


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"door": Door.IVR}, id="keyed in, not texted"),
        pytest.param({"text": None}, id="no text that could be read"),
    ],
)
async def test_what_is_no_text_is_of_no_chorus(container: Container, fields: dict[str, Any]) -> None:
    await hand_in(container, hello(container)._replace(**fields))

    assert container.desk.metrics.spoof_monitor.largest(container.clock()) == 0


async def test_a_number_of_which_nothing_is_kept_is_not_new_again_and_again(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    async with opened(url, clock, signer) as container:  # without limits, and repeats are not looked for
        await hand_in(container, *(hello(container, key=bytes([n])) for n in range(3)))

        assert container.desk.metrics.spoof_monitor.largest(container.clock()) == 0
