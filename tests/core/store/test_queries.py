"""Every statement: one for both databases, with its parameters in one order."""

import pkgutil
from importlib import import_module
from typing import Final

import pytest

from core.store import queries
from core.store.postgresql.connection import PostgresqlConnection
from core.store.query import Query
from tests.container_fixtures import on_postgresql

MODULES: Final = [import_module(f"{queries.__name__}.{found.name}") for found in pkgutil.iter_modules(queries.__path__)]
QUERIES: Final = {name: query for module in MODULES for name, query in vars(module).items() if isinstance(query, Query)}
WITH_MANY: Final = [name for name in QUERIES if name.startswith(("ADD_", "PUT_", "DROP_", "SET_"))] + [
    *("ACCEPT", "RETRY", "DEAD_LETTER", "UNKNOWN"),
]


@pytest.mark.parametrize("name", QUERIES)
def test_a_statement_has_the_same_parameters_on_both(name: str) -> None:
    query = QUERIES[name]

    declared = [set(form.parameters) - set(form.constants) for form in (query.sqlite, query.postgresql)]

    assert declared[0] == declared[1]


@pytest.mark.parametrize("name", WITH_MANY)
def test_a_statement_for_many_rows_takes_them_in_one_order_on_both(name: str) -> None:
    query = QUERIES[name]

    assert query.sqlite.parameters == query.postgresql.parameters


@on_postgresql
def test_postgresql_takes_every_statement(url: str) -> None:
    connection = PostgresqlConnection(url.replace("+asyncpg", ""), 5)
    connection.begin()

    for query in QUERIES.values():
        connection._run(connection._alive.prepare(query.postgresql.sql))

    connection.close()
