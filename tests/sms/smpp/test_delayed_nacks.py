"""Refusals that wait, in a loop whose time the test moves."""

import asyncio
from functools import partial

import pytest

from sms.smpp import delayed_nacks
from sms.smpp.delayed_nacks import HOLD_BACK_S, DelayedNacks


class Time:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._real = loop.time
        self.passed = 0.0
        loop.time = lambda: self._real() + self.passed  # type: ignore[method-assign]  # the clock of its timers

    async def pass_s(self, seconds: float) -> None:
        self.passed += seconds
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.fixture
async def time() -> Time:
    return Time(asyncio.get_running_loop())


@pytest.fixture
def given() -> list[int]:
    return []


async def test_an_answer_is_given_after_its_time_and_not_before(time: Time, given: list[int]) -> None:
    answers = DelayedNacks()
    answers.hold(lambda: given.append(1))

    await time.pass_s(HOLD_BACK_S * 0.9)
    assert given == []
    await time.pass_s(HOLD_BACK_S * 0.2)

    assert given == [1]


async def test_each_has_its_own_time_and_they_keep_their_order(time: Time, given: list[int]) -> None:
    answers = DelayedNacks()
    for number in range(3):
        answers.hold(partial(given.append, number))
        await time.pass_s(HOLD_BACK_S * 0.4)
    assert given == [0]
    await time.pass_s(HOLD_BACK_S)

    assert given == [0, 1, 2]


async def test_a_release_gives_all_at_once_and_once(time: Time, given: list[int]) -> None:
    answers = DelayedNacks()
    answers.hold(lambda: given.append(1))

    answers.release()
    await time.pass_s(2 * HOLD_BACK_S)

    assert given == [1]


@pytest.mark.parametrize(
    ("count", "at_once"),
    [pytest.param(2, [], id="below"), pytest.param(3, [], id="at"), pytest.param(4, [0], id="above")],
)
async def test_no_more_wait_than_the_bound(
    time: Time, given: list[int], monkeypatch: pytest.MonkeyPatch, count: int, at_once: list[int]
) -> None:
    monkeypatch.setattr(delayed_nacks, "HELD_MAX", 3)
    answers = DelayedNacks()

    for number in range(count):
        answers.hold(partial(given.append, number))

    assert given == at_once
    answers.release()
