"""Every completion, and how many plays each device user's come to (rule 13)."""

from typing import ClassVar

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.keyed import Key
from domain.plays import Completion
from projections.bulk import Values
from projections.keeping import Keeping, keeping_single
from projections.projection import Projection, TableOf, live_table
from projections.schema import Base


class CompletionRow(Base):
    """A watch on the item itself or a complete progress, by what the event claims."""

    __tablename__ = "completion"
    __table_args__ = (Index("completion_at", "cduid", "at_us", "position"),)

    # The item comes first: a changed running time counts an item's plays anew for everybody.
    item: Mapped[str] = mapped_column(primary_key=True)
    cduid: Mapped[str] = mapped_column(primary_key=True)
    at_us: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    duration_seconds: Mapped[float | None]


class WatchCount(Base):
    """How often a device user played an item, by what was said on this cduid alone."""

    __tablename__ = "watch_count"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class PlaysProjection(Projection):
    name = "plays"
    models: ClassVar[tuple[type[Base], ...]] = (CompletionRow, WatchCount)

    def __init__(self, table_of: TableOf = live_table) -> None:
        super().__init__(table_of)
        self.keeps = {
            "completions": Keeping(self.bulk(CompletionRow, "cduid", "item"), _pack, _unpack),
            "watch_counts": keeping_single(self.bulk(WatchCount, "cduid", "item")),
        }


def _pack(key: Key, completions: tuple[Completion, ...], after: int) -> list[Values]:
    # The earlier ones are there already: completions come and never go.
    return [(key[1], key[0], *each) for each in completions if each.position > after]


def _unpack(rows: list[Values]) -> tuple[Completion, ...]:
    return tuple(sorted(Completion(*row[2:]) for row in rows))
