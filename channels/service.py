"""The composition root: the only module that knows the concrete parts of all floors, and starts and stops them."""

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from typing import Final, NamedTuple

import structlog
from aiohttp import web

from channels.admin import admin_app
from channels.ivr_desk import IvrDesk
from channels.link.app import link_app
from channels.link.porter import Porter
from channels.link.serving import link_runner
from channels.link_desk import LinkDesk
from channels.mail.mailer import Mailer
from channels.mail.notice import mail_text
from channels.mail.signature import BadKey
from channels.own_book import own_book
from channels.reserved import is_reserved
from channels.rules import rules_of
from channels.sections import Ivr, Link, Settings
from channels.sections import Mail as MailSection
from channels.sections import Operator as OperatorSection
from channels.setting_types import POSTGRESQL, Address
from channels.tls import tls_context
from core.batch import Tools
from core.brand_store import BrandReader
from core.brands import Directory
from core.calendar import Calendar
from core.clock import system_clock
from core.deliveries import Deliveries
from core.desk import Desk
from core.guard import Guard
from core.ids import Ids
from core.keypad import Keypad
from core.links import Links
from core.metrics import NOTICES_OVERDUE, OLDEST_WAITING, OUTBOX_DEAD, REVIEW_OLDEST, SUBMIT_UNKNOWN
from core.notifier import Notifier, overdue
from core.outbox import BY_MAIL, Outbox, OutboxClass, Swept, oldest_waiting, sweep
from core.recipients import BadAddress
from core.store.errors import StoreError
from core.store.looker import Looker
from core.store.queries.evidence import OLDEST_REVIEW
from core.store.queries.links import DROP_EXPIRED_REDELIVERIES
from core.store.transaction import Transaction
from core.store.writer import Writer
from ivr.agi_server import AgiServer
from ivr.call import Line, take_call
from ivr.manager import Manager
from ivr.menu import Menu
from ivr.programs import RenderFailed
from ivr.prompts import Prompts
from ivr.speech import Speaker
from sms.inbound import Inbound
from sms.leftovers import Leftovers
from sms.operator import Operator, missing
from sms.pdu import Bind
from sms.profile import Profile
from sms.services import Services
from sms.texts.render import render

SECOND: Final = 1.0
MINUTE: Final = 60.0
DAY_MS: Final = 86_400_000
_GC_THRESHOLDS: Final = (20_000, 20, 50)

_log = structlog.get_logger(component="service")


class Pages(NamedTuple):
    """The open link door."""

    porter: Porter
    runner: web.AppRunner


class Voice(NamedTuple):
    """The open voice door."""

    server: AgiServer
    manager: Manager


class Waiting(NamedTuple):
    """Seconds that the oldest one has waited; 0 for none."""

    review_s: float
    answer_s: float
    notice_s: float


class Service:
    """One process of the line. `start` raises StoreError, OSError or ValueError with one line that says why."""

    def __init__(self, settings: Settings, doors: Collection[str]) -> None:
        self._settings = settings
        self._doors = doors
        self._closing = AsyncExitStack()
        self._started = False
        self._stopping = False
        self.failed_part: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._brands = BrandReader()
        self.directory = Directory()
        self.operators: list[Operator] = []
        self._leftovers: Leftovers | None = None
        self._mailer: Mailer | None = None
        self._pages: Pages | None = None
        self._keypad = Keypad()
        self._voice: Voice | None = None
        self._operating: list[asyncio.Task[None]] = []
        self._link = settings.link or Link()
        self._by_sms: list[Outbox] = []
        self._by_mail: list[Outbox] = []

    async def start(self) -> None:
        settings = self._settings
        self._own = await self._closing.enter_async_context(own_book(settings))
        self.database, self._book = self._own.database, self._own.book
        self._assemble()
        await self._serve_admin()
        self._writing = self._spawn(self.writer.run(), "writer")
        await self._refresh_brands()
        # What is here stays for good: the collector need not walk 100,000 brands again and again, nor so often.
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        if "sms" in self._doors:
            await self._sweep()  # so that no more is ever `sent` than the windows hold
            self._open_sms()
        if self._mailer:
            self._operating.append(self._spawn(self._mailer.run(), "mailer"))
        if "link" in self._doors:
            await self._open_link()
        if "ivr" in self._doors:
            await self._open_ivr()
        self._spawn(self._every(MINUTE, self._each_minute), "each minute")
        self._spawn(self._every(settings.timing.directory_refresh_s, self._refresh_brands), "brands")
        self._spawn(self._every(SECOND, self._each_second), "each second")
        self._started = True

    def missing(self) -> list[str]:
        """What this process's doors lack, one line each; none when it is ready."""
        lacks = ["sms: not started yet"] if not self.operators and "sms" in self._doors else []
        if self._pages is None and "link" in self._doors:
            lacks.append("link: not listening yet")
        if "ivr" in self._doors:
            trouble = self._voice.manager.trouble if self._voice else "ivr: not listening yet"
            lacks += [trouble] if trouble else []
        return [*lacks, *missing(self.operators)]

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
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._closing.aclose()

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or until a part fails (`failed_part`); a second signal ends at once."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        # The default handler prints arguments and messages of what failed, and those may be a citizen's.
        loop.set_exception_handler(lambda _, context: _log.error("unawaited", exc_info=context.get("exception")))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        try:
            await self.start()
            await stopping.wait()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL)
            await self.stop()

    def _turn_away(self) -> None:
        self._stopping = True
        for operator in self.operators:
            operator.turn_away()
        if self._voice:
            self._voice.server.turn_away()

    async def _end_in_order(self) -> None:
        if self._voice:
            self._voice.manager.stop()
        if self._pages:
            await self._pages.porter.close()
            await self._pages.runner.cleanup()  # pages that are being answered still reach the desk
        self.desk.close()
        if self._mailer:
            self._mailer.stop()
        await asyncio.gather(*(operator.stop() for operator in self.operators))
        await asyncio.gather(*self._operating)
        self.writer.stop()
        await self._writing
        if self.failed_part is None:  # else something may be open: the next start takes the book over
            await self._own.seal()

    def _assemble(self) -> None:
        settings, clock, book = self._settings, system_clock, self._book
        ids = Ids(book.number)
        response_timeout_s = max((o.response_timeout_s for o in settings.sms.operators), default=10.0)
        self.writer = Writer(self.database, book)
        lease_ms, token_life_ms = _ms(settings.timing.outbox_lease_s), round(self._link.valid_days * DAY_MS)
        # One for each operator, which is its carrier.
        self._by_sms = [
            Outbox(book.number, clock, lease_ms, token_life_ms=token_life_ms) for _ in settings.sms.operators
        ]
        self._links = Links(ids, clock, _ms(response_timeout_s), _ms(settings.timing.redelivery_s))
        rules = rules_of(settings, self._own.code_key, voice=settings.ivr is not None)
        calendar = Calendar(settings.calendar.bridge_days)
        tools = Tools(
            *(
                ids,
                book,
                calendar,
                clock,
                render,
                partial(is_reserved, self.directory),
                self.directory.get,
                rules,
                Guard(rules),
            )
        )
        self.desk = Desk(tools, self._links, self.writer.wake, self._expect_answers)
        self.writer.join(self.desk)
        # After the desk: an answer can be leased in the transaction that decides it.
        for outbox in self._by_sms:
            self.writer.join(outbox)
        self._deliveries = Deliveries(clock, self.writer.wake)
        self.writer.join(self._deliveries)
        if settings.mail:
            self._assemble_mail(settings.mail, lease_ms, token_life_ms)
        self._notifier = Notifier(
            *(clock, self.directory.get, render, mail_text if settings.mail else None),
            self._link.public_url.rstrip("/"),
        )

    def _assemble_mail(self, section: MailSection, lease_ms: int, token_life_ms: int) -> None:
        outbox = Outbox(self._book.number, system_clock, lease_ms, classes=BY_MAIL, token_life_ms=token_life_ms)
        try:
            self._mailer = Mailer(section, outbox, self.writer.wake, system_clock, lease_ms / 1000)
        except (BadAddress, BadKey) as error:
            raise ValueError(f"mail: {error}") from error
        outbox.carrier = self._mailer
        self.writer.join(outbox)
        self._by_mail.append(outbox)

    def _open_sms(self) -> None:
        inbounds: dict[str, Inbound] = {}
        for section, outbox in zip(self._settings.sms.operators, self._by_sms, strict=True):
            services = Services(self.desk, self._links, outbox, self._deliveries, self.writer, system_clock)
            inbounds[section.name] = inbound = Inbound(
                *(section.name, section.default_alphabet, self.directory, system_clock),
                id_tlv=section.id_tlv,
                time_tlv=section.time_tlv,
            )
            operator = Operator(_profile(section, self._settings.line.number), inbound, services, self.operators)
            outbox.carrier, outbox.elsewhere = operator, operator.elsewhere
            self.operators.append(operator)
        for operator in self.operators:
            self._operating.append(self._spawn(operator.run(), f"operator {operator.name}"))
        other, part_ms = Inbound("", "gsm7", self.directory, system_clock), _ms(self._settings.timing.part_s)
        self._leftovers = Leftovers(inbounds, other, self.directory, self.desk, system_clock, part_ms)

    async def _open_link(self) -> None:
        looker = self._looker()
        self._closing.push_async_callback(looker.close)
        app = link_app(
            LinkDesk(self.desk, looker, self.directory.get, system_clock),
            public_url=self._link.public_url,
            line_number=self._settings.line.number,
            key=self._own.cookie_key,
            requests_per_address_minute=self._link.requests_per_address_minute,
            clock=system_clock,
        )
        runner = link_runner(app)
        await runner.setup()
        self._closing.push_async_callback(runner.cleanup)
        porter = Porter(runner)
        self._closing.push_async_callback(porter.close)
        address = self._link.listen
        with listening_at(address, "link.listen"):
            porter.open(address.host, address.port)
        self._pages = Pages(porter, runner)

    async def _open_ivr(self) -> None:
        settings, section = self._settings, self._settings.ivr or Ivr()
        looker = self._looker()
        self._closing.push_async_callback(looker.close)
        prompts = Prompts(section.sounds, Speaker.parse(section.speech_command), settings.line.number)
        self._closing.push_async_callback(prompts.close)
        await _build(prompts)
        line = Line(
            Menu(self._keypad.find, has_agent=bool(section.agent)),
            IvrDesk(self.desk, looker, self.directory.get, system_clock),
            prompts,
            trusted_caller_id=settings.line.trusted_caller_id,
            agent=section.agent,
            calls=lambda: server.calls,
            calls_max=section.max_calls,
        )
        # Whoever is one too many still hears that all lines are busy; beyond twice as many, the dialplan's own message.
        server = AgiServer(lambda agi: take_call(agi, line), section.allowed, 2 * section.max_calls)
        self._closing.push_async_callback(server.close)
        with listening_at(section.listen, "ivr.listen"):
            await server.open(section.listen.host, section.listen.port)
        ami = section.ami
        manager = Manager(ami.host, ami.port, ami.username, ami.secret.get_secret_value())
        self._operating.append(self._spawn(manager.run(), "ami"))
        self._voice = Voice(server, manager)

    def _looker(self) -> Looker:
        """On PostgreSQL with a share of the connections: one of them writes, the others look for these two doors."""
        database, lookers, connections = self._settings.database, len({"link", "ivr"} & set(self._doors)), 1
        if database.url.startswith(POSTGRESQL):
            connections = max(1, (database.pool_size - 1) // lookers)
        return Looker(database.url, database.statement_timeout_s, connections)

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

    async def _each_second(self) -> None:
        await self._own.anchor()
        await self._sweep()
        if self._leftovers is not None:
            self._leftovers.hand_in(await self.writer.errand(self._leftovers.find))
        if "sms" in self._doors or self._mailer:
            await self.writer.errand(self._notifier.queue)
        for operator in self.operators:
            operator.measure()
        self._expect_answers()
        self.writer.wake()

    def _expect_answers(self) -> None:
        for outbox in (*self._by_sms, *self._by_mail):
            outbox.expect()

    async def _each_minute(self) -> None:
        count = await self.writer.errand(lambda transaction: overdue(transaction, system_clock()))
        NOTICES_OVERDUE.set(count)
        if count:
            _log.error("approval notices are unsent and their day ends", count=count)

    async def _sweep(self) -> None:
        swept, waiting = await self.writer.errand(self._sweep_store)
        OUTBOX_DEAD.inc(swept.dead)
        SUBMIT_UNKNOWN.inc(swept.unknown)
        if swept.unknown:
            _log.warning("messages of unknown fate were found", count=swept.unknown)
        REVIEW_OLDEST.set(waiting.review_s)
        OLDEST_WAITING.labels("answer").set(waiting.answer_s)
        OLDEST_WAITING.labels("notice").set(waiting.notice_s)

    def _sweep_store(self, transaction: Transaction) -> tuple[Swept, Waiting]:
        now = system_clock()
        transaction.run(DROP_EXPIRED_REDELIVERIES, now=now)
        swept = sweep(transaction, now)
        [(oldest,)] = transaction.rows(OLDEST_REVIEW)
        waiting = Waiting(
            review_s=(now - oldest) / 1000 if oldest is not None else 0.0,
            answer_s=oldest_waiting(transaction, now, OutboxClass.ANSWER),
            notice_s=oldest_waiting(transaction, now, OutboxClass.NOTICE),
        )
        return swept, waiting

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping:
            try:
                await work()
            except (StoreError, OSError) as error:
                if not self._stopping:
                    _log.error("periodic work failed", reason=str(error))
            await asyncio.sleep(seconds)

    def _spawn(self, work: Awaitable[None], name: str) -> asyncio.Task[None]:
        async def guarded() -> None:
            try:
                await work
            except Exception:  # noqa: BLE001  # whatever it is, it is named and the process ends
                # A part that ends by an error of ours leaves the line half alive: end all of it, the supervisor
                # starts it anew, and what was accepted is in the store.
                _log.critical("a part of the service failed", part=name, exc_info=True)
                self.failed_part = name
                signal.raise_signal(signal.SIGTERM)

        task = asyncio.create_task(guarded(), name=name)
        self._tasks.append(task)
        return task


async def listen(runner: web.AppRunner, address: Address, setting: str) -> int:
    """Listen at an address; the port. Raises OSError that names the setting."""
    with listening_at(address, setting):
        await web.TCPSite(runner, address.host, address.port).start()
    return int(runner.addresses[0][1])


@contextmanager
def listening_at(address: Address, setting: str) -> Iterator[None]:
    """Name the setting of an address that cannot be listened at."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"{setting}: cannot listen on {address}: {os.strerror(error.errno or 0)}") from error


def _profile(section: OperatorSection, line_number: str) -> Profile:
    bind = Bind(
        section.system_id,
        section.password.get_secret_value(),
        section.system_type,
        address_range=section.address_range,
    )
    shared = set(Profile._fields) - {"bind", "bind_as", "line_number", "tls"}
    given = section.model_dump(include=shared)
    return Profile(bind=bind, bind_as=section.bind, line_number=line_number, tls=tls_context(section), **given)


async def _build(prompts: Prompts) -> None:
    """Render what `prompts build` has not. Raises ValueError with one line."""
    missing = prompts.missing()
    if not missing:
        return
    _log.info("prompts are missing and are rendered first", count=len(missing))
    try:
        await prompts.build(lambda _: None)
    except RenderFailed as error:
        raise ValueError(f"ivr: {error}") from error


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
