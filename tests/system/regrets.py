"""Citizens who change their mind just when the network has lost the acknowledgement of their first message."""

import asyncio
import re
from pathlib import Path
from typing import Final

from sms.smpp.pdu import Message
from sms.smpp.simulator import Simulator
from tests.system.campaign import REFUSAL, Campaign, text

_CODE: Final = re.compile(rb"\b[0-9]{6}\b")


class Regrets(Campaign):
    """A refusal that was carried out and not acknowledged: its citizen allows the brand again, by two messages, before
    the network brings the old refusal once more."""

    def __init__(self, folder: Path, count: int, seed: int) -> None:
        super().__init__(folder, count, seed)
        self.waiting_for_code: set[str] = set()
        self._codes: dict[str, bytes] = {}

    def take(self, message: Message) -> int | None:
        if code := _CODE.search(message.short_message):
            self._codes[message.dest] = code[0]
        return super().take(message)

    async def refuse(self, simulator: Simulator, citizen: str) -> None:
        while not await self.is_taken(simulator, text(citizen, REFUSAL)):
            await asyncio.sleep(0.005)
            # With a new link it is settled what came over the old one.
            if simulator.receivers and citizen not in self.allowed_again and self._is_refused(citizen):
                await self._allow_again(simulator, citizen)

    async def _allow_again(self, simulator: Simulator, citizen: str) -> None:
        self.allowed_again.add(citizen)
        self.waiting_for_code.add(citizen)
        await self.bring(simulator, text(citizen, b"ONAY MIGROS"))
        while citizen not in self._codes:  # noqa: ASYNC110  # raises no event
            await asyncio.sleep(0.005)
        self.waiting_for_code.discard(citizen)
        await self.bring(simulator, text(citizen, self._codes[citizen]))

    def _is_refused(self, citizen: str) -> bool:
        return bool(self.rows(f"SELECT 1 FROM consent WHERE recipient = '+{citizen}' AND status = 'RET'"))
