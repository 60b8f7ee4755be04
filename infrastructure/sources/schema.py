"""The table of deliveries as it is today. It isn't the ledger: rows change, and go.

The migrations make it, as they do the ledger's own tables; a test holds the two against each other.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from infrastructure.ledger.schema import Name, metadata

_Id = BigInteger().with_variant(Integer, "sqlite")

delivery = Table(
    "delivery",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("source", Name, nullable=False),
    Column("arrived_at_us", BigInteger, nullable=False),
    Column("status", Name, nullable=False),
    Column("reason", Text),  # in plain words
    Column("event", Text),  # what the server calls what it tells
    Column("title", Text),
    Column("account", Name),  # the server's key
    Column("account_name", Name),
    Column("user", Name),  # by this it goes when the user is erased
    Column("positions", Text, nullable=False),  # of the events that it led to, as JSON
    Column("tries", Integer, nullable=False),
    Column("content_type", Text),  # there with a body
    Column("body", LargeBinary),  # of what is held or failed, so that it can be tried again
    Column("body_sha256", Name, nullable=False),
)

IS_KEPT = text("body IS NOT NULL")

_delivery = delivery.c
Index("delivery_arrival", _delivery.source, _delivery.arrived_at_us, _delivery.id)
Index("delivery_user", _delivery.user)
Index(
    "delivery_kept",
    _delivery.source,
    _delivery.body_sha256,
    unique=True,
    sqlite_where=IS_KEPT,
    postgresql_where=IS_KEPT,
)
"""The same body is held once."""
