"""The ledger's two tables as they are today.

The migrations make them; a test holds the two against each other. An index stands for each way the
audit asks (rule 20), since history is read from the ledger's own rows and from no copy of them.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)

from infrastructure.ledger.digest import ERASED_SALT_BYTES

metadata = MetaData()

Position = BigInteger().with_variant(Integer, "sqlite")
"""On SQLite an INTEGER key is the row's own place in the file; it is always given explicitly."""

Name = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared by code point: as SQLite does, and faster than by a language's rules."""

ledger_event = Table(
    "ledger_event",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=False),
    Column("originator_id", Name, nullable=False),  # the stream, in the library's words
    Column("originator_version", BigInteger, nullable=False),
    Column("topic", Name, nullable=False),
    Column("state", LargeBinary, nullable=False),  # the event as JSON
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("catalog_version", BigInteger, nullable=False),
    Column("submission_id", Uuid),  # activity's only
    Column("user", Name),
    Column("item", Name),
    Column("salt", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)

_event = ledger_event.c
Index("ledger_event_version", _event.originator_id, _event.originator_version, unique=True)
Index("ledger_event_submission", _event.originator_id, _event.submission_id, unique=True)
Index("ledger_event_stream_at", _event.originator_id, _event.at_us, _event.position)
Index("ledger_event_item_at", _event.item, _event.at_us, _event.position)
Index("ledger_event_topic_at", _event.topic, _event.at_us, _event.position)
Index("ledger_event_at", _event.at_us, _event.position)
Index(
    "ledger_event_settings",
    _event.position,
    sqlite_where=_event.submission_id.is_(None),
    postgresql_where=_event.submission_id.is_(None),
)
Index(
    "ledger_event_stream_item",
    _event.originator_id,
    _event.item,  # null for a retraction
    _event.originator_version,
    sqlite_where=_event.submission_id.is_not(None),
    postgresql_where=_event.submission_id.is_not(None),
)

IS_CHANGED = text(f"length(salt) = {ERASED_SALT_BYTES}")
"""Of events that an erasure has changed: a condition that both databases know the index by."""

Index(
    "ledger_event_changed",
    _event.position,
    sqlite_where=IS_CHANGED,
    postgresql_where=IS_CHANGED,
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("catalog_version", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    CheckConstraint("one = 1", name="ledger_head_one"),
)
"""One row: where the ledger ends. Who writes moves it in the same transaction, by compare-and-set:
only from where it was seen. So positions have no gap and become visible in their order."""

ledger_erasure = Table(
    "ledger_erasure",
    metadata,
    Column("erasure", Name, primary_key=True),
    Column("user", Name),  # until the fact is recorded
    Column("streams", Name),  # what is erased, as JSON; until then, too
    Column("secret", LargeBinary),  # what streams' new names are made of; until then, too
)
"""Erasures that aren't finished: whoever starts next goes on with them."""
