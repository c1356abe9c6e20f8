"""`izinhatti serve`."""

from typing import Annotated, Final

import structlog
import typer

from channels.commands.shared import BAD_USE, FINDING, CommandFault, Config, one_line, settings_of
from channels.faults import SettingsError
from channels.sections import Settings
from channels.settings import faults

DOORS: Final = ("sms", "ivr", "link")

_log = structlog.get_logger(component="serve")


def serve(
    context: typer.Context,
    doors: Annotated[
        str | None, typer.Option("--doors", metavar="sms,ivr,link", help="Which doors to open; else those set up.")
    ] = None,
    config: Config = None,
) -> None:
    """Run the line until SIGTERM."""
    settings = settings_of(context, config)
    opened = _usual_doors(settings) if doors is None else _doors(doors)
    if found := faults(settings, opened):
        raise SettingsError(found)
    if "sms" in opened and not settings.sms.operators:
        raise CommandFault("sms.operators: the door sms needs an operator", BAD_USE)
    # Imported here: no other command needs a web server, and each would wait for it.
    import uvloop

    from channels.service import Service

    service = Service(settings, opened)
    with one_line():
        uvloop.run(service.run())
    if service.failed_part is not None:
        raise CommandFault(f"the part {service.failed_part} failed: see the log", FINDING)


def _doors(text: str) -> set[str]:
    doors = {door.strip() for door in text.split(",")}
    if unknown := sorted(doors.difference(DOORS)):
        raise CommandFault(f"--doors: no such door: {', '.join(unknown)}", BAD_USE)
    return doors


def _usual_doors(settings: Settings) -> set[str]:
    """The doors that are set up. Those of later versions are named and left shut."""
    for door, section in (("ivr", settings.ivr), ("link", settings.link)):
        if section is not None:
            _log.warning("this door is set up but not built yet", door=door)
    return {"sms"} if settings.sms.operators else set()
