"""Identical words twice: when they are the network's repeat, and when they are what they say."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

import pytest

from core.conversation.answers import Committed
from core.conversation.outcomes import OUTCOMES
from core.conversation.requests import (
    AskCode,
    BrandMention,
    Devam,
    Digits,
    Door,
    Evet,
    Intent,
    NotUnderstood,
    Onay,
    Reading,
    RetAll,
    RetAlone,
    Segment,
    Unreadable,
)
from core.domain.consent import ConsentType
from core.ledger.anchors import Signer
from tests.container import (
    BOYNER,
    MIGROS,
    NO_LIMITS,
    NUMBER,
    PATIENCE_S,
    RET_MIGROS,
    Container,
    FakeClock,
    numbers,
    opened,
)

DEDUPE_MS: Final = 60_000
SAID: Final[dict[str, Intent]] = {
    "RET MIGROS": RET_MIGROS,
    "ONAY MIGROS": Onay((BrandMention.of(MIGROS),)),
    "RET": RetAlone(),
    "RET HEPSİ": RetAll(),
    "EVET": Evet(),
    "DEVAM": Devam(),
    "1": Digits((1,)),
    "merhaba": NotUnderstood(),
    "binary": Unreadable("data_coding 0x04"),
}


@pytest.fixture
async def container(url: str, clock: FakeClock, signer: Signer) -> AsyncIterator[Container]:
    rules = NO_LIMITS._replace(dedupe_ms=DEDUPE_MS, redelivery_ms=3_600_000)
    async with opened(url, clock, signer, rules=rules) as container:
        yield container


async def outcome(container: Container, text: str, **fields: object) -> str:
    """What the row of this message says."""
    fields = {"key": text.encode(), "text": text, **fields}
    intent = fields.pop("intent", SAID.get(text, AskCode()))
    async with asyncio.timeout(PATIENCE_S):
        request = container.request(intent, **fields)  # type: ignore[arg-type]
        committed = await container.desk.handle(request)
    assert isinstance(committed, Committed)
    [word] = await container.column("SELECT outcome FROM request WHERE id = ?", committed.request_id)
    assert word in OUTCOMES.values() or word == "repeat"
    return str(word)


class Case(NamedTuple):
    """Messages in order; a number is a wait in milliseconds, "page" an act through another door."""

    label: str
    messages: tuple[str | int, ...]
    outcomes: tuple[str, ...]


CASES = [
    Case("at once", ("RET MIGROS", "RET MIGROS"), ("ret", "repeat")),
    Case("thrice", ("RET MIGROS",) * 3, ("ret", "repeat", "repeat")),
    Case("within the time", ("RET MIGROS", DEDUPE_MS - 1, "RET MIGROS"), ("ret", "repeat")),
    Case("when the time is over", ("RET MIGROS", DEDUPE_MS, "RET MIGROS"), ("ret", "ret")),
    Case(
        "a repeat does not begin the time anew",
        ("RET MIGROS", DEDUPE_MS - 1, "RET MIGROS", 1, "RET MIGROS"),
        ("ret", "repeat", "ret"),
    ),
    Case("nothing understood", ("merhaba", "merhaba"), ("not-understood", "repeat")),
    Case("unreadable", ("binary", "binary"), ("set-aside", "repeat")),
    Case("RET, ONAY, RET", ("RET MIGROS", "ONAY MIGROS", "RET MIGROS"), ("ret", "onay-question", "ret")),
    Case("another message between", ("RET MIGROS", "merhaba", "RET MIGROS"), ("ret", "not-understood", "ret")),
    Case("another door between", ("RET MIGROS", "page", "RET MIGROS"), ("ret", "proof-code", "ret")),
    Case(
        "a question for a code is asked again",
        ("RET MIGROS", "ONAY MIGROS", "ONAY MIGROS"),
        ("ret", "onay-question", "onay-question"),
    ),
    Case("a list is sent again", ("RET", "RET"), ("list", "list")),
    Case("DEVAM, DEVAM", ("RET", "DEVAM", "DEVAM"), ("list", "list", "list")),
    Case("1, 1", ("RET", "1", "1"), ("list", "ret", "ret")),
    Case("1, 1 without a list", ("1", "1"), ("not-understood", "repeat")),
    Case("a command twice while a list is open", ("RET", "RET MIGROS", "RET MIGROS"), ("list", "ret", "repeat")),
    Case("RET HEPSİ said again is its answer", ("RET HEPSİ", "RET HEPSİ"), ("ret-all-question", "ret-all")),
    Case("EVET twice", ("RET HEPSİ", "EVET", "EVET"), ("ret-all-question", "ret-all", "repeat")),
]


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
async def test_identical_words(container: Container, case: Case) -> None:
    for brand in (MIGROS, BOYNER):
        await container.allow(NUMBER, brand=brand)

    outcomes = []
    for message in case.messages:
        if isinstance(message, int):
            container.clock.pass_ms(message)
        elif message == "page":
            outcomes.append(await outcome(container, "page", door=Door.LINK, key=b"RET MIGROS"))
        else:
            outcomes.append(await outcome(container, message))

    assert tuple(outcomes) == case.outcomes


async def test_a_repeat_changes_nothing_and_is_not_answered(container: Container) -> None:
    await container.allow(NUMBER)
    await outcome(container, "RET MIGROS")
    await container.allow(NUMBER)

    assert await outcome(container, "RET MIGROS") == "repeat"

    assert await container.column("SELECT status FROM consent") == ["ONAY"]
    assert await container.column("SELECT count(*) FROM outbox") == [1]
    assert await container.column("SELECT count(*) FROM ledger") == [1]
    assert await container.rows("SELECT repeat_of IS NOT NULL FROM request ORDER BY id") == [(0,), (1,)]


async def test_the_same_words_of_two_citizens_are_two(container: Container) -> None:
    one, other = numbers(2)

    assert [await outcome(container, "RET MIGROS", recipient=who) for who in (one, other)] == ["ret", "ret"]


async def test_both_in_one_batch(container: Container) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(container.desk.handle(container.request()) for _ in range(2)))

    assert await container.column("SELECT outcome FROM request ORDER BY id") == ["ret", "repeat"]


async def test_a_repeat_is_known_after_a_restart_and_in_another_process(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    rules = NO_LIMITS._replace(dedupe_ms=DEDUPE_MS)
    async with opened(url, clock, signer, rules=rules) as first:
        assert await outcome(first, "RET MIGROS") == "ret"
    async with opened(url, clock, signer, rules=rules) as second:
        assert await outcome(second, "RET MIGROS") == "repeat"


async def test_switched_off_every_message_is_what_it_says(url: str, clock: FakeClock, signer: Signer) -> None:
    async with opened(url, clock, signer) as container:
        assert [await outcome(container, "RET MIGROS") for _ in range(2)] == ["ret", "ret"]


async def test_a_decision_that_broke_lies_between_too(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise ZeroDivisionError

    await outcome(container, "RET MIGROS")
    with monkeypatch.context() as patched:
        patched.setattr("core.intake.batch.decide", broken)
        assert await outcome(container, "merhaba") == "set-aside"

    assert await outcome(container, "RET MIGROS") == "ret"


# Messages in parts.


def in_parts(reference: int = 7, octets: tuple[bytes, ...] = (b"RET ", b"MIGROS")) -> list[Segment]:
    def join(_: object) -> Reading:
        return Reading("RET MIGROS", RET_MIGROS)

    return [Segment(reference, len(octets), n, part, join) for n, part in enumerate(octets, 1)]


async def bring(container: Container, *segments: Segment) -> list[str]:
    return [
        await outcome(container, "", intent=segment, key=f"{segment.number:08}{segment.reference}".encode())
        for segment in segments
    ]


async def test_a_message_in_parts_that_comes_again_is_a_repeat_part_by_part(container: Container) -> None:
    assert await bring(container, *in_parts(), *in_parts()) == ["silent", "ret", "repeat", "repeat"]

    assert await container.column("SELECT count(*) FROM segment") == [0]
    assert await container.column("SELECT count(*) FROM outbox") == [1]


async def test_one_part_that_comes_again_begins_no_new_message(container: Container) -> None:
    one, two = in_parts()

    assert await bring(container, one, two, one) == ["silent", "ret", "repeat"]

    assert await container.column("SELECT count(*) FROM segment") == [0]


async def test_a_message_in_parts_that_was_written_again_is_none(container: Container) -> None:
    one, two = in_parts()
    outcomes = await bring(container, one, two)
    outcomes.append(await outcome(container, "merhaba"))

    assert [*outcomes, *await bring(container, one, two)] == ["silent", "ret", "not-understood", "silent", "ret"]


async def test_the_parts_of_two_messages_are_told_apart(container: Container) -> None:
    assert await bring(container, *in_parts(7), *in_parts(8)) == ["silent", "ret", "silent", "ret"]


# With the network's own id of a message.


async def test_a_message_of_one_id_acts_once_whatever_lies_between(container: Container) -> None:
    outcomes = [await outcome(container, "RET MIGROS", key=b"id 1", is_named=True)]
    outcomes.append(await outcome(container, "ONAY MIGROS"))
    for _ in range(2):
        container.clock.pass_ms(10 * DEDUPE_MS)
        outcomes.append(await outcome(container, "RET MIGROS", key=b"id 1", is_named=True))

    assert outcomes == ["ret", "onay-question", "repeat", "repeat"]


async def test_the_same_words_with_two_ids_are_two(container: Container) -> None:
    keys = (b"id 1", b"id 2")

    assert [await outcome(container, "RET MIGROS", key=key, is_named=True) for key in keys] == ["ret", "ret"]


async def test_an_id_is_forgotten_when_the_network_brings_nothing_again(container: Container) -> None:
    await outcome(container, "RET MIGROS", key=b"id 1", is_named=True)
    container.clock.pass_ms(3_600_000)

    assert await outcome(container, "RET MIGROS", key=b"id 1", is_named=True) == "ret"


async def test_two_of_one_id_in_one_batch(container: Container) -> None:
    requests = [container.request(key=b"id 1", is_named=True) for _ in range(3)]
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*map(container.desk.handle, requests))

    assert await container.column("SELECT outcome FROM request ORDER BY id") == ["ret", "repeat", "repeat"]


async def test_a_lost_connection_leaves_what_has_an_id_as_it_is(container: Container) -> None:
    connection = await container.open_link()
    await outcome(container, "RET MIGROS", key=b"id 1", is_named=True, connection=connection.id)

    await container.close_connection(connection)

    assert await container.column("SELECT count(*) FROM redelivery") == [1]
    assert await container.column("SELECT type FROM objection") == [ConsentType.MESAJ]
    again = [await outcome(container, "RET MIGROS", key=b"id 1", is_named=True) for _ in range(2)]
    assert again == ["repeat", "repeat"]
