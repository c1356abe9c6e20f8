"""`izinhatti review`."""

import re
from functools import partial
from typing import Annotated, Any, Final

import typer

from channels.commands.clerk import finding, print_fields, words_of, write_once
from channels.commands.shared import (
    Config,
    Json,
    looking,
    print_columns,
    print_json,
    settings_of,
)
from core.domain.clock import legal_time, system_clock
from core.domain.ids import Ids
from core.domain.receipts import read_back
from core.domain.recipients import parse_recipient
from core.registry import review
from core.registry.review import TEXT_LETTERS_MAX, AlreadyResolved, NoReview, Review
from core.store.transaction import Transaction
from sms.texts.render import render

app = typer.Typer(help="Messages set aside for a person.")

Id = Annotated[str, typer.Argument(metavar="ID", help='The id in the list, or the "işlem no" that the citizen has.')]

_SHOWN_LETTERS: Final = 40
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


_finding = partial(finding, "review", NoReview, AlreadyResolved)


@app.command("list")
def list_(context: typer.Context, as_json: Json = False, config: Config = None) -> None:
    """List what waits for a person, the oldest first."""
    with looking(settings_of(context, config)) as transaction:
        found = review.open_reviews(transaction)
    if as_json:
        print_json([_json(one) for one in found])
    elif found:
        print_columns([_line(one) for one in found])
    else:
        typer.echo("nothing to review")


@app.command()
def show(context: typer.Context, wanted: Id, as_json: Json = False, config: Config = None) -> None:
    """Show a message that was set aside, as it came, and what the citizen was told."""
    with looking(settings_of(context, config)) as transaction, _finding():
        one = review.review(transaction, _id(transaction, wanted))
        answers = review.answers_of(transaction, one.id)
    if as_json:
        print_json({**_json(one), "answers": answers})
        return
    print_fields(_json(one))
    for answer in answers:
        typer.echo(f"answer: {answer}")


@app.command()
def resolve(
    context: typer.Context,
    wanted: Id,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="The answer, as the citizen will read it.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Resolve a message and text the answer to the citizen."""
    words = words_of("--text", text, TEXT_LETTERS_MAX)

    def work(transaction: Transaction, ids: Ids) -> tuple[Review, bool]:
        review_id = _id(transaction, wanted)
        is_told = review.resolve(transaction, review_id, words, render, ids, system_clock())
        return review.review(transaction, review_id), is_told

    settings = settings_of(context, config)
    with _finding():
        one, is_told = write_once(settings, work)
    if as_json:
        print_json({**_json(one), "told": is_told})
    else:
        typer.echo("resolved" if is_told else "resolved; nobody was told: there is no number, or its line was closed")


def _id(transaction: Transaction, wanted: str) -> int:
    """Raises `NoReview`."""
    if _NUMBER.fullmatch(wanted):
        return int(wanted)
    receipt = read_back(wanted)
    if receipt is None:
        raise NoReview("no message set aside has this id")
    return review.id_of_receipt(transaction, receipt)


def _json(one: Review) -> dict[str, Any]:
    return {
        "id": one.id,
        "receipt": one.receipt,
        "recipient": one.recipient,
        "door": one.door,
        "operator": one.origin,
        "receivedAt": legal_time(one.received_at),
        "state": one.state,
        "text": one.text,
        "raw": None if one.raw is None else one.raw.hex(),
    }


def _line(one: Review) -> tuple[str, ...]:
    number = "" if one.recipient is None else str(parse_recipient(one.recipient))
    text = " ".join((one.text or "").split())[:_SHOWN_LETTERS]
    return (str(one.id), legal_time(one.received_at), one.door, one.origin, number, one.receipt, text)
