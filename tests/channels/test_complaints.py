"""`izinhatti complaints`: what a clerk sees and does, and what the citizen is told."""

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from channels.commands.clerk_intake import hand_in
from channels.settings.settings import load
from core.brands.brand import Brand
from core.conversation.answers import ComplaintOpened, ComplaintQuestion
from core.conversation.requests import (
    BrandMention,
    CloseLine,
    Door,
    Language,
    NotUnderstood,
    Request,
    RequestIntent,
    Sikayet,
)
from core.domain.clock import system_clock
from core.domain.recipients import Msisdn
from tests import outside
from tests.channels.conftest import Izinhatti

Captured = pytest.CaptureFixture[str]

ALI = Msisdn.parse("+905320000001")
MIGROS = Brand("600100", "MIGROS")
EVIDENCE = "Dün MIGROSKAMP yazdı: kaçırma, yarısı bizden"


def text_the_line(home: Path, intent: RequestIntent, text: str, language: Language | None = None) -> object:
    settings = load(home / "izinhatti.toml", os.environ)
    request = Request(
        *(Door.SMS, ALI, intent, text, text.encode(), text.encode(), system_clock(), "3338", "operator-a"),
        language=language,
    )
    return asyncio.run(hand_in(settings, request)).answer


@pytest.fixture
def receipt(home: Path, line: Izinhatti) -> str:
    """A report with one message as evidence."""
    question = text_the_line(home, Sikayet((BrandMention.of(MIGROS),)), "ŞİKAYET MIGROS")
    assert isinstance(question, ComplaintQuestion)
    assert isinstance(text_the_line(home, NotUnderstood(), EVIDENCE), ComplaintOpened)
    return question.receipt


def shown(line: Izinhatti, capsys: Captured, *arguments: str) -> Any:
    capsys.readouterr()
    assert line(*arguments, "--json") == 0
    return orjson.loads(capsys.readouterr().out)


def outbox(database: str) -> list[str]:
    return outside.column(database, "SELECT text FROM outbox ORDER BY id")


def test_a_report_is_listed_and_shown_with_its_messages(line: Izinhatti, receipt: str, capsys: Captured) -> None:
    [one] = shown(line, capsys, "complaints", "list")
    assert (one["receipt"], one["state"], one["brandCode"]) == (receipt, "open", "600100")
    assert (one["recipient"], one["brand"], one["name"], one["outcome"]) == (ALI.reveal(), "MIGROS", None, None)

    full = shown(line, capsys, "complaints", "show", receipt.lower())
    assert [text["text"] for text in full["texts"]] == [EVIDENCE]


def test_the_plain_list_masks_the_number(line: Izinhatti, receipt: str, capsys: Captured) -> None:
    capsys.readouterr()

    assert line("complaints", "list") == 0

    listed = capsys.readouterr().out
    assert receipt in listed
    assert "0000001" not in listed


def test_no_reports(line: Izinhatti, capsys: Captured) -> None:
    capsys.readouterr()

    assert line("complaints", "list") == 0
    assert capsys.readouterr().out == "no reports\n"
    assert shown(line, capsys, "complaints", "list") == []


def test_a_report_is_forwarded_and_closed_with_a_result_for_the_citizen(
    database: str, line: Izinhatti, receipt: str, capsys: Captured
) -> None:
    assert line("complaints", "forward", receipt) == 0
    [one] = shown(line, capsys, "complaints", "list")
    assert one["state"] == "forwarded"
    before = outbox(database)

    assert line("complaints", "close", receipt, "--outcome", " MIGROS  hakkında\nişlem yapıldı") == 0

    [one] = shown(line, capsys, "complaints", "list")
    assert (one["state"], one["outcome"]) == ("closed", "MIGROS hakkında işlem yapıldı")
    [notice] = outbox(database)[len(before) :]
    assert notice.startswith(f"{receipt} no'lu şikayetiniz sonuçlandı, ")
    assert "MIGROS hakkında işlem yapıldı." in notice


def test_the_result_speaks_the_citizens_language(home: Path, database: str, line: Izinhatti, receipt: str) -> None:
    text_the_line(home, NotUnderstood(), "some more evidence", Language.EN)

    assert line("complaints", "close", receipt, "--outcome", "action was taken on MIGROS") == 0

    assert outbox(database)[-1].startswith(f"Your complaint {receipt} is decided, ")


def test_nobody_is_told_once_the_line_was_closed(
    home: Path, database: str, line: Izinhatti, receipt: str, capsys: Captured
) -> None:
    text_the_line(home, CloseLine(), "")
    before = outbox(database)
    capsys.readouterr()

    assert line("complaints", "close", receipt, "--outcome", "bitti") == 0

    assert capsys.readouterr().out == "closed; nobody was told: the line was closed since\n"
    assert outbox(database) == before


@pytest.mark.parametrize(
    ("label", "arguments", "code", "reason"),
    [
        ("unknown", ("show", "K7M4Q2XS"), 1, "complaints: no report has this number"),
        ("no number", ("forward", "MERHABA"), 1, "complaints: no report has this number"),
        ("unknown, to close", ("close", "K7M4Q2XS", "--outcome", "x"), 1, "complaints: no report has this number"),
        ("empty outcome", ("close", "K7M4Q2XS", "--outcome", "  "), 2, "--outcome: 1 to 200 letters"),
        ("long outcome", ("close", "K7M4Q2XS", "--outcome", "x" * 201), 2, "--outcome: 1 to 200 letters"),
        ("without outcome", ("close", "K7M4Q2XS"), 2, "Missing option '--outcome'."),
    ],
)
def test_a_fault_is_one_line(
    line: Izinhatti, label: str, arguments: tuple[str, ...], code: int, reason: str, capsys: Captured
) -> None:
    capsys.readouterr()

    assert line("complaints", *arguments) == code, label

    assert capsys.readouterr().err.strip() == reason


@pytest.mark.parametrize("again", [("forward",), ("close", "--outcome", "yine")])
def test_a_closed_report_stays_closed(line: Izinhatti, receipt: str, again: tuple[str, ...], capsys: Captured) -> None:
    assert line("complaints", "close", receipt, "--outcome", "bitti") == 0
    capsys.readouterr()

    assert line("complaints", again[0], receipt, *again[1:]) == 1

    assert capsys.readouterr().err == "complaints: the report is closed already\n"
