"""`izinhatti config`: are the settings right, and what are they."""

import typer

from channels.commands.shared import Config, settings_of
from channels.settings.settings import as_toml

app = typer.Typer(help="Check or show the settings.")


@app.command()
def check(context: typer.Context, config: Config = None) -> None:
    """Say `ok`, or one line for each fault."""
    settings_of(context, config)
    typer.echo("ok")


@app.command()
def show(context: typer.Context, config: Config = None) -> None:
    """Print all settings as TOML, secrets masked."""
    typer.echo(as_toml(settings_of(context, config)), nl=False)
