"""`izinhatti understand`: the contract's JSON, text by text."""

import io
import sys
from pathlib import Path

import orjson
import pytest

from channels.commands.understand import understood
from core.conversation.requests import CloseLine, Unreadable
from tests.channels.conftest import Izinhatti

Captured = pytest.CaptureFixture[str]

BRANDS = """brandCode,name,shortNames,iysCode,title
600100,MİGROS,MIGROS,710200,A.Ş.
600101,Hepsiburada,HBSMS,,
600102,Kardeş Gıda,KARDES,,
600103,Kardeş Tekstil,KARDES,,
none,No Code,,,
600104,Boyner Mağazacılık,BOYNER,,
"""


def spoken(monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "b.csv"
    path.write_text(BRANDS, encoding="utf-8")
    (home / "izinhatti.toml").unlink()
    return path


@pytest.mark.parametrize(
    ("text", "intent", "brands", "scope", "candidates"),
    [
        ("RET MIGROS", "ret", ["600100"], [], []),
        ("RET MIGROS ARAMA", "ret", ["600100"], ["ARAMA"], []),
        ("RET MIGROS HEPSİ", "ret", ["600100"], ["ARAMA", "MESAJ"], []),
        ("RET MIGROS EPOSTA", "ret", ["600100"], ["EPOSTA"], []),
        ("RET BOYNER MIGROS", "ret", ["600100", "600104"], [], []),
        ("RET MIRGOS", "ret", ["600100"], [], []),
        ("RET KARDEŞ", "ret", [], [], ["600102", "600103"]),
        ("RET MIGROS, KARDEŞ", "ret", ["600100"], [], ["600102", "600103"]),
        ("RET ABCX", "ret", [], [], []),
        ("RET", "ret", [], [], []),
        ("HAYIR", "ret", [], [], []),
        ("smsistemiyorum", "ret", [], [], []),
        ("mesaj atmayın", "ret", [], ["MESAJ"], []),
        ("aramayın", "ret", [], ["ARAMA"], []),
        ("LİSTE", "ret", [], [], []),
        ("RET HEPSİ", "ret-all", [], [], []),
        ("HEPSİ", "ret-all", [], [], []),
        ("RET HEPSİBURADA", "ret", ["600101"], [], []),
        ("ONAY MIGROS", "onay", ["600100"], [], []),
        ("ONAY HEPSİ", "onay", [], [], []),
        ("ONAY RET MIGROS", "none", [], [], ["600100"]),
        ("DURUM MIGROS", "durum", ["600100"], [], []),
        ("K7M4Q2XS", "durum", [], [], []),
        ("YARDIM", "yardim", [], [], []),
        ("TÜRKÇE", "yardim", [], [], []),
        ("ŞİKAYET MIGROS", "sikayet", ["600100"], [], []),
        ("2 5", "choice", [], [], []),
        ("EVET", "choice", [], [], []),
        ("DEVAM", "choice", [], [], []),
        ("MIGROS", "brand", ["600100"], [], []),
        ("MIRGOS", "brand", [], [], ["600100"]),
        ("KARDEŞ", "brand", [], [], ["600102", "600103"]),
        ("RET MIGROS yaz 4609'a gonder B001", "none", [], [], ["600100"]),
        ("merhaba", "none", [], [], []),
        ("", "none", [], [], []),
    ],
)
def test_a_text_is_understood(
    izinhatti: Izinhatti,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: Captured,
    text: str,
    intent: str,
    brands: list[str],
    scope: list[str],
    candidates: list[str],
) -> None:
    spoken(monkeypatch, f"{text}\n".encode())

    assert izinhatti("understand", "--brands", file, "--json") == 0
    assert orjson.loads(capfd.readouterr().out) == {
        "text": text,
        "intent": intent,
        "brands": brands,
        "scope": scope,
        "candidates": candidates,
    }


@pytest.mark.parametrize(
    ("octets", "texts"),
    [
        pytest.param(b"RET\nHEPS\xc4\xb0\n", ["RET", "HEPSİ"], id="a line each"),
        pytest.param(b"RET\\nMIGROS\n", ["RET\nMIGROS"], id="a line break"),
        pytest.param(b"RET \xff\n", ["RET \ufffd"], id="bad UTF-8"),
        pytest.param(b"RET\r\n", ["RET"], id="a carriage return"),
        pytest.param(b"RET\x00 MIGROS", ["RET\0 MIGROS"], id="NUL, and no line end"),
        pytest.param(b"\n", [""], id="an empty line"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_every_line_is_answered(
    izinhatti: Izinhatti, file: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured, octets: bytes, texts: list[str]
) -> None:
    spoken(monkeypatch, octets)

    assert izinhatti("understand", "--brands", file, "--json") == 0
    assert [orjson.loads(line)["text"] for line in capfd.readouterr().out.splitlines()] == texts


def test_without_json_a_line_is_plain(
    izinhatti: Izinhatti, file: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    spoken(monkeypatch, "RET MIGROS ARAMA\nRET KARDEŞ\nmerhaba\n".encode())

    assert izinhatti("understand", "--brands", file) == 0
    assert capfd.readouterr().out == "ret  600100  ARAMA\nret  (600102, 600103?)\nnone\n"


def test_a_missing_file_is_a_fault(izinhatti: Izinhatti, capfd: Captured) -> None:
    assert izinhatti("understand", "--brands", "gone.csv") == 2
    assert capfd.readouterr().err == "gone.csv: does not exist\n"


def test_without_a_file_the_brands_are_those_of_the_database(
    line: Izinhatti, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    capfd.readouterr()
    spoken(monkeypatch, b"RET SISECAM\n")

    assert line("understand", "--json") == 0
    assert orjson.loads(capfd.readouterr().out)["brands"] == ["600101"]


@pytest.mark.parametrize("wish", [Unreadable("a part"), CloseLine()])
def test_what_no_text_says_is_none(wish: Unreadable | CloseLine) -> None:
    assert understood(wish).intent == "none"
