"""Long messages: parts in any order act once, when the last one is there."""

import asyncio
from collections.abc import Sequence
from itertools import permutations

import pytest

from core.conversation.answers import Answer, Committed, RetAnswer, SetAside, Silence, Unspoken
from core.conversation.requests import NotUnderstood, Reading, Segment, Unreadable
from core.conversation.unanswered import Unanswered
from core.domain.recipients import Msisdn
from core.ledger.anchors import Signer
from tests.container import NUMBER, PATIENCE_S, RET_MIGROS, Container, FakeClock, numbers, opened

PARTS = (b"RET ", b"MIG", b"ROS")


def joined(octets: Sequence[bytes]) -> Reading:
    whole = b"".join(octets)
    return Reading(whole.decode(), RET_MIGROS if whole == b"RET MIGROS" else NotUnderstood())


def segment(number: int, octets: bytes | None = None, *, reference: int = 7, total: int = 3) -> Segment:
    return Segment(reference, total, number, PARTS[number - 1] if octets is None else octets, joined)


async def bring(container: Container, intent: Segment, recipient: Msisdn = NUMBER, **fields: str) -> Answer | Unspoken:
    async with asyncio.timeout(PATIENCE_S):
        request = container.request(intent, recipient, key=f"{intent.number}".encode(), text=None, **fields)
        outcome = await container.desk.handle(request)
    assert isinstance(outcome, Committed)
    return outcome.answer


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))), ids=str)
async def test_parts_in_any_order_act_with_the_last(container: Container, order: tuple[int, ...]) -> None:
    await container.allow(NUMBER)

    answers = [await bring(container, segment(number)) for number in order]

    assert [isinstance(answer, RetAnswer) for answer in answers] == [False, False, True]
    assert answers[:2] == [Silence(Unanswered.SEGMENT), Silence(Unanswered.SEGMENT)]
    assert await container.column("SELECT status FROM consent") == ["RET"]
    assert await container.rows("SELECT outcome, text FROM request JOIN raw ON request = id ORDER BY id") == [
        ("silent", None),
        ("silent", None),
        ("ret", "RET MIGROS"),
    ]
    assert await container.column("SELECT count(*) FROM segment") == [0]
    assert await container.column("SELECT count(*) FROM outbox") == [1]


async def test_parts_in_one_batch_act_with_the_last(container: Container) -> None:
    await container.allow(NUMBER)

    answers = await asyncio.gather(*(bring(container, segment(number)) for number in (3, 1, 2)))

    assert [isinstance(answer, RetAnswer) for answer in answers] == [False, False, True]


async def test_a_part_that_comes_twice_counts_once(container: Container) -> None:
    await container.allow(NUMBER)

    answers = [await bring(container, segment(number)) for number in (1, 1, 2, 2, 3)]

    assert [isinstance(answer, RetAnswer) for answer in answers] == [False] * 4 + [True]


async def test_a_set_that_is_not_complete_does_not_act(container: Container) -> None:
    await container.allow(NUMBER)

    answers = [await bring(container, segment(1, b"RET MIGROS")), await bring(container, segment(2))]

    assert answers == [Silence(Unanswered.SEGMENT), Silence(Unanswered.SEGMENT)]
    assert await container.column("SELECT status FROM consent") == ["ONAY"]
    assert await container.column("SELECT number FROM segment ORDER BY number") == [1, 2]


@pytest.mark.parametrize(
    ("label", "other", "recipient", "fields"),
    [
        ("another reference", segment(3, reference=8), NUMBER, {}),
        ("another total", segment(3, total=4), NUMBER, {}),
        ("another number", segment(3), numbers(1)[0], {}),
        ("another operator", segment(3), NUMBER, {"origin": "b"}),
        ("another short number", segment(3), NUMBER, {"destination": "3339"}),
    ],
)
async def test_parts_of_different_sets_do_not_meet(
    container: Container, label: str, other: Segment, recipient: Msisdn, fields: dict[str, str]
) -> None:
    await bring(container, segment(1))
    await bring(container, segment(2))

    assert await bring(container, other, recipient, **fields) == Silence(Unanswered.SEGMENT), label
    assert isinstance(await bring(container, segment(3)), RetAnswer)


async def test_the_same_part_with_other_octets_begins_a_new_set(container: Container) -> None:
    await container.allow(NUMBER)
    await bring(container, segment(1, b"RET BOY"))
    await bring(container, segment(1))

    answers = [await bring(container, segment(number)) for number in (2, 3)]

    assert answers[0] == Silence(Unanswered.SEGMENT)
    assert isinstance(answers[1], RetAnswer)
    assert await container.rows("SELECT number, octets FROM segment") == [(1, b"RET BOY")]


async def test_parts_go_to_the_newest_set_that_lacks_them(container: Container) -> None:
    for number, octets in ((1, b"old 1"), (2, b"old 2"), (1, b"new 1"), (2, b"new 2"), (2, b"newest 2")):
        await bring(container, segment(number, octets))

    await bring(container, segment(3, b"newest 3"))
    await bring(container, segment(1, b"newest 1"))

    assert await container.column("SELECT text FROM raw WHERE text IS NOT NULL") == ["newest 1newest 2newest 3"]
    left = await container.column("SELECT octets FROM segment ORDER BY first, number")
    assert left == [b"old 1", b"old 2", b"new 1", b"new 2"]


async def test_a_part_of_an_older_set_that_comes_again_counts_once(container: Container) -> None:
    for number, octets in ((1, b"old"), (1, b"new"), (1, b"old"), (1, b"new")):
        await bring(container, segment(number, octets))

    assert await container.column("SELECT octets FROM segment ORDER BY first") == [b"old", b"new"]


async def test_a_set_is_completed_by_another_process_after_a_restart(
    url: str, clock: FakeClock, signer: Signer
) -> None:
    async with opened(url, clock, signer) as first:
        await first.allow(NUMBER)
        await bring(first, segment(2))
        async with opened(url, clock, signer) as other:
            await bring(other, segment(3))
    async with opened(url, clock, signer) as later:
        assert isinstance(await bring(later, segment(1)), RetAnswer)


async def test_a_set_whose_text_nobody_can_read_is_set_aside(container: Container) -> None:
    def unreadable(_octets: Sequence[bytes]) -> Reading:
        return Reading(None, Unreadable("data_coding 0x04"))

    answer = await bring(container, Segment(7, 1, 1, b"\xff", unreadable))

    assert isinstance(answer, SetAside)
    assert await container.rows("SELECT outcome, text FROM request JOIN raw ON request = id") == [("set-aside", None)]


async def test_a_set_whose_reading_fails_is_set_aside_and_begins_anew(container: Container) -> None:
    def fail(_octets: Sequence[bytes]) -> Reading:
        raise ZeroDivisionError

    answer = await bring(container, Segment(7, 1, 1, b"\xff", fail))

    assert isinstance(answer, SetAside)
    assert await container.column("SELECT count(*) FROM request WHERE review = 'open'") == [1]


async def test_a_set_of_255_parts_is_joined_in_order(container: Container) -> None:
    intent = [
        Segment(7, 255, number, bytes([number]), lambda all_: Reading(str(len(b"".join(all_))), NotUnderstood()))
        for number in range(255, 0, -1)
    ]

    await asyncio.gather(*(bring(container, one) for one in intent))

    assert await container.column("SELECT text FROM raw WHERE text IS NOT NULL") == ["255"]
