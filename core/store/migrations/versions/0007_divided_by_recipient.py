"""On PostgreSQL the tables of citizens are divided by a hash of the recipient; on both, every row of evidence names it.

This one copies tables, and holds whoever writes off meanwhile: on PostgreSQL nobody had any number of rows yet.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PARTITIONS = 16
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# On PostgreSQL compared as octets, which is quicker, and no index depends on what the machine thinks of an alphabet.
_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_REQUEST = "JOIN request AS r ON r.id = old.request"


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    copied = [_taken, _request, _raw, _receipt]
    for copy in (_consent, _objection, _talk, *copied) if is_postgresql else copied:
        copy()
    if is_postgresql:
        # By the day, for what is told of a whole one: rows come in the order of time.
        op.execute("CREATE INDEX taken_created ON taken USING brin (created_at)")
        op.execute("CREATE INDEX request_decided ON request USING brin (decided_at)")


def _consent() -> None:
    columns: list[Any] = [
        *(sa.Column(name, _KEY, nullable=False) for name in ("recipient", "brand_code", "type", "recipient_type")),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("consent_at", sa.BigInteger(), nullable=False),
        sa.Column("refused_at", sa.BigInteger()),
        sa.Column("receipt", sa.String()),
    ]
    _copy("consent", columns, ("recipient", "brand_code", "type", "recipient_type"))


def _taken() -> None:
    columns: list[Any] = [
        *(sa.Column(name, _KEY, nullable=False) for name in ("recipient", "brand_code", "type", "recipient_type")),
        sa.Column("consent_at", sa.BigInteger(), nullable=False),
        sa.Column("status", _KEY, nullable=False),
        sa.Column("source", sa.String()),
        sa.Column("created_at", sa.BigInteger()),
    ]
    keys = ("recipient", "brand_code", "type", "recipient_type", "consent_at", "status")
    _copy("taken", columns, keys, given={name: name for name in keys})


def _objection() -> None:
    columns: list[Any] = [
        *(sa.Column(name, _KEY, nullable=False) for name in ("recipient", "brand_code", "type")),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.String(), nullable=False),
    ]
    _copy("objection", columns, ("recipient", "brand_code", "type"))


def _talk() -> None:
    columns: list[Any] = [
        sa.Column("recipient", _KEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    ]
    _copy("talk", columns, ("recipient",))


def _request() -> None:
    columns: list[Any] = [
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("recipient", _KEY, nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("link", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("registry_id", sa.String()),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("receipt", sa.String()),
        sa.Column("entry", sa.BigInteger()),
        sa.Column("salt", sa.LargeBinary()),
        sa.Column("raw_hash", sa.LargeBinary(), nullable=False),
        sa.Column("repeat_of", sa.BigInteger()),
        sa.Column("review", sa.String()),
    ]
    given = {column.name: f"old.{column.name}" for column in columns} | {"recipient": "COALESCE(old.recipient, '')"}
    _copy("request", columns, ("id",), given=given)
    op.create_index(
        "request_review",
        "request",
        ["id"],
        unique=False,
        sqlite_where=sa.text("review = 'open'"),
        postgresql_where=sa.text("review = 'open'"),
    )


def _raw() -> None:
    columns: list[Any] = [
        sa.Column("request", _ID, autoincrement=False, nullable=False),
        sa.Column("recipient", _KEY, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text()),
    ]
    given = {"request": "old.request", "recipient": "r.recipient", "octets": "old.octets", "text": "old.text"}
    _copy("raw", columns, ("request",), given=given, joined=_REQUEST)


def _receipt() -> None:
    columns: list[Any] = [
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("recipient", _KEY, nullable=False),
        sa.Column("request", sa.BigInteger(), nullable=False),
    ]
    given = {"receipt": "old.receipt", "recipient": "r.recipient", "request": "old.request"}
    _copy("receipt", columns, ("receipt",), given=given, joined=_REQUEST, is_divided=False)


def _copy(
    table: str,
    columns: list[Any],
    keys: tuple[str, ...],
    *,
    given: dict[str, str] | None = None,
    joined: str = "",
    is_divided: bool = True,
) -> None:
    """Make the table anew and fill it from the old one: `given` says by which expression each column."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    is_divided &= is_postgresql
    op.rename_table(table, "before")
    if is_postgresql:
        op.execute(f"ALTER INDEX {table}_pkey RENAME TO before_pkey")  # its name is wanted again
    if is_divided and "recipient" not in keys:
        keys = (*keys, "recipient")
    op.create_table(
        table,
        *columns,
        sa.PrimaryKeyConstraint(*keys),
        sqlite_with_rowid=table in ("request", "raw"),  # whose key is SQLite's own row number
        postgresql_partition_by="HASH (recipient)" if is_divided else None,
    )
    for part in range(_PARTITIONS if is_divided else 0):
        values = f"WITH (MODULUS {_PARTITIONS}, REMAINDER {part})"
        op.execute(f"CREATE TABLE {table}_{part:02} PARTITION OF {table} FOR VALUES {values}")
    given = given or {column.name: f"old.{column.name}" for column in columns}
    names, values = ", ".join(given), ", ".join(given.values())
    op.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM before AS old {joined}")  # noqa: S608  # all ours
    op.drop_table("before")
