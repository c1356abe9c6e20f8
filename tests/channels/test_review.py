"""`izinhatti review`: what a person sees of messages set aside, and what the citizen is told."""

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from channels.commands.clerk_intake import hand_in
from channels.settings.settings import load
from core.conversation.answers import SetAside, StatusOfAct
from core.conversation.requests import CloseLine, Door, DurumOf, Language, Request, RequestIntent, Unreadable, Yardim
from core.domain.clock import Instant, legal_time, system_clock
from core.domain.recipients import Email, Msisdn, Recipient
from tests import outside
from tests.channels.conftest import Izinhatti

Captured = pytest.CaptureFixture[str]

ALI = Msisdn.parse("+905320000001")
RAW = b"\xff\x00raw"


def bring(
    home: Path,
    intent: RequestIntent,
    text: str | None = None,
    recipient: Recipient | None = ALI,
    language: Language | None = None,
    door: Door = Door.SMS,
    at: Instant | None = None,
) -> object:
    settings = load(home / "izinhatti.toml", os.environ)
    request = Request(door, recipient, intent, text, RAW, os.urandom(8), at or system_clock(), "3338", "operator-a")
    return asyncio.run(hand_in(settings, request._replace(language=language))).answer


def set_aside(home: Path, **fields: Any) -> str:
    answer = bring(home, Unreadable("data_coding 0x04"), **fields)
    assert isinstance(answer, SetAside)
    return answer.receipt


@pytest.fixture
def receipt(home: Path, line: Izinhatti) -> str:
    """A message that nobody could read."""
    return set_aside(home)


def shown(line: Izinhatti, capsys: Captured, *arguments: str) -> Any:
    capsys.readouterr()
    assert line(*arguments, "--json") == 0
    return orjson.loads(capsys.readouterr().out)


def outbox(database: str) -> list[tuple[Any, ...]]:
    return outside.rows(database, "SELECT text, recipient, origin FROM outbox ORDER BY id")


def test_what_is_set_aside_is_listed_the_oldest_first(home: Path, line: Izinhatti, capsys: Captured) -> None:
    times = [Instant(system_clock() - minutes * 60_000) for minutes in (1, 3, 2)]
    receipts = [set_aside(home, at=at) for at in times]

    found = shown(line, capsys, "review", "list")

    assert [one["receipt"] for one in found] == [receipts[1], receipts[2], receipts[0]]
    assert [one["receivedAt"] for one in found] == [legal_time(times[n]) for n in (1, 2, 0)]
    assert {(one["recipient"], one["door"], one["operator"], one["state"]) for one in found} == {
        (ALI.reveal(), "sms", "operator-a", "open")
    }
    assert {one["raw"] for one in found} == {RAW.hex()}


def test_the_plain_list_masks_the_number(line: Izinhatti, receipt: str, capsys: Captured) -> None:
    capsys.readouterr()

    assert line("review", "list") == 0

    listed = capsys.readouterr().out
    assert receipt in listed
    assert "0000001" not in listed


def test_nothing_to_review(home: Path, line: Izinhatti, capsys: Captured) -> None:
    bring(home, Yardim(), "YARDIM")
    capsys.readouterr()

    assert line("review", "list") == 0
    assert capsys.readouterr().out == "nothing to review\n"
    assert shown(line, capsys, "review", "list") == []


def test_a_message_is_shown_by_its_id_and_by_its_receipt(line: Izinhatti, receipt: str, capsys: Captured) -> None:
    [listed] = shown(line, capsys, "review", "list")

    by_id = shown(line, capsys, "review", "show", str(listed["id"]))
    by_receipt = shown(line, capsys, "review", "show", f"{receipt[:4]} {receipt[4:].lower()}")

    assert by_id == by_receipt
    assert by_id == {**listed, "answers": by_id["answers"]}
    [answer] = by_id["answers"]
    assert receipt in answer


def test_a_message_is_shown_in_plain_words(line: Izinhatti, receipt: str, capsys: Captured) -> None:
    capsys.readouterr()

    assert line("review", "show", receipt) == 0

    lines = capsys.readouterr().out.splitlines()
    assert f"receipt: {receipt}" in lines
    assert f"raw: {RAW.hex()}" in lines
    assert lines[-1].startswith("answer: İsteğinizi aldık")


def test_resolving_answers_the_citizen(database: str, line: Izinhatti, receipt: str, capsys: Captured) -> None:
    before = outbox(database)

    done = shown(line, capsys, "review", "resolve", receipt, "--text", " MIGROS izniniz\nkaldırıldı ")

    assert (done["receipt"], done["state"], done["told"]) == (receipt, "resolved", True)
    assert outbox(database)[len(before) :] == [
        (f"MIGROS izniniz kaldırıldı. İşlem no {receipt}.", ALI.reveal(), "operator-a")
    ]
    assert shown(line, capsys, "review", "list") == []
    assert shown(line, capsys, "review", "show", receipt)["answers"][-1].startswith("MIGROS izniniz")


def test_the_answer_is_part_of_the_evidence(line: Izinhatti, receipt: str, capsys: Captured) -> None:
    assert line("review", "resolve", receipt, "--text", "bitti") == 0

    assert shown(line, capsys, "evidence", "show", receipt)["answers"][-1] == f"bitti. İşlem no {receipt}."
    assert line("ledger", "verify") == 0


def test_durum_says_that_a_person_has_answered(home: Path, database: str, line: Izinhatti, receipt: str) -> None:
    before = bring(home, DurumOf(receipt), f"DURUM {receipt}")

    assert line("review", "resolve", receipt, "--text", "bitti") == 0

    after = bring(home, DurumOf(receipt), f"DURUM {receipt}")
    assert [one.what for one in (before, after) if isinstance(one, StatusOfAct)] == ["set-aside", "resolved"]
    assert "mesajınıza bir görevli baktı" in outbox(database)[-1][0]


def test_the_answer_speaks_the_citizens_language(home: Path, database: str, line: Izinhatti, receipt: str) -> None:
    bring(home, Yardim(), "HELP ME", language=Language.EN)

    assert line("review", "resolve", receipt, "--text", "done") == 0

    assert outbox(database)[-1][0] == f"done. Ref {receipt}."


def test_nobody_is_told_where_the_network_gave_no_number(
    home: Path, database: str, line: Izinhatti, capsys: Captured
) -> None:
    receipt = set_aside(home, recipient=None)
    capsys.readouterr()

    assert line("review", "resolve", receipt, "--text", "bitti") == 0

    assert capsys.readouterr().out.startswith("resolved; nobody was told")
    assert outbox(database) == []
    assert shown(line, capsys, "review", "list") == []


def test_the_sender_of_a_broken_message_is_told_only_by_a_person(
    home: Path, database: str, line: Izinhatti, capsys: Captured
) -> None:
    answer = bring(home, Unreadable("broken PDU: short_message", is_broken=True))
    assert isinstance(answer, SetAside)
    assert outbox(database) == []

    assert shown(line, capsys, "review", "resolve", answer.receipt, "--text", "bitti")["told"] is True

    assert outbox(database) == [(f"bitti. İşlem no {answer.receipt}.", ALI.reveal(), "operator-a")]


def test_nobody_is_told_by_sms_at_a_mail_address(home: Path, database: str, line: Izinhatti, capsys: Captured) -> None:
    receipt = set_aside(home, recipient=Email.parse("ali@example.com"), door=Door.LINK)

    assert shown(line, capsys, "review", "resolve", receipt, "--text", "bitti")["told"] is False

    assert outbox(database) == []


def test_nobody_is_told_once_the_line_was_closed(
    home: Path, database: str, line: Izinhatti, receipt: str, capsys: Captured
) -> None:
    bring(home, CloseLine(), door=Door.CLERK)
    before = outbox(database)

    assert shown(line, capsys, "review", "resolve", receipt, "--text", "bitti")["told"] is False

    assert outbox(database) == before


def test_a_message_is_resolved_once(database: str, line: Izinhatti, receipt: str, capsys: Captured) -> None:
    assert line("review", "resolve", receipt, "--text", "bitti") == 0
    before = outbox(database)
    capsys.readouterr()

    assert line("review", "resolve", receipt, "--text", "yine bitti") == 1

    assert capsys.readouterr().err == "review: the message is resolved already\n"
    assert outbox(database) == before


@pytest.mark.parametrize("wanted", ["1", "A0000003", "K7M4Q2XS", "abc", "9" * 30, ""])
@pytest.mark.parametrize("command", [("show",), ("resolve", "--text", "bitti")])
def test_an_unknown_id_is_one_line(
    line: Izinhatti, receipt: str, capsys: Captured, command: tuple[str, ...], wanted: str
) -> None:
    capsys.readouterr()

    assert line("review", command[0], wanted, *command[1:]) == 1

    assert capsys.readouterr().err == "review: no message set aside has this id\n"


def test_an_act_that_was_not_set_aside_is_no_review(
    home: Path, database: str, line: Izinhatti, receipt: str, capsys: Captured
) -> None:
    bring(home, CloseLine(), door=Door.CLERK)
    [other] = outside.column(database, "SELECT receipt FROM request WHERE outcome = 'line-closed'")
    capsys.readouterr()

    assert line("review", "show", other) == 1

    assert capsys.readouterr().err == "review: no message set aside has this id\n"


@pytest.mark.parametrize("text", ["", "  \n ", "a" * 401])
def test_an_answer_of_no_or_too_many_letters_is_refused(
    line: Izinhatti, receipt: str, capsys: Captured, text: str
) -> None:
    capsys.readouterr()

    assert line("review", "resolve", receipt, "--text", text) == 2

    assert capsys.readouterr().err == "--text: 1 to 400 letters\n"
    assert line("review", "resolve", receipt, "--text", "a" * 400) == 0
