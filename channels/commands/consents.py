"""`izinhatti consents`."""

import asyncio
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from channels.commands.shared import (
    BAD_USE,
    CommandFault,
    Config,
    Json,
    looking,
    one_line,
    print_columns,
    print_json,
    settings_of,
)
from channels.imports.consents import import_consents
from core.domain.clock import legal_time
from core.domain.recipients import BadAddress, parse_recipient
from core.registry.brand_store import BrandReader
from core.registry.citizens import objection_of, record_of
from core.store.queries.consents import CONSENTS_OF, OBJECTIONS_OF
from core.store.transaction import Transaction

app = typer.Typer(help="The consents in the registry.")


class Shown(NamedTuple):
    """A record or an objection as `consents show` prints it; the names are those of its JSON keys."""

    recipient: str
    type: str
    recipientType: str | None  # noqa: N815  # a key of the contract
    brandCode: str  # noqa: N815
    brand: str | None
    status: str | None
    source: str
    consentDate: str  # noqa: N815
    receipt: str | None
    objection: bool


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV: recipient,type,status,source,consentDate,recipientType,brandCode."),
    ],
    notify: Annotated[
        bool, typer.Option("--notify", help="A sender's feed: late consents are void, citizens are told.")
    ] = False,
    config: Config = None,
) -> None:
    """Take consents, as a first load or a sender's feed; what is rejected is listed in FILE.rejected.csv."""
    settings = settings_of(context, config)
    with one_line():
        counts = asyncio.run(import_consents(settings, file, notify=notify))
    typer.echo(str(counts))


@app.command()
def show(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A phone number, or an e-mail address.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show what the registry holds for one address."""
    try:
        recipient = parse_recipient(number)
    except BadAddress as error:
        raise CommandFault(f"NUMBER: {error}", BAD_USE) from error
    with looking(settings_of(context, config)) as transaction:
        shown = _shown(transaction, recipient.reveal())
    if as_json:
        print_json([row._asdict() for row in shown])
    elif shown:
        print_columns([tuple("" if value is None else str(value) for value in _line(row)) for row in shown])
    else:
        typer.echo("nothing is known")


def _shown(transaction: Transaction, recipient: str) -> list[Shown]:
    names = {brand.code: brand.name for brand in BrandReader().read(transaction)}
    records = map(record_of, transaction.rows(CONSENTS_OF, recipient=recipient))
    objections = map(objection_of, transaction.rows(OBJECTIONS_OF, recipient=recipient))
    rows = [
        Shown(
            *(r.recipient, r.type, r.recipient_type, r.brand_code, names.get(r.brand_code)),
            *(r.status, r.source, legal_time(r.consent_at), r.receipt, False),
        )
        for r in records
    ]
    rows += [
        Shown(
            *(o.recipient, o.type, None, o.brand_code, names.get(o.brand_code)),
            *(None, o.source, legal_time(o.at), o.receipt, True),
        )
        for o in objections
    ]
    return sorted(rows, key=lambda row: (row.brandCode, row.type, row.recipientType or ""))


def _line(row: Shown) -> tuple[str | None, ...]:
    state = "objection" if row.objection else row.status
    what = (row.brandCode, row.brand, row.type, row.recipientType)
    return (*what, state, row.consentDate, row.source, row.receipt)
