"""A message may leave from another short number than the line's own: the one that was texted. Rows of before leave from
the line's own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("source", sa.String()))
