"""The log of PDUs: everything for who tunes a link, nothing of a citizen."""

from pathlib import Path

import pytest

from sms.smpp import codes
from sms.smpp.pdu import Message, build_data, build_message, build_plain
from sms.smpp.pdu_log import PduLog, described
from tests.container import Container, until
from tests.container_fixtures import on_sqlite
from tests.sms.smpp.line import MESSAGE, Line
from tests.sms.smpp.scripted import Smsc

DELIVER = build_message(codes.DELIVER_SM, 7, MESSAGE._replace(source_ton=1, tlvs={0x1403: b"RET"}))


@pytest.mark.parametrize(
    ("label", "pdu", "words"),
    [
        (
            "a header",
            build_plain(codes.ENQUIRE_LINK, 3),
            "enquire_link status=0x00000000 ESME_ROK sequence=3 octets=16",
        ),
        (
            "a message",
            DELIVER,
            (
                "deliver_sm status=0x00000000 ESME_ROK sequence=7 octets=66 source=905...67/1/0 dest=3338/0/0"
                " esm_class=0x00 data_coding=0x00 text_octets=10 tlvs=0x1403"
            ),
        ),
        ("a broken one", DELIVER[:30], "deliver_sm status=0x00000000 ESME_ROK sequence=7 octets=66 broken=source_addr"),
    ],
)
def test_a_pdu_is_described_without_its_citizen(label: str, pdu: bytes, words: str) -> None:
    assert described(pdu) == words, label


@pytest.mark.parametrize(
    "source", ["905321234567", "+90 532 123 45 67", "Ayşe Yılmaz".encode().decode("latin-1"), "\n\r"]
)
def test_no_address_is_whole_and_no_line_is_two(source: str) -> None:
    words = described(build_data(1, Message(source, "3338", b"RET MIGROS")))

    assert source not in words
    assert "MIGROS" not in words
    assert words.isascii()
    assert words.isprintable()


def test_the_file_is_its_owners_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pdus.log"
    for _ in range(2):
        log = PduLog.open(path, "a/1")
        log.received(DELIVER)
        log.sent(build_plain(codes.UNBIND, 1))
        log.close()

    assert path.stat().st_mode & 0o777 == 0o600
    assert [line.split(" ")[1:4] for line in path.read_text().splitlines()] == [
        ["a/1", "<", "deliver_sm"],
        ["a/1", ">", "unbind"],
    ] * 2


@on_sqlite
async def test_a_link_logs_both_directions_masked(container: Container, tmp_path: Path) -> None:
    path = tmp_path / "pdus.log"
    async with Smsc.listening() as smsc:
        line = Line(container, smsc, log_pdus=path)
        peer = await line.bound()
        await line.answer(peer)
        await until(lambda: path.read_text().count(" > submit_sm ") == 1)
        await line.end()

    text = path.read_text()
    assert [" < deliver_sm " in text, " > deliver_sm_resp " in text, " > bind_transceiver " in text] == [True] * 3
    assert MESSAGE.source not in text
    assert "MIGROS" not in text
