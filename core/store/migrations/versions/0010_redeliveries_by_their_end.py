"""Redeliveries, by when they may come no more: each second looks for it, and a network with ids of its own leaves one
of each message for days."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("redelivery_expires", "redelivery", ["expires_at"])
