"""One call from its first prompt to its last, against an Asterisk and a counter that are played by the test."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.brands.keypad import Keypad
from core.conversation.answers import Committed, Outcome, Undecided
from core.conversation.requests import AskCode, Intent, Language, Ret
from core.domain.recipients import Msisdn
from ivr.agi import Keys
from ivr.agi_wire import AgiCall
from ivr.call import Line, take_call
from ivr.errors import HungUp
from ivr.menu import Menu
from ivr.port import Dialled
from ivr.prompts import Prompts
from ivr.speaker import Speaker
from ivr.speech import Part
from ivr.states import Held, Known
from tests.ivr.dialogue import BRANDS, MESAJ, MIGROS, MOBILE, ret_answer, said

SILENCE = Keys("", is_timeout=True)


class Said(Prompts):
    """Gives what would be said instead of the names of sound files."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"), Speaker(), "3338")

    async def files(self, parts: Sequence[Part], language: Language, *, slow: bool = False) -> list[str]:
        return [f"{language}{' slowly' if slow else ''}:", *said(tuple(parts))]


class Asterisk:
    """Gives the keys one after the other, then nothing; keeps what it was told, in order. An `Agi`."""

    def __init__(self, number: str, presentation: str, keys: Sequence[str]) -> None:
        self.call = AgiCall("call-1", number, presentation)
        self.keys = list(keys)
        self.told: list[str] = []
        self.armed_after: list[int] = []

    async def arm_watchdog(self) -> None:
        self.armed_after.append(len(self.told))

    async def drop_keys(self) -> None:
        self.told.append("keys dropped")

    async def read(self, files: Sequence[str], digits_max: int, silence_s: int | None = None) -> Keys:
        self.told.append(" ".join(files))
        if not self.keys:
            return SILENCE
        digits = self.keys.pop(0)
        if digits == "hang up":
            raise HungUp
        return Keys(digits, is_timeout=False)

    async def play(self, files: Sequence[str]) -> None:
        self.told.append(" ".join(files))

    async def set_variable(self, name: str, value: str) -> None:
        self.told.append(f"{name}={value}")


class Port:
    """Answers every wish with the same outcome; keeps what was handed in."""

    def __init__(self, outcome: Outcome | Undecided, known: Known = Known()) -> None:  # noqa: B008  # a value
        self.outcome = outcome
        self.kept = known
        self.asked: list[Msisdn] = []
        self.handed: list[tuple[Msisdn, Intent, Dialled, Language | None]] = []

    async def known(self, number: Msisdn) -> Known:
        self.asked.append(number)
        return self.kept

    async def hand_in(
        self, number: Msisdn, wish: Intent, dialled: Dialled, language: Language | None
    ) -> Outcome | Undecided:
        self.handed.append((number, wish, dialled, language))
        return self.outcome

    async def held(self, number: Msisdn) -> Held:
        return Held(())


DONE = Committed(1, ret_answer(MIGROS, ended=(MESAJ,)), is_texted=True)
REFUSAL = ("1", "644767", "1", "1")


class Played:
    """A call that was played."""

    def __init__(self, *keys: str, number: str = "05321234567", presentation: str = "allowed_not_screened") -> None:
        self.asterisk = Asterisk(number, presentation, keys)
        self.port = Port(DONE)
        self.trusted = True
        self.agent = ""
        self.calls = 1

    async def play(self) -> "Played":
        line = Line(
            Menu(Keypad(BRANDS).find, has_agent=bool(self.agent)),
            self.port,
            Said(),
            trusted_caller_id=self.trusted,
            agent=self.agent,
            calls=lambda: self.calls,
            calls_max=2,
        )
        await take_call(self.asterisk, line)  # type: ignore[arg-type]  # it is played
        return self

    @property
    def told(self) -> list[str]:
        return self.asterisk.told


async def test_a_refusal_from_beginning_to_end() -> None:
    played = await Played(*REFUSAL).play()

    assert played.told == [
        "IZINHATTI_TAKEN=1",
        "tr: welcome main.menu english_offer main.rest main.repeat",
        "tr: brand.enter_ret",
        "tr: MIGROS types.ask",
        "keys dropped",
        "tr: MIGROS confirm.MESAJ",
        "tr: done.thanks done.stops_head 2026-11-26 done.stops_tail done.receipt /K7M4Q2XS/ done.texted done.more",
        "tr: last.goodbye",
        "IZINHATTI_DONE=1",
    ]
    assert played.asterisk.armed_after == [1], "by the program itself, as soon as it has taken the call"
    [(number, wish, dialled, language)] = played.port.handed
    assert number == MOBILE
    assert isinstance(wish, Ret)
    assert dialled == Dialled("call-1", 1, REFUSAL)
    assert language is None


async def test_each_request_of_a_call_has_a_step_of_its_own() -> None:
    played = await Played(*REFUSAL, "1", *REFUSAL).play()

    assert [dialled.step for _, _, dialled, _ in played.port.handed] == [1, 2]


async def test_another_language_is_spoken_and_kept_for_the_number() -> None:
    played = await Played("9", *REFUSAL).play()

    assert played.told[2:4] == [
        "IZINHATTI_LANGUAGE=en",
        "en: welcome main.menu english_offer main.rest main.repeat",
    ]
    assert played.told[-2] == "en: last.goodbye"
    assert [language for *_, language in played.port.handed] == [Language.EN]


async def test_the_language_kept_for_the_number_is_spoken_from_the_start() -> None:
    played = Played()
    played.port.kept = Known(Language.EN)

    await played.play()

    assert played.told[1:3] == ["IZINHATTI_LANGUAGE=en", "en: welcome main.menu english_offer main.rest main.repeat"]


async def test_two_stars_say_it_slowly() -> None:
    played = await Played("*", "*").play()

    assert played.told[3] == "tr slowly: welcome main.menu english_offer main.rest main.repeat"


async def test_a_person_is_named_to_the_dialplan_before_the_good_end() -> None:
    played = Played("0")
    played.agent = "100"

    await played.play()

    assert played.told[-3:] == ["tr: agent.connecting", "IZINHATTI_AGENT=100", "IZINHATTI_DONE=1"]


@pytest.mark.parametrize(
    ("number", "presentation", "trusted"),
    [
        pytest.param("", "unavailable", True, id="no number"),
        pytest.param("05321234567", "prohib_passed_screen", True, id="a hidden number"),
        pytest.param("05321234567", "unavailable", True, id="not available"),
        pytest.param("05321234567", "allowed_passed_screen", False, id="nobody vouches for numbers"),
        pytest.param("3338", "allowed_not_screened", True, id="a short number"),
        pytest.param("5" * 32, "allowed_not_screened", True, id="too many digits"),
        pytest.param("+", "allowed_not_screened", True, id="no digit"),
    ],
)
async def test_a_number_that_is_hidden_or_not_vouched_for_is_asked_for(
    number: str, presentation: str, trusted: bool
) -> None:
    played = Played("05321234567", number=number, presentation=presentation)
    played.trusted = trusted

    await played.play()

    assert played.told[1] == "tr: number.english welcome number.ask"
    assert played.port.asked == []
    assert [(to, type(wish)) for to, wish, *_ in played.port.handed] == [(MOBILE, AskCode)]


@pytest.mark.parametrize("number", ["05321234567", "+905321234567", "905321234567", "5321234567", "00905321234567"])
async def test_a_number_is_understood_in_any_form_the_network_writes(number: str) -> None:
    assert (await Played(number=number).play()).port.asked == [MOBILE]


@pytest.mark.parametrize(("calls", "is_busy"), [(1, False), (2, False), (3, True)])
async def test_one_call_too_many_hears_that_all_lines_are_busy(calls: int, is_busy: bool) -> None:
    played = Played()
    played.calls = calls

    await played.play()

    assert ("tr: busy" in played.told) == is_busy
    assert played.told[-1] == "IZINHATTI_DONE=1"


@pytest.mark.parametrize("before", range(len(REFUSAL) + 1))
async def test_hanging_up_at_any_step_decides_nothing_that_was_not_confirmed(before: int) -> None:
    played = Played(*REFUSAL[:before], "hang up")

    with pytest.raises(HungUp):
        await played.play()

    assert len(played.port.handed) == (before == len(REFUSAL))
    assert "IZINHATTI_DONE=1" not in played.told
