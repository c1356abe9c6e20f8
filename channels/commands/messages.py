"""`izinhatti messages`."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from channels.commands.clerk import write_once
from channels.commands.shared import BAD_USE, FINDING, CommandFault, Config, Json, looking, print_json, settings_of
from core.domain.clock import legal_time, system_clock, utc_text
from core.domain.receipts import read_back
from core.domain.recipients import BadAddress, parse_recipient
from core.registry import messages
from core.registry.messages import Message, Sent
from core.store.transaction import Transaction

app = typer.Typer(help="Messages: what came, what became of it, and why no answer went out.")

_ID: Final = re.compile(r"[0-9]{11,18}")
_DIALLED: Final = re.compile(r"0[2-5][0-9]{9}|90[2-5][0-9]{9}")  # what so many digits are otherwise


@app.command()
def show(
    context: typer.Context,
    wanted: Annotated[
        str, typer.Argument(metavar="RECEIPT|ID|NUMBER", help='An "işlem no", the id of a request, or an address.')
    ],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show a message, or the newest 50 of a number, with all that was sent for it."""
    with looking(settings_of(context, config)) as transaction:
        found = _found(transaction, wanted)
    if not found:
        raise CommandFault("messages: nothing is known under this", FINDING)
    if as_json:
        print_json([_json(one) for one in found])
        return
    for one in found:
        typer.echo("\n".join(_lines(one)))


@app.command()
def resend(
    context: typer.Context,
    outbox_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="Of the row that `show` names.")],
    config: Config = None,
) -> None:
    """Send once more what ended without being sent; a code is not."""
    now = system_clock()
    if not write_once(
        settings_of(context, config), lambda transaction, _: messages.resend(transaction, outbox_id, now)
    ):
        raise CommandFault(f"messages: {outbox_id} is no dead message with a text that may be sent again", FINDING)
    typer.echo(f"{outbox_id} is sent again")


def _found(transaction: Transaction, wanted: str) -> list[Message]:
    """Raises CommandFault where this is neither a receipt, an id nor an address."""
    if _ID.fullmatch(wanted) and not _DIALLED.fullmatch(wanted):
        one = messages.message(transaction, int(wanted))
    elif receipt := read_back(wanted):
        one = messages.message_of_receipt(transaction, receipt)
    else:
        try:
            return messages.messages_of(transaction, parse_recipient(wanted).reveal())
        except BadAddress:
            raise CommandFault("messages: neither an işlem no, an id nor an address", BAD_USE) from None
    return [] if one is None else [one]


def _lines(one: Message) -> Iterator[str]:
    came = f"{one.id}  {legal_time(one.received_at)}  {one.door} {one.origin}".rstrip()
    yield f"{came}  {one.outcome}  {one.receipt or '-'}"
    if one.text is not None:
        yield f"  came: {' '.join(one.text.split())}"
    if one.silence is not None:
        yield f"  no answer: {one.silence}"
    for sent in one.sent:
        reason = f" ({sent.reason})" if sent.reason else ""
        yield f"  sent: {sent.id}  {sent.state}{reason}, attempts {sent.attempts}: {' '.join(sent.text.split())}"


def _json(one: Message) -> dict[str, Any]:
    return {
        "id": one.id,
        "recipient": one.recipient or None,
        "door": one.door,
        "origin": one.origin,
        "receivedAt": utc_text(one.received_at),
        "outcome": one.outcome,
        "receipt": one.receipt,
        "silence": one.silence,
        "text": one.text,
        "sent": [_sent(sent) for sent in one.sent],
    }


def _sent(sent: Sent) -> dict[str, Any]:
    return {
        "id": sent.id,
        "state": sent.state,
        "reason": sent.reason,
        "attempts": sent.attempts,
        "operator": sent.operator,
        "createdAt": utc_text(sent.created_at),
        "settledAt": None if sent.settled_at is None else utc_text(sent.settled_at),
        "text": sent.text,
    }
