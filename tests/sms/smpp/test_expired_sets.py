"""Long messages of which a part never came: what is there acts only on an explicit verb with an exact brand."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import pytest

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.domain.clock import Instant
from core.domain.consent import ConsentType
from core.domain.recipients import Msisdn
from core.intake.concat import OVERDUE_MAX
from core.ledger.anchors import Signer
from sms.smpp import codes
from sms.smpp.decode import Decoder
from sms.smpp.expired_sets import ExpiredSets
from sms.smpp.pdu import Message, build_message
from tests.container import BOYNER, MIGROS, NUMBER, Container, FakeClock, numbers, opened, until

PART_MS: Final = 3_600_000
LONGER: Final = Brand("600103", "BOYNER EVDE")
DIRECTORY: Final = Directory([MIGROS, BOYNER, LONGER])
UNFINISHED: Final = " ve bir de"


def decoder(operator: str = "a") -> Decoder:
    return Decoder(operator, "gsm7", DIRECTORY, FakeClock())


class Line(NamedTuple):
    """A counter, and the look for sets that are over."""

    container: Container
    expired_sets: ExpiredSets

    async def part(
        self, number: int, total: int, text: bytes, sender: Msisdn = NUMBER, *, coding: int = 0, operator: str = "a"
    ) -> None:
        octets = bytes((5, 0, 3, 0x2A, total, number)) + text
        message = Message(sender.reveal()[1:], "3338", octets, coding, codes.ESM_UDHI)
        request = decoder(operator).take(build_message(codes.DELIVER_SM, number, message), 1).request
        assert request is not None
        await self.container.desk.handle(request._replace(received_at=self.container.clock()))

    async def sweep(self) -> None:
        """One look, and everything that it hands in committed."""
        self.expired_sets.hand_in(await self.container.writer.errand(self.expired_sets.find))
        await self.settled()

    async def settled(self) -> None:
        await until(lambda: not self.expired_sets._in_hand)

    async def settle(self) -> None:
        self.container.clock.pass_ms(PART_MS)
        await self.sweep()

    async def outcomes(self) -> list[str]:
        """Of everything but the parts themselves."""
        return await self.container.column("SELECT outcome FROM request WHERE connection = 0 ORDER BY id")


@pytest.fixture
async def line(container: Container) -> Line:
    for brand in (MIGROS, BOYNER):
        await container.allow(NUMBER, brand=brand)
    return Line(container, expired_sets(container))


def expired_sets(container: Container) -> ExpiredSets:
    return ExpiredSets({"a": decoder()}, decoder(""), DIRECTORY, container.desk, container.clock, PART_MS)


class Case(NamedTuple):
    """The parts of three that came, and what becomes of them: the brands ended, and the outcome."""

    label: str
    parts: Mapping[int, bytes]
    outcome: str
    ended: tuple[Brand, ...] = ()


CASES = [
    Case("verb and exact brand", {1: b"RET MIGROS" + UNFINISHED.encode()}, "ret", (MIGROS,)),
    Case("verb and exact brand, at the cut", {1: b"RET MIGROS"}, "ret", (MIGROS,)),
    Case("two of three parts", {1: b"RET MIG", 2: b"ROS lutfen "}, "ret", (MIGROS,)),
    Case("in the last part", {3: b" RET MIGROS"}, "ret", (MIGROS,)),
    Case("on both sides of a gap", {1: b"merhaba ", 3: b"RET MIGROS"}, "ret", (MIGROS,)),
    Case("a gap makes no name", {1: b"RET MIG", 3: b"ROS"}, "not-understood"),
    Case("a gap makes no command", {1: b"RET ", 3: b"MIGROS"}, "brand-asked"),
    Case("a name that may be cut", {1: b"RET BOYNER"}, "brand-asked"),
    Case("a name that may be cut, in front", {3: b"EVDE RET"}, "not-understood"),
    Case("one name that may be cut, and one that is whole", {1: b"RET MIGROS BOYNER"}, "ret", (MIGROS,)),
    Case("a brand by near miss", {1: b"RET MIGRSO "}, "brand-asked"),
    Case("a verb alone", {1: b"RET "}, "not-understood"),
    Case("RET HEPSİ", {1: b"RET HEPSI "}, "not-understood"),
    Case("a brand alone", {1: b"MIGROS "}, "brand-asked"),
    Case("EVET", {2: b"EVET"}, "not-understood"),
    Case("ONAY asks for its code", {1: b"ONAY MIGROS "}, "onay-already"),
    Case("DURUM", {1: b"DURUM MIGROS "}, "brand-asked"),
    Case("nothing that is understood", {2: b"selam"}, "not-understood"),
]


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
async def test_what_is_there_when_the_time_is_over(line: Line, case: Case) -> None:
    for number, text in case.parts.items():
        await line.part(number, 3, text)
    await line.sweep()
    assert await line.outcomes() == []

    await line.settle()

    assert await line.outcomes() == [case.outcome]
    ended = await line.container.column("SELECT brand_code FROM consent WHERE status = 'RET' ORDER BY brand_code")
    assert ended == [brand.code for brand in case.ended]
    assert await line.container.column("SELECT count(*) FROM segment") == [0]
    assert await line.container.column("SELECT count(*) FROM outbox") == [1]


async def test_an_open_list_or_question_is_not_answered_by_half_a_message(line: Line) -> None:
    await line.container.desk.handle(decoder().take(_whole(b"RET HEPSI"), 1).request)  # type: ignore[arg-type]

    for number, text in ((1, b"EVET"), (2, b"RET HEPSI"), (3, b"HEPSI")):
        await line.part(1, 3 + number, text)
    await line.settle()

    assert await line.outcomes() == ["not-understood"] * 3
    assert await line.container.column("SELECT DISTINCT status FROM consent") == ["ONAY"]


async def test_the_time_counts_from_the_first_part(line: Line) -> None:
    await line.part(1, 3, b"RET MIGROS")
    line.container.clock.pass_ms(PART_MS - 1)
    await line.part(2, 3, b" ")
    await line.sweep()
    assert await line.outcomes() == []

    line.container.clock.pass_ms(1)
    await line.sweep()

    assert await line.outcomes() == ["ret"]


async def test_a_message_whose_last_part_came_in_time_is_no_leftover(line: Line) -> None:
    await line.part(1, 2, b"RET MIGROS ")
    line.container.clock.pass_ms(PART_MS)
    overdue = await line.container.writer.errand(line.expired_sets.find)
    await line.part(2, 2, b"BOYNER")

    line.expired_sets.hand_in(overdue)
    await line.settled()

    assert await line.outcomes() == ["silent"]
    assert await line.container.column("SELECT status FROM consent") == ["RET", "RET"]
    assert await line.container.column("SELECT count(*) FROM outbox") == [1]


async def test_two_processes_that_look_at_once_act_once(line: Line, url: str, clock: FakeClock, signer: Signer) -> None:
    await line.part(1, 2, b"RET MIGROS ")
    clock.pass_ms(PART_MS)
    async with opened(url, clock, signer) as other:
        second = Line(other, expired_sets(other))
        found = [await one.container.writer.errand(one.expired_sets.find) for one in (line, second)]
        for one, overdue in zip((line, second), found, strict=True):
            one.expired_sets.hand_in(overdue)
            one.expired_sets.hand_in(overdue)
            await one.settled()

    assert await line.outcomes() == ["ret", "silent"]
    assert await line.container.column("SELECT count(*) FROM outbox") == [1]


async def test_the_act_is_dated_when_its_parts_came_and_proven_by_them(line: Line) -> None:
    await line.part(1, 3, b"RET MIG")
    line.container.clock.pass_ms(5000)
    arrived = line.container.clock()
    await line.part(2, 3, b"ROS ")
    await line.settle()

    [(received_at, text, octets)] = await line.container.rows(
        "SELECT received_at, text, octets FROM request JOIN raw ON request = id WHERE connection = 0"
    )
    parts = await line.container.column(
        "SELECT octets FROM request JOIN raw ON request = id WHERE connection = 1 ORDER BY id"
    )
    assert (received_at, text, octets) == (arrived, "RET MIGROS ", b"".join(parts))
    assert await line.container.column("SELECT consent_at FROM consent WHERE status = 'RET'") == [
        Instant(arrived - arrived % 1000)
    ]


async def test_runs_are_shown_with_their_gap(line: Line) -> None:
    await line.part(1, 3, b"selam")
    await line.part(3, 3, b"naber")
    await line.settle()

    assert await line.container.column("SELECT text FROM raw JOIN request ON request = id WHERE connection = 0") == [
        "selam […] naber"
    ]


@pytest.mark.parametrize(
    ("label", "coding", "sql"),
    [("binary", 4, "SELECT 1"), ("its message was removed", 0, "DELETE FROM raw")],
)
async def test_what_nobody_can_read_is_set_aside(line: Line, label: str, coding: int, sql: str) -> None:
    await line.part(1, 2, b"RET MIGROS ", coding=coding)
    await line.container.rows(sql)

    await line.settle()

    assert await line.outcomes() == ["set-aside"], label
    assert await line.container.column("SELECT count(*) FROM segment") == [0]


async def test_parts_of_an_operator_that_is_gone_are_read_all_the_same(line: Line) -> None:
    await line.part(1, 2, b"RET MIGROS ", operator="gone")

    await line.settle()

    assert await line.outcomes() == ["ret"]


async def test_one_look_is_bounded_and_the_next_finds_the_rest(line: Line) -> None:
    for sender in numbers(OVERDUE_MAX + 1):
        await line.part(1, 2, b"RET MIGROS ", sender)
    await line.settle()
    assert len(await line.outcomes()) == OVERDUE_MAX

    await line.sweep()

    assert len(await line.outcomes()) == OVERDUE_MAX + 1
    assert await line.container.column("SELECT count(*) FROM objection WHERE type = ?", ConsentType.MESAJ.value) == [
        OVERDUE_MAX + 1
    ]


async def test_what_breaks_the_commit_is_set_aside_once(line: Line) -> None:
    await line.container.refuse("consent", "status", "RET")
    await line.part(1, 2, b"RET MIGROS ")
    await line.settle()

    await line.sweep()

    assert await line.outcomes() == ["set-aside"]
    assert await line.container.column("SELECT count(*) FROM segment") == [0]
    assert await line.container.column("SELECT count(*) FROM outbox") == [1]


async def test_what_cannot_be_committed_is_found_again(line: Line) -> None:
    await line.part(1, 2, b"RET MIGROS ")
    line.container.clock.pass_ms(PART_MS)
    overdue = await line.container.writer.errand(line.expired_sets.find)
    await line.container.take_no_writes()
    line.expired_sets.hand_in(overdue)
    await line.settled()
    await line.container.take_writes()
    assert await line.outcomes() == []

    await line.sweep()

    assert await line.outcomes() == ["ret"]


def _whole(text: bytes) -> bytes:
    return build_message(codes.DELIVER_SM, 1, Message(NUMBER.reveal()[1:], "3338", text))
