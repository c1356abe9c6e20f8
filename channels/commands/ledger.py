"""`izinhatti ledger`."""

from pathlib import Path
from typing import Annotated

import typer

from channels.commands.shared import FINDING, Config, Json, looking, one_line, print_json, settings_of
from channels.settings.sections import Settings
from core.domain.clock import system_clock
from core.ledger.anchor_file import AnchorFile
from core.ledger.anchors import Anchor, BadAnchor, Signer
from core.ledger.chain import Head
from core.ledger.exported import exported, verify_file
from core.ledger.stored import last_entries, stored_anchors, stored_entries, verify_stored
from core.ledger.verify import Report
from core.store.external_sort import ExternalSort
from core.store.transaction import Transaction

app = typer.Typer(help="The ledger of all acts.")


@app.command()
def verify(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Check this exported file, and nothing else.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Recompute every book against its signed heads and the seals over all, and name the first wrong entry."""
    with one_line():
        report = verify_file(file) if file else _verify_database(settings_of(context, config))
    if as_json:
        print_json(report.as_json())
    else:
        typer.echo(_told(report))
    if not report.ok:
        raise typer.Exit(FINDING)


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines: entries, then signed heads.")],
    config: Config = None,
) -> None:
    """Write the ledger to a file that proves itself."""
    settings = settings_of(context, config)
    with one_line():
        local, signer = AnchorFile(settings.ledger.anchor_file).read(), _signer(settings)
        with looking(settings) as transaction, file.open("wb") as out, ExternalSort(len(Anchor._fields)) as anchors:
            anchors.add(local)
            anchors.add(stored_anchors(transaction))
            anchors.add(_heads_of_now(transaction, {book: entry for book, entry, *_ in anchors}, signer))
            out.writelines(exported(stored_entries(transaction), map(Anchor._make, anchors)))


def _verify_database(settings: Settings) -> Report:
    # The file first: what it says was committed before, so none of it can be of an entry or a seal unseen.
    file = AnchorFile(settings.ledger.anchor_file)
    local, local_seals, signer = file.read(), file.seals(), _signer(settings)
    try:
        with looking(settings) as transaction:
            return verify_stored(transaction, local, signer.public_key if signer else None, local_seals)
    except BadAnchor as bad:
        return Report(False, 0, reason=str(bad))


def _signer(settings: Settings) -> Signer | None:
    """The key of this installation, where it is: looking never makes one."""
    path = settings.ledger.signing_key
    return Signer.of_file(path) if path.exists() else None


def _heads_of_now(transaction: Transaction, signed: dict[int, int], signer: Signer | None) -> list[Anchor]:
    """Heads of the entries that no signed head covers yet, so that the file is whole: signing goes once a second.
    `signed` is the last one of each book that is."""
    if signer is None:
        return []
    return [
        signer.sign(Head(book, entry, hash_), system_clock())
        for book, entry, hash_, _ in last_entries(transaction)
        if entry > signed.get(book, 0)
    ]


def _told(report: Report) -> str:
    place = f"book {report.book}, entry {report.entry}: " if report.book is not None else ""
    verdict = f"ok: {report.entries} entries" if report.ok else "wrong"
    return f"{verdict}: {place}{report.reason}" if report.reason else verdict
