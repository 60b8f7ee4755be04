"""Erasing users: what isn't finished, and what was changed.

Histories of a user are found by the streams of their device users, so that index isn't needed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "ledger_erasure",
        sa.Column("erasure", _name, primary_key=True),
        sa.Column("user", _name),
        sa.Column("streams", _name),
        sa.Column("secret", sa.LargeBinary),
    )
    op.create_index(
        "ledger_event_changed",
        "ledger_event",
        ["position"],
        sqlite_where=sa.text("length(salt) = 17"),
        postgresql_where=sa.text("length(salt) = 17"),
    )
    op.drop_index("ledger_event_user_at", "ledger_event")
