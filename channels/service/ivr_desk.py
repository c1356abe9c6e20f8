"""The desk behind the voice menu: what it looks up in the store, and what it hands to the desk."""

import asyncio
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, TypeVar

import orjson
import structlog

from core.brands.brand import Brand
from core.conversation.answers import Outcome, Undecided
from core.conversation.conversation import Conversation
from core.conversation.requests import Door, Intent, Language, Request, Types
from core.domain.clock import Clock
from core.domain.recipients import Msisdn
from core.intake.desk import Desk
from core.registry.citizens import Citizens
from core.store.errors import StoreError
from core.store.looker import Looker
from core.store.transaction import Transaction
from ivr.port import Dialled
from ivr.states import Held, Known

T = TypeVar("T")

PATIENCE_S: Final = 2.5
"""How long a caller waits for a decision: the sentence that says it did not come must begin 4 s after the last key."""

LOOK_S: Final = 1.0
_KEY_OCTETS: Final = 16

_log = structlog.get_logger(component="ivr")


class IvrDesk:
    """Looks go to a reading connection, acts to the desk. An `IvrPort`. Times in seconds."""

    def __init__(
        self,
        desk: Desk,
        looker: Looker,
        find_brand: Callable[[str], Brand | None],
        clock: Clock,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._desk = desk
        self._looker = looker
        self._find_brand = find_brand
        self._clock = clock
        self._patience_s = patience_s

    async def known(self, number: Msisdn) -> Known:
        recipient = number.reveal()

        def look(transaction: Transaction) -> Conversation:
            return Citizens(transaction, (), (recipient,)).conversation(recipient)

        conversation = await self._look(look)
        if conversation is None:
            return Known()
        now = self._clock()
        return Known(
            conversation.language, conversation.newest(lambda q: q.kind == "code" and q.is_open(now)) is not None
        )

    async def hand_in(
        self, number: Msisdn, intent: Intent, dialled: Dialled, language: Language | None
    ) -> Outcome | Undecided:
        keys = " ".join(dialled.keys)
        raw = orjson.dumps({"call": dialled.call, "step": dialled.step, "keys": dialled.keys})
        key = blake2b(raw, digest_size=_KEY_OCTETS).digest()
        request = Request(Door.IVR, number, intent, keys, raw, key, self._clock(), language=language)
        return await self._desk.handle_within(request, self._patience_s)

    async def held(self, number: Msisdn) -> Held:
        recipient = number.reveal()

        def look(transaction: Transaction) -> list[tuple[str, Types]]:
            standings = Citizens(transaction, ()).standings(recipient, None)
            allowed = {code: standing for code, standing in standings.items() if standing.allowed}
            newest = sorted(allowed, key=lambda code: (-allowed[code].newest_consent, code))
            return [(code, allowed[code].allowed) for code in newest]

        found = await self._look(look)
        if found is None:
            return Held(None)
        return Held(tuple([(self._find_brand(code) or Brand(code, code), types) for code, types in found]))

    async def _look(self, work: Callable[[Transaction], T]) -> T | None:
        """The find; None where the store does not answer in time."""
        try:
            async with asyncio.timeout(LOOK_S):
                return await self._looker.look(work)
        except (StoreError, TimeoutError) as error:
            _log.warning("a caller could not be looked up", reason=str(error) or "no answer in time")
            return None
