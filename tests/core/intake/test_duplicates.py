"""Identical words twice: when they are the network's repeat, and when they are what they say."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

import pytest

from core.conversation.answers import Committed
from core.conversation.outcomes import OUTCOMES
from core.conversation.requests import (
    AskCode,
    Devam,
    Digits,
    Door,
    Evet,
    Mention,
    NotUnderstood,
    Onay,
    Piece,
    Reading,
    RetAll,
    RetAlone,
    Unreadable,
    Wish,
)
from core.domain.consent import ConsentType
from core.ledger.anchors import Signer
from tests.counter import BOYNER, MIGROS, NO_LIMITS, NUMBER, PATIENCE_S, RET_MIGROS, Counter, FakeClock, numbers, opened

DEDUPE_MS: Final = 60_000
SAID: Final[dict[str, Wish]] = {
    "RET MIGROS": RET_MIGROS,
    "ONAY MIGROS": Onay((Mention.of(MIGROS),)),
    "RET": RetAlone(),
    "RET HEPSİ": RetAll(),
    "EVET": Evet(),
    "DEVAM": Devam(),
    "1": Digits((1,)),
    "merhaba": NotUnderstood(),
    "binary": Unreadable("data_coding 0x04"),
}


@pytest.fixture
async def counter(url: str, clock: FakeClock, signer: Signer) -> AsyncIterator[Counter]:
    rules = NO_LIMITS._replace(dedupe_ms=DEDUPE_MS, redelivery_ms=3_600_000)
    async with opened(url, clock, signer, rules=rules) as counter:
        yield counter


async def outcome(counter: Counter, text: str, **fields: object) -> str:
    """What the row of this message says."""
    fields = {"key": text.encode(), "text": text, **fields}
    said = fields.pop("said", SAID.get(text, AskCode()))
    async with asyncio.timeout(PATIENCE_S):
        request = counter.request(said, **fields)  # type: ignore[arg-type]
        committed = await counter.desk.handle(request)
    assert isinstance(committed, Committed)
    [word] = await counter.column("SELECT outcome FROM request WHERE id = ?", committed.request_id)
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
async def test_identical_words(counter: Counter, case: Case) -> None:
    for brand in (MIGROS, BOYNER):
        await counter.allow(NUMBER, brand=brand)

    outcomes = []
    for message in case.messages:
        if isinstance(message, int):
            counter.clock.pass_ms(message)
        elif message == "page":
            outcomes.append(await outcome(counter, "page", door=Door.LINK, key=b"RET MIGROS"))
        else:
            outcomes.append(await outcome(counter, message))

    assert tuple(outcomes) == case.outcomes


async def test_a_repeat_changes_nothing_and_is_not_answered(counter: Counter) -> None:
    await counter.allow(NUMBER)
    await outcome(counter, "RET MIGROS")
    await counter.allow(NUMBER)

    assert await outcome(counter, "RET MIGROS") == "repeat"

    assert await counter.column("SELECT status FROM consent") == ["ONAY"]
    assert await counter.column("SELECT count(*) FROM outbox") == [1]
    assert await counter.column("SELECT count(*) FROM ledger") == [1]
    assert await counter.rows("SELECT repeat_of IS NOT NULL FROM request ORDER BY id") == [(0,), (1,)]


async def test_the_same_words_of_two_citizens_are_two(counter: Counter) -> None:
    one, other = numbers(2)

    assert [await outcome(counter, "RET MIGROS", recipient=who) for who in (one, other)] == ["ret", "ret"]


async def test_both_in_one_batch(counter: Counter) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(counter.desk.handle(counter.request()) for _ in range(2)))

    assert await counter.column("SELECT outcome FROM request ORDER BY id") == ["ret", "repeat"]


async def test_a_repeat_is_known_after_a_restart_and_in_another_process(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    rules = NO_LIMITS._replace(dedupe_ms=DEDUPE_MS)
    async with opened(url, clock, signer, rules=rules) as first:
        assert await outcome(first, "RET MIGROS") == "ret"
    async with opened(url, clock, signer, rules=rules) as second:
        assert await outcome(second, "RET MIGROS") == "repeat"


async def test_switched_off_every_message_is_what_it_says(url: str, clock: FakeClock, signer: Signer) -> None:
    async with opened(url, clock, signer) as counter:
        assert [await outcome(counter, "RET MIGROS") for _ in range(2)] == ["ret", "ret"]


async def test_a_decision_that_broke_lies_between_too(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise ZeroDivisionError

    await outcome(counter, "RET MIGROS")
    with monkeypatch.context() as patched:
        patched.setattr("core.intake.batch.decide", broken)
        assert await outcome(counter, "merhaba") == "set-aside"

    assert await outcome(counter, "RET MIGROS") == "ret"


# Messages in parts.


def in_parts(reference: int = 7, octets: tuple[bytes, ...] = (b"RET ", b"MIGROS")) -> list[Piece]:
    def join(_: object) -> Reading:
        return Reading("RET MIGROS", RET_MIGROS)

    return [Piece(reference, len(octets), n, part, join) for n, part in enumerate(octets, 1)]


async def bring(counter: Counter, *pieces: Piece) -> list[str]:
    return [
        await outcome(counter, "", said=piece, key=f"{piece.number:08}{piece.reference}".encode()) for piece in pieces
    ]


async def test_a_message_in_parts_that_comes_again_is_a_repeat_part_by_part(counter: Counter) -> None:
    assert await bring(counter, *in_parts(), *in_parts()) == ["silent", "ret", "repeat", "repeat"]

    assert await counter.column("SELECT count(*) FROM piece") == [0]
    assert await counter.column("SELECT count(*) FROM outbox") == [1]


async def test_one_part_that_comes_again_begins_no_new_message(counter: Counter) -> None:
    one, two = in_parts()

    assert await bring(counter, one, two, one) == ["silent", "ret", "repeat"]

    assert await counter.column("SELECT count(*) FROM piece") == [0]


async def test_a_message_in_parts_that_was_written_again_is_none(counter: Counter) -> None:
    one, two = in_parts()
    outcomes = await bring(counter, one, two)
    outcomes.append(await outcome(counter, "merhaba"))

    assert [*outcomes, *await bring(counter, one, two)] == ["silent", "ret", "not-understood", "silent", "ret"]


async def test_the_parts_of_two_messages_are_told_apart(counter: Counter) -> None:
    assert await bring(counter, *in_parts(7), *in_parts(8)) == ["silent", "ret", "silent", "ret"]


# With the network's own id of a message.


async def test_a_message_of_one_id_acts_once_whatever_lies_between(counter: Counter) -> None:
    outcomes = [await outcome(counter, "RET MIGROS", key=b"id 1", is_named=True)]
    outcomes.append(await outcome(counter, "ONAY MIGROS"))
    for _ in range(2):
        counter.clock.pass_ms(10 * DEDUPE_MS)
        outcomes.append(await outcome(counter, "RET MIGROS", key=b"id 1", is_named=True))

    assert outcomes == ["ret", "onay-question", "repeat", "repeat"]


async def test_the_same_words_with_two_ids_are_two(counter: Counter) -> None:
    keys = (b"id 1", b"id 2")

    assert [await outcome(counter, "RET MIGROS", key=key, is_named=True) for key in keys] == ["ret", "ret"]


async def test_an_id_is_forgotten_when_the_network_brings_nothing_again(counter: Counter) -> None:
    await outcome(counter, "RET MIGROS", key=b"id 1", is_named=True)
    counter.clock.pass_ms(3_600_000)

    assert await outcome(counter, "RET MIGROS", key=b"id 1", is_named=True) == "ret"


async def test_two_of_one_id_in_one_batch(counter: Counter) -> None:
    requests = [counter.request(key=b"id 1", is_named=True) for _ in range(3)]
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*map(counter.desk.handle, requests))

    assert await counter.column("SELECT outcome FROM request ORDER BY id") == ["ret", "repeat", "repeat"]


async def test_a_lost_connection_leaves_what_has_an_id_as_it_is(counter: Counter) -> None:
    link = await counter.open_link()
    await outcome(counter, "RET MIGROS", key=b"id 1", is_named=True, link=link.id)

    await counter.close_link(link)

    assert await counter.column("SELECT count(*) FROM redelivery") == [1]
    assert await counter.column("SELECT type FROM objection") == [ConsentType.MESAJ]
    again = [await outcome(counter, "RET MIGROS", key=b"id 1", is_named=True) for _ in range(2)]
    assert again == ["repeat", "repeat"]
