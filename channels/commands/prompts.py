"""`izinhatti prompts`."""

import asyncio

import typer

from channels.commands.shared import BAD_USE, CommandFault, Config, one_line, settings_of
from channels.imports.progress import progress_bar
from channels.settings.sections import Settings
from ivr.programs import RenderFailed
from ivr.prompts import Built, Prompts
from ivr.speaker import Speaker

app = typer.Typer(help="What the line says on the phone.")


@app.command()
def build(context: typer.Context, config: Config = None) -> None:
    """Render the Turkish and English prompts to sound files; only what has changed."""
    settings = settings_of(context, config)
    with one_line():
        typer.echo(str(asyncio.run(_build(settings))))


@app.callback()
def _group() -> None:
    """Keep `build` a word of its own: a group of one command would swallow it."""


async def _build(settings: Settings) -> Built:
    ivr = settings.voice
    prompts = Prompts(ivr.sounds, Speaker.parse(ivr.speech_command), settings.line.number)
    try:
        with progress_bar("prompts", prompts.total) as show:
            return await prompts.build(show)
    except RenderFailed as error:
        raise CommandFault(str(error), BAD_USE) from None
    finally:
        await prompts.close()
