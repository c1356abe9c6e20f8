"""`izinhatti retention run`: what is over goes, what it tells, and that everything else goes on as before."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from channels.commands import retention
from core.domain.clock import Instant, system_clock
from tests.channels.conftest import SETTINGS, Izinhatti

Captured = pytest.CaptureFixture[str]
Later = Callable[[int], None]

CONSENTS = """recipient,type,status,source,consentDate,recipientType,brandCode
+905320000001,MESAJ,ONAY,HS_WEB,2026-03-10 10:00:00,BIREYSEL,600100
"""
NOTHING = (
    "texts=0 messages=0 proofs=0 answers=0 codes=0 notices=0 links=0 redeliveries=0 conversations=0 reports=0"
    " import_log=0 connections=0\n"
)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Let the retention run so many days from now."""

    def at(days: int) -> None:
        moment = Instant(system_clock() + timedelta(days=days) // timedelta(milliseconds=1))
        monkeypatch.setattr(retention, "system_clock", lambda: moment)

    return at


@pytest.fixture
def closed(home: Path, line: Izinhatti, capsys: Captured) -> str:
    """The receipt of a line closed today, whose consent was imported today."""
    (home / "consents.csv").write_text(CONSENTS)
    assert line("consents", "import", "consents.csv") == 0
    assert line("lines", "close", "+905320000001") == 0
    return capsys.readouterr().out.rstrip().rpartition("receipt=")[2]


def shown(line: Izinhatti, capsys: Captured, *arguments: str) -> object:
    capsys.readouterr()
    assert line(*arguments, "--json") == 0
    found: object = orjson.loads(capsys.readouterr().out)
    return found


def test_nothing_is_over_today(line: Izinhatti, closed: str, capsys: Captured) -> None:
    assert line("retention", "run") == 0

    assert capsys.readouterr().out == NOTHING


def test_texts_go_first_and_proofs_after_three_years_and_the_record_stays(
    line: Izinhatti, closed: str, capsys: Captured, later: Later
) -> None:
    consents = shown(line, capsys, "consents", "show", "+905320000001")
    later(181)
    assert line("retention", "run") == 0
    first = capsys.readouterr().out
    proof = shown(line, capsys, "evidence", "show", closed)
    later(3 * 366)

    assert line("retention", "run") == 0

    assert first == NOTHING.replace("texts=0", "texts=1").replace("conversations=0", "conversations=1")
    assert isinstance(proof, dict)
    assert (proof["raw"], len(proof["acts"])) == (None, 1)
    assert capsys.readouterr().out == NOTHING.replace("proofs=0", "proofs=1").replace("import_log=0", "import_log=1")
    assert line("evidence", "show", closed) == 1
    assert capsys.readouterr().err == "evidence: no act has this receipt\n"
    assert shown(line, capsys, "consents", "show", "+905320000001") == consents
    assert line("ledger", "verify") == 0
    assert capsys.readouterr().out == "ok: 6 entries\n"  # an import, a closed line, and four slices
    assert line("retention", "run") == 0
    assert capsys.readouterr().out == NOTHING


def test_its_settings_are_those_of_the_file(
    home: Path, line: Izinhatti, closed: str, capsys: Captured, later: Later
) -> None:
    (home / "izinhatti.toml").write_text(SETTINGS + "[timing]\nraw_text_s = 864_000\n")
    later(9)
    assert line("retention", "run") == 0
    later(11)

    assert line("retention", "run") == 0

    assert capsys.readouterr().out == NOTHING.replace("conversations=0", "conversations=1") + NOTHING.replace(
        "texts=0", "texts=1"
    )
