"""One process of the line, started and stopped in order.

This package is the composition root: the only one that knows the concrete parts of all floors.
"""

import asyncio
import gc
import signal
from collections.abc import Collection
from contextlib import AsyncExitStack
from typing import Final

import structlog
from aiohttp import web

from channels.service.admin import admin_app
from channels.service.container import open_container
from channels.service.ledger_session import ledger_session
from channels.service.link_door import LinkDoor, open_link
from channels.service.listening import listen
from channels.service.periodic import Periodic
from channels.service.sms_door import SmsDoor, open_sms
from channels.service.supervised_tasks import SupervisedTasks
from channels.service.supervisor import Supervisor
from channels.service.voice_door import VoiceDoor, open_voice
from channels.service.watch import Watch
from channels.settings.sections import Settings
from channels.settings.setting_types import POSTGRESQL
from core.brands.directory import Directory
from core.brands.keypad import Keypad
from core.ledger.sealing import ROUND_S
from core.registry.brand_store import BrandReader
from core.store.errors import StoreError
from core.store.looker import Looker
from sms.smpp.operator import missing

SECOND: Final = 1.0
MINUTE: Final = 60.0
_GC_THRESHOLDS: Final = (20_000, 20, 50)

_log = structlog.get_logger(component="service")


class Service:
    """One process of the line. `start` raises StoreError, OSError or ValueError with one line that says why."""

    def __init__(self, settings: Settings, doors: Collection[str]) -> None:
        self._settings = settings
        self._doors = doors
        self._closing = AsyncExitStack()
        self._started = False
        self._tasks = SupervisedTasks()
        self._operating: list[asyncio.Task[None]] = []
        self._brands = BrandReader()
        self._keypad = Keypad()
        self.directory = Directory()
        self._sms: SmsDoor | None = None
        self._link: LinkDoor | None = None
        self._voice: VoiceDoor | None = None

    @property
    def failed_part(self) -> str | None:
        """The part whose failure ended the service."""
        return self._tasks.failed

    async def start(self) -> None:
        settings = self._settings
        self._own = await self._closing.enter_async_context(ledger_session(settings))
        self._container = open_container(settings, self._own, self.directory)
        self.writer = self._container.writer
        await self._serve_admin()
        self._writing = self._tasks.spawn(self.writer.run(), "writer")
        await self._refresh_brands()
        # What is here stays for good: the collector need not walk 100,000 brands again and again, nor so often.
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        await self._open_doors()
        periodic = Periodic(self._own, self._container, self._sms)
        self._tasks.repeat(periodic.each_minute, "each minute", MINUTE)
        self._tasks.repeat(self._refresh_brands, "brands", settings.timing.directory_refresh_s)
        self._tasks.repeat(periodic.each_second, "each second", SECOND)
        self._tasks.repeat(periodic.measure, "measures", SECOND)
        self._tasks.repeat(periodic.each_round, "seals", ROUND_S)
        if self._sends:
            self._tasks.repeat(periodic.queue_notices, "notices", SECOND, periodic.notices_due)
            self._tasks.spawn(self._own.database.listen(periodic.heard), "listener")
        self._started = True

    def missing(self) -> list[str]:
        """The things that this process's doors lack, one line each; none when it is ready."""
        lacks = [] if self._started else ["not started yet"]
        if self._voice and self._voice.manager.trouble:
            lacks.append(self._voice.manager.trouble)
        return [*lacks, *missing(self._sms.operators if self._sms else ())]

    async def stop(self) -> None:
        """Turn new requests away, let calls come to their end for `timing.call_drain_s`; then commit and answer what is
        held, unbind, sign the head: in `timing.shutdown_s`.

        A start that failed is only taken down; the next one seals its book.
        """
        try:
            if self._started:
                self._turn_away()
                if self._voice:
                    await self._voice.server.drain(self._settings.timing.call_drain_s)
                async with asyncio.timeout(self._settings.timing.shutdown_s):
                    await self._end_in_order()
        except TimeoutError:
            _log.error("not everything could be ended in time", shutdown_s=self._settings.timing.shutdown_s)
        except (StoreError, OSError) as error:
            _log.error("the book could not be closed", reason=str(error))
        finally:
            await self._tasks.cancel()
            await self._closing.aclose()

    async def run(self, supervisor: Supervisor) -> None:
        """Serve until SIGTERM, SIGINT or until a part fails (`failed_part`); a second signal ends at once."""
        watch = Watch(supervisor, self.missing, lambda: self.writer.busy_s if self._started else 0.0)
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        # The default handler prints arguments and messages of what failed, and those may be a citizen's.
        loop.set_exception_handler(lambda _, context: _log.error("unawaited", exc_info=context.get("exception")))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        try:
            self._tasks.spawn(watch.run(), "watch")
            await self.start()
            await stopping.wait()
        finally:
            watch.stop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL)
            await self.stop()

    @property
    def _sends(self) -> bool:
        """True if anything leaves by this process."""
        return "sms" in self._doors or self._container.mailer is not None

    def _turn_away(self) -> None:
        self._tasks.stop_repeating()
        for operator in self._sms.operators if self._sms else ():
            operator.turn_away()
        if self._voice:
            self._voice.server.turn_away()

    async def _end_in_order(self) -> None:
        if self._voice:
            self._voice.manager.stop()
        if self._link:
            await self._link.close()
        self._container.desk.close()
        if self._container.mailer:
            self._container.mailer.stop()
        await asyncio.gather(*(operator.stop() for operator in (self._sms.operators if self._sms else ())))
        await asyncio.gather(*self._operating)
        self.writer.stop()
        await self._writing
        if self.failed_part is None:  # else something may be open: the next start takes the book over
            await self._own.end()

    async def _open_doors(self) -> None:
        settings, container, directory = self._settings, self._container, self.directory
        if "sms" in self._doors:
            # Before it binds, so that no more is ever `sent` than the windows hold.
            await Periodic(self._own, container, None).sweep()
            self._sms = open_sms(settings, container, directory)
            operators = self._sms.operators
            self._own.database.sends_itself = lambda: any(operator.sends for operator in operators)
            for operator in operators:
                self._operating.append(self._tasks.spawn(operator.run(), f"operator {operator.name}"))
        if container.mailer:
            self._operating.append(self._tasks.spawn(container.mailer.run(), "mailer"))
        if "link" in self._doors:
            key = self._own.cookie_key
            self._link = await open_link(settings, container.desk, self._looker(), directory, key, self._closing)
        if "ivr" in self._doors:
            looker, keypad = self._looker(), self._keypad
            self._voice = await open_voice(settings, container.desk, looker, directory, keypad, self._closing)
            self._operating.append(self._tasks.spawn(self._voice.manager.run(), "ami"))

    def _looker(self) -> Looker:
        """On PostgreSQL with a share of the connections: one of them writes, in a process that sends one hears of
        others' writing, the rest look for these two doors."""
        database, lookers, connections = self._settings.database, len({"link", "ivr"} & set(self._doors)), 1
        if database.url.startswith(POSTGRESQL):
            connections = max(1, (database.pool_size - 1 - self._sends) // lookers)
        looker = Looker(database.url, database.statement_timeout_s, connections)
        self._closing.push_async_callback(looker.close)
        return looker

    async def _serve_admin(self) -> None:
        runner = web.AppRunner(admin_app(self.missing), access_log=None)
        await runner.setup()
        self._closing.push_async_callback(runner.cleanup)
        await listen(runner, self._settings.admin.listen, "admin.listen")

    async def _refresh_brands(self) -> None:
        brands = await self.writer.errand(self._brands.read)
        self.directory.apply(brands)
        if "ivr" in self._doors:
            self._keypad.apply(brands)
