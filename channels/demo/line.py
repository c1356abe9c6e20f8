"""The line as the phone page sees it: a number to text to, and a registry to look into."""

import asyncio
from typing import Final, Protocol

from channels.demo.registry import View, view
from channels.service.service import Service
from core.domain.recipients import Msisdn
from core.store.errors import StoreError
from sms.gsm.errors import TextTooLong
from sms.smpp.simulator import Simulator

LOOK_TIMEOUT_S: Final = 5.0


class LineBusy(Exception):
    """The line did not take the message, or cannot be looked into, at this moment."""


class Line(Protocol):
    number: str

    async def deliver(self, sender: Msisdn, text: str) -> None:
        """Text the line; returns once it has committed. Raises `LineBusy` if it did not."""

    async def look(self, recipient: Msisdn) -> View:
        """The registry as it is now. Raises `LineBusy`."""


class SimulatedLine:
    """Texts go over SMPP, through the simulated operator; the registry is read between the line's own transactions."""

    def __init__(self, number: str, simulator: Simulator, service: Service) -> None:
        self.number = number
        self._simulator = simulator
        self._service = service

    async def deliver(self, sender: Msisdn, text: str) -> None:
        try:
            status = await self._simulator.deliver(sender.reveal(), text, dest=self.number)
        except (ConnectionError, TimeoutError, TextTooLong) as error:
            raise LineBusy("no answer from the line") from error
        if status:
            raise LineBusy(f"the line answered 0x{status:08X}")

    async def look(self, recipient: Msisdn) -> View:
        find = self._service.directory.get
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                return await self._service.writer.errand(lambda tx: view(tx, recipient.reveal(), find))
        except (StoreError, TimeoutError) as error:
            raise LineBusy("the registry cannot be read") from error
