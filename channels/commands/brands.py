"""`izinhatti brands`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from channels.commands.shared import (
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
from channels.imports.brands import import_brands
from channels.settings.sections import Settings
from core.domain.clock import system_clock
from core.registry.brand_feed import close_brand
from core.registry.brand_store import NAME_SEPARATOR, BrandReader
from core.store.database import Database

app = typer.Typer(help="The directory of brands.")


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV: brandCode,name,shortNames,iysCode,title.")],
    config: Config = None,
) -> None:
    """Add and update brands; one that the file lacks stays."""
    settings = settings_of(context, config)
    with one_line():
        counts = asyncio.run(import_brands(settings, file))
    typer.echo(str(counts))


@app.command("list")
def list_(context: typer.Context, as_json: Json = False, config: Config = None) -> None:
    """List all brands by number."""
    with looking(settings_of(context, config)) as transaction:
        brands = sorted(BrandReader().read(transaction), key=lambda brand: (len(brand.code), brand.code))
    if as_json:
        print_json(
            [
                {
                    "brandCode": brand.code,
                    "name": brand.name,
                    "shortNames": brand.short_names,
                    "iysCode": brand.iys_code,
                    "title": brand.title,
                }
                for brand in brands
            ]
        )
        return
    print_columns(
        [
            (b.code, b.name, NAME_SEPARATOR.join(b.short_names), b.iys_code, b.title, "closed" if b.closed else "")
            for b in brands
        ]
    )


@app.command()
def close(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The brand's number.")],
    config: Config = None,
) -> None:
    """Close a brand: it gets no notice and no ONAY any more; RET still works."""
    if not asyncio.run(_close(settings_of(context, config), code)):
        raise CommandFault("brands: no brand has this number", FINDING)


async def _close(settings: Settings, code: str) -> bool:
    database = await Database.open(settings.database.url, settings.database.statement_timeout_s)
    try:
        return await database.transact(lambda transaction: close_brand(transaction, code, system_clock()))
    finally:
        await database.close()
