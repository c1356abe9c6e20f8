"""A set of parts of its own where the same part comes with other octets."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOVE = """
INSERT INTO piece (recipient, origin, destination, reference, total, first, number, octets, key, request, received_at)
SELECT old.recipient, old.origin, old.destination, old.reference, old.total,
    min(old.request) OVER (PARTITION BY old.recipient, old.origin, old.destination, old.reference, old.total),
    old.number, old.octets, request.key, old.request, old.received_at
FROM piece_before AS old JOIN request ON request.id = old.request
"""


def upgrade() -> None:
    op.rename_table("piece", "piece_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX piece_pkey RENAME TO piece_before_pkey")  # its name is wanted again
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
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("recipient", "origin", "destination", "reference", "total", "first", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("piece_received", "piece", ["received_at"], unique=False)
    op.execute(_MOVE)
    op.drop_table("piece_before")
