"""Whether the command line has a command that is written somewhere."""

from collections.abc import Sequence

import typer

from channels.cli import app


def fault_of(words: Sequence[str]) -> str | None:
    """What is wrong with the words behind `izinhatti`; None where command and options exist."""
    command: object = typer.main.get_command(app)
    rest = list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = vars(command)["commands"][rest.pop(0)]
    if hasattr(command, "commands"):
        return f"{' '.join(words)}: no such command"
    options = {name for parameter in vars(command)["params"] for name in parameter.opts}
    unknown = [word for word in rest if word.startswith("--") and word not in options]
    return f"{' '.join(words)}: no such option" if unknown else None
