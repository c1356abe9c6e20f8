"""An act that an import took is its record for as long as it stands: only what does not stand lies in `taken`.

Records that imports made before keep their row there, and have no `taken_at`. Processes of an older version have to end
first: they would leave it with what they put in such a record's place.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consent", sa.Column("taken_at", sa.BigInteger()))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX consent_taken ON consent USING brin (taken_at)")  # as of `taken`, by the day
