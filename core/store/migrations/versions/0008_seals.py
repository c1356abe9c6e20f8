"""Seals over the books of all processes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sealed_head",
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.Column("book", sa.Integer(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seal", "book"),
        sqlite_with_rowid=False,
    )
    op.create_index("sealed_head_of", "sealed_head", ["book", "entry"], unique=False)
    op.add_column("book", sa.Column("last_seal", sa.BigInteger(), nullable=True))
    op.create_index(
        "book_unfinished",
        "book",
        ["id"],
        unique=False,
        sqlite_where=sa.text("last_seal IS NULL"),
        postgresql_where=sa.text("last_seal IS NULL"),
    )
