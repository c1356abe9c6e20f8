"""The door behind the link in a notice."""

from contextlib import AsyncExitStack
from typing import NamedTuple

from aiohttp import web

from channels.link.accept_loop import AcceptLoop
from channels.link.app import link_app
from channels.link.desk import LinkDesk
from channels.link.serving import link_runner
from channels.service.listening import listening_at
from channels.settings.sections import Link, Settings
from core.brands.directory import Directory
from core.domain.clock import system_clock
from core.intake.desk import Desk
from core.store.looker import Looker


class LinkDoor(NamedTuple):
    """The open door."""

    accept_loop: AcceptLoop
    runner: web.AppRunner

    async def close(self) -> None:
        """Pages that are being answered still reach the desk."""
        await self.accept_loop.close()
        await self.runner.cleanup()


async def open_link(
    settings: Settings, desk: Desk, looker: Looker, directory: Directory, cookie_key: bytes, closing: AsyncExitStack
) -> LinkDoor:
    """Listen at `link.listen`. Raises OSError that names it. What `closing` closes is closed even if this fails."""
    section = settings.link or Link()
    app = link_app(
        LinkDesk(desk, looker, directory.get, system_clock),
        public_url=section.public_url,
        line_number=settings.line.number,
        key=cookie_key,
        requests_per_address_minute=section.requests_per_address_minute,
        proxies=section.proxies,
        clock=system_clock,
    )
    runner = link_runner(app)
    await runner.setup()
    closing.push_async_callback(runner.cleanup)
    accept_loop = AcceptLoop(runner)
    closing.push_async_callback(accept_loop.close)
    address = section.listen
    with listening_at(address, "link.listen"):
        accept_loop.open(address.host, address.port)
    return LinkDoor(accept_loop, runner)
