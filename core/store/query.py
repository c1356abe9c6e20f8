"""A statement of the store: written once in SQLAlchemy Core, and compiled once for each database.

One JSON array stands in for a list of keys, so that a batch is one statement however large it is. How its elements are
reached (`_Elements`, `_Element`) is all that the two databases' SQL differs in by hand.
"""

from functools import cached_property
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    Column,
    ColumnElement,
    FromClause,
    Select,
    String,
    Table,
    and_,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import ARRAY, asyncpg
from sqlalchemy.dialects.postgresql import Insert as Upsert
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
    """A statement, in each database's own words. Rows for `run_many` are given in the order of `parameters`.

    `of_rows` is the same for rows without number.
    """

    def __init__(self, statement: ClauseElement, of_rows: ClauseElement | None = None) -> None:
        self._statement = statement
        self._of_rows = of_rows

    @cached_property
    def sqlite(self) -> Form:
        return _compiled(self._statement, _SQLITE)

    @cached_property
    def postgresql(self) -> Form:
        return _compiled(self._statement, _POSTGRESQL)

    @cached_property
    def postgresql_of_rows(self) -> Form | None:
        """For all rows at once, each parameter the array of a column; None where a statement takes one row only."""
        return None if self._of_rows is None else _compiled(self._of_rows, _POSTGRESQL)

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.sqlite.parameters))


def _compiled(statement: ClauseElement, dialect: Dialect) -> Form:
    compiled = statement.compile(dialect=dialect)
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


class _Among(ColumnElement[bool]):
    """A condition: a column is one of what a subquery selects: a few keys, by which the rows are looked up.

    `IN` PostgreSQL takes for a join, and may go through the whole table for it; an array it looks up.
    """

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], chosen: Select[Any]) -> None:
        self.column = column
        self.chosen = chosen


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} IN ({compiler.process(element.chosen, **kw)})"


@compiles(_Among, "postgresql")
def _among_postgresql(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} = ANY (ARRAY({compiler.process(element.chosen, **kw)}))"


class Insert(Query):
    """Adds whole rows to one table."""

    def __init__(self, table: Table) -> None:
        super().__init__(insert(table), _inserted(table))
        self.table: str = table.name


def insert_into(table: Table) -> Insert:
    return Insert(table)


def replace(table: Table) -> Query:
    """Insert a whole row, or overwrite the one with the same primary key; of many rows no two have the same one."""
    keys = [column.name for column in table.primary_key]

    def replacing(statement: Upsert) -> Upsert:
        rest = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
        return statement.on_conflict_do_update(index_elements=keys, set_=rest)

    return Query(replacing(upsert(table)), replacing(_inserted(table)))


def add_missing(table: Table) -> Query:
    """Insert a whole row, unless there is one with the same primary key."""
    return Query(upsert(table).on_conflict_do_nothing(), _inserted(table).on_conflict_do_nothing())


def _inserted(table: Table) -> Upsert:
    """Of arrays, one a column: what it costs to begin a statement, and to find a row's part, is paid once."""
    names = [column.name for column in table.columns]
    arrays = (bindparam(column.name, type_=ARRAY(column.type)) for column in table.columns)
    rows = func.unnest(*arrays).table_valued(*names).render_derived()
    return upsert(table).from_select(names, select(*rows.c))


_each = _Elements(bindparam("keys", type_=String())).table_valued(column("value", String()))
_pairs = _each.alias("pair")


def of_pairs(table: Table, *columns: Column[Any]) -> Select[Any]:
    """Rows of (recipient, brand code) pairs, for each of a JSON array of them."""
    recipient, brand_code = _Element(_pairs.c.value, 0), _Element(_pairs.c.value, 1)
    is_of = and_(table.c.recipient == recipient, table.c.brand_code == brand_code)
    return _each_with(_pairs, table, is_of, *columns)


def of_brand(table: Table) -> Query:
    return Query(of_pairs(table, *table.c))


def of_keys(table: Table, *columns: Column[Any], only: ColumnElement[bool] | None = None) -> Select[Any]:
    """Rows of recipients, for each of a JSON array of them, which names none twice."""
    is_of = table.c.recipient == _Element(_each.c.value)
    return _each_with(_each, table, is_of if only is None else and_(is_of, only), *columns)


def _each_with(given: FromClause, table: Table, is_of: ColumnElement[bool], *columns: Column[Any]) -> Select[Any]:
    """The rows of each of the elements given, the elements first: an outer join no planner turns round, which else
    might read the whole table for them. That no row is empty is said so that it is not seen to be an inner one."""
    is_found = func.coalesce(table.c.recipient, literal_column("''")) != literal_column("''")
    return select(*columns).select_from(given.outerjoin(table, is_of)).where(is_found)


def keys() -> Select[Any]:
    return select(_Element(_each.c.value)).select_from(_each)


def in_keys(column: Column[str]) -> ColumnElement[bool]:
    return among(column, keys())


def among(column: ColumnElement[Any], chosen: Select[Any]) -> ColumnElement[bool]:
    return _Among(column, chosen)


def in_numbers(column: Column[int]) -> ColumnElement[bool]:
    """A condition: a row is one of a JSON array of row numbers."""
    return among(column, select(cast(_Element(_each.c.value), BigInteger())).select_from(_each))


def in_pairs(recipient: Column[str], number: Column[int]) -> ColumnElement[bool]:
    """A condition: a row is one of a JSON array of (recipient, row number) pairs."""
    named = select(_Element(_each.c.value, 0), cast(_Element(_each.c.value, 1), BigInteger())).select_from(_each)
    return tuple_(recipient, number).in_(named)
