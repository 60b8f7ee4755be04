"""Trakt clients: codes that wait to be approved, and tokens with what refreshes them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "trakt_code",
        sa.Column("code_sha256", _name, primary_key=True),
        sa.Column("user_code_sha256", _name),
        sa.Column("client_id", _name),
        sa.Column("application", sa.Text),
        sa.Column("status", _name, nullable=False),
        sa.Column("user", _name),
        sa.Column("expires_at_us", sa.BigInteger, nullable=False),
        sa.Column("polled_at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "trakt_token",
        sa.Column("cduid", _name, primary_key=True),
        sa.Column("user", _name, nullable=False),
        sa.Column("client_id", _name, nullable=False),
        sa.Column("application", sa.Text),
        sa.Column("scope", _name, nullable=False),
        sa.Column("refresh_sha256", _name, nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("trakt_code_approved", "trakt_code", ["user_code_sha256"], unique=True)
    op.create_index("trakt_token_refreshed", "trakt_token", ["refresh_sha256"], unique=True)
