"""`izinhatti lines close`: a new holder of the number inherits nothing."""

import re
from pathlib import Path

import orjson
import pytest

from tests.channels.conftest import Izinhatti

Captured = pytest.CaptureFixture[str]

CONSENTS = """recipient,type,status,source,consentDate,recipientType,brandCode
+905320000001,MESAJ,ONAY,HS_WEB,2026-03-10 10:00:00,BIREYSEL,600100
+905320000001,MESAJ,ONAY,HS_WEB,2026-03-10 10:00:00,TACIR,600100
+905320000001,ARAMA,RET,HS_WEB,2026-03-10 10:00:00,BIREYSEL,600100
+905320000002,MESAJ,ONAY,HS_WEB,2026-03-10 10:00:00,BIREYSEL,600100
"""


def consents(line: Izinhatti, capsys: Captured, number: str) -> list[tuple[str, str, str]]:
    capsys.readouterr()
    assert line("consents", "show", number, "--json") == 0
    return [(row["type"], row["status"], row["source"]) for row in orjson.loads(capsys.readouterr().out)]


def test_consents_end_with_the_source_of_the_registry_and_others_stay(
    home: Path, line: Izinhatti, capsys: Captured
) -> None:
    (home / "consents.csv").write_text(CONSENTS)
    assert line("consents", "import", "consents.csv") == 0
    capsys.readouterr()

    assert line("lines", "close", "0532 000 00 01") == 0

    intent = capsys.readouterr().out
    [receipt] = re.findall(r"^ended=2 objections=0 receipt=([0-9A-Z]{8})\n$", intent)
    closed = ("MESAJ", "RET", "IYS_AHS_HAT_KAPATMA")
    assert consents(line, capsys, "+905320000001") == [("ARAMA", "RET", "HS_WEB"), closed, closed]
    assert consents(line, capsys, "+905320000002") == [("MESAJ", "ONAY", "HS_WEB")]
    assert line("evidence", "show", receipt, "--json") == 0
    assert orjson.loads(capsys.readouterr().out)["door"] == "clerk"
    assert line("ledger", "verify") == 0


def test_a_line_without_anything_is_closed_too(line: Izinhatti, capsys: Captured) -> None:
    capsys.readouterr()

    assert line("lines", "close", "+905320000009") == 0

    assert capsys.readouterr().out.startswith("ended=0 objections=0 ")


def test_a_bad_number_is_one_line(line: Izinhatti, capsys: Captured) -> None:
    capsys.readouterr()

    assert line("lines", "close", "0532") == 2

    assert capsys.readouterr().err == "NUMBER: not a phone number\n"
