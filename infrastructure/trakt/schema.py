"""The tables of Trakt clients' codes and tokens. No code and no token is in them, but hashes."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from infrastructure.ledger.schema import Name, metadata

trakt_code = Table(
    "trakt_code",
    metadata,
    Column("code_sha256", Name, primary_key=True),  # of a device's code, or of a PIN
    Column("user_code_sha256", Name),  # what a person approves; a PIN has none
    Column("client_id", Name),  # of a PIN nobody's yet
    Column("application", Text),  # what the client calls itself
    Column("status", Name, nullable=False),
    Column("user", Name),  # by this it goes when the user is erased
    Column("expires_at_us", BigInteger, nullable=False),
    Column("polled_at_us", BigInteger, nullable=False),
)

trakt_token = Table(
    "trakt_token",
    metadata,
    Column("cduid", Name, primary_key=True),
    Column("user", Name, nullable=False),
    Column("client_id", Name, nullable=False),
    Column("application", Text),
    Column("scope", Name, nullable=False),
    Column("refresh_sha256", Name, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
)

Index("trakt_code_approved", trakt_code.c.user_code_sha256, unique=True)
Index("trakt_token_refreshed", trakt_token.c.refresh_sha256, unique=True)
