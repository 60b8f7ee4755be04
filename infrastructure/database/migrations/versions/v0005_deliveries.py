"""Deliveries: what media servers sent, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", _id, primary_key=True),
        sa.Column("source", _name, nullable=False),
        sa.Column("arrived_at_us", sa.BigInteger, nullable=False),
        sa.Column("status", _name, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("event", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("account", _name),
        sa.Column("account_name", _name),
        sa.Column("user", _name),
        sa.Column("positions", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("content_type", sa.Text),
        sa.Column("body", sa.LargeBinary),
        sa.Column("body_sha256", _name, nullable=False),
    )
    op.create_index("delivery_arrival", "delivery", ["source", "arrived_at_us", "id"])
    op.create_index("delivery_user", "delivery", ["user"])
    is_kept = sa.text("body IS NOT NULL")
    op.create_index(
        "delivery_kept",
        "delivery",
        ["source", "body_sha256"],
        unique=True,
        sqlite_where=is_kept,
        postgresql_where=is_kept,
    )
