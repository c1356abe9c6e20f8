"""Listens for FastAGI connections: one for each call that Asterisk brings."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from typing import Final

import structlog

from ivr.agi import Agi
from ivr.agi_wire import AgiWire, Patience
from ivr.errors import AgiBroken, AgiTimeout, CallEnded
from ivr.metrics import IVR_CALLS, IVR_ENDED

CUT_S: Final = 5.0  # for handlers to end once they are cancelled

_log = structlog.get_logger(component="ivr")


class AgiServer:
    """Hands each call to `handler` and closes its connection when that returns or raises.

    A connection is closed at once where its address is in none of `allowed`, beyond `connections_max` at one time, and
    when calls are turned away. The dialplan then goes on to its next server, or plays its recorded message.
    """

    def __init__(
        self,
        handler: Callable[[Agi], Awaitable[None]],
        allowed: Sequence[IPv4Network | IPv6Network],
        connections_max: int,
        patience: Patience | None = None,
    ) -> None:
        self._handler = handler
        self._allowed = allowed
        self._connections_max = connections_max
        self._patience = patience or Patience()
        self._server: asyncio.Server | None = None
        self._turning_away = False
        self._calls: set[asyncio.Task[str]] = set()

    @property
    def calls(self) -> int:
        """The number of connections that are open now."""
        return len(self._calls)

    async def open(self, host: str, port: int) -> int:
        """Listen; the port. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: AgiWire(self._opened, self._patience), host, port)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    def turn_away(self) -> None:
        """From now on no further call is taken."""
        self._turning_away = True

    async def drain(self, seconds: float) -> None:
        """Let the calls that run come to their end for so long; what runs then is cut."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=seconds)
        await self._cut()

    async def close(self) -> None:
        """Stop listening and cut what runs."""
        self.turn_away()
        if self._server is not None:
            self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        for task in self._calls:
            task.cancel()
        if self._calls:
            await asyncio.wait(self._calls, timeout=CUT_S)

    def _opened(self, wire: AgiWire) -> None:
        refusal = self._refusal(wire)
        if refusal is not None:
            IVR_ENDED.labels(refusal).inc()
            wire.close()
            return
        task = asyncio.create_task(self._serve(wire), name="call")
        self._calls.add(task)
        IVR_CALLS.inc()
        task.add_done_callback(partial(self._ended, wire))

    def _refusal(self, wire: AgiWire) -> str | None:
        peer = wire.peer
        if peer is None or not any(peer in network for network in self._allowed):
            _log.warning("a stranger was turned away", address=str(peer))
            return "stranger"
        if self._turning_away or len(self._calls) >= self._connections_max:
            return "turned-away"
        return None

    async def _serve(self, wire: AgiWire) -> str:
        """Serve a connection from beginning to end; how it ended."""
        try:
            call = await wire.environment()
            await self._handler(Agi(call, wire))
        except (AgiBroken, AgiTimeout) as error:
            _log.warning("a call ended by a fault of the connection", reason=str(error))
            return error.how
        except CallEnded as error:
            return error.how
        except Exception:  # noqa: BLE001  # one call's fault, named without its words; the others go on
            _log.error("a call failed", exc_info=True)
            return "failed"
        return "done"

    def _ended(self, wire: AgiWire, task: asyncio.Task[str]) -> None:
        """Also called for a task that was cancelled before it began."""
        wire.close()
        self._calls.remove(task)
        IVR_CALLS.dec()
        IVR_ENDED.labels("cut" if task.cancelled() else task.result()).inc()
