"""`izinhatti retention`."""

import asyncio

import typer

from channels.commands.shared import Config, one_line, settings_of
from channels.imports.progress import progress_count
from channels.service.ledger_session import ledger_session
from channels.settings.sections import Link, Settings
from core.domain.clock import HOUR_MS, system_clock
from core.retention.counts import Removed
from core.retention.sweeper import Sweeper
from core.retention.terms import Spans

app = typer.Typer(help="How long things are kept.")

_DAY_MS = 24 * HOUR_MS


@app.command()
def run(context: typer.Context, config: Config = None) -> None:
    """Remove what is over, beside a running service; it may be stopped at any moment and run again."""
    settings = settings_of(context, config)
    with one_line():
        removed = asyncio.run(_run(settings))
    typer.echo(str(removed))


@app.callback()
def _group() -> None:
    """Keep `run` a word of its own: a group of one command would swallow it."""


async def _run(settings: Settings) -> Removed:
    async with ledger_session(settings) as own:
        with progress_count() as show:

            async def on_slice(name: str, so_far: Removed) -> None:
                show(name, sum(so_far))
                await own.anchor_now_and_then()

            removed = await Sweeper(own.database, own.book, system_clock, _spans(settings)).run(on_slice)
        await own.end()
    return removed


def _spans(settings: Settings) -> Spans:
    timing, link = settings.timing, settings.link or Link()
    return Spans(
        raw_text_ms=round(timing.raw_text_s * 1000),
        redelivery_ms=round(timing.redelivery_s * 1000),
        dedupe_ms=round(timing.dedupe_s * 1000),
        help_repeat_ms=round(timing.help_repeat_s * 1000),
        link_ms=round(link.valid_days * _DAY_MS),
    )
