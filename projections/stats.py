"""Statistics read model: plays and hours by user, month and item, or by show (rule 13).

Counted over all device users of a user, whatever their isolation modes: it is the user who watched.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from sqlalchemy import Connection, Table, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.catalog import Catalog
from domain.fold import Fold
from domain.instants import from_us
from domain.items import Kind, kind_of
from domain.plays import openings, running_seconds
from domain.state.cached_table import Key
from projections.bulk import Values, insert_rows
from projections.projection import Page, Projection, live_table
from projections.schema import Base

UserItem = tuple[str, str]


class MonthlyPlays(Base):
    """What a user played of an item in a month (`2026-11`, in UTC, of the play's `at`)."""

    __tablename__ = "monthly_plays"

    user: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    plays: Mapped[int]
    played_seconds: Mapped[float]


class StatsProjection(Projection):
    name = "stats"
    models: ClassVar[tuple[type[Base], ...]] = (MonthlyPlays,)

    def write(self, connection: Connection, page: Page) -> None:
        changed = sorted(_user_items(page.fold, page.fold.counted))
        page.fold.tables.completions.prefetch(
            (cduid, item) for user, item in changed for cduid in page.fold.directory.cduids(user)
        )
        self.bulk(MonthlyPlays, "user", "item").delete_keys(connection, changed)
        rows = [row for key in changed for row in _rows(page.fold, key)]
        insert_rows(connection, self.table_of(MonthlyPlays), rows)

    def contents(self, fold: Fold) -> Iterator[tuple[Table, Iterable[Values]]]:
        keys = _user_items(fold, (key for key, _ in fold.tables.completions.items()))
        rows = (row for key in keys for row in _rows(fold, key))
        yield self.table_of(MonthlyPlays), rows


def _user_items(fold: Fold, keys: Iterable[Key]) -> set[UserItem]:
    users = fold.directory.device_users
    return {(users[cduid].user, item) for cduid, item in keys}


def _rows(fold: Fold, key: UserItem) -> list[Values]:
    user, item = key
    cduids = fold.directory.cduids(user)
    completions = sorted(
        each for cduid in cduids for each in fold.tables.completions.get(cduid, item) or ()
    )
    node = fold.directory.catalog.nodes.get(item)
    runtime_seconds = node.details.runtime_seconds if node else None
    months: dict[str, tuple[int, float]] = {}
    for opening in openings(completions, runtime_seconds):
        at = from_us(opening.at_us)
        month = f"{at.year:04}-{at.month:02}"  # `strftime` takes three times as long
        plays, played_seconds = months.get(month, (0, 0.0))
        seconds = running_seconds(opening, runtime_seconds)
        months[month] = plays + 1, played_seconds + seconds
    return [(user, item, month, *counted) for month, counted in months.items()]


class Stat(NamedTuple):
    """What a user played of a show, or of a movie or streamable itself, in a month."""

    user: str
    month: str
    of: str
    plays: int
    hours: float


def stats(
    connection: Connection,
    catalog: Catalog,
    *,
    user: str | None = None,
    month: str | None = None,
    of: str | None = None,
) -> list[Stat]:
    """Plays and hours by user, month (newest first) and show, as episodes stand now."""
    table = live_table(MonthlyPlays)
    query = select(table.c.user, table.c.month, table.c.item, table.c.plays, table.c.played_seconds)
    if user is not None:
        query = query.where(table.c.user == user)
    if month is not None:
        query = query.where(table.c.month == month)
    found: dict[tuple[str, str, str], tuple[int, float]] = {}
    for whose, when, item, plays, played_seconds in connection.execute(query):
        key = whose, when, _show_of(catalog, item)
        before = found.get(key, (0, 0.0))
        found[key] = before[0] + plays, before[1] + played_seconds
    rows = [Stat(*key, plays, seconds / 3600) for key, (plays, seconds) in found.items()]
    wanted = [row for row in rows if of in {None, row.of}]
    return sorted(wanted, key=stats_order)


def stats_order(row: Stat) -> tuple[str, int, str]:
    """What stats are sorted by: user, month (newest first) and show."""
    return row.user, _newest_first(row.month), row.of


def _show_of(catalog: Catalog, item: str) -> str:
    shows = (above for above, _ in catalog.above(item) if kind_of(above) is Kind.SHOW)
    return next(shows, item)


def _newest_first(month: str) -> int:
    return -int(month.replace("-", ""))
