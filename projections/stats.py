"""Statistics read model: time watched, plays and marks, by device user, item and quarter hour.

Whose a device user is, the directory says. Plays are counted over all device users of a user,
whatever their isolation modes, since it is the user who watched (rule 13); each is that of the
device user and of the item whose completion opened it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.fold import Fold
from domain.plays import ItemCompletion, openings
from domain.state.cached_table import Key
from domain.values import UNDATED_AT_US
from domain.watch_time import Playhead, quarter_of
from projections.bulk import Values, insert_rows
from projections.keeping import keeping_tuples
from projections.projection import Page, Projection, TableOf, live_table
from projections.schema import Base


class WatchTimeRow(Base):
    """How long a device user watched an item in a quarter hour, in microseconds.

    `quarter_us` is when the quarter hour begins, in microseconds since 1970.
    """

    __tablename__ = "watch_time"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    quarter_us: Mapped[int] = mapped_column(primary_key=True)
    watched_us: Mapped[int]


class PlayheadRow(Base):
    """What a device user last reported of an item's progress. Internal."""

    __tablename__ = "playhead"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    at_us: Mapped[int]
    position: Mapped[int]
    played_us: Mapped[int]


class PlayTime(Base):
    """The plays that a device user opened in a quarter hour, and its marks that weren't idle.

    What is undated is in the first quarter hour of 1900.
    """

    __tablename__ = "play_time"

    cduid: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    quarter_us: Mapped[int] = mapped_column(primary_key=True)
    plays: Mapped[int]
    marks: Mapped[int]


class StatsProjection(Projection):
    name = "stats"
    models: ClassVar[tuple[type[Base], ...]] = (WatchTimeRow, PlayheadRow, PlayTime)

    def __init__(self, table_of: TableOf = live_table) -> None:
        super().__init__(table_of)
        playheads = self.bulk(PlayheadRow, "cduid", "item")
        self.keeps = {"playheads": keeping_tuples(playheads, Playhead)}
        self._watch_time = self.bulk(WatchTimeRow, "cduid", "item")
        self._play_time = self.bulk(PlayTime, "cduid", "item")

    def write(self, connection: Connection, page: Page) -> None:
        super().write(connection, page)
        watch_time = page.fold.watch_time
        self._watch_time.delete_keys(connection, sorted(watch_time.replaced))
        self._watch_time.add(connection, sorted(_watch_rows(page.fold)))
        self._write_plays(connection, page.fold)

    def _write_plays(self, connection: Connection, fold: Fold) -> None:
        counted = sorted(_works(fold, fold.counted))
        keys = [
            (cduid, item)
            for user, work in counted
            for cduid in fold.directory.cduids(user)
            for item in work
        ]
        fold.tables.completions.prefetch(keys)
        self._play_time.delete_keys(connection, keys)
        rows = [row for each in counted for row in _play_rows(fold, *each)]
        insert_rows(connection, self.table_of(PlayTime), rows)

    def contents(self, fold: Fold) -> Iterator[tuple[Table, Iterable[Values]]]:
        yield from super().contents(fold)
        yield self.table_of(WatchTimeRow), _watch_rows(fold)
        counted = _works(fold, (key for key, _ in fold.tables.completions.items()))
        rows = (row for each in counted for row in _play_rows(fold, *each))
        yield self.table_of(PlayTime), rows


def _watch_rows(fold: Fold) -> Iterator[Values]:
    for key, quarters in fold.watch_time.added.items():
        for quarter_us, watched_us in quarters.items():
            yield (*key, quarter_us, watched_us)


def _works(fold: Fold, keys: Iterable[Key]) -> set[tuple[str, tuple[str, ...]]]:
    """The user and the work of each (cduid, item)."""
    users, work = fold.directory.device_users, fold.directory.catalog.work
    return {(users[cduid].user, work(item)) for cduid, item in keys}


def _play_rows(fold: Fold, user: str, work: tuple[str, ...]) -> list[Values]:
    """The rows of a work's items for all device users of a user."""
    catalog, completions = fold.directory.catalog, fold.tables.completions
    said = sorted(
        ItemCompletion(completion, item, cduid)
        for cduid in fold.directory.cduids(user)
        for item in work
        for completion in completions.get(cduid, item) or ()
    )
    opened = {found.completion.position for found in openings(said, catalog.runtime_seconds)}
    found: dict[tuple[str, str, int], list[int]] = {}
    for completion, item, cduid in said:
        counts = found.setdefault((cduid, item, quarter_of(completion.at_us)), [0, 0])
        counts[0] += completion.position in opened
        counts[1] += completion.share is None  # which every progress that completes has
    return [(*key, *counts) for key, counts in found.items() if any(counts)]


class Span(NamedTuple):
    """The quarter hours that begin from one instant on up to before another."""

    since_us: int
    until_us: int


_UNDATED_US = quarter_of(UNDATED_AT_US)
UNDATED = Span(_UNDATED_US, _UNDATED_US + 1)
"""What nobody knows when it was (rule 25)."""
DATED = Span(_UNDATED_US + 1, 2**62)


class Counted(NamedTuple):
    """Sums over all rows that have a cduid, an item and a quarter hour in common; None is any."""

    cduid: str | None
    item: str | None
    quarter_us: int | None
    watched_us: int
    plays: int
    marks: int


class Rows(NamedTuple):
    """Which rows are counted: of a span, and of some device users and items, or of all of them."""

    span: Span
    cduids: Sequence[str] | None = None
    items: Sequence[str] | None = None


_KEYS = ("cduid", "item", "quarter_us")
_CHUNK = 500


def counted(connection: Connection, by: Collection[str], rows: Rows) -> Iterator[Counted]:
    """Sums by some of `cduid`, `item` and `quarter_us`.

    In no order, and what two of them have in common may come in several.
    """
    chunks = [None] if rows.items is None else _chunks(rows.items)
    for items in chunks:
        for query in _queries(by, rows._replace(items=items)):
            for row in connection.execute(query):
                yield Counted._make(row)


def _chunks(items: Sequence[str]) -> list[Sequence[str]]:
    return [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]


def _queries(by: Collection[str], rows: Rows) -> Iterator[Select[Any]]:
    """The time watched, and the plays and marks."""
    nothing = literal(0)
    watched, played = live_table(WatchTimeRow), live_table(PlayTime)
    yield _sums(watched, by, rows, _sum(watched.c.watched_us), nothing, nothing)
    yield _sums(played, by, rows, nothing, _sum(played.c.plays), _sum(played.c.marks))


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _sums(table: Table, by: Collection[str], rows: Rows, *sums: ColumnElement[int]) -> Select[Any]:
    keys = [table.c[name] if name in by else null() for name in _KEYS]
    query = select(*keys, *sums).where(
        table.c.quarter_us >= rows.span.since_us, table.c.quarter_us < rows.span.until_us
    )
    if rows.cduids is not None:
        query = query.where(table.c.cduid.in_(rows.cduids))
    if rows.items is not None:
        query = query.where(table.c.item.in_(rows.items))
    return query.group_by(*(table.c[name] for name in _KEYS if name in by))
