"""`izinhatti serve` against an SMSC not written here: what the citizen reads, the registry and the proofs agree."""

import asyncio
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.container_fixtures import on_sqlite
from tests.system.foreign_smsc import NodeSmsc
from tests.system.izinhatti import Running, run, spawn

CITIZEN = "905320000001"
BRANDS = """brandCode,name,shortNames,iysCode,title
600100,MIGROS,MIGROS,500100,Migros Örnek A.Ş.
600101,Şişecam Paşabahçe,ŞİŞECAM|PASABAHCE,500101,Şişecam Örnek A.Ş.
600102,KİĞILI,KIGILI,500102,Kiğılı Örnek A.Ş.
"""
CONSENTS = """recipient,type,status,source,consentDate,recipientType,brandCode
+905320000001,MESAJ,ONAY,HS_WEB,2026-01-02 03:04:05,BIREYSEL,600100
+905320000001,ARAMA,ONAY,HS_WEB,2026-01-02 03:04:05,BIREYSEL,600100
+905320000001,MESAJ,ONAY,HS_WEB,2026-01-02 03:04:05,BIREYSEL,600101
+905320000001,MESAJ,ONAY,HS_WEB,2026-01-02 03:04:05,TACIR,600101
+905320000001,ARAMA,ONAY,HS_WEB,2026-01-02 03:04:05,BIREYSEL,600102
"""
SETTINGS = """
[database]
url = "{url}"
[ledger]
anchor_file = "ledger.anchors"
signing_key = "ledger.key"
[admin]
listen = "127.0.0.1:{admin}"
[[sms.operators]]
name = "operator-a"
host = "127.0.0.1"
port = {port}
system_id = "izinhatti"
password = "{password}"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def smsc() -> AsyncIterator[NodeSmsc]:
    smsc = await NodeSmsc.start()
    yield smsc
    await smsc.stop()


@asynccontextmanager
async def serving(
    folder: Path, url: str, smsc: NodeSmsc, password: str = "secret"
) -> AsyncIterator[tuple[Running, int]]:
    """A prepared folder, and `izinhatti serve` in it; the admin port."""
    admin, port = free_port(), await smsc.hear("listening")
    (folder / "izinhatti.toml").write_text(SETTINGS.format(url=url, admin=admin, port=port, password=password))
    (folder / "brands.csv").write_text(BRANDS)
    (folder / "consents.csv").write_text(CONSENTS)
    assert (await run(folder, "brands", "import", "brands.csv")).code == 0
    result = await run(folder, "consents", "import", "consents.csv")
    assert result.out.splitlines()[-1] == "imported=5 unchanged=0 rejected=0"
    process = await spawn(folder, "serve")
    try:
        yield process, admin
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def stop(process: Running) -> int:
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        await process.communicate()
    assert process.returncode is not None
    return process.returncode


@pytest.mark.parametrize(
    ("url", "octets", "data_coding", "esm_class", "brand"),
    [
        pytest.param("sqlite", b"RET MIGROS", 0, 0, "600100", id="short name in GSM 7-bit"),
        pytest.param("postgresql", b"RET MIGROS", 0, 0, "600100", id="on PostgreSQL"),
        pytest.param("sqlite", b"ret 600100", 0, 0, "600100", id="registry number"),
        pytest.param("sqlite", "RET ŞİŞECAM PAŞABAHÇE".encode("utf-16-be"), 8, 0, "600101", id="full name in UCS2"),
        pytest.param(
            "sqlite", b"\x03\x24\x01\x01RET \x1bS\x1bI\x1bSECAM", 0, 0x40, "600101", id="Turkish single shift"
        ),
    ],
    indirect=["url"],
)
async def test_ret_by_sms(
    tmp_path: Path, url: str, smsc: NodeSmsc, octets: bytes, data_coding: int, esm_class: int, brand: str
) -> None:
    async with serving(tmp_path, url, smsc) as (process, _):
        await smsc.hear("bound")

        status = await smsc.deliver(CITIZEN, octets, data_coding, esm_class)
        submitted = await smsc.hear("submitted")

        assert status == 0
        assert submitted["dest"] == CITIZEN
        assert submitted["source"] == "3338"
        assert (submitted["source_ton"], submitted["dest_ton"]) == (3, 1)
        await check_agreement(tmp_path, submitted["text"], brand)
        assert await stop(process) == 0
        assert not smsc.has_heard("submitted")
    verified = await run(tmp_path, "ledger", "verify", "--json")
    assert verified.code == 0, verified.out
    assert verified.json()["ok"]


async def check_agreement(folder: Path, text: str, brand: str) -> None:
    """Consents, evidence, ledger and answer tell the same."""
    assert "izniniz kaldırıldı" in text
    found = re.search(r"İşlem no ([0-9A-Z]{8})\b", text)
    assert found
    receipt = found[1]
    rows = (await run(folder, "consents", "show", "0532 000 00 01", "--json")).json()
    ended = [row for row in rows if row["brandCode"] == brand and row["type"] == "MESAJ"]
    assert {row["status"] for row in ended} == {"RET"}
    assert {row["source"] for row in ended} == {"IYS_KISAMESAJ"}
    assert {row["receipt"] for row in ended} == {receipt}
    assert {row["status"] for row in rows if row not in ended} == {"ONAY"}
    evidence: dict[str, Any] = (await run(folder, "evidence", "show", receipt, "--json")).json()
    assert evidence["answers"] == [text]
    assert evidence["recipient"] == "+" + CITIZEN
    assert evidence["door"] == "sms"
    assert len(evidence["acts"]) == len(ended)
    for act in evidence["acts"]:
        assert (act["brandCode"], act["type"]) == (brand, "MESAJ")
        assert (act["before"]["status"], act["after"]["status"]) == ("ONAY", "RET")
        assert act["after"]["consentDate"] == ended[0]["consentDate"]
    exported = folder / "ledger.jsonl"
    assert (await run(folder, "ledger", "export", str(exported))).code == 0
    assert receipt in exported.read_text()
    assert CITIZEN[2:] not in exported.read_text()


@on_sqlite
async def test_a_refused_bind_keeps_the_service_running_and_is_named(tmp_path: Path, url: str, smsc: NodeSmsc) -> None:
    async with serving(tmp_path, url, smsc, password="wrong") as (process, admin):
        await smsc.hear("closed")

        async with aiohttp.ClientSession() as session:
            missing = await until_missing(session, admin, "bind refused")
            async with session.get(f"http://127.0.0.1:{admin}/healthz") as alive:
                assert alive.status == 200

        assert missing == ["sms operator-a: bind refused 0x0000000E ESME_RINVPASWD"]
        assert await stop(process) == 0


@on_sqlite
async def test_enquire_link_unbind_and_rebind(tmp_path: Path, url: str, smsc: NodeSmsc) -> None:
    async with serving(tmp_path, url, smsc) as (process, admin):
        await smsc.hear("bound")

        await smsc.order(enquire=True)
        assert await smsc.hear("enquired") == 0
        await smsc.order(unbind=True)
        assert await smsc.hear("unbound") == 0
        await smsc.hear("bound")

        assert await smsc.deliver(CITIZEN, b"RET MIGROS") == 0
        assert "MIGROS" in (await smsc.hear("submitted"))["text"]
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{admin}/metrics") as metrics:
            page = await metrics.text()
        assert 'izinhatti_bind{bind="1",operator="operator-a"} 1.0' in page
        assert CITIZEN[2:] not in page
        assert await stop(process) == 0


async def until_missing(session: aiohttp.ClientSession, admin: int, wanted: str) -> list[str]:
    async with asyncio.timeout(20):
        while True:
            async with session.get(f"http://127.0.0.1:{admin}/readyz") as ready:
                body = await ready.json()
                if any(wanted in line for line in body["missing"]):
                    assert ready.status == 503
                    assert not body["ready"]
                    return list(body["missing"])
            await asyncio.sleep(0.05)
