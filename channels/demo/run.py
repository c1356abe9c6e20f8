"""`izinhatti demo`: the line, a simulated operator and the phone page in one process, until it is told to stop."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from channels.demo.conversations import Conversations
from channels.demo.exchange import Exchange
from channels.demo.line import SimulatedLine
from channels.demo.phone import phone_app
from channels.service.service import Service
from channels.settings.sections import Ami, Ivr, Settings
from channels.settings.setting_types import Address
from core.domain.clock import system_clock
from sms.smpp.simulator import ID_TLV, Simulator

READY_TIMEOUT_S: Final = 30.0
PAGE_STOP_S: Final = 2.0
_READY_POLL_S: Final = 0.02
_HOST: Final = "127.0.0.1"
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


async def run(
    demo_dir: Path, port: int, seed: Callable[[Settings], Awaitable[None]], announce: Callable[[str], None]
) -> None:
    """Serve the demo on `port` (0: a free one) from the state in `demo_dir` until SIGTERM or SIGINT.

    `seed` brings the database to this version and the samples into it, before the line starts. `announce` gets
    `ready http://…/` when everything is up, and then where the line can be called, or why it cannot. Raises StoreError,
    OSError or ValueError with one line that says why; for the port it names DEMO_PORT.
    """
    with _stop_signals() as stopping:
        async with AsyncExitStack() as closing:
            listening = closing.enter_context(_listen(port))
            simulator = Simulator(receipts=True)
            closing.push_async_callback(simulator.stop)
            settings = demo_settings(demo_dir, await simulator.start(_HOST), simulator, _free_port())
            exchange = Exchange(demo_dir / "asterisk", demo_dir / "sounds", settings.line.number)
            no_voice = await exchange.start()
            if no_voice is None:
                closing.push_async_callback(exchange.stop)
                settings = with_voice(settings, exchange)
            await seed(settings)
            service = Service(settings, {"sms", "link"} if no_voice else {"sms", "ivr", "link"})
            closing.push_async_callback(service.stop)
            await service.start()
            assert settings.link is not None, "the demo has link pages"
            pages_url = settings.link.public_url
            conversations = Conversations(system_clock)
            simulator.on_text = conversations.answer
            line = SimulatedLine(settings.line.number, simulator, service)
            runner = web.AppRunner(
                phone_app(line, conversations, pages_url, None if no_voice else exchange.address),
                access_log=None,
                shutdown_timeout=PAGE_STOP_S,
            )
            closing.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.SockSite(runner, listening).start()
            await _until_ready(service, stopping)
            if not stopping.is_set():
                announce(f"ready http://{_HOST}:{listening.getsockname()[1]}/")
                announce(f"without voice: {no_voice}" if no_voice else f"voice {exchange.address}")
            await stopping.wait()


def demo_settings(demo_dir: Path, operator_port: int, simulator: Simulator, link_port: int) -> Settings:
    """The settings of a demo whose state lies in `demo_dir`, bound to the simulated operator; its link pages are at
    `link_port`."""
    operator = {
        "name": "simulator",
        "host": _HOST,
        "port": operator_port,
        "system_id": simulator.system_id,
        "password": simulator.password,
        "id_tlv": ID_TLV,  # what a person types twice is meant twice
    }
    return Settings.model_validate(
        {
            "database": {"url": "sqlite+aiosqlite:///izinhatti.db"},
            "sms": {"operators": [operator]},
            "ledger": {"anchor_file": "ledger.anchors", "signing_key": "ledger.key"},
            "admin": {"listen": f"{_HOST}:0"},
            "link": {"listen": f"{_HOST}:{link_port}", "public_url": f"http://{_HOST}:{link_port}"},
            "notices": {"hours": "00:00-24:00"},
            # Who tries the line out is no loop, and silence would look like a fault.
            "limits": {"answers_per_number_hour": 0, "errors_per_number_hour": 0},
            "timing": {"call_drain_s": 5},
        },
        context=demo_dir.absolute(),
    )


def with_voice(settings: Settings, exchange: Exchange) -> Settings:
    """The same, called through this Asterisk."""
    ports = exchange.ports
    ivr = Ivr(listen=Address(_HOST, ports.agi), sounds=exchange.sounds, ami=Ami(port=ports.ami))
    return settings.model_copy(update={"ivr": ivr})


@contextmanager
def _stop_signals() -> Iterator[asyncio.Event]:
    """An event that the first SIGTERM or SIGINT sets; the next one ends the process at once."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def restore() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    def stop() -> None:
        restore()
        stopping.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield stopping
    finally:
        restore()


@contextmanager
def _listen(port: int) -> Iterator[socket.socket]:
    """Have the page's port before anything is started or changed. Raises OSError that names DEMO_PORT."""
    try:
        listening = socket.create_server((_HOST, port))
    except OSError as error:
        reason = f"DEMO_PORT: cannot listen on {_HOST}:{port}: {os.strerror(error.errno or 0)}"
        raise OSError(error.errno, reason) from error
    with listening:
        yield listening


def _free_port() -> int:
    """A port that nobody listens at now: links name it before the line listens there."""
    with socket.create_server((_HOST, 0)) as probe:
        return int(probe.getsockname()[1])


async def _until_ready(service: Service, stopping: asyncio.Event) -> None:
    """Raises OSError that names what is missing when `READY_TIMEOUT_S` have passed."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while service.missing() and not stopping.is_set():  # noqa: ASYNC110  # links tell nobody of their state
                await asyncio.sleep(_READY_POLL_S)
    except TimeoutError as error:
        raise OSError(f"demo: not ready in {READY_TIMEOUT_S:g} s: {'; '.join(service.missing())}") from error
