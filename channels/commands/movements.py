"""`izinhatti movements`."""

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from channels.commands.shared import BAD_USE, CommandFault, Config, one_line, settings_of
from channels.exports.movements import write_movements
from channels.imports.progress import progress_count
from channels.settings.sections import Settings
from core.domain.clock import day_of, system_clock
from core.ledger.anchors import Signer
from core.ledger.stored import stored_books
from core.registry.brand_store import BrandReader
from core.registry.movements import Movement, movements
from core.store.reading import reading

app = typer.Typer(help="What moved the registry.")

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PAGE_S: Final = 300.0  # the database may have to go far for the next of a day's rows
_KEY_OF: Final = b"izinhatti movements"


@app.command()
def export(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV: the columns of `consents import`, creationDate and transactionId."),
    ],
    day: Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help="A day in Türkiye.")],
    brand: Annotated[str | None, typer.Option("--brand", metavar="CODE", help="Of this brand only.")] = None,
    config: Config = None,
) -> None:
    """Write all movements of a day, as the daily report to senders."""
    settings = settings_of(context, config)
    found = _movements(settings, _day(day), brand)
    with one_line(), progress_count() as show:
        count = write_movements(file, found, partial(show, day))
    typer.echo(f"movements={count}")


@app.callback()
def _group() -> None:
    """Keep `export` a word of its own: a group of one command would swallow it."""


def _movements(settings: Settings, day: date, brand: str | None) -> Iterator[Movement]:
    """Read from one moment of the database, which is let go of when the last one is read."""
    with reading(settings.database.url, _PAGE_S) as transaction:
        if brand is not None and brand not in {known.code for known in BrandReader().read(transaction)}:
            raise CommandFault("--brand: no brand has this number", BAD_USE)
        path = settings.ledger.signing_key
        if not path.exists():
            if stored_books(transaction):
                # Made anew here, it would give every movement another id than on the machine that has it.
                raise CommandFault(f"ledger.signing_key: {path} is not there: it keys the transaction ids", BAD_USE)
            return
        found = movements(transaction, day, Signer.of_file(path).derived(_KEY_OF))
        yield from found if brand is None else (one for one in found if one.brand_code == brand)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise CommandFault("--day: is no day like YYYY-MM-DD", BAD_USE)
    if day > day_of(system_clock()):
        raise CommandFault("--day: lies in the future", BAD_USE)
    return day
