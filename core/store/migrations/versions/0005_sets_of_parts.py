"""A set of parts of its own where the same part comes with other octets."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = ("recipient", "origin", "destination", "reference", "total")


def upgrade() -> None:
    op.rename_table("piece", "piece_before")
    op.create_table(
        "piece",
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("total", sa.SmallInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, "first", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("piece_received", "piece", ["received_at"], unique=False)
    rest = "number, octets, request, received_at"
    same = " AND ".join(f"other.{name} = piece_before.{name}" for name in _KEY)
    key = ", ".join(_KEY)
    op.execute(
        f"INSERT INTO piece ({key}, first, {rest}) SELECT {key}, "  # noqa: S608  # names of ours
        f"(SELECT min(other.request) FROM piece_before AS other WHERE {same}), {rest} FROM piece_before"
    )
    op.drop_table("piece_before")
