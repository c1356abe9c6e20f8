"""`izinhatti movements export`: the daily report, which another registry can read."""

import csv
import re
import stat
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from core.domain.clock import day_of, system_clock
from tests import outside
from tests.channels.conftest import DATABASE_URL, Izinhatti

Captured = pytest.CaptureFixture[str]

TODAY: Final = day_of(system_clock()).isoformat()
HEADER: Final = "recipient,type,status,source,consentDate,recipientType,brandCode,creationDate,transactionId\n"
CONSENTS: Final = """recipient,type,status,source,consentDate,recipientType,brandCode
+905320000001,MESAJ,ONAY,HS_WEB,2026-03-10 10:00:00,BIREYSEL,600100
+905320000001,MESAJ,ONAY,HS_WEB,2026-03-10 10:00:00,TACIR,600101
+905320000002,ARAMA,RET,HS_WEB,2026-03-10 10:00:00,BIREYSEL,600100
ali@ornek.example,EPOSTA,ONAY,HS_WEB,2026-03-10 10:00:00,BIREYSEL,600100
"""


@pytest.fixture
def loaded(home: Path, line: Izinhatti, capsys: Captured) -> Izinhatti:
    """With consents that were loaded today."""
    (home / "consents.csv").write_text(CONSENTS)
    assert line("consents", "import", "consents.csv") == 0
    capsys.readouterr()
    return line


def exported(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def shown(line: Izinhatti, capsys: Captured, *addresses: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    rows = []
    for address in addresses:
        assert line("consents", "show", address, "--json") == 0
        rows += orjson.loads(capsys.readouterr().out)
    return [{key: value for key, value in row.items() if key != "receipt"} for row in rows]


def test_a_day_is_written_sorted_with_an_id_for_each_movement(home: Path, loaded: Izinhatti, capsys: Captured) -> None:
    assert loaded("lines", "close", "+905320000001") == 0
    capsys.readouterr()

    assert loaded("movements", "export", "--day", TODAY, "day.csv") == 0

    assert capsys.readouterr().out == "movements=6\n"
    text = (home / "day.csv").read_text(encoding="utf-8")
    assert text.startswith(HEADER)
    assert text.endswith("\n")
    rows = exported(home / "day.csv")
    assert sorted((row["recipient"], row["type"], row["status"], row["source"], row["brandCode"]) for row in rows) == [
        ("+905320000001", "MESAJ", "ONAY", "HS_WEB", "600100"),
        ("+905320000001", "MESAJ", "ONAY", "HS_WEB", "600101"),
        ("+905320000001", "MESAJ", "RET", "IYS_AHS_HAT_KAPATMA", "600100"),
        ("+905320000001", "MESAJ", "RET", "IYS_AHS_HAT_KAPATMA", "600101"),
        ("+905320000002", "ARAMA", "RET", "HS_WEB", "600100"),
        ("ali@ornek.example", "EPOSTA", "ONAY", "HS_WEB", "600100"),
    ]
    keys = [(row["creationDate"], row["transactionId"]) for row in rows]
    assert keys == sorted(keys)
    assert len({row["transactionId"] for row in rows}) == 6
    assert all(re.fullmatch(r"[0-9a-f]{64}", row["transactionId"]) for row in rows)
    assert all(row["creationDate"].startswith(TODAY) for row in rows)


def test_it_is_the_same_file_each_time_and_only_its_owner_reads_it(home: Path, loaded: Izinhatti) -> None:
    assert loaded("movements", "export", "--day", TODAY, "one.csv") == 0

    assert loaded("movements", "export", "--day", TODAY, "two.csv") == 0

    assert (home / "one.csv").read_bytes() == (home / "two.csv").read_bytes()
    assert stat.S_IMODE((home / "one.csv").stat().st_mode) == 0o600


def test_another_registry_that_reads_the_file_stands_as_this_one(
    home: Path, loaded: Izinhatti, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ("+905320000001", "+905320000002", "ali@ornek.example")
    assert loaded("lines", "close", "+905320000001") == 0
    assert loaded("movements", "export", "--day", TODAY, "day.csv") == 0
    here = shown(loaded, capsys, *addresses)
    monkeypatch.setenv(DATABASE_URL, f"sqlite+aiosqlite:///{home}/there.db")
    monkeypatch.setenv("IZINHATTI_LEDGER__ANCHOR_FILE", f"{home}/there.anchors")
    assert loaded("db", "upgrade") == 0
    assert loaded("brands", "import", "brands.csv") == 0

    assert loaded("consents", "import", "day.csv") == 0

    assert (home / "there.db").exists()
    assert shown(loaded, capsys, *addresses) == here
    assert len(here) == 4


def test_one_brand_alone(home: Path, loaded: Izinhatti, capsys: Captured) -> None:
    assert loaded("movements", "export", "--day", TODAY, "--brand", "600101", "day.csv") == 0

    assert capsys.readouterr().out == "movements=1\n"
    assert [row["brandCode"] for row in exported(home / "day.csv")] == ["600101"]


def test_a_day_on_which_nothing_moved_has_its_header_alone(home: Path, loaded: Izinhatti, capsys: Captured) -> None:
    assert loaded("movements", "export", "--day", "2026-01-01", "day.csv") == 0

    assert capsys.readouterr().out == "movements=0\n"
    assert (home / "day.csv").read_text() == HEADER


def test_a_registry_in_which_nothing_ever_moved_needs_no_key(home: Path, line: Izinhatti) -> None:
    assert line("movements", "export", "--day", TODAY, "day.csv") == 0

    assert (home / "day.csv").read_text() == HEADER
    assert not (home / "var/ledger.key").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(("--day", "2026-02-30", "x"), "--day: is no day like YYYY-MM-DD", id="no such day"),
        pytest.param(("--day", "20260210", "x"), "--day: is no day like YYYY-MM-DD", id="another form"),
        pytest.param(("--day", "bugün", "x"), "--day: is no day like YYYY-MM-DD", id="a word"),
        pytest.param(("--day", "9999-12-31", "x"), "--day: lies in the future", id="the future"),
        pytest.param(("--day", TODAY, "--brand", "999", "x"), "--brand: no brand has this number", id="unknown brand"),
        pytest.param(("--day", TODAY, "var"), "var: is not a file", id="a folder"),
        pytest.param(("--day", TODAY, "/dev/null"), "/dev/null: is not a file", id="a device"),
        pytest.param(("--day", TODAY, "no/x"), "no: is not a folder", id="no folder"),
        pytest.param(("x",), "Missing option '--day'.", id="no day"),
    ],
)
def test_what_cannot_be_written_is_one_line(
    home: Path, loaded: Izinhatti, capsys: Captured, arguments: tuple[str, ...], reason: str
) -> None:
    assert loaded("movements", "export", *arguments) == 2

    assert capsys.readouterr().err == reason + "\n"
    assert not [path for path in home.iterdir() if path.name.strip(".").startswith("x")]


def test_without_the_key_of_the_registry_no_other_ids_are_given_out(
    home: Path, loaded: Izinhatti, capsys: Captured
) -> None:
    (home / "var/ledger.key").unlink()

    assert loaded("movements", "export", "--day", TODAY, "day.csv") == 2

    path = home / "var/ledger.key"
    assert capsys.readouterr().err == f"ledger.signing_key: {path} is not there: it keys the transaction ids\n"
    assert not (home / "day.csv").exists()


def test_a_fault_leaves_the_file_that_was_there(home: Path, loaded: Izinhatti, database: str, capsys: Captured) -> None:
    (home / "day.csv").write_text("yesterday's")
    outside.change(database, "DROP TABLE request")

    assert loaded("movements", "export", "--day", TODAY, "day.csv") == 3

    assert (home / "day.csv").read_text() == "yesterday's"
    assert not list(home.glob(".day.csv.*"))
