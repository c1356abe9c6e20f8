"""What an operator's settings change on the wire."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from core.outbox.outbox import ANSWER_LIFE_MS
from sms.gsm.alphabet import decode
from sms.gsm.errors import UnknownAlphabet
from sms.smpp import codes
from sms.smpp.pdu import Bind, Message, build_response, build_tlvs, interface_version, parse_bind, parse_message
from sms.smpp.profile import Profile
from tests.container import Container, until
from tests.container_fixtures import on_sqlite
from tests.sms.smpp.line import MESSAGE, Line
from tests.sms.smpp.scripted import Smsc


@pytest.fixture
async def line(container: Container, request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    async with Smsc.listening() as smsc:
        line = Line(container, smsc, **getattr(request, "param", {}))
        yield line
        await line.end()


async def submitted(line: Line) -> Message:
    return parse_message(await line.answer(await line.bound()))


@on_sqlite
@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ({}, "validity", "000001000000000R"),
        ({"validity": "none"}, "validity", ""),
        ({"service_type": "CMT"}, "service_type", "CMT"),
        ({"protocol_id": 0x40}, "protocol_id", 0x40),
        ({"priority": 3}, "priority", 3),
        ({"reference_tlv": False}, "tlvs", {}),
        ({"reference_tlv": False, "submit_tlvs": {0x1403: b"ab"}}, "tlvs", {0x1403: b"ab"}),
    ],
    indirect=["line"],
    ids=["validity", "no validity", "service_type", "protocol_id", "priority", "no reference", "own TLVs"],
)
async def test_a_submit_is_as_its_settings_say(line: Line, field: str, value: object) -> None:
    message = await submitted(line)

    assert getattr(message, field) == value


@on_sqlite
@pytest.mark.parametrize("line", [{"submit_tlvs": {0x1403: b"ab"}}], indirect=True)
async def test_own_tlvs_stand_beside_the_reference(line: Line) -> None:
    assert set((await submitted(line)).tlvs) == {codes.TLV_USER_MESSAGE_REFERENCE, 0x1403}


@on_sqlite
@pytest.mark.parametrize("line", [{"validity": "absolute"}], indirect=True)
async def test_an_absolute_validity_is_the_messages_end_in_utc(line: Line) -> None:
    message = await submitted(line)

    [created_at] = await line.container.column("SELECT created_at FROM outbox")
    ends_at = datetime.fromtimestamp((created_at + ANSWER_LIFE_MS) / 1000, UTC)
    assert message.validity == f"{ends_at:%y%m%d%H%M%S}000+"


@on_sqlite
@pytest.mark.parametrize(
    ("label", "tlvs", "ours", "has_tlvs"),
    [
        ("a peer of 3.4", {0x0210: b"\x34"}, 0x34, True),
        ("a peer of 5.0", {0x0210: b"\x50"}, 0x34, True),
        ("a peer of 3.3", {0x0210: b"\x33"}, 0x34, False),
        ("a peer that names none", {}, 0x34, False),
        ("we are of 3.3", {0x0210: b"\x34"}, 0x33, False),
    ],
)
async def test_a_peer_that_knows_no_tlvs_gets_none(
    container: Container, label: str, tlvs: dict[int, bytes], ours: int, has_tlvs: bool
) -> None:
    async with Smsc.listening() as smsc:
        bind = Bind("izinhatti", "secret", interface_version=ours)
        line = Line(container, smsc, bind=bind, submit_tlvs={0x1403: b"ab"})
        peer = await smsc.accept()
        head = await peer.head()
        pdu = build_response(head.command, 0, head.sequence, "smsc") + build_tlvs(tlvs)
        await peer.send(len(pdu).to_bytes(4) + pdu[4:])
        await until(lambda: line.trouble is None)

        message = parse_message(await line.answer(peer))

        assert bool(message.tlvs) is has_tlvs, label
        await line.end()


@on_sqlite
async def test_a_bind_names_version_ton_and_npi(container: Container) -> None:
    async with Smsc.listening() as smsc:
        line = Line(container, smsc, bind=Bind("izinhatti", "secret", "", 0x50, 1, 2))

        bind = parse_bind(await (await smsc.accept()).receive())

        assert (bind.interface_version, bind.ton, bind.npi) == (0x50, 1, 2)
        await line.end()


@on_sqlite
async def test_the_receiver_of_a_pair_may_have_an_address_of_its_own(container: Container) -> None:
    async with Smsc.listening() as sending, Smsc.listening() as receiving:
        line = Line(container, sending, bind_as="pair", receive_host="127.0.0.1", receive_port=receiving.port)

        assert (await (await sending.accept()).take_bind()).command == codes.BIND_TRANSMITTER
        peer = await receiving.accept()
        assert (await peer.take_bind()).command == codes.BIND_RECEIVER

        sending._all.append(peer)
        await line.end()


def test_without_one_the_receiver_goes_where_the_others_go() -> None:
    profile = Profile("a", "h", 1, Bind("", ""), "3338", receive_port=2)

    assert profile.address(codes.BIND_RECEIVER) == ("h", 2)
    assert profile.address(codes.BIND_TRANSMITTER) == profile.address(codes.BIND_TRANSCEIVER) == ("h", 1)


@pytest.mark.parametrize(
    ("label", "octets", "charset"),
    [
        ("utf-8", "RET ŞİŞECAM".encode(), "utf-8"),
        ("windows-1254", "RET ŞİŞECAM".encode("windows-1254"), "windows-1254"),
        ("latin5", "RET ŞİŞECAM".encode("iso8859-9"), "latin5"),
        ("ucs2", "RET ŞİŞECAM".encode("utf-16-be"), "ucs2"),
    ],
)
@pytest.mark.parametrize("data_coding", [0, 3, 8, 0x45])
def test_a_data_coding_is_read_as_the_operator_means_it(
    label: str, octets: bytes, charset: str, data_coding: int
) -> None:
    assert decode(octets, data_coding, "gsm7", charsets={data_coding: charset}) == "RET ŞİŞECAM", label


@pytest.mark.parametrize(("octets", "charset"), [(b"\xff\xfe", "utf-8"), (b"\x81", "windows-1254")])
def test_octets_that_a_charset_lacks_are_of_no_alphabet(octets: bytes, charset: str) -> None:
    with pytest.raises(UnknownAlphabet):
        decode(octets, 0, "gsm7", charsets={0: charset})


@pytest.mark.parametrize(
    ("label", "pdu"),
    [
        ("no body", bytes(16)),
        ("half a TLV", bytes(17) + b"\x02\x10\0"),
        ("two octets", bytes(17) + b"\x02\x10\0\2\x34\0"),
    ],
)
def test_a_version_that_cannot_be_read_is_none(label: str, pdu: bytes) -> None:
    assert interface_version(pdu) == 0, label


@pytest.mark.parametrize("line", [{"numbers": ("4447",)}], indirect=True)
@pytest.mark.parametrize(
    ("destination", "source"), [("3338", "3338"), ("4447", "4447"), ("+904447", "4447"), ("903338", "3338")]
)
async def test_an_answer_leaves_from_the_number_that_was_texted(line: Line, destination: str, source: str) -> None:
    peer = await line.bound()

    assert await line.deliver(peer, 1, MESSAGE._replace(dest=destination)) == codes.ESME_ROK

    assert parse_message(await peer.receive()).source == source


@pytest.mark.parametrize("line", [{"numbers": ("4447",)}], indirect=True)
async def test_a_message_to_another_number_is_refused(line: Line) -> None:
    peer = await line.bound()

    assert (
        await line.deliver(peer, 1, MESSAGE._replace(dest="5555")) == line.operator.binds[0]._profile.permanent_status
    )

    assert await line.container.column("SELECT count(*) FROM request") == [0]
