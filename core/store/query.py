"""A statement of the store: written once in SQLAlchemy Core, and compiled once for each database.

One JSON array stands in for a list of keys, so that a batch is one statement however large it is. How its elements are
reached (`_Elements`, `_Element`) is all that the two databases' SQL differs in by hand.
"""

from functools import cached_property
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ClauseElement,
    Column,
    ColumnElement,
    Select,
    String,
    Table,
    and_,
    bindparam,
    column,
    insert,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class Form(NamedTuple):
    """SQL with its positional parameters; `constants` are values that the statement itself brings."""

    sql: str
    parameters: tuple[str, ...]
    constants: dict[str, object]

    def bind(self, values: dict[str, object]) -> tuple[object, ...]:
        """The parameters in their order. Raises KeyError for a missing one."""
        return tuple(values[name] if name in values else self.constants[name] for name in self.parameters)


class Query:
    """A statement, in each database's own words. Rows for `run_many` are given in the order of `parameters`."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement

    @cached_property
    def sqlite(self) -> Form:
        return self._compiled(_SQLITE)

    @cached_property
    def postgresql(self) -> Form:
        return self._compiled(_POSTGRESQL)

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.sqlite.parameters))

    def _compiled(self, dialect: Dialect) -> Form:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        names = tuple(compiled.positiontup or ())
        declared = {name for name, bind in compiled.binds.items() if bind.required}
        return Form(str(compiled), names, {n: v for n, v in compiled.params.items() if n not in declared})


_SQLITE: Final[Dialect] = sqlite.dialect(paramstyle="qmark")
_POSTGRESQL: Final[Dialect] = asyncpg.dialect()  # type: ignore[no-untyped-call]


class _Elements(FunctionElement[Any]):
    """The elements of a JSON array, as rows of one column `value`."""

    name = "elements"
    inherit_cache = True


@compiles(_Elements, "sqlite")
def _elements_sqlite(element: _Elements, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(_Elements, "postgresql")
def _elements_postgresql(element: _Elements, compiler: SQLCompiler, **kw: Any) -> str:
    return f"jsonb_array_elements(CAST({compiler.process(element.clauses, **kw)} AS JSONB))"


class _Element(ColumnElement[str]):
    """The text of such an element; where it is an array itself, of its member at a position."""

    inherit_cache = True

    def __init__(self, value: ColumnElement[Any], position: int | None = None) -> None:
        self.value = value
        self.position = position
        self.type = String()


@compiles(_Element, "sqlite")
def _element_sqlite(element: _Element, compiler: SQLCompiler, **kw: Any) -> str:
    value = compiler.process(element.value, **kw)
    return value if element.position is None else f"json_extract({value}, '$[{element.position}]')"


@compiles(_Element, "postgresql")
def _element_postgresql(element: _Element, compiler: SQLCompiler, **kw: Any) -> str:
    value = compiler.process(element.value, **kw)
    return f"({value} #>> '{{}}')" if element.position is None else f"({value} ->> {element.position})"


class Insert(Query):
    """Adds whole rows to one table."""

    def __init__(self, table: Table) -> None:
        super().__init__(insert(table))
        self.table: str = table.name


def insert_into(table: Table) -> Insert:
    return Insert(table)


def replace(table: Table) -> Query:
    """Insert a whole row, or overwrite the one with the same primary key."""
    statement = upsert(table)
    keys = [column.name for column in table.primary_key]
    rest = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return Query(statement.on_conflict_do_update(index_elements=keys, set_=rest))


_each = _Elements(bindparam("keys", type_=String())).table_valued(column("value", String()))
pairs = _each.alias("pair")


def of_pairs(table: Table) -> ColumnElement[bool]:
    recipient, brand_code = _Element(pairs.c.value, 0), _Element(pairs.c.value, 1)
    return and_(table.c.recipient == recipient, table.c.brand_code == brand_code)


def of_brand(table: Table) -> Query:
    """Rows of (recipient, brand code) pairs. Parameters: a JSON array of pairs."""
    return Query(select(*table.c).select_from(pairs.join(table, of_pairs(table))))


def of_keys(table: Table, *columns: Column[Any]) -> Select[Any]:
    """Rows of recipients, for each of a JSON array of them, which names none twice."""
    return select(*columns).select_from(_each.join(table, table.c.recipient == _Element(_each.c.value)))


def keys() -> Select[Any]:
    return select(_Element(_each.c.value)).select_from(_each)


def in_keys(column: Column[str]) -> ColumnElement[bool]:
    return column.in_(keys())
