"""`izinhatti prompts build`: sound files from the settings, and a fault as one line."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from core.conversation.requests import Language
from ivr import prompts
from ivr.texts.catalog import Line, catalog
from tests.channels.conftest import SETTINGS, Izinhatti

Captured = pytest.CaptureFixture[str]

SOME = ("welcome", "busy")
AHEAD = 1
TOTAL = 2 * (len(SOME) + 2 * AHEAD)


@pytest.fixture(autouse=True)
def some_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    def some(language: Language, line_number: str) -> Mapping[str, Line]:
        whole = catalog(language, line_number)
        return {name: whole[name] for name in SOME}

    monkeypatch.setattr(prompts, "catalog", some)
    monkeypatch.setattr(prompts, "COUNTS_AHEAD", AHEAD)
    monkeypatch.setattr(prompts, "DAYS_AHEAD", AHEAD)


def test_prompts_are_built_and_then_stay(home: Path, izinhatti: Izinhatti, capsys: Captured) -> None:
    assert izinhatti("prompts", "build") == 0
    assert izinhatti("prompts", "build") == 0

    assert capsys.readouterr() == (f"built={TOTAL} unchanged=0\nbuilt=0 unchanged={TOTAL}\n", "")
    for language in ("tr", "en"):
        assert (home / "var/sounds" / language / "welcome.alaw").stat().st_size > 8000
        assert (home / "var/sounds" / language / "slow/welcome.alaw").stat().st_size > 8000


def test_folder_number_and_program_are_those_of_the_settings(
    home: Path, izinhatti: Izinhatti, capsys: Captured
) -> None:
    ivr = '[ivr]\nsounds = "said"\nspeech_command = "sh -c \'cat >> heard; exec espeak-ng -w $0 x\' {file}"\n'
    (home / "izinhatti.toml").write_text(f'{SETTINGS}[line]\nnumber = "4609"\n{ivr}')

    assert izinhatti("prompts", "build") == 0

    assert capsys.readouterr().out == f"built={TOTAL} unchanged=0\n"
    assert (home / "said/tr/busy.alaw").exists()
    assert "dört altı sıfır dokuz numarasına yazın." in (home / "heard").read_text("utf-8")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        pytest.param("say {text}", "ivr.speech_command: must hold {file}, the WAV file to be written", id="no file"),
        pytest.param("say '{file}", "ivr.speech_command: No closing quotation", id="open quote"),
        pytest.param("no-such-speech {file}", "no-such-speech: no such program", id="no program"),
        pytest.param("false {file}", "false: exit 1", id="a program that fails"),
    ],
)
def test_a_speech_command_that_cannot_work_is_one_line(
    home: Path, izinhatti: Izinhatti, command: str, line: str, capsys: Captured
) -> None:
    (home / "izinhatti.toml").write_text(f'{SETTINGS}[ivr]\nspeech_command = "{command}"\n')

    assert izinhatti("prompts", "build") == 2

    assert capsys.readouterr() == ("", f"{line}\n")


@pytest.mark.parametrize("there", [(), ("espeak-ng",)], ids=["espeak-ng", "sox"])
def test_a_missing_program_names_its_package(
    home: Path, izinhatti: Izinhatti, there: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (home / "bin").mkdir()
    for program in there:
        (home / "bin" / program).symlink_to(f"/usr/bin/{program}")
    monkeypatch.setenv("PATH", str(home / "bin"))
    package = "sox" if there else "espeak-ng"

    assert izinhatti("prompts", "build") == 2

    expected = f"{package} is not installed; run: apt-get install --no-install-recommends {package}\n"
    assert capsys.readouterr() == ("", expected)


def test_a_folder_that_cannot_be_written_is_one_line(home: Path, izinhatti: Izinhatti, capsys: Captured) -> None:
    (home / "var").touch()

    assert izinhatti("prompts", "build") == 2

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"{home}/var")
    assert shown.err.count("\n") == 1
