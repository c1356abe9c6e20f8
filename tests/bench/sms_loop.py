"""The SMS loop: deliver_sm → commit with fsync → deliver_sm_resp → answer submit_sm → submit_sm_resp, all durable.

Every message comes from another number and ends an ONAY that stands. Beside it, in the same run: the codec alone, one
commit a message, and what plain sqlite3 needs for the same rows.
"""

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import uvloop
from pydantic import SecretStr

import core.intake.desk
from channels.service.service import Service
from channels.settings.sections import Admin, Database, Ledger, Operator, Settings, Sms
from channels.settings.setting_types import Address
from core.ledger.anchor_file import AnchorFile
from core.ledger.chain import Entry
from core.ledger.verify import verify
from core.store.database import upgrade
from core.store.queries.books import ADD_ENTRY
from core.store.queries.brands import PUT_BRAND
from core.store.queries.consents import PUT_CONSENT
from core.store.queries.evidence import ADD_RAW, ADD_RECEIPT, ADD_REQUEST
from core.store.queries.outbox import ACCEPT, ADD_OUTBOX
from sms.gsm.segments import split
from sms.smpp import codes
from sms.smpp.pace import Pace
from sms.smpp.pdu import Bind, Message, parse_message
from sms.smpp.profile import Profile
from sms.smpp.session import Fate, Session, Submission
from tests.bench.smsc import number

WINDOW = 50
BRAND = "600100"
ANSWER = (
    "MIGROS için reklam mesajı izniniz kaldırıldı; en geç 26.11.2026 günü kesilir. İşlem no K7M4Q2XS. "
    "Aramalar için: RET MIGROS ARAMA yazın."
)
SENT = "UPDATE outbox SET state = 'sent', attempts = 1, lease_until = 1, sender = 1 WHERE id = ?"


def prepare(folder: Path, count: int) -> Path:
    """A database in which `count` citizens have given one consent each."""
    folder.mkdir(parents=True)
    path = folder / "izinhatti.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    given = (BRAND, "MESAJ", "BIREYSEL", "ONAY", "HS_WEB", 1_700_000_000_000, None, None, None)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(PUT_BRAND.sqlite.sql, (BRAND, "MIGROS", "MIGROS", "1", "Migros", None, None, 1))
        database.executemany(PUT_CONSENT.sqlite.sql, [(f"+{number(n)}", *given) for n in range(1, count + 1)])
    return path


def start_smsc(count: int, port: int = 0) -> "tuple[subprocess.Popen[str], int]":
    smsc = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.smsc", str(count), str(WINDOW), str(port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert smsc.stdout is not None
    return smsc, int(smsc.stdout.readline())


async def finished(smsc: "subprocess.Popen[str]") -> float:
    assert smsc.stdout is not None
    return float(await asyncio.get_running_loop().run_in_executor(None, smsc.stdout.readline))


def whole_loop(folder: Path, count: int, batch_max: int = core.intake.desk.BATCH_MAX) -> float:
    """Messages a second through the service as it is shipped."""
    path = prepare(folder, count)
    smsc, port = start_smsc(count)
    operator = Operator(
        name="bench", host="127.0.0.1", port=port, system_id="bench", password=SecretStr("bench"), rate=0
    )
    settings = Settings(
        database=Database(url=f"sqlite+aiosqlite:///{path}"),
        ledger=Ledger(anchor_file=folder / "anchors", signing_key=folder / "key"),
        admin=Admin(listen=Address("127.0.0.1", 0)),
        sms=Sms(operators=(operator,)),
    )

    async def run() -> float:
        service = Service(settings, {"sms"})
        await service.start()
        seconds = await finished(smsc)
        await service.stop()
        return seconds

    with patch.object(core.intake.desk, "BATCH_MAX", batch_max):
        seconds = uvloop.run(run())
    smsc.kill()
    smsc.wait()
    check(folder, count)
    return count / seconds


def check(folder: Path, count: int) -> None:
    """Every table holds what it must after `count` refusals."""
    with closing(sqlite3.connect(folder / "izinhatti.db")) as database:

        def one(sql: str) -> Any:
            return database.execute(sql).fetchone()[0]

        assert one("SELECT count(*) FROM consent WHERE status = 'RET' AND source = 'IYS_KISAMESAJ'") == count
        joined = "consent JOIN receipt USING (receipt) JOIN request ON request.id = receipt.request"
        assert one(f"SELECT count(*) FROM {joined} WHERE request.outcome = 'ret'") == count
        assert one("SELECT count(*) FROM request") == count
        assert one("SELECT count(*) FROM raw") == count
        assert one("SELECT count(*) FROM outbox WHERE state = 'accepted' AND attempts = 1 AND unknowns = 0") == count
        assert one("SELECT count(DISTINCT recipient) FROM outbox") == count
        entries = database.execute("SELECT book, entry, hash, body FROM ledger ORDER BY book, entry")
        report = verify(map(Entry._make, entries), AnchorFile(folder / "anchors").read())
        assert report.ok, report.reason
        assert report.entries == count


def codec_loop(count: int) -> float:
    """Messages a second through session and codec alone: answered at once, nothing decided, nothing stored."""
    smsc, port = start_smsc(count)
    profile = Profile("bench", "127.0.0.1", port, Bind("bench", "bench"), "3338", rate=0)

    class Owner:
        session: Session
        ids = 0

        def delivered(self, pdu: bytes, answer: Callable[[int], int]) -> None:
            message: Message = parse_message(pdu)
            answer(0)
            self.ids += 1
            segments = split(ANSWER, "turkish-single", self.ids)
            self.session.submit(Submission(self.ids, message.source, segments, "", self.ids & 0xFFFF))

        def submitted(self, outbox_id: int, result: int | Fate, message_id: str) -> None:
            assert result == 0

        def accepted_late(self, outbox_id: int, message_id: str) -> None:
            pass

        def heard(self, number: int) -> None:
            pass

    async def run() -> float:
        owner = Owner()
        _, owner.session = await asyncio.get_running_loop().create_connection(
            lambda: Session(profile, codes.BIND_TRANSCEIVER, Pace(0), owner), profile.host, profile.port
        )
        await owner.session.bind()
        return await finished(smsc)

    seconds = uvloop.run(run())
    smsc.kill()
    smsc.wait()
    return count / seconds


def ceiling(folder: Path, rows_of: Path, count: int, commits: int) -> float:
    """Messages a second when plain sqlite3 writes the rows that the whole loop left in `rows_of`.

    50 messages a commit; with 3 commits the act, `sent` and `accepted` of each 50 are durable one after the other, as
    they have to be for any single message; with 1 they are written together.
    """
    path = prepare(folder, count)
    with closing(sqlite3.connect(rows_of)) as done:
        tables = {
            name: done.execute(f"SELECT * FROM {name} ORDER BY {key}").fetchall()
            for name, key in (("request", "id"), ("raw", "request"), ("ledger", "entry"), ("outbox", "id"))
        }
        consents = done.execute(
            "SELECT consent.* FROM consent JOIN receipt USING (receipt) ORDER BY receipt.request"
        ).fetchall()
        receipts = done.execute("SELECT * FROM receipt ORDER BY request").fetchall()
        names = [column[1] for column in done.execute("PRAGMA table_info(outbox)")]
    ready = {"state": "ready", "attempts": 0} | dict.fromkeys(
        ("lease_until", "sender", "operator", "message_id", "settled_at")
    )
    outbox = [tuple(ready.get(name, value) for name, value in zip(names, row, strict=True)) for row in tables["outbox"]]
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    started = time.perf_counter()
    for at in range(0, count, WINDOW):
        part = slice(at, at + WINDOW)
        ids = [(row[0],) for row in outbox[part]]
        database.execute("BEGIN IMMEDIATE")
        database.executemany(PUT_CONSENT.sqlite.sql, consents[part])
        database.executemany(ADD_REQUEST.sqlite.sql, tables["request"][part])
        database.executemany(ADD_RAW.sqlite.sql, tables["raw"][part])
        database.executemany(ADD_RECEIPT.sqlite.sql, receipts[part])
        database.executemany(ADD_ENTRY.sqlite.sql, tables["ledger"][part])
        database.executemany(ADD_OUTBOX.sqlite.sql, outbox[part])
        accepted = [("bench", str(i), 1_700_000_000_000, i, 1) for (i,) in ids]
        for sql, values in ((SENT, ids), (ACCEPT.sqlite.sql, accepted)):
            if commits == 3:
                database.execute("COMMIT")
                database.execute("BEGIN IMMEDIATE")
            database.executemany(sql, values)
        database.execute("COMMIT")
    seconds = time.perf_counter() - started
    database.close()
    return count / seconds
