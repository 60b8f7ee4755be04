"""The ledger: its events and its head."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_position = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INDEXES = {
    "ledger_event_stream_at": ["originator_id", "at_us", "position"],
    "ledger_event_user_at": ["user", "at_us", "position"],
    "ledger_event_item_at": ["item", "at_us", "position"],
    "ledger_event_topic_at": ["topic", "at_us", "position"],
    "ledger_event_at": ["at_us", "position"],
}


def upgrade() -> None:
    _make_events()
    _make_head()


def _make_events() -> None:
    op.create_table(
        "ledger_event",
        sa.Column("position", _position, primary_key=True, autoincrement=False),
        sa.Column("originator_id", _name, nullable=False),
        sa.Column("originator_version", sa.BigInteger, nullable=False),
        sa.Column("topic", _name, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("catalog_version", sa.BigInteger, nullable=False),
        sa.Column("submission_id", sa.Uuid),
        sa.Column("user", _name),
        sa.Column("item", _name),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )
    version, submission = ["originator_version"], ["submission_id"]
    op.create_index(
        "ledger_event_version", "ledger_event", ["originator_id", *version], unique=True
    )
    op.create_index(
        "ledger_event_submission", "ledger_event", ["originator_id", *submission], unique=True
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "ledger_event", columns)
    op.create_index(
        "ledger_event_settings",
        "ledger_event",
        ["position"],
        sqlite_where=sa.text("submission_id IS NULL"),
        postgresql_where=sa.text("submission_id IS NULL"),
    )


def _make_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("catalog_version", sa.BigInteger, nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger, nullable=False),
        sa.CheckConstraint("one = 1", name="ledger_head_one"),
    )
    op.execute(
        "INSERT INTO ledger_head (one, position, catalog_version, recorded_at_us)"
        " VALUES (1, 0, 0, 0)"
    )
