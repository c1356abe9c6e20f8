"""What waits for more in the running service: a long message for its parts, one set aside for a person."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sms.smpp import codes
from sms.smpp.pdu import Message
from tests.system.izinhatti import run
from tests.system.served import Served, serving

NUMBER = "905320000001"


def part(number: int, total: int, text: bytes, reference: int = 7) -> Message:
    octets = bytes((6, 8, 4, 0, reference, total, number)) + text
    return Message(NUMBER, "3338", octets, 0, codes.ESM_UDHI, source_ton=1, source_npi=1)


@pytest.fixture
async def served(tmp_path: Path, url: str) -> AsyncIterator[Served]:
    async with serving(tmp_path, url, "[timing]\npart_s = 1\n") as served:
        yield served


async def test_a_message_whose_last_part_never_comes_is_answered_when_its_time_is_over(served: Served) -> None:
    assert await served.simulator.deliver_raw(part(1, 2, b"RET MIGROS ve bir de ")) == codes.ESME_ROK

    await served.until(f"+{NUMBER}", 1)

    [answer] = served.received[f"+{NUMBER}"]
    assert "MIGROS" in answer


async def test_what_was_set_aside_is_resolved_from_the_command_line_while_the_service_runs(served: Served) -> None:
    assert await served.simulator.deliver_raw(Message(NUMBER, "3338", b"\1\2", 4)) == codes.ESME_ROK
    await served.until(f"+{NUMBER}", 1)
    listed = await run(served.folder, "review", "list")
    review_id = listed.out.split()[0]

    done = await run(served.folder, "review", "resolve", review_id, "--text", "MIGROS izniniz kaldırıldı")

    assert (done.code, done.out) == (0, "resolved\n")
    await served.until(f"+{NUMBER}", 2)
    assert served.received[f"+{NUMBER}"][1].startswith("MIGROS izniniz kaldırıldı. İşlem no ")
