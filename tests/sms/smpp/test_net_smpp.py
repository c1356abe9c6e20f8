"""A pair of binds to an SMSC that is not ours: what it reads of our PDUs, and what we read of its."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.container import NUMBER, PATIENCE_S, Container, until
from tests.sms.smpp.line import operator_at
from tests.system.foreign_smsc import PerlSmsc

CITIZEN = NUMBER.reveal()[1:]


@pytest.fixture
async def smsc() -> AsyncIterator[PerlSmsc]:
    smsc = await PerlSmsc.start()
    yield smsc
    await smsc.stop()


async def until_state(container: Container, state: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await container.column("SELECT state FROM outbox") != [state]:  # noqa: ASYNC110  # a row has no event
            await asyncio.sleep(0.005)


async def test_net_smpp_brings_a_message_reads_its_answer_and_ends_it_by_a_receipt(
    container: Container, smsc: PerlSmsc
) -> None:
    await container.allow(NUMBER)
    container.texts = lambda _: "Şişecam için izniniz kaldırıldı."
    operator = operator_at(
        await smsc.hear("listening"), container, container.outbox, bind_as="pair", enquire_link_s=0.5
    )
    running = asyncio.create_task(operator.run())
    assert {await smsc.hear("bound"), await smsc.hear("bound")} == {"receiver", "transmitter"}
    await until(lambda: operator.receives and operator.sends)

    assert await smsc.deliver(CITIZEN, b"RET MIGROS") == 0
    submitted = await smsc.hear("submitted")
    assert await container.column("SELECT status FROM consent") == ["RET"]
    assert (submitted["source"], submitted["dest"], submitted["receipt"]) == ("3338", CITIZEN, 1)
    assert submitted["validity"] == "000001000000000R"
    assert (submitted["data_coding"], submitted["esm_class"]) == (0, 0x40)
    octets = bytes.fromhex(submitted["octets"])
    assert octets[:4] == bytes((3, 0x24, 1, 1))  # a user data header: Turkish single shift
    assert octets[4:].startswith(b"\x1bSi\x1bsecam")
    await until_state(container, "accepted")
    assert await container.column("SELECT message_id FROM outbox") == ["ac"]

    await smsc.order(enquire=True)
    assert await smsc.hear("enquired") == 0
    # The receipt writes in decimals what the answer to the submit wrote in hexadecimal.
    assert await smsc.deliver(CITIZEN, b"id:0000000172 sub:001 dlvrd:001 stat:DELIVRD err:000", esm_class=4) == 0
    await until_state(container, "delivered")

    await operator.stop()
    await running
    assert not smsc.has_heard("unexpected")
