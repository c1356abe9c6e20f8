"""`izinhatti lines`."""

import asyncio
from typing import Annotated

import typer

from channels.commands.clerk_intake import hand_in
from channels.commands.shared import BAD_USE, CommandFault, Config, one_line, settings_of
from core.conversation.answers import LineClosed
from core.conversation.requests import CloseLine, Door, Request
from core.domain.clock import system_clock
from core.domain.recipients import BadAddress, Msisdn

app = typer.Typer(help="Lines of citizens.")

_COMMAND = "lines close"


@app.command()
def close(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The number whose line was closed.")],
    config: Config = None,
) -> None:
    """End what the next holder of a closed line's number must not inherit: consents, objections, conversations, codes
    and messages that wait."""
    try:
        recipient = Msisdn.parse(number)
    except BadAddress as error:
        raise CommandFault(f"NUMBER: {error}", BAD_USE) from error
    settings = settings_of(context, config)
    request = Request(Door.CLERK, recipient, CloseLine(), _COMMAND, _COMMAND.encode(), b"", system_clock())
    with one_line():
        closed = asyncio.run(hand_in(settings, request)).answer
    assert isinstance(closed, LineClosed), "a closed line is decided, never set aside"
    typer.echo(f"ended={closed.ended} objections={closed.cleared} receipt={closed.receipt}")


@app.callback()
def _group() -> None:
    """Keep `close` a word of its own: a group of one command would swallow it."""
