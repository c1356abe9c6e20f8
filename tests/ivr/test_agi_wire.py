"""One call's connection: over real sockets with an Asterisk that the test plays, and its readers alone."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.agi_wire import (
    COMMAND_OCTETS_MAX,
    ENVIRONMENT_LINES_MAX,
    ENVIRONMENT_OCTETS_MAX,
    LINE_OCTETS_MAX,
    AgiCall,
    AgiWire,
    Answer,
    Environment,
    Patience,
    parse_answer,
)
from ivr.errors import AgiBroken, AgiTimeout, CallEnded, ConnectionLost, HungUp
from tests.ivr.scripted import CALL, PATIENCE_S, VALUES, Line, NoTransport, connected, environment

NUMBER: Final = "905321234567"


@pytest.fixture
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    async with connected(getattr(request, "param", None)) as line:
        yield line


def read_environment(octets: bytes) -> AgiCall | None:
    """What the reader makes of whole lines."""
    reader = Environment()
    call = None
    for line in octets.split(b"\n")[:-1]:
        assert call is None, "nothing is read behind the empty line"
        call = reader.take(line)
    return call


# The environment.


async def test_a_call_is_known_by_its_environment(line: Line) -> None:
    agi = await line.called()

    assert agi.call == CALL


@pytest.mark.parametrize(
    ("changes", "call"),
    [
        pytest.param({"agi_arg_1": ""}, CALL._replace(number=""), id="hidden number"),
        pytest.param({"agi_arg_2": "prohib"}, CALL._replace(presentation="prohib"), id="presentation prohibited"),
        pytest.param({"agi_uniqueid": "pbx1-17.2"}, CALL._replace(unique_id="pbx1-17.2"), id="system name in the id"),
        pytest.param({"agi_calleridname": "a: b: c"}, CALL, id="colons in a value"),
        pytest.param({"agi_calleridname": "Ayşe Şahin"}, CALL, id="Turkish letters"),
        pytest.param({"agi_calleridname": "a\rb\tc"}, CALL, id="control characters in what is not used"),
        pytest.param({"agi_network_script": None, "agi_dnid": None}, CALL, id="without keys that are not used"),
        pytest.param({"agi_from_the_future": "1"}, CALL, id="unknown key"),
        pytest.param({"agi_arg_3": "x"}, CALL, id="a third argument"),
    ],
)
def test_environments_that_are_whole(changes: dict[str, str | None], call: AgiCall) -> None:
    assert read_environment(environment(**changes)) == call


def test_undecodable_octets_are_replaced() -> None:
    octets = environment(agi_arg_1="X").replace(b"agi_arg_1: X", b"agi_arg_1: \xff\xc3")

    assert read_environment(octets) == CALL._replace(number="��")


@pytest.mark.parametrize(
    ("octets", "fault"),
    [
        pytest.param(b"\n", "without agi_uniqueid", id="nothing"),
        pytest.param(environment(agi_uniqueid=None), "without agi_uniqueid", id="no unique id"),
        pytest.param(environment(agi_arg_1=None), "without agi_arg_1", id="no number"),
        pytest.param(environment(agi_arg_2=None), "without agi_arg_2", id="no presentation"),
        pytest.param(b"agi_network: yes\nagi_network: yes\n", "a key comes twice", id="a key twice, equal values"),
        pytest.param(
            environment(agi_calleridname=f"x\nagi_arg_1: +{NUMBER}"), "a key comes twice", id="injected argument"
        ),
        pytest.param(environment(agi_calleridname="x\n"), "without agi_arg_1", id="injected empty line"),
        pytest.param(b"agi_network\n", "no `agi_key: value`", id="no colon"),
        pytest.param(b"agi_network:yes\n", "no `agi_key: value`", id="no space behind the colon"),
        pytest.param(b": yes\n", "no `agi_key: value`", id="no key"),
        pytest.param(b"agi_: yes\n", "no `agi_key: value`", id="nothing behind agi_"),
        pytest.param(b"AGI_NETWORK: yes\n", "no `agi_key: value`", id="capitals"),
        pytest.param(b"agi_net work: yes\n", "no `agi_key: value`", id="space in the key"),
        pytest.param(b"agi_\xff: yes\n", "no `agi_key: value`", id="undecodable key"),
        pytest.param(b"x_network: yes\n", "no `agi_key: value`", id="another key"),
        pytest.param(b"HANGUP\n", "no `agi_key: value`", id="HANGUP before the empty line"),
        pytest.param(b"200 result=0\n", "no `agi_key: value`", id="an answer"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "no `agi_key: value`", id="a browser"),
    ],
)
async def test_what_is_no_environment_ends_the_connection(line: Line, octets: bytes, fault: str) -> None:
    with pytest.raises(AgiBroken, match=fault):
        await line.called(octets)

    assert await line.asterisk.is_closed()


def lines(count: int) -> bytes:
    filler = {f"agi_{number}": "" for number in range(count - len(VALUES))}
    return environment(**filler)


@pytest.mark.parametrize("count", [ENVIRONMENT_LINES_MAX - 1, ENVIRONMENT_LINES_MAX])
def test_lines_of_an_environment_up_to_the_bound(count: int) -> None:
    assert read_environment(lines(count)) == CALL


def test_an_environment_of_more_lines_is_none() -> None:
    with pytest.raises(AgiBroken, match=f"more than {ENVIRONMENT_LINES_MAX} lines"):
        read_environment(lines(ENVIRONMENT_LINES_MAX + 1))


def octets_of(size: int) -> bytes:
    filler = {f"agi_{number}": "x" * 1_000 for number in range(15)}
    missing = size - len(environment(**filler, agi_last=""))
    return environment(**filler, agi_last="x" * missing)


@pytest.mark.parametrize("size", [ENVIRONMENT_OCTETS_MAX - 1, ENVIRONMENT_OCTETS_MAX])
def test_octets_of_an_environment_up_to_the_bound(size: int) -> None:
    assert read_environment(octets_of(size)) == CALL


def test_an_environment_of_more_octets_is_none() -> None:
    with pytest.raises(AgiBroken, match=f"more than {ENVIRONMENT_OCTETS_MAX} octets"):
        read_environment(octets_of(ENVIRONMENT_OCTETS_MAX + 1))


def named(size: int) -> bytes:
    """An environment with a line of this size."""
    return environment(agi_calleridname="x" * (size - len("agi_calleridname: ")))


@pytest.mark.parametrize("size", [LINE_OCTETS_MAX - 1, LINE_OCTETS_MAX])
async def test_a_line_up_to_the_bound(line: Line, size: int) -> None:
    assert (await line.called(named(size))).call == CALL


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(named(LINE_OCTETS_MAX + 1), id="with its LF"),
        pytest.param(b"x" * (LINE_OCTETS_MAX + 1), id="without"),
    ],
)
async def test_a_longer_line_ends_the_connection(line: Line, octets: bytes) -> None:
    with pytest.raises(AgiBroken, match=f"more than {LINE_OCTETS_MAX} octets"):
        await line.called(octets)

    assert await line.asterisk.is_closed()


@pytest.mark.parametrize("line", [Patience(environment_s=0.02)], indirect=True)
async def test_an_environment_that_does_not_end_is_a_timeout(line: Line) -> None:
    with pytest.raises(AgiTimeout):
        await line.called(environment()[:-1])

    assert await line.asterisk.is_closed()


async def test_a_connection_that_is_cut_in_the_environment_is_lost(line: Line) -> None:
    await line.asterisk.send(environment()[:100])
    await line.asterisk.close()

    with pytest.raises(ConnectionLost):
        await line.wire.environment()


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(b"200 result=1\n", id="an answer"),
        pytest.param(b"agi_context: line\n\n", id="the rest of the real one"),
        pytest.param(b"\n", id="another empty line"),
        pytest.param(b"x", id="one octet"),
        pytest.param(b"HANGUP ", id="more than HANGUP"),
        pytest.param(b"HANGUP\r\n", id="HANGUP with CR"),
    ],
)
class TestOctetsBehindTheEnvironment:
    async def test_in_one_with_it_there_is_no_call(self, line: Line, behind: bytes) -> None:
        with pytest.raises(AgiBroken, match="nothing asked for"):
            await line.called(environment() + behind)

        assert await line.asterisk.is_closed()

    async def test_before_the_first_command_the_call_ends(self, line: Line, behind: bytes) -> None:
        agi = await line.called()
        await line.asterisk.send(behind)
        assert await line.asterisk.is_closed()

        with pytest.raises(AgiBroken, match="nothing asked for"):
            await agi.set_variable("X", "1")


async def test_a_caller_who_hangs_up_before_the_first_command_is_gone(line: Line) -> None:
    with pytest.raises(HungUp):
        await line.called(environment() + b"HANGUP\nHANGUP\n")


async def fed(pieces: list[bytes]) -> AgiCall | CallEnded:
    """What comes of octets that arrive in these pieces, each as a read of its own; how it ended if it did."""
    transport = NoTransport()
    wire = AgiWire(lambda _: None, Patience(environment_s=0))
    wire.connection_made(transport)
    for piece in pieces:
        wire.data_received(piece)
    try:
        call = await wire.environment()
    except CallEnded as error:
        assert transport.is_aborted
        return error
    assert not transport.is_aborted
    return call


def pieces_of(octets: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({*(cut % (len(octets) + 1) for cut in cuts), 0, len(octets)})
    return [octets[start:end] for start, end in pairwise(ends)]


@given(name=st.text(st.characters(exclude_characters="\n"), max_size=80), cuts=st.lists(st.integers(0), max_size=60))
def test_an_environment_may_be_split_at_any_octet(name: str, cuts: list[int]) -> None:
    octets = environment(agi_calleridname=name.encode(errors="replace").decode())

    assert asyncio.run(fed(pieces_of(octets, cuts))) == CALL


def test_an_environment_may_come_octet_by_octet() -> None:
    octets = environment()

    assert asyncio.run(fed([octets[at : at + 1] for at in range(len(octets))])) == CALL


@given(
    octets=st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from([environment(), b"agi_arg_1: 1\n", b"HANGUP\n", b"200 result=0\n", b"\n", b"agi_", b"\xff"])
        ).map(b"".join),
    ),
    cuts=st.lists(st.integers(0), max_size=20),
)
def test_how_octets_are_split_never_changes_what_they_mean(octets: bytes, cuts: list[int]) -> None:
    whole, split = asyncio.run(fed([octets])), asyncio.run(fed(pieces_of(octets, cuts)))

    assert type(whole) is type(split)
    # A rest that no answer begins with is broken at once; what breaks it may be named by the part that came.
    assert isinstance(whole, AgiBroken) or str(whole) == str(split)


# Answers.


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        pytest.param(b"200 result=0", Answer(0, None), id="0"),
        pytest.param(b"200 result=1", Answer(1, None), id="1"),
        pytest.param(b"200 result=-2", Answer(-2, None), id="-2"),
        pytest.param(b"200 result=1 (OK 12)", Answer(1, "OK 12"), id="value"),
        pytest.param(b"200 result=1 ()", Answer(1, ""), id="empty value"),
        pytest.param(b"200 result=1 ( )", Answer(1, " "), id="a space"),
        pytest.param(b"200 result=1 (a) (b)", Answer(1, "a) (b"), id="brackets in the value"),
        pytest.param(b"200 result=1 (-1)", Answer(1, "-1"), id="-1 as a value"),
        pytest.param(b"200 result=0 endpos=8000", Answer(0, None), id="endpos"),
        pytest.param(b"200 result=0 (timeout) endpos=8000", Answer(0, "timeout"), id="value and endpos"),
        pytest.param(b"200 result=1 (\xc5\x9e\xff)", Answer(1, "Ş�"), id="undecodable octets"),
    ],
)
def test_answers(line: bytes, answer: Answer) -> None:
    assert parse_answer(line) == answer


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"200 result=-1", id="-1"),
        pytest.param(b"200 result=-1 endpos=0", id="-1 and endpos"),
        pytest.param(b"511 Command Not Permitted on a dead channel or intercept routine", id="511"),
        pytest.param(b"511 Command Not Permitted on a dead channel", id="511 of older ones"),
    ],
)
def test_answers_of_a_channel_that_is_gone(line: bytes) -> None:
    with pytest.raises(HungUp):
        parse_answer(line)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        pytest.param(b"510 Invalid or unknown command", "answer: status 510", id="510"),
        pytest.param(b"520 Invalid command syntax.  Proper usage not available.", "answer: status 520", id="520"),
        pytest.param(
            b"520-Invalid command syntax.  Proper usage follows:", "answer: status 520", id="520 of many lines"
        ),
        pytest.param(b"503 result=-2 Memory allocation failure", "answer: status 503", id="503"),
        pytest.param(b"100 Trying", "answer: status 100", id="100"),
        pytest.param(b"200 result=0 Macro complete", "answer: status 200", id="other words"),
        pytest.param(b"200 result=", "answer: status 200", id="no result"),
        pytest.param(b"200 result=x", "answer: status 200", id="result in letters"),
        pytest.param(b"200 result=" + b"1" * 10, "answer: status 200", id="result of ten digits"),
        pytest.param(b"200 result=1 (two", "answer: status 200", id="value that goes on in the next line"),
        pytest.param(b"200 result=0\r", "answer: status 200", id="CR"),
        pytest.param(b" 200 result=0", "answer: a line that is none", id="space before"),
        pytest.param(b"200", "answer: a line that is none", id="a status alone"),
        pytest.param(b"5110 x", "answer: a line that is none", id="four digits"),
        pytest.param("٥١١ x".encode(), "answer: a line that is none", id="Arabic digits"),
        pytest.param(b"hangup", "answer: a line that is none", id="hangup in small letters"),
        pytest.param(b"", "answer: a line that is none", id="nothing"),
        pytest.param(b"\xff\xfe", "answer: a line that is none", id="undecodable"),
    ],
)
def test_what_is_no_answer(line: bytes, fault: str) -> None:
    with pytest.raises(AgiBroken) as raised:
        parse_answer(line)

    assert str(raised.value) == fault


# Commands.


EMPTY: Final = 'SET VARIABLE X ""\n'


@pytest.mark.parametrize("size", [COMMAND_OCTETS_MAX - 1, COMMAND_OCTETS_MAX])
async def test_a_command_up_to_the_bound(line: Line, size: int) -> None:
    agi = await line.called()
    value = "x" * (size - len(EMPTY))
    setting = asyncio.create_task(agi.set_variable("X", value))

    await line.asterisk.answer(f'SET VARIABLE X "{value}"', "200 result=1")

    await setting


@pytest.mark.parametrize("letter", ["x", "ş", '"'])
async def test_a_longer_command_is_an_error_and_is_not_sent(line: Line, letter: str) -> None:
    agi = await line.called()
    count = -(-(COMMAND_OCTETS_MAX + 1 - len(EMPTY)) // (1 if letter == "x" else 2))

    with pytest.raises(ValueError, match="can be sent"):
        await agi.set_variable("X", letter * count)

    setting = asyncio.create_task(agi.set_variable("X", "1"))
    await line.asterisk.answer('SET VARIABLE X "1"', "200 result=1")
    await setting


# How a call ends.


async def test_hangup_instead_of_an_answer(line: Line) -> None:
    agi = await line.called()
    setting = asyncio.create_task(agi.set_variable("X", "1"))

    await line.asterisk.answer('SET VARIABLE X "1"', "HANGUP")

    with pytest.raises(HungUp):
        await setting


async def test_hangup_between_two_commands_is_told_at_the_next_one(line: Line) -> None:
    agi = await line.called()
    await line.asterisk.send(b"HANGUP\n")
    assert await line.asterisk.is_closed()

    with pytest.raises(HungUp):
        await agi.set_variable("X", "1")


async def test_hangup_in_two_pieces_between_two_commands(line: Line) -> None:
    agi = await line.called()
    await line.asterisk.send(b"HANG")
    setting = asyncio.create_task(agi.set_variable("X", "1"))
    await line.asterisk.command()
    await line.asterisk.send(b"UP\n")

    with pytest.raises(HungUp):
        await setting


async def test_a_connection_that_is_cut_is_lost(line: Line) -> None:
    agi = await line.called()
    setting = asyncio.create_task(agi.set_variable("X", "1"))

    await line.asterisk.command()
    line.asterisk.abort()

    with pytest.raises(ConnectionLost):
        await setting


@pytest.mark.parametrize("line", [Patience(PATIENCE_S, answer_s=0.02)], indirect=True)
async def test_no_answer_is_a_timeout_and_a_late_one_answers_nothing(line: Line) -> None:
    agi = await line.called()

    with pytest.raises(AgiTimeout):
        await agi.set_variable("X", "1")

    assert await line.asterisk.command() == 'SET VARIABLE X "1"'
    assert await line.asterisk.is_closed()
    with pytest.raises(AgiTimeout):
        await agi.set_variable("X", "2")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("510 Invalid or unknown command", id="510"),
        pytest.param("520-Invalid command syntax.  Proper usage follows:\nUsage\n520 End of proper usage.", id="520"),
        pytest.param("x" * (LINE_OCTETS_MAX + 1), id="a line that is too long"),
    ],
)
async def test_a_wrong_answer_breaks_the_call_for_good(line: Line, answer: str) -> None:
    agi = await line.called()
    setting = asyncio.create_task(agi.set_variable("X", "1"))

    await line.asterisk.answer('SET VARIABLE X "1"', answer)

    with pytest.raises(AgiBroken):
        await setting
    assert await line.asterisk.is_closed()
    with pytest.raises(AgiBroken):
        await agi.set_variable("X", "2")


@pytest.mark.parametrize("more", [b"200 result=1\n", b"x"])
async def test_more_than_one_answer_breaks_the_call_behind_the_first(line: Line, more: bytes) -> None:
    agi = await line.called()
    setting = asyncio.create_task(agi.set_variable("X", "1"))

    await line.asterisk.command()
    await line.asterisk.send(b"200 result=1\n" + more)

    await setting
    assert await line.asterisk.is_closed()
    with pytest.raises(AgiBroken, match="nothing asked for"):
        await agi.set_variable("X", "2")


async def test_an_answer_to_a_command_that_was_given_up_breaks_the_call(line: Line) -> None:
    agi = await line.called()
    setting = asyncio.create_task(agi.set_variable("X", "1"))
    await line.asterisk.command()
    setting.cancel()
    await asyncio.wait([setting])

    await line.asterisk.send(b"200 result=1\n")
    assert await line.asterisk.is_closed()

    with pytest.raises(AgiBroken, match="nothing asked for"):
        await agi.set_variable("X", "2")


@pytest.mark.parametrize(
    "error", [HungUp(), ConnectionLost(), AgiTimeout(), AgiBroken("x")], ids=lambda error: type(error).__name__
)
def test_every_end_has_words_and_a_name_for_the_metrics(error: CallEnded) -> None:
    assert isinstance(error, CallEnded)
    assert str(error)
    assert error.how
