"""An operator that runs, with the real desk behind it and an SMSC that the test plays."""

import asyncio
from typing import Any

from core.brands.directory import Directory
from core.outbox.outbox import Outbox
from sms.smpp import codes
from sms.smpp.binding import BackOff, Binding
from sms.smpp.decode import Decoder
from sms.smpp.operator import Operator, missing
from sms.smpp.pdu import Bind, Message, build_message, build_response, header
from sms.smpp.profile import Profile
from sms.smpp.services import Services
from tests.container import LEASE_MS, MIGROS, Container, until
from tests.sms.smpp.scripted import PATIENCE_S, Peer, Smsc

HASTE = BackOff(first=0.01, most=0.02, refused=0.03)
MESSAGE = Message("905321234567", "3338", b"RET MIGROS")


def operator_at(
    port: int, container: Container, outbox: Outbox, siblings: "list[Operator] | None" = None, **profile: Any
) -> Operator:
    """An operator that is the carrier of this outbox; it does not run yet."""
    bind = Bind("izinhatti", "secret")
    settings = Profile("operator-a", "127.0.0.1", port, bind, "3338", rate=0, response_timeout_s=PATIENCE_S)
    settings = settings._replace(**profile)
    decoder = Decoder(settings.name, "gsm7", Directory([MIGROS]), container.clock)
    services = Services(
        container.desk, container.connections, outbox, container.deliveries, container.writer, container.clock
    )
    operator = Operator(settings, decoder, services, () if siblings is None else siblings, HASTE)
    outbox.transport, outbox.served_by_others = operator, operator.served_by_others
    if siblings is not None:
        siblings.append(operator)
    return operator


class Line:
    """An operator that runs, its counter, and the SMSC."""

    def __init__(
        self, container: Container, smsc: Smsc, *, siblings: "list[Operator] | None" = None, **profile: Any
    ) -> None:
        self.container = container
        outbox = container.outbox if not siblings else another_outbox(container)
        self.smsc = smsc
        self.operator = operator_at(smsc.port, container, outbox, siblings, **profile)
        self.running = asyncio.create_task(self.operator.run())

    @property
    def bind(self) -> Binding:
        return self.operator.binds[0]

    @property
    def trouble(self) -> str | None:
        return next(iter(missing([self.operator])), None)

    async def bound(self) -> Peer:
        peer = await self.smsc.bound()
        await until(lambda: self.trouble is None)
        return peer

    async def deliver(self, peer: Peer, sequence: int = 1, message: Message = MESSAGE) -> int:
        """Bring a message; the status of its answer. An answer that overtakes it is an error."""
        await peer.send(build_message(codes.DELIVER_SM, sequence, message))
        head = await peer.head()
        assert (head.command, head.sequence) == (codes.DELIVER_SM_RESP, sequence)
        return head.status

    async def answer(self, peer: Peer, sequence: int = 1) -> bytes:
        """Bring a message that has an answer; the submit_sm."""
        assert await self.deliver(peer, sequence) == codes.ESME_ROK
        return await peer.receive()

    async def end(self) -> None:
        stopping = asyncio.create_task(self.operator.stop())
        async with asyncio.timeout(PATIENCE_S):
            for peer in self.smsc._all:
                peer.abort()
            await stopping
            await self.running


def build_response_to(pdu: bytes, status: int = 0, message_id: str | None = None) -> bytes:
    return build_response(codes.SUBMIT_SM, status, header(pdu).sequence, message_id)


def another_outbox(container: Container) -> Outbox:
    outbox = Outbox(container.book.number, container.clock, LEASE_MS)
    container.writer.join(outbox)
    container.outboxes.append(outbox)
    return outbox
