"""How far a long command has come: on standard error, and only where a person watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(label: str, total_octets: int) -> Iterator[Callable[[int], None]]:
    """Yields what is told how many octets of the file are done."""
    with _watched(BarColumn(), TaskProgressColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task(label, total=total_octets)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def progress_count() -> Iterator[Callable[[str, int], None]]:
    """Yields what is told what is being done and how many of it are; nobody knows beforehand how many there will be."""
    with _watched(TextColumn("{task.completed}")) as progress:
        task = progress.add_task("", total=None)
        yield lambda label, done: progress.update(task, description=label, completed=done)


def _watched(*columns: ProgressColumn) -> Progress:
    console = Console(stderr=True)
    shown = (TextColumn("{task.description}"), *columns)
    return Progress(*shown, console=console, disable=not console.is_terminal, transient=True)
