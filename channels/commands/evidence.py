"""`izinhatti evidence`."""

from typing import Annotated

import orjson
import typer

from channels.commands.shared import FINDING, CommandFault, Config, Json, looking, print_json, settings_of
from core.domain.receipts import read_back
from core.ledger.evidence import evidence

app = typer.Typer(help="What proves an act.")


@app.command()
def show(
    context: typer.Context,
    receipt: Annotated[str, typer.Argument(metavar="RECEIPT", help='The "işlem no" of an answer.')],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show one act with everything that proves it."""
    wanted = read_back(receipt)
    with looking(settings_of(context, config)) as transaction:
        found = evidence(transaction, wanted) if wanted else None
    if found is None:
        raise CommandFault("evidence: no act has this receipt", FINDING)
    if as_json:
        print_json(found)
    else:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


@app.callback()
def _group() -> None:
    """Keep `show` a word of its own: a group of one command would swallow it."""
