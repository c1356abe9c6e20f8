"""The command line: what it prints, and the exit codes of the contract. A fault is one line on standard error."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, NoReturn

import aiohttp
import orjson
import pytest

from channels.service.service import Service
from channels.settings.settings import load
from sms.smpp.simulator import Simulator
from tests import outside
from tests.channels.conftest import DATABASE_URL, SETTINGS, Izinhatti
from tests.container import execute
from tests.container_fixtures import DATABASES, on_sqlite
from tests.postgresql import Server

Captured = pytest.CaptureFixture[str]

WAIT_S = 20.0
ALI = "+905320000001"
CONSENTS = f"""recipient,type,status,source,consentDate,recipientType,brandCode
{ALI},ARAMA,ONAY,HS_WEB,2026-03-10 10:00:00,BIREYSEL,600101
{ALI},MESAJ,ONAY,HS_WEB,2026-03-10 10:00:00,TACIR,600100
{ALI},MESAJ,ONAY,HS_WEB,2026-03-10 10:00:00,,600100
{ALI},ARAMA,RET,HS_WEB,2026-03-11 10:00:00,,600100
ali@ornek.com,EPOSTA,ONAY,HS_WEB,2026-03-10 10:00:00,,600100
"""


class Fault(NamedTuple):
    label: str
    arguments: tuple[str, ...]
    code: int
    line: str


NO_DATABASE = [
    ("consents", "show", ALI),
    ("consents", "import", "consents.csv"),
    ("brands", "list"),
    ("brands", "import", "brands.csv"),
    ("brands", "close", "600100"),
    ("ledger", "verify"),
    ("ledger", "export", "ledger.jsonl"),
    ("evidence", "show", "K7M4Q2XS"),
    ("movements", "export", "--day", "2026-01-01", "day.csv"),
    ("retention", "run"),
    ("serve",),
]

USES = [
    Fault("no command", (), 2, "Missing command."),
    Fault("unknown command", ("sreve",), 2, "No such command 'sreve'. Did you mean 'serve', 'review'?"),
    Fault("group without command", ("ledger",), 2, "Missing command."),
    Fault("unknown option", ("brands", "list", "--xml"), 2, "No such option: --xml"),
    Fault("no feed", ("consents", "import", "x.csv", "--notify"), 2, "x.csv: does not exist"),
    Fault("no argument", ("brands", "import"), 2, "Missing argument 'FILE'."),
    Fault("no settings file", ("config", "check", "--config", "gone.toml"), 2, "gone.toml: No such file or directory"),
    Fault("no such door", ("serve", "--doors", "sms,fax"), 2, "--doors: no such door: fax"),
    Fault("no door", ("serve", "--doors", ""), 2, "--doors: no such door: "),
    Fault("sms without operator", ("serve", "--doors", "sms"), 2, "sms.operators: the door sms needs an operator"),
    Fault("bad number", ("consents", "show", "0532"), 2, "NUMBER: not a phone number"),
    Fault("bad e-mail", ("consents", "show", "ali@"), 2, "NUMBER: not an e-mail address"),
    Fault("no file to verify", ("ledger", "verify", "--file", "gone"), 2, "gone: No such file or directory"),
    Fault("nowhere to export", ("ledger", "export", "no/l.jsonl"), 2, "no/l.jsonl: No such file or directory"),
    Fault("unknown receipt", ("evidence", "show", "K7M4Q2XS"), 1, "evidence: no act has this receipt"),
    Fault("no receipt at all", ("evidence", "show", "MERHABA"), 1, "evidence: no act has this receipt"),
    Fault("unknown brand", ("brands", "close", "999"), 1, "brands: no brand has this number"),
]


@pytest.mark.parametrize("fault", USES, ids=[f.label for f in USES])
def test_a_fault_is_one_line_on_standard_error(line: Izinhatti, fault: Fault, capsys: Captured) -> None:
    capsys.readouterr()

    assert line(*fault.arguments) == fault.code

    shown = capsys.readouterr()
    assert (shown.out, shown.err.rstrip()) == ("", fault.line.rstrip())
    assert shown.err.count("\n") == 1


@pytest.fixture(params=DATABASES)
def missing(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings name a database that is not there; what it is called."""
    if request.param == "sqlite":
        return f"{home}/var/izinhatti.db"
    server: Server = request.getfixturevalue("postgresql")
    name = server.unused_name()
    monkeypatch.setenv(DATABASE_URL, server.url(name))
    return name


@pytest.mark.parametrize("arguments", NO_DATABASE, ids=[" ".join(a[:2]) for a in NO_DATABASE])
def test_a_missing_database_is_exit_3(
    home: Path, missing: str, izinhatti: Izinhatti, arguments: tuple[str, ...], capsys: Captured
) -> None:
    (home / "consents.csv").write_text(CONSENTS)
    (home / "brands.csv").write_text("brandCode,name,shortNames,iysCode,title\n")

    for _ in range(2):  # it is not made by the first
        assert izinhatti(*arguments) == 3
        assert capsys.readouterr().err == f"database: {missing} does not exist; run: izinhatti db upgrade\n"


def test_upgrade_makes_the_database(missing: str, izinhatti: Izinhatti) -> None:
    assert izinhatti("db", "upgrade") == 0

    assert izinhatti("brands", "list") == 0


@pytest.mark.parametrize(
    ("label", "sql", "reason"),
    [
        ("newer", "UPDATE alembic_version SET version_num = '9999'", "of version 9999"),
        ("without tables", "DELETE FROM alembic_version", "has no tables"),
    ],
)
def test_a_database_of_another_version_is_exit_3(
    database: str, line: Izinhatti, label: str, sql: str, reason: str, capsys: Captured
) -> None:
    outside.change(database, sql)

    assert line("brands", "list") == 3

    assert reason in capsys.readouterr().err


def test_every_fault_of_the_settings_is_a_line(home: Path, izinhatti: Izinhatti, capsys: Captured) -> None:
    (home / "izinhatti.toml").write_text('[line]\nnumber = "x"\n[colour]\n')

    assert izinhatti("config", "check") == 2

    lines = capsys.readouterr().err.splitlines()
    assert [entry.partition(":")[0] for entry in lines] == ["line.number", "colour"]


def test_settings_are_checked_and_shown(izinhatti: Izinhatti, capsys: Captured) -> None:
    assert izinhatti("config", "check") == 0
    assert capsys.readouterr().out == "ok\n"

    assert izinhatti("config", "show") == 0
    assert tomllib.loads(capsys.readouterr().out)["admin"]["listen"] == "127.0.0.1:0"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--config", "other.toml", "config", "show"),
        ("config", "show", "--config", "other.toml"),
        ("--config", "izinhatti.toml", "config", "show", "--config", "other.toml"),
    ],
)
def test_config_stands_before_or_behind_the_command(
    home: Path, izinhatti: Izinhatti, arguments: tuple[str, ...], capsys: Captured
) -> None:
    (home / "other.toml").write_text('[line]\nnumber = "4609"\n')

    assert izinhatti(*arguments) == 0

    assert tomllib.loads(capsys.readouterr().out)["line"]["number"] == "4609"


def test_upgrade_of_a_current_database_changes_nothing(line: Izinhatti, capsys: Captured) -> None:
    assert line("brands", "list") == 0
    before = capsys.readouterr().out

    assert line("db", "upgrade") == 0

    assert line("brands", "list") == 0
    assert capsys.readouterr().out == before


def test_brands_are_listed(line: Izinhatti, capsys: Captured) -> None:
    capsys.readouterr()

    assert line("brands", "list", "--json") == 0
    assert orjson.loads(capsys.readouterr().out) == [
        {"brandCode": "600100", "name": "MIGROS", "shortNames": ["MIGROS"], "iysCode": "710200", "title": "A.Ş."},
        {"brandCode": "600101", "name": "Şişecam", "shortNames": ["SISECAM", "SISE"], "iysCode": "", "title": ""},
    ]

    assert line("brands", "close", "600101") == 0
    assert line("brands", "list") == 0
    assert "closed" in capsys.readouterr().out.splitlines()[1]


def test_a_directory_without_brands_is_an_empty_list(database: str, izinhatti: Izinhatti, capsys: Captured) -> None:
    assert izinhatti("brands", "list") == 0
    assert izinhatti("brands", "list", "--json") == 0

    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize("number", [ALI, "05320000001", "0532 000 00 01", "905320000001", "(0532) 000-0001"])
def test_consents_are_shown_in_order_for_a_number_in_any_usual_form(
    home: Path, line: Izinhatti, number: str, capsys: Captured
) -> None:
    (home / "consents.csv").write_text(CONSENTS)
    assert line("consents", "import", "consents.csv") == 0
    capsys.readouterr()

    assert line("consents", "show", number, "--json") == 0

    shown = orjson.loads(capsys.readouterr().out)
    assert [tuple(row[k] for k in ("brandCode", "type", "recipientType", "status")) for row in shown] == [
        ("600100", "ARAMA", "BIREYSEL", "RET"),
        ("600100", "MESAJ", "BIREYSEL", "ONAY"),
        ("600100", "MESAJ", "TACIR", "ONAY"),
        ("600101", "ARAMA", "BIREYSEL", "ONAY"),
    ]
    assert shown[3] == {
        "recipient": ALI,
        "type": "ARAMA",
        "recipientType": "BIREYSEL",
        "brandCode": "600101",
        "brand": "Şişecam",
        "status": "ONAY",
        "source": "HS_WEB",
        "consentDate": "2026-03-10 10:00:00",
        "receipt": None,
        "objection": False,
    }
    assert list(shown[3]) == [
        *("recipient", "type", "recipientType", "brandCode", "brand", "status", "source", "consentDate"),
        *("receipt", "objection"),
    ]


def test_consents_of_an_address_and_of_nobody(home: Path, line: Izinhatti, capsys: Captured) -> None:
    (home / "consents.csv").write_text(CONSENTS)
    assert line("consents", "import", "consents.csv") == 0
    capsys.readouterr()

    assert line("consents", "show", "Ali@Ornek.com") == 0
    assert "EPOSTA" in capsys.readouterr().out
    assert line("consents", "show", "+905320000002", "--json") == 0
    assert capsys.readouterr().out == "[]\n"
    assert line("consents", "show", "+905320000002") == 0
    assert capsys.readouterr().out == "nothing is known\n"


def test_looking_neither_waits_for_a_writer_nor_writes(home: Path, database: str, line: Izinhatti) -> None:
    with outside.unfinished(database, lambda transaction: execute(transaction, "DELETE FROM brand")):
        for command in (("brands", "list"), ("consents", "show", ALI), ("ledger", "verify")):
            assert line(*command) == 0

    assert not (home / "var/ledger.key").exists()
    assert not (home / "var/ledger.anchors").exists()


def test_a_damaged_ledger_is_named_with_exit_1(home: Path, database: str, line: Izinhatti, capsys: Captured) -> None:
    (home / "consents.csv").write_text(CONSENTS)
    assert line("consents", "import", "consents.csv") == 0
    assert line("ledger", "export", "ledger.jsonl") == 0
    capsys.readouterr()
    assert line("ledger", "verify", "--json") == 0
    right = {"ok": True, "entries": 1, "book": None, "entry": None, "reason": None}
    assert orjson.loads(capsys.readouterr().out) == right
    assert line("ledger", "verify", "--file", "ledger.jsonl", "--json") == 0
    assert orjson.loads(capsys.readouterr().out) == right

    outside.change(database, "UPDATE ledger SET body = replace(body, 'import', 'impart')")
    assert line("ledger", "verify", "--json") == 1

    found = orjson.loads(capsys.readouterr().out)
    assert (found["ok"], found["book"], found["entry"]) == (False, 1, 1)
    assert line("ledger", "verify") == 1
    assert capsys.readouterr().out.startswith("wrong: book 1, entry 1: the entry was changed")


def test_a_file_is_verified_without_settings_and_database(
    home: Path, line: Izinhatti, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "consents.csv").write_text(CONSENTS)
    assert line("consents", "import", "consents.csv") == 0
    assert line("ledger", "export", "ledger.jsonl") == 0
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("IZINHATTI_CONFIG", "gone.toml")

    assert line("ledger", "verify", "--file", home / "ledger.jsonl") == 0


def test_an_export_signs_what_no_head_covers_yet(home: Path, database: str, line: Izinhatti) -> None:
    (home / "consents.csv").write_text(CONSENTS)
    assert line("consents", "import", "consents.csv") == 0
    (home / "var/ledger.anchors").unlink()
    outside.change(database, "DELETE FROM anchor")

    assert line("ledger", "export", "ledger.jsonl") == 0

    assert line("ledger", "verify", "--file", "ledger.jsonl") == 0


def test_an_anchor_file_with_a_broken_line_is_a_finding(home: Path, line: Izinhatti, capsys: Captured) -> None:
    (home / "var/ledger.anchors").write_text("{}\n")
    capsys.readouterr()

    assert line("ledger", "verify", "--json") == 1

    assert "ledger.anchors line 1" in orjson.loads(capsys.readouterr().out)["reason"]


async def until_bound(service: Service) -> None:
    while service.missing():  # noqa: ASYNC110  # nobody tells of it
        await asyncio.sleep(0.01)


async def test_an_act_by_sms_is_proven_by_its_receipt(home: Path, line: Izinhatti, capsys: Captured) -> None:
    simulator = Simulator()
    port = await simulator.start("127.0.0.1")
    answers: asyncio.Queue[str] = asyncio.Queue()
    simulator.on_text = lambda _number, text: answers.put_nowait(text)
    (home / "izinhatti.toml").write_text(
        f"{SETTINGS}[[sms.operators]]\nname='a'\nhost='127.0.0.1'\nport={port}\n"
        f"system_id='{simulator.system_id}'\npassword='{simulator.password}'\n"
    )
    service = Service(load(None, os.environ), {"sms"})
    await service.start()
    async with asyncio.timeout(WAIT_S):
        await until_bound(service)
        assert await simulator.deliver(ALI, "RET MIGROS", dest="3338") == 0
        answer = await answers.get()
    await service.stop()
    await simulator.stop()
    receipt = re.findall(r"\b[A-Z][0-9A-Z]{7}\b", answer)[-1]
    capsys.readouterr()

    spelt = f"{receipt[:4]}-{receipt[4:]}".lower()
    assert await asyncio.to_thread(line, "evidence", "show", spelt, "--json") == 0

    shown = orjson.loads(capsys.readouterr().out)
    assert list(shown) == [
        *("receipt", "door", "recipient", "raw", "receivedAt", "decidedAt", "registeredAt", "acts", "ledger"),
        "answers",
    ]
    assert (shown["receipt"], shown["recipient"], shown["raw"]) == (receipt, ALI, "RET MIGROS")
    assert shown["answers"] == [answer]
    assert await asyncio.to_thread(line, "evidence", "show", receipt) == 0
    assert answer.split("\n")[0] in capsys.readouterr().out
    assert await asyncio.to_thread(line, "ledger", "verify", "--json") == 0
    assert orjson.loads(capsys.readouterr().out)["entries"] == 1


def started(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", "channels.cli", *arguments],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(root)},
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_listening(port: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return


async def test_serve_runs_until_sigterm_and_says_that_asterisk_is_not_there(
    home: Path, line: Izinhatti, sounds: Path
) -> None:
    port, agi, ami = free_port(), free_port(), free_port()
    (home / "izinhatti.toml").write_text(
        f'[admin]\nlisten = "127.0.0.1:{port}"\n'
        f'[ivr]\nlisten = "127.0.0.1:{agi}"\nsounds = "{sounds}"\n[ivr.ami]\nport = {ami}\n'
    )
    process = started(home, "serve")
    await until_listening(port)
    await until_listening(agi)

    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/readyz") as response:
        ready = await response.json()
    process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(process.communicate, timeout=WAIT_S)

    assert ready == {"ready": False, "missing": ["ivr ami: cannot connect: Connection refused"]}
    assert process.returncode == 0


async def test_serve_opens_the_link_pages(home: Path, line: Izinhatti) -> None:
    port = free_port()
    (home / "izinhatti.toml").write_text(f'{SETTINGS}[link]\nlisten = "127.0.0.1:{port}"\n')
    process = started(home, "serve", "--doors", "link")
    await until_listening(port)

    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/r/Q7m2XbT9kLw4Zp1sA") as page:
        assert page.status == 404
    process.send_signal(signal.SIGTERM)
    _, err = await asyncio.to_thread(process.communicate, timeout=WAIT_S)

    assert process.returncode == 0
    assert [orjson.loads(entry)["path"] for entry in err.splitlines()] == ["/r/***"]
    assert "Q7m2" not in err


@on_sqlite
@pytest.mark.parametrize("section", ["admin", "link"])
def test_serve_on_a_port_in_use_is_one_line_that_names_the_setting(home: Path, line: Izinhatti, section: str) -> None:
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        (home / "izinhatti.toml").write_text(
            f'[{section}]\nlisten = "127.0.0.1:{port}"\n' + (SETTINGS if section != "admin" else "")
        )

        process = started(home, "serve")
        _, err = process.communicate(timeout=WAIT_S)

    assert process.returncode == 2
    assert len(err.splitlines()) == 1
    assert err.startswith(f"{section}.listen: cannot listen on 127.0.0.1:{port}: ")


def test_a_key_that_is_none_is_one_line(home: Path, line: Izinhatti, capsys: Captured) -> None:
    (home / "consents.csv").write_text(CONSENTS)
    (home / "var/ledger.key").write_bytes(b"short")

    assert line("consents", "import", "consents.csv") == 2

    assert capsys.readouterr().err == f"{home}/var/ledger.key holds no Ed25519 key of 32 octets\n"


@pytest.mark.parametrize("port", ["x", "65536", "-1"])
def test_a_demo_port_that_is_none_is_one_line(
    izinhatti: Izinhatti, port: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("DEMO_PORT", port)

    assert izinhatti("demo") == 2

    assert capsys.readouterr().err == "DEMO_PORT: must be a port of 0 to 65535\n"


def test_serve_ends_with_a_finding_when_a_part_of_it_fails(
    home: Path, line: Izinhatti, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(_: object) -> NoReturn:
        raise KeyError("+905321234567")

    monkeypatch.setattr("channels.service.periodic.Periodic.each_second", broken)

    assert line("serve") == 1

    err = capsys.readouterr().err
    assert err.splitlines()[-1] == "the part each second failed: see the log"
    assert "905321234567" not in err
