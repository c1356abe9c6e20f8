"""Tables and columns by the field's own words: conversation, segment, connection, import_log; a book is closed.

Names alone change, no row is copied. Processes of an older version have to end first: they ask for the old names.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_PARTITIONS = 16
_TABLES = {"talk": "conversation", "taken": "import_log", "piece": "segment", "link": "connection"}
_DIVIDED = ("talk", "taken")
_COLUMNS = (
    ("consent", "taken_at", "imported_at"),
    ("book", "sealed_at", "closed_at"),
    ("request", "link", "connection"),
)


def upgrade() -> None:
    for before, after in _TABLES.items():
        op.execute(f"ALTER TABLE {before} RENAME TO {after}")
    for table, before, after in _COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {before} TO {after}")
    if op.get_bind().dialect.name == "postgresql":
        _rename_what_belongs_to_them()
    else:  # SQLite renames no index
        op.drop_index("piece_received", "segment")
        op.create_index("segment_received", "segment", ["received_at"])
        op.drop_index("link_open", "connection")
        op.create_index("connection_open", "connection", ["id"], sqlite_where=sa.text("closed_at IS NULL"))


def _rename_what_belongs_to_them() -> None:
    for before in _DIVIDED:
        for part in range(_PARTITIONS):
            old, new = f"{before}_{part:02}", f"{_TABLES[before]}_{part:02}"
            op.execute(f"ALTER TABLE {old} RENAME TO {new}")
            op.execute(f"ALTER INDEX {old}_pkey RENAME TO {new}_pkey")
    indexes = {f"{before}_pkey": f"{after}_pkey" for before, after in _TABLES.items()} | {
        "piece_received": "segment_received",
        "link_open": "connection_open",
        "taken_created": "import_log_created",
        "consent_taken": "consent_imported",
    }
    for before, after in indexes.items():
        op.execute(f"ALTER INDEX {before} RENAME TO {after}")
