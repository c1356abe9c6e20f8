"""Whose fault a refused submit is, row by row, and what becomes of its message."""

import sys
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from core.outbox.outbox import ANSWER_LIFE_MS, ATTEMPTS_MAX, KEPT_DELAY_MS, KEPT_DELAY_MS_MAX
from sms.smpp import codes
from sms.smpp.refusals import LASTING_S, Refusals
from sms.smpp.statuses import STATUSES, Fault, fault_of
from tests.container import Container, until
from tests.sms.smpp.line import Line, build_response_to
from tests.sms.smpp.scripted import Smsc

MESSAGE = {0x0B, 0x33, 0x34, 0x40, 0x44}
SETTINGS = {
    *(0x01, 0x02, 0x03, 0x06, 0x07, 0x0A, 0x15, 0x42, 0x43, 0x48, 0x49, 0x50, 0x51, 0x61, 0x62),
    *range(0xC0, 0xC5),
}
OPERATOR = {0x08, 0x14, 0x45, 0x64, 0x400, 0x4FF, 0x12345678}


@pytest.fixture
async def line(container: Container, request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    async with Smsc.listening() as smsc:
        line = Line(container, smsc, **getattr(request, "param", {}))
        yield line
        await line.end()


def test_the_table_names_each_status_by_whose_fault_it_is() -> None:
    for status, fault in STATUSES.items():
        sys.stdout.write(f"{codes.status_name(status):40} {fault.value}\n")

    by_fault = {fault: {status for status, of in STATUSES.items() if of is fault} for fault in Fault}
    assert by_fault == {
        Fault.MESSAGE: MESSAGE,
        Fault.SETTINGS: SETTINGS,
        Fault.LINK: {0x04},
        Fault.OPERATOR: {0x08, 0x14, 0x45, 0x64},
        Fault.THROTTLE: {0x58},
    }


@pytest.mark.parametrize(
    ("label", "status", "fault"),
    [
        ("slower, by setting", 0x64, Fault.THROTTLE),
        ("ends the message, by setting", 0x410, Fault.MESSAGE),
        ("a vendor's own", 0x411, Fault.OPERATOR),
        ("one that nobody knows", 0x99, Fault.OPERATOR),
    ],
)
def test_an_operators_settings_come_before_the_table(label: str, status: int, fault: Fault) -> None:
    assert fault_of(status, throttle=(0x64,), message=(0x410,)) is fault, label


async def refuse(line: Line, status: int) -> None:
    """An answer is submitted, refused with this status, and that is written."""
    peer = await line.bound()
    await peer.send(build_response_to(await line.answer(peer), status))
    await until(lambda: not line.bind._outgoing._outbox_messages)
    await line.container.writer.errand(lambda _: None)
    await line.container.writer.errand(lambda _: None)


@pytest.mark.parametrize("status", sorted(MESSAGE), ids=codes.status_name)
async def test_a_status_that_speaks_of_the_message_ends_it(line: Line, status: int) -> None:
    await refuse(line, status)

    assert await line.container.rows("SELECT state, reason FROM outbox") == [("dead", codes.status_name(status))]
    assert line.trouble is None


@pytest.mark.parametrize("line", [{"message_statuses": (0x410,)}], indirect=True)
async def test_a_status_that_the_operators_settings_name_ends_the_message(line: Line) -> None:
    await refuse(line, 0x410)

    assert await line.container.column("SELECT state FROM outbox") == ["dead"]


@pytest.mark.parametrize("status", sorted(SETTINGS), ids=codes.status_name)
async def test_a_status_that_speaks_of_our_settings_keeps_the_message_and_is_named(line: Line, status: int) -> None:
    with capture_logs() as logs:
        await refuse(line, status)

    assert await line.container.rows("SELECT state, attempts, not_before, reason FROM outbox") == [
        ("ready", 0, line.container.clock() + KEPT_DELAY_MS, codes.status_name(status))
    ]
    assert line.trouble == f"sms operator-a: submits refused {codes.status_name(status)}"
    assert [entry["log_level"] for entry in logs if entry["event"] == "submits are refused"] == ["error"]


@pytest.mark.parametrize("status", sorted(OPERATOR), ids=codes.status_name)
@pytest.mark.parametrize("line", [{"throttle_statuses": (0x58,)}], indirect=True)
async def test_a_status_that_speaks_of_the_operator_keeps_the_message(line: Line, status: int) -> None:
    await refuse(line, status)

    assert await line.container.rows("SELECT state, attempts FROM outbox") == [("ready", 0)]


async def test_a_submit_that_is_taken_ends_the_trouble(line: Line) -> None:
    await refuse(line, codes.ESME_RINVCMDLEN)
    assert line.trouble is not None
    [peer] = line.smsc._all

    line.container.clock.pass_ms(KEPT_DELAY_MS)
    line.operator._services.outbox.expect()
    line.container.writer.wake()
    await peer.send(build_response_to(await peer.receive(), message_id="1"))

    await until(lambda: line.trouble is None)


async def test_a_refusal_for_the_binds_state_binds_anew_and_keeps_the_message(line: Line) -> None:
    peer = await line.bound()

    await peer.send(build_response_to(await line.answer(peer), codes.ESME_RINVBNDSTS))

    assert await peer.is_closed()
    await line.bound()
    assert await line.container.rows("SELECT state, attempts, unknowns FROM outbox") == [("ready", 0, 0)]


async def test_what_is_the_operators_fault_is_kept_to_its_own_end_after_growing_pauses(line: Line) -> None:
    peer = await line.bound()
    submit = await line.answer(peer)
    expires_at = line.container.clock() + ANSWER_LIFE_MS
    pauses: list[int] = []

    while len(pauses) < ATTEMPTS_MAX + 2:
        await peer.send(build_response_to(submit, 0x08))
        await until(lambda: not line.bind._outgoing._outbox_messages)
        await line.container.writer.errand(lambda _: None)
        await line.container.writer.errand(lambda _: None)
        [(state, not_before)] = await line.container.rows("SELECT state, not_before FROM outbox")
        assert state == "ready"
        pauses.append(not_before - line.container.clock())
        line.container.clock.pass_ms(pauses[-1])
        line.operator._services.outbox.expect()
        line.container.writer.wake()
        submit = await peer.receive()

    assert pauses[:6] == [5_000, 10_000, 20_000, 40_000, 80_000, 120_000]
    assert set(pauses[6:]) == {KEPT_DELAY_MS_MAX}
    assert line.container.clock() < expires_at
    await peer.send(build_response_to(submit, message_id="1"))
    await until(lambda: not line.bind._outgoing._outbox_messages)


def test_an_operator_that_cannot_now_is_named_once_that_lasts() -> None:
    now = [100.0]
    refusals = Refusals("operator-a", lambda: now[0])

    with capture_logs() as logs:
        refusals.refused(0x08, Fault.OPERATOR)
        assert refusals.trouble is None
        now[0] += LASTING_S
        refusals.refused(0x08, Fault.OPERATOR)
        assert refusals.trouble == "submits refused 0x00000008 ESME_RSYSERR"
        refusals.taken()
        assert refusals.trouble is None

    assert [entry["event"] for entry in logs] == ["submits are refused", "submits are taken again"]


@pytest.mark.parametrize(("status", "label"), [(0x0B, "0x0000000B ESME_RINVDSTADR"), (0x12345678, "other")])
def test_a_metric_label_is_of_a_closed_set(status: int, label: str) -> None:
    assert codes.status_label(status) == label
