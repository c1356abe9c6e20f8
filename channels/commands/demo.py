"""`izinhatti demo`."""

import asyncio
import os
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import typer

import channels.demo
from channels.commands.shared import BAD_USE, CommandFault, Config, one_line
from channels.imports.brands import import_brands
from channels.imports.consents import import_consents
from channels.settings.sections import Settings
from core.domain.clock import legal_time, system_clock
from core.store.database import upgrade

_PORT: Final = "8080"
_DIR: Final = "var/demo"
_FEED: Final = """recipient,type,status,source,consentDate,recipientType,brandCode
+905320000005,ARAMA,ONAY,HS_MOBIL,{given},BIREYSEL,600103
+905320000005,MESAJ,ONAY,HS_MOBIL,{given},BIREYSEL,600103
"""


def demo(config: Config = None) -> None:  # noqa: ARG001  # every command takes --config; the demo has settings of its own
    """Run everything on this machine: sample brands, a simulated operator, and a phone in the browser."""
    port = os.environ.get("DEMO_PORT") or _PORT
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise CommandFault("DEMO_PORT: must be a port of 0 to 65535", BAD_USE)
    folder = Path(os.environ.get("DEMO_DIR") or _DIR)
    # Imported here: no other command needs a web server, and each would wait for it.
    import uvloop

    from channels.demo.run import run

    with one_line():
        uvloop.run(run(folder.absolute(), int(port), partial(_seed, folder.absolute()), typer.echo))


async def _seed(folder: Path, settings: Settings) -> None:
    """Bring the database up to date and the samples into it; read again, they change nothing. At the first start a
    sender reports a permission, of which a sample number is told."""
    await asyncio.to_thread(upgrade, settings.database.url)
    with as_file(files(channels.demo)) as samples:
        await import_brands(settings, samples / "brands.csv")
        await import_consents(settings, samples / "consents.csv")
    feed = folder / "feed.csv"
    if not feed.exists():
        given = legal_time(system_clock())
        feed.write_text(_FEED.format(given=given))
        await import_consents(settings, feed, notify=True)
