"""`izinhatti db`."""

import typer

from channels.commands.shared import Config, one_line, settings_of
from core.store.database import upgrade as upgrade_database

app = typer.Typer(help="Care for the database.")


@app.command()
def upgrade(context: typer.Context, config: Config = None) -> None:
    """Create the database, or migrate it to this version."""
    settings = settings_of(context, config)
    with one_line():
        upgrade_database(settings.database.url)


@app.callback()
def _group() -> None:
    """Keep `upgrade` a word of its own: a group of one command would swallow it."""
