"""The program's own docstrings and comments, and the words in them."""

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
FLOORS: Final = ("core", "sms", "ivr", "channels")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Prose(NamedTuple):
    """A docstring or a comment: `place` is file and line, as an editor opens it."""

    place: str
    text: str


def modules() -> list[Path]:
    return sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))


def docstrings() -> Iterator[Prose]:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Documented) and (text := ast.get_docstring(node)):
                yield Prose(f"{path.relative_to(ROOT)}:{node.body[0].lineno}", text)


def prose() -> Iterator[Prose]:
    """Comments, and strings in triple quotes, those behind a constant too."""
    for path in modules():
        with path.open("rb") as file:
            for token in tokenize.tokenize(io.BytesIO(file.read()).readline):
                if token.type == tokenize.COMMENT or token.string.startswith('"""'):
                    yield Prose(f"{path.relative_to(ROOT)}:{token.start[0]}", token.string)
