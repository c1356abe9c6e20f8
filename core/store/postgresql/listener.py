"""Hears what other processes tell with their commits: LISTEN, in a session of its own in the caller's event loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

import asyncpg
import structlog

from core.store.postgresql.connection import CHANNEL, FAULTS, KEEPALIVE, fault_of
from core.store.wake import Wake

NAME: Final = "izinhatti listener"
"""Of its session, in `pg_stat_activity`."""

_PAUSE_S_FIRST: Final = 0.5
_PAUSE_S_MOST: Final = 30.0
_PROBE_S: Final = 10.0  # a session that only hears would never learn that its server is gone
_CLOSE_S: Final = 1.0
_log = structlog.get_logger(component="listener")


async def listen(dsn: str, timeout_s: float, heard: Callable[[Wake], None]) -> None:
    """Hear until cancelled. A lost session is made anew, after half a second and at most 30."""
    pause_s = _PAUSE_S_FIRST
    while True:
        try:
            session = await asyncpg.connect(
                dsn,
                timeout=timeout_s,
                command_timeout=timeout_s,
                server_settings={"application_name": NAME, **KEEPALIVE},
            )
            try:
                await session.add_listener(CHANNEL, lambda *told: heard(_wake(told[-1])))
                heard(Wake.NOTICES)  # what was told while nobody heard
                pause_s = _PAUSE_S_FIRST
                await _until_lost(session)
            finally:
                with suppress(*FAULTS):
                    await session.close(timeout=_CLOSE_S)
        except FAULTS as error:
            _log.warning("other processes are not heard", reason=str(fault_of(error)), retry_s=pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _PAUSE_S_MOST)


async def _until_lost(session: asyncpg.Connection) -> NoReturn:
    """Raises what `FAULTS` names once the server has ended the session, or does not answer any more."""
    lost = asyncio.Event()
    session.add_termination_listener(lambda _: lost.set())
    while not lost.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(_PROBE_S):
                await lost.wait()
        if not lost.is_set():
            await session.execute("SELECT 1")
    raise ConnectionResetError("the session was ended")


def _wake(payload: str) -> Wake:
    """The wake that was told; what a later version tells is taken for all there is."""
    return Wake.OUTBOX if payload == Wake.OUTBOX else Wake.NOTICES
