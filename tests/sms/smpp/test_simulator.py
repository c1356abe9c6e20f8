"""The simulator against a client that is nothing but a socket and the codec."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable

import pytest
from smpplib.client import Client
from smpplib.command import SubmitSM

from sms.gsm.segments import split
from sms.smpp import codes, simulator
from sms.smpp.pdu import (
    Bind,
    Framer,
    Header,
    Message,
    build_bind,
    build_message,
    build_plain,
    build_response,
    header,
    parse_message,
    parse_message_id,
)
from sms.smpp.simulator import ID_TLV, Simulator
from tests.container import Container, until
from tests.sms.smpp.line import operator_at

NUMBER = "905320000001"
PATIENCE_S = 5.0


class Peer:
    """One connection to the simulator, PDU by PDU."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._framer = Framer()
        self._pdus: list[bytes] = []

    async def send(self, pdu: bytes) -> None:
        self._writer.write(pdu)
        await self._writer.drain()

    async def receive(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            while not self._pdus:
                octets = await self._reader.read(65_536)
                if not octets:
                    raise EOFError
                self._pdus += self._framer.feed(octets)
        return self._pdus.pop(0)

    async def ask(self, pdu: bytes) -> Header:
        await self.send(pdu)
        return header(await self.receive())

    async def bind(self, command: int = codes.BIND_TRANSCEIVER, password: str = "secret") -> Header:
        return await self.ask(build_bind(command, 1, Bind("izinhatti", password)))

    async def close(self) -> None:
        self._writer.close()
        async with asyncio.timeout(PATIENCE_S):
            await self._writer.wait_closed()


@pytest.fixture
async def operator(request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    operator = Simulator(response_timeout_s=getattr(request, "param", PATIENCE_S), receipts=True)
    yield operator
    await operator.stop()


@pytest.fixture
async def peer(operator: Simulator) -> AsyncIterator[Peer]:
    port = await operator.start("127.0.0.1")
    peer = Peer(*await asyncio.open_connection("127.0.0.1", port))
    yield peer
    await peer.close()


@pytest.fixture
async def bound(peer: Peer) -> Peer:
    assert (await peer.bind()).status == codes.ESME_ROK
    return peer


def submit(text: bytes = b"tamam", data_coding: int = 0, esm_class: int = 0) -> bytes:
    return build_message(codes.SUBMIT_SM, 5, Message("3338", NUMBER, text, data_coding, esm_class, dest_ton=1))


class TestBind:
    @pytest.mark.parametrize("command", [codes.BIND_TRANSCEIVER, codes.BIND_RECEIVER, codes.BIND_TRANSMITTER])
    async def test_the_right_password_binds(self, operator: Simulator, peer: Peer, command: int) -> None:
        answer = await peer.bind(command)

        assert answer[1:] == (command | codes.RESPONSE, codes.ESME_ROK, 1)
        assert operator.receivers == (command != codes.BIND_TRANSMITTER)

    @pytest.mark.parametrize(
        ("system_id", "password", "status"),
        [("izinhatti", "wrong", codes.ESME_RINVPASWD), ("wrong", "secret", codes.ESME_RINVSYSID)],
    )
    async def test_a_wrong_account_is_refused_and_may_try_again(
        self, peer: Peer, system_id: str, password: str, status: int
    ) -> None:
        refused = await peer.ask(build_bind(codes.BIND_TRANSCEIVER, 1, Bind(system_id, password)))

        assert refused.status == status
        assert (await peer.bind()).status == codes.ESME_ROK

    async def test_a_second_bind_is_refused(self, bound: Peer) -> None:
        assert (await bound.bind()).status == codes.ESME_RALYBND

    async def test_a_broken_bind_is_refused(self, peer: Peer) -> None:
        assert (await peer.ask(build_plain(codes.BIND_RECEIVER, 1))).status == codes.ESME_RBINDFAIL


class TestLink:
    async def test_enquire_link_is_answered(self, peer: Peer) -> None:
        answer = await peer.ask(build_plain(codes.ENQUIRE_LINK, 42))

        assert answer == Header(16, codes.ENQUIRE_LINK_RESP, codes.ESME_ROK, 42)

    async def test_unbind_is_answered_and_ends_the_link(self, operator: Simulator, bound: Peer) -> None:
        answer = await bound.ask(build_plain(codes.UNBIND, 43))

        assert answer == Header(16, codes.UNBIND_RESP, codes.ESME_ROK, 43)
        with pytest.raises(EOFError):
            await bound.receive()
        assert operator.receivers == 0

    async def test_an_unknown_command_gets_generic_nack(self, bound: Peer) -> None:
        answer = await bound.ask(build_plain(0x00000077, 44))

        assert answer == Header(16, codes.GENERIC_NACK, codes.ESME_RINVCMDID, 44)

    async def test_a_bad_length_gets_generic_nack_and_ends_the_link(self, bound: Peer) -> None:
        answer = await bound.ask(struct.pack(">IIII", 0xFFFFFFFF, codes.ENQUIRE_LINK, 0, 45))

        assert answer == Header(16, codes.GENERIC_NACK, codes.ESME_RINVCMDLEN, 45)
        with pytest.raises(EOFError):
            await bound.receive()

    async def test_a_dropped_link_can_be_bound_again(self, operator: Simulator) -> None:
        port = await operator.start("127.0.0.1")
        for _ in range(2):
            peer = Peer(*await asyncio.open_connection("127.0.0.1", port))
            assert (await peer.bind()).status == codes.ESME_ROK
            operator.drop_links()
            with pytest.raises((EOFError, ConnectionError)):
                await peer.receive()
            await peer.close()

    async def test_the_port_of_another_cannot_be_had(self, operator: Simulator) -> None:
        port = await operator.start("127.0.0.1")

        with pytest.raises(OSError, match=str(port)):
            await Simulator().start("127.0.0.1", port)


class TestSubmit:
    async def test_message_ids_increase(self, bound: Peer) -> None:
        ids = []
        for _ in range(3):
            await bound.send(submit())
            ids.append(int(parse_message_id(await bound.receive())))

        assert ids == sorted(set(ids))

    async def test_the_answer_has_the_status_of_on_submit(self, operator: Simulator, bound: Peer) -> None:
        texts: list[tuple[str, str]] = []
        operator.on_submit = lambda _: codes.ESME_RTHROTTLED
        operator.on_text = lambda number, text: texts.append((number, text))

        answer = await bound.ask(submit())

        assert answer == Header(16, codes.SUBMIT_SM_RESP, codes.ESME_RTHROTTLED, 5)
        assert texts == []

    @pytest.mark.parametrize("text", ["tamam", "İşleminiz tamam", "kâr 🙏", "Şş " * 200, "â" * 300, "a€" * 200])
    async def test_a_text_in_any_alphabet_arrives_whole(self, operator: Simulator, bound: Peer, text: str) -> None:
        texts: list[tuple[str, str]] = []
        operator.on_text = lambda number, text: texts.append((number, text))

        for segment in reversed(split(text, "turkish-single", 9)):
            pdu = submit(segment.octets, data_coding=segment.data_coding, esm_class=0x40 * segment.udhi)
            assert (await bound.ask(pdu)).status == codes.ESME_ROK

        assert texts == [(f"+{NUMBER}", text)]

    @pytest.mark.parametrize(
        ("label", "pdu"),
        [
            ("no body", build_plain(codes.SUBMIT_SM, 5)),
            ("header that lies", submit(b"\x09\x00", esm_class=0x40)),
            ("binary", submit(data_coding=4)),
        ],
    )
    async def test_what_cannot_be_read_is_refused(self, bound: Peer, label: str, pdu: bytes) -> None:
        assert (await bound.ask(pdu)).status == codes.ESME_RSUBMITFAIL, label

    @pytest.mark.parametrize("command", [0, codes.BIND_RECEIVER])
    async def test_only_a_sending_bind_submits(self, peer: Peer, command: int) -> None:
        if command:
            await peer.bind(command)

        assert (await peer.ask(submit())).status == codes.ESME_RINVBNDSTS

    async def test_the_oldest_unfinished_text_gives_way_at_the_bound(
        self, operator: Simulator, bound: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(simulator, "SETS_MAX", 2)
        texts: list[str] = []
        operator.on_text = lambda _, text: texts.append(text)
        sets = [split(letter * 200, "turkish-single", at) for at, letter in enumerate("abc")]

        opening, closing = zip(*sets, strict=True)
        for segment in (*opening, *closing[1:], closing[0]):
            await bound.ask(submit(segment.octets, esm_class=0x40))

        assert texts == ["b" * 200, "c" * 200]


class TestDeliver:
    @pytest.mark.parametrize("text", ["RET MIGROS", "RET ŞİŞECAM", "RET â", "ş" * 200])
    async def test_the_worst_status_of_all_parts_comes_back(self, operator: Simulator, bound: Peer, text: str) -> None:
        delivery = asyncio.create_task(operator.deliver(f"+{NUMBER}", text, dest="3338"))
        segments = split(text, "turkish-single", 1)

        for at, segment in enumerate(segments):
            pdu = await bound.receive()
            message = parse_message(pdu)
            assert (message.source, message.source_ton, message.dest) == (NUMBER, 1, "3338")
            assert (message.short_message, message.data_coding) == (segment.octets, segment.data_coding)
            assert bool(message.esm_class & codes.ESM_UDHI) == segment.udhi
            await bound.send(build_response(codes.DELIVER_SM, 0x14 if at == 0 else 0, header(pdu).sequence))

        assert await delivery == 0x14

    async def test_the_same_text_twice_has_two_ids(self, operator: Simulator, bound: Peer) -> None:
        ids = set()
        for _ in range(2):
            delivery = asyncio.create_task(operator.deliver(NUMBER, "RET", dest="3338"))
            pdu = await bound.receive()
            await bound.send(build_response(codes.DELIVER_SM, 0, header(pdu).sequence))
            await delivery
            ids.add(parse_message(pdu).tlvs[ID_TLV])

        assert len(ids) == 2

    async def test_a_raw_message_arrives_as_it_stands(self, operator: Simulator, bound: Peer) -> None:
        message = Message(NUMBER, "3338", b"\x01\x02", 4, 0x40, tlvs={0x1400: b"own"})

        delivery = asyncio.create_task(operator.deliver_raw(message))
        pdu = await bound.receive()
        await bound.send(build_response(codes.DELIVER_SM, 0, header(pdu).sequence))

        assert parse_message(pdu) == message
        assert await delivery == codes.ESME_ROK

    async def test_a_generic_nack_counts_as_the_answer(self, operator: Simulator, bound: Peer) -> None:
        delivery = asyncio.create_task(operator.deliver(NUMBER, "RET", dest="3338"))
        sequence = header(await bound.receive()).sequence
        await bound.send(struct.pack(">IIII", 16, codes.GENERIC_NACK, 3, sequence))

        assert await delivery == 3

    async def test_without_a_receiving_bind_there_is_an_error(self, operator: Simulator, peer: Peer) -> None:
        await peer.bind(codes.BIND_TRANSMITTER)

        with pytest.raises(ConnectionError, match="no receiving bind"):
            await operator.deliver(NUMBER, "RET", dest="3338")

    async def test_a_link_that_breaks_is_an_error(self, operator: Simulator, bound: Peer) -> None:
        delivery = asyncio.create_task(operator.deliver(NUMBER, "ş" * 200, dest="3338"))
        await bound.receive()

        operator.drop_links()

        with pytest.raises(ConnectionError, match="lost before the answer"):
            await delivery

    @pytest.mark.parametrize("operator", [0.0], indirect=True)
    async def test_an_answer_that_never_comes_is_an_error(self, operator: Simulator, bound: Peer) -> None:
        with pytest.raises(TimeoutError):
            await operator.deliver(NUMBER, "RET", dest="3338")

        assert header(await bound.receive()).command == codes.DELIVER_SM

    async def test_deliveries_without_answer_are_bounded_and_given_up_ones_do_not_count(
        self, operator: Simulator, bound: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(simulator, "DELIVERIES_MAX", 2)
        waiting = [asyncio.create_task(operator.deliver(NUMBER, "RET", dest="3338")) for _ in range(2)]
        await bound.receive()
        await bound.receive()

        with pytest.raises(ConnectionError, match="more than 2"):
            await operator.deliver(NUMBER, "RET", dest="3338")

        waiting[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting[0]
        third = asyncio.create_task(operator.deliver(NUMBER, "RET", dest="3338"))
        await bound.send(build_response(codes.DELIVER_SM, 0, 2))
        await bound.send(build_response(codes.DELIVER_SM, 0, header(await bound.receive()).sequence))
        assert [await waiting[1], await third] == [0, 0]


class TestReceipts:
    @pytest.mark.parametrize(("asked", "comes"), [(0, False), (1, True)])
    async def test_a_receipt_comes_for_what_asked_for_one(self, bound: Peer, asked: int, comes: bool) -> None:
        message = Message("3338", NUMBER, b"tamam", dest_ton=1, registered_delivery=asked)
        await bound.send(build_message(codes.SUBMIT_SM, 5, message))
        message_id = parse_message_id(await bound.receive())

        await bound.send(build_plain(codes.ENQUIRE_LINK, 6))
        next_pdu = await bound.receive()

        assert header(next_pdu).command == (codes.DELIVER_SM if comes else codes.ENQUIRE_LINK_RESP)
        if comes:
            receipt = parse_message(next_pdu)
            assert (receipt.source, receipt.dest, receipt.esm_class) == (NUMBER, "3338", codes.ESM_RECEIPT)
            assert receipt.short_message.startswith(f"id:{message_id} ".encode())

    async def test_a_receipt_goes_over_another_bind_where_that_is_the_one_that_receives(
        self, operator: Simulator, peer: Peer
    ) -> None:
        assert (await peer.bind(codes.BIND_TRANSMITTER)).status == codes.ESME_ROK
        receiver = Peer(*await asyncio.open_connection("127.0.0.1", operator.port))
        assert (await receiver.bind(codes.BIND_RECEIVER)).status == codes.ESME_ROK

        await peer.ask(build_message(codes.SUBMIT_SM, 5, Message("3338", NUMBER, b"tamam", registered_delivery=1)))

        assert parse_message(await receiver.receive()).esm_class == codes.ESM_RECEIPT
        await receiver.close()

    async def test_without_any_receiver_there_is_none(self, peer: Peer) -> None:
        assert (await peer.bind(codes.BIND_TRANSMITTER)).status == codes.ESME_ROK

        asking = build_message(codes.SUBMIT_SM, 5, Message("3338", NUMBER, b"tamam", registered_delivery=1))

        assert (await peer.ask(asking)).status == codes.ESME_ROK
        assert (await peer.ask(build_plain(codes.ENQUIRE_LINK, 6))).command == codes.ENQUIRE_LINK_RESP


async def test_no_answer_at_all_is_none(operator: Simulator, bound: Peer) -> None:
    operator.on_submit = lambda _: None
    await bound.send(submit())

    assert (await bound.ask(build_plain(codes.ENQUIRE_LINK, 6))).command == codes.ENQUIRE_LINK_RESP


class RecordingClient(Client):
    def __init__(self, port: int) -> None:
        initialize: Callable[..., None] = super().__init__
        initialize("127.0.0.1", port, timeout=PATIENCE_S, allow_unknown_opt_params=True)
        self.texts: list[bytes] = []

    def message_received_handler(self, pdu: SubmitSM, **_: object) -> None:
        self.texts.append(vars(pdu)["short_message"])


async def test_smpplib_talks_to_it(operator: Simulator) -> None:
    """An independent client binds, gets a message, acknowledges it and submits another."""
    texts: list[tuple[str, str]] = []
    operator.on_text = lambda number, text: texts.append((number, text))
    port = await operator.start("127.0.0.1")
    client = RecordingClient(port)

    await asyncio.to_thread(client.connect)
    await asyncio.to_thread(client.bind_transceiver, system_id="izinhatti", password="secret")
    reading = asyncio.create_task(asyncio.to_thread(client.read_once))
    status = await operator.deliver(NUMBER, "RET MIGROS", dest="3338")
    await reading
    await asyncio.to_thread(
        client.send_message,
        source_addr="3338",
        destination_addr=NUMBER,
        dest_addr_ton=1,
        short_message=b"tamam",
    )
    await asyncio.to_thread(client.read_once)
    await asyncio.to_thread(client.unbind)
    await asyncio.to_thread(client.disconnect)

    assert (status, client.texts, texts) == (0, [b"RET MIGROS"], [(f"+{NUMBER}", "tamam")])


async def test_smpplib_is_a_second_esme_beside_our_link(operator: Simulator, container: Container) -> None:
    """It receives; ours only sends. So the receipts of our answers come to it, and each link minds its own."""
    port = await operator.start("127.0.0.1")
    ours = operator_at(port, container, container.outbox, bind_as="transmitter")
    running = asyncio.create_task(ours.run())
    client = RecordingClient(port)
    await asyncio.to_thread(client.connect)
    await asyncio.to_thread(client.bind_receiver, system_id="izinhatti", password="secret")
    await until(lambda: ours.sends and operator.receivers == 1)

    reading = asyncio.create_task(asyncio.to_thread(client.read_once))
    await container.desk.handle(container.request())
    await reading

    [receipt] = client.texts
    assert receipt.startswith(b"id:1 ")
    await ours.stop()
    await running
    await asyncio.to_thread(client.unbind)
    await asyncio.to_thread(client.disconnect)
    assert await container.column("SELECT state FROM outbox") == ["accepted"]
