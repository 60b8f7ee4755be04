"""Plays read model: every completion, and how many plays a device user's come to (rule 13)."""

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import ClassVar

from sqlalchemy import Connection, Index, bindparam, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from domain.plays import Completion, ItemCompletion
from domain.state.cached_table import Key
from projections.bulk import Values
from projections.keeping import Keeping, keeping_single
from projections.projection import Page, Projection, TableOf, live_table
from projections.schema import Base


class CompletionRow(Base):
    """A complete progress, or a watch on the item itself that isn't idle."""

    __tablename__ = "completion"
    __table_args__ = (Index("completion_at", "cduid", "at_us", "position"),)

    # The item comes first: a changed running time counts an item's plays anew for everybody.
    item: Mapped[str] = mapped_column(primary_key=True)
    cduid: Mapped[str] = mapped_column(primary_key=True)
    at_us: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    duration_seconds: Mapped[float | None]
    share: Mapped[float | None]
    gives_time: Mapped[bool]
    is_below: Mapped[bool]


class WatchCount(Base):
    """How often a device user played an item's work, by what was said on this cduid alone."""

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

    def write(self, connection: Connection, page: Page) -> None:
        """Completions are added to, but where an item was heard anew all of its are written."""
        reheard = page.fold.reheard & page.fold.tables.completions.changed
        rows = self.keeps["completions"].rows
        rows.delete_keys(connection, sorted(reheard))
        anew = [(key, page.fold.tables.completions.get(*key)) for key in sorted(reheard)]
        super().write(connection, page)
        rows.upsert(connection, _pack(((key, each) for key, each in anew if each), 0))


def _pack(items: Iterable[tuple[Key, tuple[Completion, ...]]], after: int) -> list[Values]:
    # The earlier ones are there already.
    return [
        (item, cduid, *each)
        for (cduid, item), completions in items
        for each in completions
        if each.position > after
    ]


def _unpack(rows: list[Values]) -> dict[Key, tuple[Completion, ...]]:
    found: dict[Key, tuple[Completion, ...]] = {}
    for item, cduid, *completion in sorted(rows):
        found[cduid, item] = (*found.get((cduid, item), ()), Completion._make(completion))
    return found


_CHUNK = 250
_row = live_table(CompletionRow).c
_NEWEST_FIRST = (
    select(*_row)
    .where(
        _row.cduid == bindparam("cduid"),
        tuple_(_row.at_us, _row.position) < tuple_(bindparam("at_us"), bindparam("position")),
    )
    .order_by(_row.at_us.desc(), _row.position.desc())
    .limit(_CHUNK)
)
_END = (2**62, 2**62)


def completions_newest_first(
    connection: Connection, cduids: Iterable[str], before: tuple[int, int] | None = None
) -> Iterator[ItemCompletion]:
    """Everything that some device users completed, from a place in rule 2's order on back."""
    each = [_newest_first(connection, cduid, before or _END) for cduid in cduids]
    return merge(*each, reverse=True)


def _newest_first(
    connection: Connection, cduid: str, before: tuple[int, int]
) -> Iterator[ItemCompletion]:
    while True:
        asked = {"cduid": cduid, "at_us": before[0], "position": before[1]}
        rows = connection.execute(_NEWEST_FIRST, asked).all()
        for item, _, *completion in rows:
            yield ItemCompletion(Completion._make(completion), item, cduid)
        if len(rows) < _CHUNK:
            return
        before = rows[-1].at_us, rows[-1].position
