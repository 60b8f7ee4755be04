"""The rules' second revision: times that no clock gave, and read models of another shape.

What was recorded as done in January 1970 came from a clock that was never set and counts from when
it was recorded; a watch at the very first instant of that year is undated (rules 1 and 25). The
read models are emptied: what they held was made by other rules, and a rebuild makes them anew. The
bookmark stays and says so.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_UNDATED_US = -2_208_988_800_000_000
_FEBRUARY_1970_US = 31 * 24 * 3600 * 1_000_000
_READ_MODELS = (
    "item",
    "client_device",
    "client_device_user",
    "leaf_register",
    "container_register",
    "unplaced_item",
    "watched",
    "watched_tally",
    "progress",
    "completion",
    "watch_count",
    "monthly_plays",
)
_bookmark = sa.table(
    "bookmark",
    sa.column("progress_head_seconds", sa.Float),
    sa.column("progress_rest_seconds", sa.Float),
    sa.column("rules", sa.BigInteger),
)


def upgrade() -> None:
    _mend_times()
    for table in _READ_MODELS:
        op.execute(f"DROP TABLE IF EXISTS {table}")
    if sa.inspect(op.get_bind()).has_table("bookmark"):
        _extend_bookmark()


def _mend_times() -> None:
    op.execute(
        "UPDATE ledger_event SET at_us = CASE"  # noqa: S608  # our own numbers
        f" WHEN at_us = 0 AND topic = 'item_watched.v1' THEN {_UNDATED_US}"
        " ELSE recorded_at_us END"
        f" WHERE at_us >= 0 AND at_us < {_FEBRUARY_1970_US} AND submission_id IS NOT NULL"
    )


def _extend_bookmark() -> None:
    for column in _bookmark.columns:
        op.add_column("bookmark", sa.Column(column.name, column.type, nullable=True))
    op.execute(_bookmark.update().values(progress_head_seconds=0, progress_rest_seconds=0, rules=1))
