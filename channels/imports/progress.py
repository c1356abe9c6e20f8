"""Progress of a long command: on standard error, and only where a person watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Show(Protocol):
    """Is told how much of the total is done, and how many rows that was, where there are any."""

    def __call__(self, done: int, rows: int = 0) -> None: ...


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[Show]:
    """A bar that lasts as long as the context."""
    rows_of_it = TextColumn("{task.fields[rows]}", markup=False)
    with _watched(BarColumn(), TaskProgressColumn(), rows_of_it, TimeRemainingColumn()) as progress:
        task = progress.add_task(label, total=total, rows="")

        def show(done: int, rows: int = 0) -> None:
            rate = rows / (progress.tasks[0].elapsed or 1.0)
            progress.update(task, completed=done, rows=f"{rows:,} rows, {rate:,.0f}/s" if rows else "")

        yield show


@contextmanager
def progress_count() -> Iterator[Callable[[str, int], None]]:
    """Yields what is told what is being done and how many of it are; nobody knows beforehand how many there will be."""
    with _watched(TextColumn("{task.completed}")) as progress:
        task = progress.add_task("", total=None)
        yield lambda label, done: progress.update(task, description=label, completed=done)


def _watched(*columns: ProgressColumn) -> Progress:
    console = Console(stderr=True)
    shown = (TextColumn("{task.description}", markup=False), *columns)
    return Progress(*shown, console=console, disable=not console.is_terminal, transient=True)
