"""What one device user said on one item, the last first, and what it took back (item null)."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_IS_ACTIVITY = sa.text("submission_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ledger_event_stream_item",
        "ledger_event",
        ["originator_id", "item", "originator_version"],
        sqlite_where=_IS_ACTIVITY,
        postgresql_where=_IS_ACTIVITY,
    )
