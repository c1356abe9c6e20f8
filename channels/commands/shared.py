"""Parts of every command: `--config`, `--json`, and the faults that end it with one line."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from channels.settings.faults import SettingsError
from channels.settings.sections import Settings
from channels.settings.settings import load
from core.store.reading import reading
from core.store.transaction import Transaction

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file: $IZINHATTI_CONFIG, else ./izinhatti.toml."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

FINDING = 1
BAD_USE = 2


class CommandFault(Exception):
    """Ends the command with one line on standard error and an exit code."""

    def __init__(self, line: str, exit_code: int) -> None:
        super().__init__(line)
        self.exit_code = exit_code


def settings_of(context: typer.Context, config: Path | None) -> Settings:
    """The settings; `--config` behind the command comes before the one in front of it. Raises SettingsError."""
    return load(config or context.obj, os.environ)


@contextmanager
def looking(settings: Settings) -> Iterator[Transaction]:
    """A read-only look at the database. Raises StoreError."""
    with reading(settings.database.url, settings.database.statement_timeout_s) as transaction:
        yield transaction


@contextmanager
def one_line() -> Iterator[None]:
    """One line for all that a start can raise (a key that is none, a port in use)."""
    try:
        yield
    except SettingsError:
        raise
    except (OSError, ValueError) as error:
        raise CommandFault(os_line(error), BAD_USE) from error


def os_line(error: Exception) -> str:
    """An error as one line that names its file, where it has one."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


def print_json(value: Any) -> None:
    typer.echo(orjson.dumps(value).decode())


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    """Print rows as columns, each as wide as its longest text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
