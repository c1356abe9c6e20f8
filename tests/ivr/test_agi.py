"""The commands of one call, over real sockets with an Asterisk that the test plays."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.agi import DIGITS_MAX, Agi, Keys
from ivr.agi_wire import COMMAND_OCTETS_MAX, AgiWire, Patience
from ivr.errors import AgiBroken, AgiTimeout, CallEnded, HungUp
from tests.ivr.scripted import CALL, PATIENCE_S, Line, NoTransport, connected, environment

ARM: Final = 'EXEC Set "TIMEOUT(absolute)=${WATCHDOG}"'
READ: Final = 'EXEC Read "IZINHATTI_KEYS,${SOUNDS}/a,1,,1"'
PLAY: Final = 'EXEC Playback "${SOUNDS}/a"'
DONE: Final = "200 result=0"
GET_KEYS: Final = 'GET FULL VARIABLE "${READSTATUS} ${IZINHATTI_KEYS}"'


@pytest.fixture
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    async with connected(getattr(request, "param", None)) as line:
        yield line


# Commands.


async def test_read_plays_reads_and_fetches_the_keys(line: Line) -> None:
    agi = await line.called()
    reading = asyncio.create_task(agi.read(["tr/main-menu", "names/ab12"], 7))

    await line.asterisk.answer(ARM, DONE)
    await line.asterisk.answer('EXEC Read "IZINHATTI_KEYS,${SOUNDS}/tr/main-menu&${SOUNDS}/names/ab12,7,,1"', DONE)
    await line.asterisk.answer(GET_KEYS, "200 result=1 (OK 600100)")

    assert await reading == Keys("600100", is_timeout=False)


async def read(line: Line, answer: str) -> Keys:
    """What read makes of the worth of its variables."""
    agi = await line.called()
    reading = asyncio.create_task(agi.read(["a"], 1))
    await line.asterisk.answer(ARM, DONE)
    await line.asterisk.answer(READ, DONE)
    await line.asterisk.answer(GET_KEYS, answer)
    return await reading


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        pytest.param("OK 1", Keys("1", is_timeout=False), id="a key"),
        pytest.param("OK ", Keys("", is_timeout=False), id="# alone"),
        pytest.param("OK **", Keys("**", is_timeout=False), id="stars"),
        pytest.param("OK 0ABCD9", Keys("0ABCD9", is_timeout=False), id="keys of the fourth column"),
        pytest.param("TIMEOUT ", Keys("", is_timeout=True), id="silence"),
        pytest.param("TIMEOUT 12", Keys("12", is_timeout=True), id="silence after two keys"),
        pytest.param("OK " + "1" * DIGITS_MAX, Keys("1" * DIGITS_MAX, is_timeout=False), id="as many as there can be"),
    ],
)
async def test_keys_of_read(line: Line, value: str, keys: Keys) -> None:
    assert await read(line, f"200 result=1 ({value})") == keys


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        pytest.param("200 result=1 (HANGUP 12)", HungUp, "the caller hung up", id="hung up"),
        pytest.param("200 result=1 (ERROR )", AgiBroken, "Read: ERROR", id="last sound file is missing"),
        pytest.param("200 result=1 (INTERRUPTED 1)", AgiBroken, "Read: INTERRUPTED", id="interrupted"),
        pytest.param("200 result=1 (SKIPPED )", AgiBroken, "Read: SKIPPED", id="line is not up"),
        pytest.param("200 result=1 ( 905321234567)", AgiBroken, "Read: no status", id="no status"),
        pytest.param("200 result=1 (OK 1#)", AgiBroken, "Read: no status", id="a # in the keys"),
        pytest.param("200 result=1 (OK)", AgiBroken, "Read: no status", id="no space"),
        pytest.param("200 result=1 (OK 1) endpos=1)", AgiBroken, "Read: no status", id="more behind the keys"),
        pytest.param("200 result=1 (OKAY 1)", AgiBroken, "Read: no status", id="another status"),
        pytest.param(
            "200 result=0", AgiBroken, "GET FULL VARIABLE: result 0 without a value", id="Asterisk out of memory"
        ),
    ],
)
async def test_ends_of_read(line: Line, answer: str, error: type[CallEnded], message: str) -> None:
    with pytest.raises(error) as raised:
        await read(line, answer)

    assert str(raised.value) == message


@pytest.mark.parametrize("digits_max", [1, DIGITS_MAX])
async def test_digits_up_to_the_bound(line: Line, digits_max: int) -> None:
    agi = await line.called()
    reading = asyncio.create_task(agi.read(["a"], digits_max))

    await line.asterisk.answer(ARM, DONE)
    await line.asterisk.answer(f'EXEC Read "IZINHATTI_KEYS,${{SOUNDS}}/a,{digits_max},,1"', DONE)
    await line.asterisk.answer(GET_KEYS, "200 result=1 (OK )")

    assert await reading == Keys("", is_timeout=False)


@pytest.mark.parametrize("digits_max", [0, DIGITS_MAX + 1])
async def test_digits_beyond_the_bound_are_an_error(line: Line, digits_max: int) -> None:
    agi = await line.called()

    with pytest.raises(ValueError, match=f"digits_max is {digits_max}"):
        await agi.read(["a"], digits_max)


async def test_play(line: Line) -> None:
    agi = await line.called()
    playing = asyncio.create_task(agi.play(["tr/bye", "tr/özel ses"]))

    await line.asterisk.answer(ARM, DONE)
    await line.asterisk.answer('EXEC Playback "${SOUNDS}/tr/bye&${SOUNDS}/tr/özel ses"', DONE)

    await playing


async def test_set_variable(line: Line) -> None:
    agi = await line.called()
    setting = asyncio.create_task(agi.set_variable("IZINHATTI_DONE", "1"))

    await line.asterisk.answer('SET VARIABLE IZINHATTI_DONE "1"', "200 result=1")

    await setting


async def test_get_full_variable(line: Line) -> None:
    agi = await line.called()
    getting = asyncio.create_task(agi.get_full_variable("${CHANNEL(name)}"))

    await line.asterisk.answer('GET FULL VARIABLE "${CHANNEL(name)}"', "200 result=1 (PJSIP/trunk-00000001)")

    assert await getting == "PJSIP/trunk-00000001"


async def test_a_variable_that_was_not_set_breaks_the_call(line: Line) -> None:
    agi = await line.called()
    setting = asyncio.create_task(agi.set_variable("X", "1"))

    await line.asterisk.answer('SET VARIABLE X "1"', "200 result=0")

    with pytest.raises(AgiBroken, match="SET VARIABLE: result 0"):
        await setting


async def test_a_caller_who_hangs_up_while_keys_are_read_is_gone(line: Line) -> None:
    """What Asterisk 22 says then with AGIEXITONHANGUP=yes, in one piece."""
    agi = await line.called()
    reading = asyncio.create_task(agi.read(["a"], 1))

    await line.asterisk.answer(ARM, DONE)
    await line.asterisk.answer(READ, f"{DONE}\nHANGUP\nHANGUP")
    await line.asterisk.close()

    with pytest.raises(HungUp):
        await reading


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        pytest.param("200 result=-2", "EXEC Playback: result -2", id="Asterisk has no such application"),
        pytest.param("510 Invalid or unknown command", "answer: status 510", id="no such command"),
    ],
)
async def test_an_application_that_did_not_run_breaks_the_call(line: Line, answer: str, fault: str) -> None:
    agi = await line.called()
    playing = asyncio.create_task(agi.play(["a"]))

    await line.asterisk.answer(ARM, DONE)
    await line.asterisk.answer(PLAY, answer)

    with pytest.raises(AgiBroken) as raised:
        await playing
    assert str(raised.value) == fault


async def test_a_watchdog_that_cannot_be_armed_breaks_the_call_before_anything_is_played(line: Line) -> None:
    agi = await line.called()
    playing = asyncio.create_task(agi.play(["a"]))

    await line.asterisk.answer(ARM, "200 result=-2")

    with pytest.raises(AgiBroken, match="EXEC Set: result -2"):
        await playing


@pytest.mark.parametrize("line", [Patience(PATIENCE_S, answer_s=0.02, caller_s=PATIENCE_S)], indirect=True)
@pytest.mark.parametrize(
    ("act", "command"),
    [
        pytest.param(lambda agi: agi.play(["a"]), PLAY, id="play"),
        pytest.param(lambda agi: agi.read(["a"], 1), READ, id="read"),
    ],
)
class TestThePatienceWithACaller:
    async def test_is_longer_than_with_asterisk(
        self, line: Line, act: Callable[[Agi], Awaitable[object]], command: str
    ) -> None:
        acting = asyncio.ensure_future(act(await line.called()))

        await line.asterisk.answer(ARM, DONE)
        assert await line.asterisk.command() == command
        await asyncio.sleep(0.1)  # longer than an answer may take
        await line.asterisk.send(b"200 result=-2\n")

        with pytest.raises(AgiBroken, match="result -2"):
            await acting

    async def test_has_an_end(self, line: Line, act: Callable[[Agi], Awaitable[object]], command: str) -> None:
        line.wire.patience = line.wire.patience._replace(caller_s=0.02)
        acting = asyncio.ensure_future(act(await line.called()))

        await line.asterisk.answer(ARM, DONE)
        assert await line.asterisk.command() == command

        with pytest.raises(AgiTimeout):
            await acting
        assert await line.asterisk.is_closed()


# What is written.


def arguments(command: str) -> list[str]:
    """A command as Asterisk takes it apart (res_agi.c, parse_args)."""
    found: list[str] = []
    is_quoted = is_escaped = False
    is_between = True
    for character in command:
        if character == '"' and not is_escaped:
            is_quoted = not is_quoted
            if is_quoted and is_between:
                found.append("")
                is_between = False
        elif character in " \t" and not is_quoted and not is_escaped:
            is_between = True
        elif character == "\\" and not is_escaped:
            is_escaped = True
            continue
        else:
            if is_between:
                found.append("")
                is_between = False
            found[-1] += character
        is_escaped = False
    return found


PRINTABLE: Final = st.characters(exclude_categories=["Cc", "Cs"])


@given(value=st.one_of(st.text(PRINTABLE, max_size=200), st.text('"\\ ${}(),&x', max_size=40)))
def test_a_value_arrives_at_asterisk_as_it_was_meant(value: str) -> None:
    async def written() -> bytes:
        octets: list[bytes] = []

        class Noting(NoTransport):
            def write(self, data: object) -> None:
                assert isinstance(data, bytes)
                octets.append(data)
                wire.data_received(b"200 result=1\n")

        wire = AgiWire(lambda _: None, Patience())
        wire.connection_made(Noting())
        wire.data_received(environment())
        await Agi(CALL, wire).set_variable("X", value)
        return b"".join(octets)

    command = asyncio.run(written())

    assert command.count(b"\n") == 1
    assert arguments(command.decode().removesuffix("\n")) == ["SET", "VARIABLE", "X", value]


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\t", "\x1b", "\x7f"])
async def test_a_control_character_in_a_value_is_an_error(line: Line, character: str) -> None:
    agi = await line.called()

    with pytest.raises(ValueError, match="control character"):
        await agi.set_variable("X", f"a{character}b")
    with pytest.raises(ValueError, match="control character"):
        await agi.get_full_variable(f"a{character}b")


@pytest.mark.parametrize("name", ["", "1X", "X Y", 'X"', "X\n", "X(a)", "X,b", "Ş", "X$"])
async def test_what_is_no_name_of_a_variable_is_an_error(line: Line, name: str) -> None:
    agi = await line.called()

    with pytest.raises(ValueError, match="no name of a variable"):
        await agi.set_variable(name, "1")


@pytest.mark.parametrize("file", ["", "a,b", "a&b", 'a"b', "a\\b", "a\nb", "a(b)", "a[b]", "${X}", "a|b", "a;b", "a:b"])
async def test_a_file_name_that_the_application_would_read_otherwise_is_an_error(line: Line, file: str) -> None:
    agi = await line.called()

    with pytest.raises(ValueError, match="sound file's name"):
        await agi.play(["a", file])
    with pytest.raises(ValueError, match="sound file's name"):
        await agi.read([file, "a"], 1)


async def test_no_file_is_an_error(line: Line) -> None:
    agi = await line.called()

    with pytest.raises(ValueError, match="no sound file"):
        await agi.play([])


LONGEST: Final = COMMAND_OCTETS_MAX - len('EXEC Playback "${SOUNDS}/"\n')


async def test_files_up_to_the_bound_of_a_command(line: Line) -> None:
    agi = await line.called()
    playing = asyncio.create_task(agi.play(["a" * LONGEST]))

    await line.asterisk.answer(ARM, DONE)
    await line.asterisk.answer(f'EXEC Playback "${{SOUNDS}}/{"a" * LONGEST}"', DONE)

    await playing


async def test_more_files_are_an_error(line: Line) -> None:
    agi = await line.called()
    playing = asyncio.create_task(agi.play(["a" * (LONGEST + 1)]))

    await line.asterisk.answer(ARM, DONE)

    with pytest.raises(ValueError, match="can be sent"):
        await playing
