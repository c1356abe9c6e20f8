"""Sounds rendered when first said: once, two at a time, within bounds."""

import asyncio
import gc
import os
from pathlib import Path

import pytest

from core.conversation.requests import Language
from ivr import sound_cache as module
from ivr.programs import RenderFailed
from ivr.sound import file_of, twin
from ivr.sound_cache import AT_ONCE, WAITING_MAX, SoundCache
from ivr.speaker import Speaker
from ivr.texts.catalog import Line
from tests.ivr.gate import Gate


def line(text: str) -> Line:
    return Line(text, Language.TR)


def sounds(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.glob("*.alaw"))


async def test_a_sound_is_rendered_once_and_kept(tmp_path: Path) -> None:
    gate = Gate()
    gate.opened.set()
    kept = SoundCache(tmp_path, gate)
    assert kept.find(line("Migros")) is None

    stem = await kept.get(line("Migros"))

    assert await kept.get(line("Migros")) == kept.find(line("Migros")) == stem
    assert gate.said == ["Migros"]
    assert file_of(stem).read_bytes() == b"Migros"
    assert file_of(twin(stem)).read_bytes() == b"slow"


async def test_what_was_kept_is_found_after_a_restart(tmp_path: Path) -> None:
    gate = Gate()
    gate.opened.set()
    stem = await SoundCache(tmp_path, gate).get(line("Migros"))

    assert SoundCache(tmp_path, Gate()).find(line("Migros")) == stem


async def test_another_text_voice_or_program_is_another_sound(tmp_path: Path) -> None:
    gate = Gate()
    gate.opened.set()
    kept = SoundCache(tmp_path, gate)
    await kept.get(line("Migros"))

    assert kept.find(line("migros")) is None
    assert kept.find(Line("Migros", Language.EN)) is None
    assert SoundCache(tmp_path, Speaker()).find(line("Migros")) is None


async def test_those_who_ask_at_the_same_time_share_one_rendering(tmp_path: Path) -> None:
    gate = Gate()
    kept = SoundCache(tmp_path, gate)
    asking = [asyncio.create_task(kept.get(line("Migros"))) for _ in range(50)]
    await gate.begin(1)

    gate.opened.set()

    assert len(set(await asyncio.gather(*asking))) == 1
    assert gate.said == ["Migros"]


async def test_one_who_hangs_up_does_not_take_the_sound_from_the_others(tmp_path: Path) -> None:
    gate = Gate()
    kept = SoundCache(tmp_path, gate)
    first, second = [asyncio.create_task(kept.get(line("Migros"))) for _ in range(2)]
    await gate.begin(1)

    first.cancel()
    gate.opened.set()

    assert file_of(await second).exists()
    assert gate.said == ["Migros"]


async def test_two_are_rendered_at_a_time(tmp_path: Path) -> None:
    gate = Gate()
    kept = SoundCache(tmp_path, gate)
    asking = [asyncio.create_task(kept.get(line(str(n)))) for n in range(9)]
    await gate.begin(AT_ONCE)

    gate.opened.set()
    await asyncio.gather(*asking)

    assert gate.most_at_once == AT_ONCE == 2
    assert len(gate.said) == 9


async def test_only_so_many_may_wait(tmp_path: Path) -> None:
    gate = Gate()
    kept = SoundCache(tmp_path, gate)
    asking = [asyncio.create_task(kept.get(line(str(n)))) for n in range(WAITING_MAX)]
    await gate.begin(AT_ONCE)

    with pytest.raises(RenderFailed, match="too many sounds wait to be rendered"):
        await kept.get(line("one more"))

    again = asyncio.create_task(kept.get(line("0")))
    gate.opened.set()
    await asyncio.gather(*asking, again)
    assert sorted(gate.said) == sorted(map(str, range(WAITING_MAX)))
    assert file_of(await kept.get(line("one more"))).exists()


async def test_one_that_waits_too_long_for_its_turn_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAIT_S", 0.05)
    gate = Gate()
    kept = SoundCache(tmp_path, gate)
    asking = [asyncio.create_task(kept.get(line(str(n)))) for n in range(AT_ONCE)]
    await gate.begin(AT_ONCE)

    with pytest.raises(RenderFailed, match="the sounds before it take too long"):
        await kept.get(line("third"))

    gate.opened.set()
    await asyncio.gather(*asking)
    assert file_of(await kept.get(line("third"))).exists()


async def test_one_that_failed_is_tried_again_when_next_said(tmp_path: Path) -> None:
    gate = Gate()
    gate.opened.set()
    gate.fault = RenderFailed("nothing is heard")
    kept = SoundCache(tmp_path, gate)
    with pytest.raises(RenderFailed, match="nothing is heard"):
        await kept.get(line("Migros"))

    gate.fault = None

    assert file_of(await kept.get(line("Migros"))).exists()


async def test_a_fault_that_nobody_waits_for_any_more_is_no_alarm(tmp_path: Path) -> None:
    gate = Gate()
    gate.fault = RenderFailed("nothing is heard")
    kept = SoundCache(tmp_path, gate)
    asking = asyncio.create_task(kept.get(line("Migros")))
    await gate.begin(1)
    asking.cancel()
    alarms: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: alarms.append(context))

    gate.opened.set()
    await asyncio.wait([asking])
    await kept.close()
    del asking
    gc.collect()

    assert alarms == []


async def test_closing_stops_what_is_being_rendered(tmp_path: Path) -> None:
    gate = Gate()
    kept = SoundCache(tmp_path, gate)
    asking = [asyncio.create_task(kept.get(line(str(n)))) for n in range(5)]
    await gate.begin(AT_ONCE)

    await kept.close()

    assert all(
        isinstance(ended, asyncio.CancelledError) for ended in await asyncio.gather(*asking, return_exceptions=True)
    )
    assert gate.running == 0
    assert sounds(tmp_path) == []


@pytest.mark.parametrize("most", [20, 40, 41])
async def test_never_more_are_kept_than_allowed_and_not_far_fewer(tmp_path: Path, most: int) -> None:
    gate = Gate()
    gate.opened.set()
    kept = SoundCache(tmp_path, gate, most)
    counts = []

    for n in range(0, 3 * most, 2):
        await asyncio.gather(kept.get(line(str(n))), kept.get(line(str(n + 1))))
        counts.append(len(sounds(tmp_path)))
        assert sounds(tmp_path / "slow") == sounds(tmp_path)

    assert max(counts) <= most
    assert min(counts[most // 2 :]) >= most - most // 20 - AT_ONCE - 1


async def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    gate = Gate()
    gate.opened.set()
    kept = SoundCache(tmp_path, gate, most=20)
    stems = [await kept.get(line(str(n))) for n in range(10)]
    for age_s, stem in enumerate(stems):
        os.utime(file_of(stem), (1_000_000 - age_s, 1_000_000 - age_s))
    assert kept.find(line("9")) == stems[9]

    for n in range(10, 24):
        await kept.get(line(str(n)))

    left = [n for n in range(10) if file_of(stems[n]).exists()]
    assert left == [0, 1, 2, 9]  # 24 less the 18 that 20 allow before the next sweep


async def test_what_a_killed_process_left_half_written_goes_too(tmp_path: Path) -> None:
    gate = Gate()
    gate.opened.set()
    kept = SoundCache(tmp_path, gate, most=20)
    left = tmp_path / ".0123.alaw.4567-8"
    left.touch()
    os.utime(left, (1, 1))

    for n in range(20):
        await kept.get(line(str(n)))

    assert not left.exists()


async def test_a_folder_of_another_user_is_played_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    gate.opened.set()
    kept = SoundCache(tmp_path, gate)
    stem = await kept.get(line("Migros"))

    def refuse(path: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr("os.utime", refuse)

    assert await kept.get(line("Migros")) == stem
