"""The speech program: espeak-ng as it is installed, and another one by a command line."""

import re
from pathlib import Path

import pytest

from core.conversation.requests import Language
from ivr.programs import RenderFailed
from ivr.sound import WITHIN
from ivr.speaker import Speaker
from ivr.texts.catalog import Line

MERHABA = Line("Merhaba", Language.TR)
LIMIT_S = 20.0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param("", Speaker().command, id="none set"),
        pytest.param("  ", Speaker().command, id="blank"),
        pytest.param("say -o {file} {text}", ("say", "-o", "{file}", "{text}"), id="plain"),
        pytest.param("say '{file} x' \"{text}\"", ("say", "{file} x", "{text}"), id="quoted"),
        pytest.param("say --voice={language} --to={file}", ("say", "--voice={language}", "--to={file}"), id="glued"),
    ],
)
def test_a_command_is_read(command: str, words: tuple[str, ...]) -> None:
    assert Speaker.parse(command) == Speaker(words)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param("say 'x {file}", "No closing quotation", id="open quote"),
        pytest.param(
            "say {file} {texts}", "{texts} is none of {text}, {language} and {file}", id="unknown placeholder"
        ),
        pytest.param("say {file} {}", "{} is none of {text}, {language} and {file}", id="no name"),
        pytest.param("say {text}", "must hold {file}, the WAV file to be written", id="no file"),
    ],
)
def test_a_bad_command_is_one_line(command: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)) as refused:
        Speaker.parse(command)

    assert str(refused.value) == reason


@pytest.mark.parametrize("language", Language)
async def test_espeak_says_it_and_more_of_it_takes_longer(language: Language) -> None:
    short = await Speaker().say(Line("Merhaba", language), WITHIN, LIMIT_S)
    long = await Speaker().say(Line("Merhaba, merhaba, merhaba", language), WITHIN, LIMIT_S)

    assert len(long.usual) > 2 * len(short.usual)


async def test_the_voice_is_that_of_the_language() -> None:
    turkish = await Speaker().say(Line("Ocak", Language.TR), WITHIN, LIMIT_S)
    english = await Speaker().say(Line("Ocak", Language.EN), WITHIN, LIMIT_S)

    assert turkish != english


@pytest.mark.parametrize(
    "given",
    [pytest.param("-- {text}", id="as an argument"), pytest.param("", id="on standard input")],
)
async def test_another_command_says_the_same_text(given: str) -> None:
    other = Speaker.parse(f"espeak-ng -v {{language}} -s 140 -w {{file}} {given}")

    assert await other.say(MERHABA, WITHIN, LIMIT_S) == await Speaker().say(MERHABA, WITHIN, LIMIT_S)


async def test_a_placeholder_in_a_text_is_text(tmp_path: Path) -> None:
    written = tmp_path / "written"
    speaker = Speaker.parse(f'sh -c \'printf %s "$2" > {written}; exec espeak-ng -w "$1" x\' sh {{file}} {{text}}')

    await speaker.say(Line("{file} \\1 {language}", Language.TR), WITHIN, LIMIT_S)

    assert written.read_text() == "{file} \\1 {language}"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param("false {file}", "false: exit 1", id="fails"),
        pytest.param("no-such-speech {file}", "no-such-speech: no such program", id="not there"),
        pytest.param("true {file}", "sox: exit 2", id="writes nothing"),
        pytest.param("cp /etc/hostname {file}", "sox: exit 2", id="writes no WAV"),
        pytest.param("espeak-ng -w {file} -- ...", "nothing is heard", id="silence"),
    ],
)
async def test_a_program_that_says_nothing_is_found_out(command: str, reason: str) -> None:
    with pytest.raises(RenderFailed, match=reason):
        await Speaker.parse(command).say(MERHABA, WITHIN, LIMIT_S)
