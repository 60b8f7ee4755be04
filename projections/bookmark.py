"""How far the read models have come, and by what policy they were made."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from domain.registers import Policy
from projections.projection import live_table
from projections.schema import Base

LIVE = "live"


class Bookmark(Base):
    """One row for all read models: they are written together, a page in a transaction.

    `position` is the last event that they hold, `settings_position` the last that wasn't activity.
    The thresholds are those they were made under (rule 8). `worker` is who wrote last: others
    leave the work to it while it gets on.
    """

    __tablename__ = "bookmark"

    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    settings_position: Mapped[int]
    progress_low: Mapped[float]
    progress_high: Mapped[float]
    worker: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Place:
    """What a bookmark says."""

    position: int
    settings_position: int
    policy: Policy
    worker: str | None


_table = live_table(Bookmark)
_READ = select(
    _table.c.position,
    _table.c.settings_position,
    _table.c.progress_low,
    _table.c.progress_high,
    _table.c.worker,
).where(_table.c.name == LIVE)


def read_bookmark(connection: Connection) -> Place | None:
    """How far the read models are; None before the first page."""
    row = connection.execute(_READ).one_or_none()
    return None if row is None else Place(row[0], row[1], Policy(row[2], row[3]), row[4])


def begin(connection: Connection, policy: Policy) -> None:
    """Put the bookmark before the first event, unless it is there."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {
        "name": LIVE,
        "position": 0,
        "settings_position": 0,
        "progress_low": policy.low,
        "progress_high": policy.high,
    }
    connection.execute(dialect.insert(_table).values(values).on_conflict_do_nothing())


def advance(connection: Connection, before: Place, after: Place) -> bool:
    """Move the bookmark, if it still is where it was: False says that another worker moved it.

    Done first in a page's transaction it fences off every other worker until that ends.
    """
    moved = connection.execute(
        update(_table)
        .where(_table.c.name == LIVE, _table.c.position == before.position)
        .values(
            position=after.position,
            settings_position=after.settings_position,
            worker=after.worker,
        )
    )
    return moved.rowcount == 1


def release(connection: Connection, worker: str) -> None:
    """Let others take over at once."""
    connection.execute(update(_table).where(_table.c.worker == worker).values(worker=None))
