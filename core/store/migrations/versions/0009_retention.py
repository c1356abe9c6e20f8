"""Indexes for retention: codes in clear that have ended, and which messages are a report's evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "outbox_code",
        "outbox",
        ["expires_at"],
        sqlite_where=sa.text("class = 0 AND text <> ''"),
        postgresql_where=sa.text("class = 0 AND text <> ''"),
    )
    op.create_index("complaint_text_request", "complaint_text", ["request"])
