"""Conversations and reports."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "complaint",
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("brand_code", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("receipt"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "complaint_text",
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("request", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("receipt", "request"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "talk",
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("recipient"),
        sqlite_with_rowid=False,
    )
