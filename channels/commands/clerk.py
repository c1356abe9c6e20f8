"""Shared parts of the commands by which a person answers citizens: `review` and `complaints`."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import typer

from channels.commands.shared import BAD_USE, FINDING, CommandFault, one_line
from channels.service.ledger_session import ledger_session
from channels.settings.sections import Settings
from core.domain.ids import Ids
from core.store.transaction import Transaction

T = TypeVar("T")


def words_of(option: str, text: str, letters_max: int) -> str:
    """A person's words for a citizen, on one line. Raises CommandFault."""
    words = " ".join(text.split())
    if not 0 < len(words) <= letters_max:
        raise CommandFault(f"{option}: 1 to {letters_max} letters", BAD_USE)
    return words


def write_once(settings: Settings, work: Callable[[Transaction, Ids], T]) -> T:
    """Run the work in one transaction of this command's own book. Raises CommandFault."""

    async def run() -> T:
        async with ledger_session(settings) as own:
            ids = Ids(own.book.number)
            result = await own.database.transact(lambda transaction: work(transaction, ids))
            await own.end()
            return result

    with one_line():
        return asyncio.run(run())


@contextmanager
def finding(command: str, *errors: type[Exception]) -> Iterator[None]:
    """Say these errors in one line, as a finding of the command."""
    try:
        yield
    except errors as error:
        raise CommandFault(f"{command}: {error}", FINDING) from error


def print_fields(fields: Mapping[str, object]) -> None:
    for key, value in fields.items():
        typer.echo(f"{key}: {'' if value is None else value}")
