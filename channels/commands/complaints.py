"""`izinhatti complaints`."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer

from channels.commands.shared import (
    BAD_USE,
    FINDING,
    CommandFault,
    Config,
    Json,
    looking,
    one_line,
    print_columns,
    print_json,
    settings_of,
)
from channels.own_book import own_book
from channels.sections import Settings
from core import complaints
from core.brand_store import BrandReader
from core.brands import Brand
from core.clock import legal_time, system_clock
from core.complaints import OUTCOME_LETTERS_MAX, AlreadyClosed, Complaint, NoComplaint
from core.ids import Ids
from core.receipts import read_back
from core.recipients import Msisdn
from core.store.transaction import Transaction
from sms.texts.render import render

app = typer.Typer(help="Reports of citizens about messages that still come.")

Number = Annotated[str, typer.Argument(metavar="NO", help='The "şikayet no" of the report.')]
T = TypeVar("T")


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
    with looking(settings_of(context, config)) as transaction, _one_fault():
        names = _names(transaction)
        one = complaints.complaint(transaction, _receipt(number))
        texts = complaints.texts_of(transaction, one.receipt)
    shown = _json(one, names)
    shown["texts"] = [{"receivedAt": legal_time(text.received_at), "text": text.text} for text in texts]
    if as_json:
        print_json(shown)
        return
    for key, value in shown.items():
        if key != "texts":
            typer.echo(f"{key}: {'' if value is None else value}")
    for text in shown["texts"]:
        typer.echo(f"{text['receivedAt']}  {text['text'] or ''}")


@app.command()
def forward(context: typer.Context, number: Number, config: Config = None) -> None:
    """Note that the report was handed to who decides on it."""
    receipt = _receipt(number)
    _write(
        settings_of(context, config),
        lambda transaction, _: complaints.forward(transaction, receipt, system_clock()),
    )
    typer.echo("forwarded")


@app.command()
def close(
    context: typer.Context,
    number: Number,
    outcome: Annotated[str, typer.Option("--outcome", metavar="TEXT", help="The result, as the citizen will read it.")],
    config: Config = None,
) -> None:
    """Close a report and text its result to the citizen."""
    receipt, said = _receipt(number), " ".join(outcome.split())
    if not 0 < len(said) <= OUTCOME_LETTERS_MAX:
        raise CommandFault(f"--outcome: 1 to {OUTCOME_LETTERS_MAX} letters", BAD_USE)

    def work(transaction: Transaction, ids: Ids) -> bool:
        code = complaints.complaint(transaction, receipt).brand_code
        brand = _brands(transaction).get(code) if code else None
        return complaints.close(transaction, receipt, said, brand, render, ids, system_clock())

    is_told = _write(settings_of(context, config), work)
    typer.echo("closed" if is_told else "closed; nobody was told: the line was closed since")


def _write(settings: Settings, work: Callable[[Transaction, Ids], T]) -> T:
    async def run() -> T:
        async with own_book(settings) as own:
            ids = Ids(own.book.number)
            result = await own.database.transact(lambda transaction: work(transaction, ids))
            await own.seal()
            return result

    with one_line(), _one_fault():
        return asyncio.run(run())


@contextmanager
def _one_fault() -> Iterator[None]:
    try:
        yield
    except (NoComplaint, AlreadyClosed) as error:
        raise CommandFault(f"complaints: {error}", FINDING) from error


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
