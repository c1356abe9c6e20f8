"""`izinhatti messages`: why a text got silence, in one command, and what ended unsent once more."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from core.conversation.requests import NotUnderstood
from tests import outside
from tests.channels.conftest import Izinhatti
from tests.channels.test_review import ALI, Captured, bring, set_aside


def shown(line: Izinhatti, capsys: Captured, wanted: str) -> Any:
    capsys.readouterr()
    assert line("messages", "show", wanted, "--json") == 0
    return orjson.loads(capsys.readouterr().out)


@pytest.fixture
def silenced(home: Path, line: Izinhatti) -> None:
    """The first text that nobody understands is answered, the second within the hour is not."""
    for text in ("sjdhfg", "kfjgh"):
        bring(home, NotUnderstood(), text)


@pytest.mark.usefixtures("silenced")
def test_why_a_text_got_silence_is_told_under_its_number(line: Izinhatti, capsys: Captured) -> None:
    found = shown(line, capsys, "0532 000 00 01")

    assert [(one["text"], one["silence"], len(one["sent"])) for one in found] == [
        ("kfjgh", "error-quota", 0),
        ("sjdhfg", None, 1),
    ]
    [second] = shown(line, capsys, str(found[0]["id"]))
    assert second == found[0]

    assert line("messages", "show", ALI.reveal()) == 0
    assert "no answer: error-quota" in capsys.readouterr().out


def test_a_receipt_finds_its_message(home: Path, line: Izinhatti, capsys: Captured) -> None:
    receipt = set_aside(home)

    [one] = shown(line, capsys, receipt.lower())

    assert (one["receipt"], one["outcome"], one["sent"][0]["state"]) == (receipt, "set-aside", "ready")


@pytest.mark.parametrize(
    ("wanted", "code", "reason"),
    [
        pytest.param("K7M4Q2XS", 1, "nothing is known under this", id="an unknown receipt"),
        pytest.param("123456789012345678", 1, "nothing is known under this", id="an unknown id"),
        pytest.param("+905320009999", 1, "nothing is known under this", id="a number that never wrote"),
        pytest.param("nobody", 2, "neither an işlem no, an id nor an address", id="a word"),
        pytest.param("9" * 60, 2, "neither an işlem no, an id nor an address", id="too many digits"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(
    home: Path, line: Izinhatti, capsys: Captured, wanted: str, code: int, reason: str
) -> None:
    assert line("messages", "show", wanted) == code
    assert capsys.readouterr().err == f"messages: {reason}\n"


@pytest.mark.usefixtures("silenced")
@pytest.mark.parametrize(
    ("state", "rank", "text", "code"),
    [
        pytest.param("dead", 1, "yanıt", 0, id="a dead answer"),
        pytest.param("dead", 2, "bildirim", 0, id="a dead notice"),
        pytest.param("dead", 0, "482913", 1, id="a code"),
        pytest.param("dead", 1, "", 1, id="a text that was removed"),
        pytest.param("ready", 1, "yanıt", 1, id="one that still waits"),
        pytest.param("delivered", 1, "yanıt", 1, id="one that arrived"),
    ],
)
def test_what_ended_unsent_is_sent_again(
    line: Izinhatti, database: str, capsys: Captured, state: str, rank: int, text: str, code: int
) -> None:
    outside.change(
        database, f"UPDATE outbox SET state = '{state}', class = {rank}, text = '{text}', attempts = 10, reason = 'x'"
    )
    [(number,)] = outside.rows(database, "SELECT id FROM outbox")

    assert line("messages", "resend", str(number)) == code

    after = outside.rows(database, "SELECT state, attempts, reason FROM outbox")
    assert after == [("ready", 0, None) if code == 0 else (state, 10, "x")]
