"""`izinhatti serve`."""

import os
import resource
from typing import Annotated, Final

import typer

from channels.commands.shared import BAD_USE, FINDING, CommandFault, Config, one_line, settings_of
from channels.settings.sections import Settings

DOORS: Final = ("sms", "ivr", "link")


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
    if "sms" in opened and not settings.sms.operators:
        raise CommandFault("sms.operators: the door sms needs an operator", BAD_USE)
    # Imported here: no other command needs a web server, and each would wait for it.
    import uvloop

    from channels.service.service import Service
    from channels.service.supervisor import Supervisor

    _raise_descriptor_limit()
    service = Service(settings, opened)
    with one_line():
        uvloop.run(service.run(Supervisor.of(os.environ)))
    if service.failed_part is not None:
        raise CommandFault(f"the part {service.failed_part} failed: see the log", FINDING)


def _raise_descriptor_limit() -> None:
    """As many connections as the machine allows: a launch day brings tens of thousands at once."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _doors(text: str) -> set[str]:
    doors = {door.strip() for door in text.split(",")}
    if unknown := sorted(doors.difference(DOORS)):
        raise CommandFault(f"--doors: no such door: {', '.join(unknown)}", BAD_USE)
    return doors


def _usual_doors(settings: Settings) -> set[str]:
    """The doors that are set up."""
    set_up = {"sms": bool(settings.sms.operators), "ivr": settings.ivr is not None, "link": settings.link is not None}
    return {door for door, is_set_up in set_up.items() if is_set_up}
