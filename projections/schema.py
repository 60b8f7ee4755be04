"""What all read models have in common: their metadata, and how they hold ids and instants.

Read models are disposable: whatever is in these tables comes from the ledger and can come from it
again, so they are created as they are declared and have no migrations.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

CodePointText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on every database, as rule 6 has it."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC: `timestamptz` on PostgreSQL, UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # the interface's
        if value is None:
            return None
        aware: datetime = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return aware.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's own way to say it
        datetime: UtcDateTime(),
        int: BigInteger(),
        str: CodePointText,
    }
