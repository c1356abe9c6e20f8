"""The sounds of the line, made by the real espeak-ng and sox."""

import asyncio
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from core.brands.brand import Brand
from core.conversation.requests import Language
from core.domain.clock import Instant
from ivr import prompts as module
from ivr.programs import RenderFailed
from ivr.prompts import Built, Prompts
from ivr.sound import pauses
from ivr.speaker import Speaker
from ivr.speech import Counted, Dated, Fixed, Named, Part, Spelled
from ivr.texts.catalog import Line, catalog
from tests.ivr.alaw import FRAME_OCTETS, peak, record, seconds
from tests.ivr.gate import WAIT_S, Gate
from tests.ivr.studio import BROKEN, NOW, Studio

TR, EN = Language.TR, Language.EN
MIGROS = Brand("600100", "MIGROS", ("MIGROS",), "710200", "Migros Örnek Ticaret A.Ş.")
DAY_MS: Final = 86_400_000

FEW = ("welcome", "main.repeat", "busy", "english_offer")
AHEAD = 2
PROMPTS = len(FEW) + 10
TOTAL = 2 * (PROMPTS + 2 * AHEAD)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """With few prompts, and with the digits."""

    def some(language: Language, line_number: str) -> Mapping[str, Line]:
        whole = catalog(language, line_number)
        return {name: line for name, line in whole.items() if name in FEW or name.startswith("digit.")}

    monkeypatch.setattr(module, "catalog", some)
    monkeypatch.setattr(module, "COUNTS_AHEAD", AHEAD)
    monkeypatch.setattr(module, "DAYS_AHEAD", AHEAD)
    return Studio(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """All prompts, as they are installed."""
    studio = Studio(tmp_path_factory.mktemp("whole"))
    built = asyncio.run(studio.build(Speaker()))
    prompts = studio.prompts(Speaker())
    assert built == Built(prompts.total, 0)
    assert prompts.missing() == []
    return studio


@pytest.mark.parametrize("language", Language)
def test_every_prompt_is_whole_frames_without_clipping(whole: Studio, language: Language) -> None:
    for name in catalog(language, "3338"):
        for stem in (f"{language}/{name}", f"{language}/slow/{name}"):
            octets = whole.octets(stem.replace(".", "-"))
            assert len(octets) % FRAME_OCTETS == 0, stem
            assert peak(octets) == pytest.approx(10 ** (-4 / 20), abs=0.03), stem


@pytest.mark.parametrize("language", Language)
def test_every_prompt_takes_as_long_as_speech_does(whole: Studio, language: Language) -> None:
    """Seconds a letter; short ones have less to even out."""
    for name, line in catalog(language, "3338").items():
        stem, silence_s = name.replace(".", "-"), sum(pauses(line.text))
        usual_s = seconds(whole.octets(f"{language}/{stem}")) - silence_s
        slow_s = seconds(whole.octets(f"{language}/slow/{stem}")) - silence_s
        if len(line.text) > 12:
            assert 0.05 < usual_s / len(line.text) < 0.12, name
        else:
            assert 0.2 < usual_s < 1.2, name
        assert slow_s / usual_s == pytest.approx(1 / 0.75, abs=0.12), name


def test_the_recorded_messages_of_the_dial_plan_lie_where_it_plays_them(whole: Studio) -> None:
    for language in Language:
        for name in ("fallback", "busy", "agent-away"):
            assert whole.file(f"{language}/{name}").exists()


async def test_a_second_build_changes_nothing(studio: Studio) -> None:
    assert await studio.build() == Built(TOTAL, 0)
    before = studio.times()
    studio.said()

    assert await studio.build() == Built(0, TOTAL)

    assert studio.said() == []
    assert {path: time for path, time in studio.times().items() if not path.startswith("names/")} == {
        path: time for path, time in before.items() if not path.startswith("names/")
    }


async def test_progress_counts_up_to_the_total(studio: Studio) -> None:
    prompts, shown = studio.prompts(), list[int]()

    await prompts.build(shown.append)

    assert shown == list(range(1, TOTAL + 1))
    assert prompts.total == TOTAL


async def test_prompts_are_missing_until_they_are_built(studio: Studio) -> None:
    prompts = studio.prompts()
    assert len(prompts.missing()) == 2 * PROMPTS
    assert {"tr/main.repeat", "en/digit.0"} <= set(prompts.missing())

    await prompts.build(lambda done: None)
    assert prompts.missing() == []

    studio.file("tr/slow/main-repeat").unlink()
    assert prompts.missing() == ["tr/main.repeat"]
    assert await studio.build() == Built(1, TOTAL - 1)


async def test_a_changed_text_is_made_anew_and_no_other(studio: Studio) -> None:
    await studio.build()
    before = studio.octets("tr/busy")
    studio.said()

    assert await studio.build(number="4609") == Built(2, TOTAL - 2)

    english, turkish = studio.said()
    assert "four six zero nine" in english
    assert "dört altı sıfır dokuz" in turkish
    assert studio.octets("tr/busy") != before


async def test_another_speech_program_makes_all_anew(studio: Studio) -> None:
    await studio.build()

    assert await studio.build(Speaker()) == Built(TOTAL, 0)


async def test_the_next_day_makes_the_day_that_came_nearer(studio: Studio) -> None:
    await studio.build()
    studio.said()

    assert await studio.build(now=Instant(NOW + DAY_MS)) == Built(2, TOTAL - 2)

    assert studio.said() == ["the twenty-sixth of November", "yirmi altı Kasım"]


async def test_a_broken_manifest_makes_the_catalog_anew(studio: Studio) -> None:
    await studio.build()
    (studio.sounds / "manifest.json").write_text("{")

    assert await studio.build() == Built(2 * PROMPTS, 2 * 2 * AHEAD)


async def test_the_manifest_says_what_a_prompt_was_made_from(studio: Studio) -> None:
    await studio.build(Speaker())

    made = json.loads((studio.sounds / "manifest.json").read_text("utf-8"))

    assert len(made) == 2 * PROMPTS
    assert made["tr/english_offer"]["text"] == "For English, press nine."
    assert made["tr/english_offer"]["voice"] == "en"
    assert made["tr/english_offer"]["speech"].startswith("espeak-ng -v ")


async def test_a_recording_wins_over_the_text_while_it_is_there(studio: Studio) -> None:
    await studio.build()
    rendered = studio.octets("tr/main-repeat")
    recording = record(studio.sounds / "recorded/tr/main-repeat.wav", 1)
    studio.said()

    assert await studio.build() == Built(1, TOTAL - 1)
    assert seconds(studio.octets("tr/main-repeat")) == pytest.approx(1.5, abs=0.06)
    assert seconds(studio.octets("tr/slow/main-repeat")) == pytest.approx(1.83, abs=0.08)
    assert studio.said() == []
    assert await studio.build() == Built(0, TOTAL)

    record(recording, 2)
    assert await studio.build() == Built(1, TOTAL - 1)
    assert seconds(studio.octets("tr/main-repeat")) == pytest.approx(2.5, abs=0.06)

    recording.unlink()
    assert await studio.build() == Built(1, TOTAL - 1)
    assert studio.octets("tr/main-repeat") == rendered


async def test_a_recording_that_is_none_is_named(studio: Studio) -> None:
    recording = studio.sounds / "recorded/tr/welcome.wav"
    record(recording, 1).write_bytes(b"no sound")

    with pytest.raises(RenderFailed, match=r"sox: exit 2: .*recorded/tr/welcome\.wav"):
        await studio.build()


async def test_a_broken_speech_program_ends_the_build_and_what_is_made_stays(studio: Studio) -> None:
    await studio.build()
    studio.file("tr/welcome").unlink()
    before = studio.octets("tr/busy")

    with pytest.raises(RenderFailed, match="false: exit 1"):
        await studio.build(BROKEN)

    assert studio.octets("tr/busy") == before
    assert await studio.build() == Built(1, TOTAL - 1)


async def test_a_build_that_was_broken_off_goes_on_where_it_was(studio: Studio) -> None:
    (studio.sounds / "recorded/en").mkdir(parents=True)
    broken = studio.sounds / "recorded/en/welcome.wav"
    broken.write_bytes(b"no sound")
    with pytest.raises(RenderFailed):
        await studio.build()
    broken.unlink()
    done = len(studio.said())

    rest = await studio.build()

    assert done >= PROMPTS
    assert rest.unchanged >= done - 2
    assert rest.built + rest.unchanged == TOTAL


async def test_sounds_that_cannot_be_written_are_a_fault_with_a_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NotADirectoryError, match="file"):
        await Prompts(tmp_path / "file/sounds", Speaker(), "3338").build(lambda done: None)


async def test_parts_are_files_in_order(whole: Studio) -> None:
    parts = (Fixed("done.thanks"), Fixed("english_offer"), Fixed("agent-away"))

    files = await whole.prompts().files(parts, EN)

    assert files == [f"en/{name}" for name in ("done-thanks", "english_offer", "agent-away")]


async def test_the_folder_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    files = await Prompts(Path("sounds"), Speaker(), "3338").files([Fixed("welcome")], TR)

    assert files == ["tr/welcome"]


async def test_a_prompt_that_no_catalog_has_is_an_error(whole: Studio) -> None:
    with pytest.raises(KeyError, match=r"main\.meun"):
        await whole.prompts().files([Fixed("main.meun")], TR)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("K7M4Q2XS", "letter-k digit-7 letter-m digit-4 letter-q digit-2 letter-x letter-s", id="receipt"),
        pytest.param("0532", "digit-0 digit-5 digit-3 digit-2", id="number"),
        pytest.param("W-v", "letter-w letter-v", id="signs and small letters"),
        pytest.param("ÇĞIİÖŞÜ", "letter-c letter-g letter-i letter-i letter-o letter-s letter-u", id="Turkish"),
        pytest.param("Ж٣", "", id="other alphabets"),
        pytest.param("", "", id="nothing"),
    ],
)
async def test_letters_and_digits_are_said_one_by_one(whole: Studio, text: str, names: str) -> None:
    assert await whole.prompts().files([Spelled(text)], TR) == [f"tr/{name}" for name in names.split()]


async def test_every_letter_and_digit_of_a_receipt_has_its_sound(whole: Studio) -> None:
    signs = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

    for language in Language:
        files = await whole.prompts().files([Spelled(signs)], language)
        assert len({whole.octets(file) for file in files}) == len(signs)


async def test_what_is_asked_for_slowly_is_slow(studio: Studio) -> None:
    await studio.build()
    parts: tuple[Part, ...] = (Fixed("welcome"), Spelled("1"), Spelled("2", slowly=True), Counted(1))

    usual = await studio.prompts().files(parts, TR)
    slow = await studio.prompts().files(parts, TR, slow=True)

    assert usual[:3] == [f"tr/{name}" for name in ("welcome", "digit-1", "slow/digit-2")]
    assert slow[:3] == [f"tr/slow/{name}" for name in ("welcome", "digit-1", "digit-2")]
    assert len(studio.octets(slow[3])) > len(studio.octets(usual[3]))


async def test_a_brand_is_said_in_turkish_whatever_the_language(studio: Studio) -> None:
    [turkish] = await studio.prompts().files([Named(MIGROS)], TR)
    [english] = await studio.prompts().files([Named(MIGROS)], EN)

    assert turkish == english
    assert seconds(studio.octets(turkish)) > 0.3
    assert studio.said() == ["Migros"]


async def test_counts_and_days_are_said_in_words(studio: Studio) -> None:
    parts = (Counted(9), Dated(date(2026, 11, 26)))

    for language in Language:
        files = await studio.prompts().files(parts, language)
        assert all(studio.file(file).exists() for file in files)

    assert studio.said() == ["dokuz marka", "nine brands", "the twenty-sixth of November", "yirmi altı Kasım"]


async def test_counts_and_days_to_come_are_made_ahead(studio: Studio) -> None:
    await studio.build()
    studio.said()

    await studio.prompts().files([Counted(1), Counted(AHEAD), Dated(date(2026, 11, 23 + AHEAD))], TR)

    assert studio.said() == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("He said \"no\" 'never'", id="quotes"),
        pytest.param("-x", id="an option"),
        pytest.param("--stdout", id="a long option"),
        pytest.param("-w /tmp/x", id="an option with a file"),
        pytest.param("$(touch pwned) `touch pwned`; touch pwned | touch pwned > pwned &", id="shell"),
        pytest.param("../../pwned", id="path"),
        pytest.param("A" * 500, id="500 letters"),
        pytest.param("Ab " * 170, id="500 letters in words"),
        pytest.param("A\x00B\x1b[31m\r\n\x07", id="control characters"),
        pytest.param("<speak>{file}{text}%s\\1", id="marks and placeholders"),
        pytest.param("A\u202eB\ud800", id="direction and lone surrogate"),
    ],
)
@pytest.mark.parametrize("is_espeak", [True, False], ids=["espeak-ng", "another program"])
async def test_a_hostile_name_is_said_and_nothing_else_happens(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_espeak: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    speaker = Speaker() if is_espeak else Speaker.parse("espeak-ng -w {file} {text}")

    [file] = await studio.prompts(speaker).files([Named(Brand("600100", name))], TR)

    assert seconds(studio.octets(file)) < 30
    assert names_in(tmp_path) == ["sounds"]
    assert names_in(studio.sounds) == ["names"]


@pytest.mark.parametrize(
    ("part", "digits"),
    [
        pytest.param(Named(MIGROS), "600100", id="brand"),
        pytest.param(Counted(47), "47", id="count"),
        pytest.param(Dated(date(2026, 12, 6)), "0612", id="day"),
    ],
)
async def test_what_cannot_be_rendered_is_spelled(studio: Studio, part: Part, digits: str) -> None:
    files = await studio.prompts(BROKEN).files([Fixed("welcome"), part], TR)

    assert files == [f"tr/{name}" for name in ("welcome", *[f"digit-{digit}" for digit in digits])]


@pytest.mark.parametrize(
    ("part", "digits"),
    [
        pytest.param(Named(Brand("600100", "МОСКВА")), "600100", id="a name of another alphabet"),
        pytest.param(Named(Brand("600100", "ооо...")), "600100", id="a name that nobody hears"),
        pytest.param(Counted(10_000), "10000", id="a count beyond words"),
    ],
)
async def test_what_has_no_words_is_spelled(studio: Studio, part: Part, digits: str) -> None:
    files = await studio.prompts().files([part], TR)

    assert files == [f"tr/digit-{digit}" for digit in digits]


async def test_a_folder_that_cannot_be_written_is_no_fault_of_the_call(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    files = await Prompts(tmp_path / "file", Speaker(), "3338").files([Named(Brand("7", "Migros"))], TR)

    assert files == ["tr/digit-7"]


async def test_a_call_waits_so_long_for_all_names_and_the_next_call_has_them(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.05)
    gate = Gate()
    prompts = studio.prompts(gate)
    parts: list[Part] = [Named(Brand("7", "Migros")), Fixed("welcome"), Named(Brand("8", "Teknosa"))]

    async with asyncio.timeout(WAIT_S):
        spelled = await prompts.files(parts, TR)
    gate.opened.set()
    monkeypatch.setattr(module, "WAIT_S", WAIT_S)
    named = await prompts.files(parts, TR)

    assert spelled == [f"tr/{name}" for name in ("digit-7", "welcome", "digit-8")]
    assert [Path(file).parent.name for file in named] == ["names", "tr", "names"]
    assert sorted(gate.said) == ["Migros", "Teknosa"]


async def test_concurrent_calls_render_a_name_once(studio: Studio) -> None:
    prompts = studio.prompts()
    parts = [Named(MIGROS), Named(Brand("600101", "Şişecam"))]

    heard = await asyncio.gather(*[prompts.files(parts, TR) for _ in range(30)])

    assert len({tuple(files) for files in heard}) == 1
    assert studio.said() == ["Migros", "Şişecam"]


async def test_closing_ends_what_is_being_rendered(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.05)
    gate = Gate()
    prompts = studio.prompts(gate)
    await prompts.files([Named(MIGROS)], TR)
    assert gate.running == 1

    await prompts.close()

    assert gate.running == 0
