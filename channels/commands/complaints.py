"""`izinhatti complaints`."""

from functools import partial
from typing import Annotated, Any

import typer

from channels.commands.clerk import finding, print_fields, words_of, write_once
from channels.commands.shared import (
    FINDING,
    CommandFault,
    Config,
    Json,
    looking,
    print_columns,
    print_json,
    settings_of,
)
from core.brands.brand import Brand
from core.domain.clock import legal_time, system_clock
from core.domain.ids import Ids
from core.domain.receipts import read_back
from core.domain.recipients import Msisdn
from core.registry import complaints
from core.registry.brand_store import BrandReader
from core.registry.complaints import OUTCOME_LETTERS_MAX, AlreadyClosed, Complaint, NoComplaint
from core.store.transaction import Transaction
from sms.texts.render import render

app = typer.Typer(help="Reports of citizens about messages that still come.")

Number = Annotated[str, typer.Argument(metavar="NO", help='The "şikayet no" of the report.')]


_finding = partial(finding, "complaints", NoComplaint, AlreadyClosed)


@app.command("list")
def list_(context: typer.Context, as_json: Json = False, config: Config = None) -> None:
    """List all reports, the oldest first."""
    with looking(settings_of(context, config)) as transaction:
        names = _names(transaction)
        found = complaints.complaints(transaction)
    if as_json:
        print_json([_json(one, names) for one in found])
    elif found:
        print_columns([_line(one, names) for one in found])
    else:
        typer.echo("no reports")


@app.command()
def show(context: typer.Context, number: Number, as_json: Json = False, config: Config = None) -> None:
    """Show a report with the messages that the citizen sent for it."""
    with looking(settings_of(context, config)) as transaction, _finding():
        names = _names(transaction)
        one = complaints.complaint(transaction, _receipt(number))
        texts = complaints.texts_of(transaction, one.receipt)
    if as_json:
        given = [{"receivedAt": legal_time(text.received_at), "text": text.text} for text in texts]
        print_json({**_json(one, names), "texts": given})
        return
    print_fields(_json(one, names))
    for text in texts:
        typer.echo(f"{legal_time(text.received_at)}  {text.text or ''}")


@app.command()
def forward(context: typer.Context, number: Number, config: Config = None) -> None:
    """Note that the report was handed to who decides on it."""
    receipt = _receipt(number)
    settings = settings_of(context, config)
    with _finding():
        write_once(settings, lambda transaction, _: complaints.forward(transaction, receipt, system_clock()))
    typer.echo("forwarded")


@app.command()
def close(
    context: typer.Context,
    number: Number,
    outcome: Annotated[str, typer.Option("--outcome", metavar="TEXT", help="The result, as the citizen will read it.")],
    config: Config = None,
) -> None:
    """Close a report and text its result to the citizen."""
    receipt, said = _receipt(number), words_of("--outcome", outcome, OUTCOME_LETTERS_MAX)

    def work(transaction: Transaction, ids: Ids) -> bool:
        code = complaints.complaint(transaction, receipt).brand_code
        brand = _brands(transaction).get(code) if code else None
        return complaints.close(transaction, receipt, said, brand, render, ids, system_clock())

    settings = settings_of(context, config)
    with _finding():
        is_told = write_once(settings, work)
    typer.echo("closed" if is_told else "closed; nobody was told: the line was closed since")


def _receipt(number: str) -> str:
    receipt = read_back(number)
    if receipt is None:
        raise CommandFault("complaints: no report has this number", FINDING)
    return receipt


def _brands(transaction: Transaction) -> dict[str, Brand]:
    return {brand.code: brand for brand in BrandReader().read(transaction)}


def _names(transaction: Transaction) -> dict[str, str]:
    return {code: brand.name for code, brand in _brands(transaction).items()}


def _json(one: Complaint, names: dict[str, str]) -> dict[str, Any]:
    return {
        "receipt": one.receipt,
        "recipient": one.recipient,
        "brandCode": one.brand_code,
        "brand": names.get(one.brand_code or ""),
        "name": one.name,
        "state": one.state,
        "openedAt": legal_time(one.opened_at),
        "changedAt": legal_time(one.changed_at),
        "outcome": one.outcome,
    }


def _line(one: Complaint, names: dict[str, str]) -> tuple[str, ...]:
    about = names.get(one.brand_code or "") or one.brand_code or one.name or ""
    return (one.receipt, one.state, legal_time(one.opened_at), str(Msisdn(one.recipient)), about, one.outcome or "")
