"""The progress bar of an import: on standard error, and only where a person watches."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Show(Protocol):
    """Is told how much of the total is done, and how many rows that was, where there are any."""

    def __call__(self, done: int, rows: int = 0) -> None: ...


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[Show]:
    """A bar that lasts as long as the context."""
    console = Console(stderr=True)
    name, rows = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[rows]}", markup=False)
    columns = (name, BarColumn(), TaskProgressColumn(), rows, TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(label, total=total, rows="")

        def show(done: int, rows: int = 0) -> None:
            rate = rows / (progress.tasks[0].elapsed or 1.0)
            progress.update(task, completed=done, rows=f"{rows:,} rows, {rate:,.0f}/s" if rows else "")

        yield show
