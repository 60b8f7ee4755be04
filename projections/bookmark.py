"""The bookmark: how far the read models have come, and by what policy they were made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from domain.policy import RULES, Policy
from projections.driver import driver_of
from projections.projection import live_table
from projections.schema import Base

LIVE = "live"
REBUILD = "rebuild"


class Bookmark(Base):
    """One row for all read models: they are written together, a page in a transaction.

    `position` is the last event that they hold, `settings_position` the last that wasn't activity.
    The thresholds are those they were made under (rule 8), `rules` is the revision of the rules.
    `worker` is who wrote last: others leave the work to it while it gets on. `generation` counts
    the rebuilds that were swapped in. A rebuild under way has a row of its own, under another name.
    """

    __tablename__ = "bookmark"

    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    settings_position: Mapped[int]
    progress_low: Mapped[float]
    progress_high: Mapped[float]
    progress_head_seconds: Mapped[float]
    progress_rest_seconds: Mapped[float]
    rules: Mapped[int]
    generation: Mapped[int]
    worker: Mapped[str | None]


class RebuildDue(Exception):
    """The read models were made by another policy, and two are never mixed."""

    code = "rebuild_due"


class BookmarkWrong(RebuildDue):
    """The bookmark says what the ledger contradicts: somebody has changed one of the two."""

    code = "bookmark_wrong"

    def __init__(self, saying: str) -> None:
        super().__init__(
            f"The read models' bookmark is wrong: it says {saying}. Somebody has changed it, or "
            "the ledger. Run `watchledger verify`, and where the ledger is whole `watchledger "
            "rebuild`; events are recorded meanwhile."
        )


@dataclass(frozen=True, slots=True)
class BookmarkState:
    """What a bookmark says."""

    position: int
    settings_position: int
    policy: Policy
    generation: int = 0
    worker: str | None = None


def rebuild_due(place: BookmarkState | None) -> str | None:
    """Why a rebuild is due, if the read models were made by another revision of the rules."""
    if place is None or not place.position or place.policy.rules == RULES:
        return None
    return (
        f"The read models were made by revision {place.policy.rules} of the rules, and this "
        f"version answers by revision {RULES} (CHANGELOG.md says what changes). Run "
        "`watchledger rebuild`; events are recorded meanwhile."
    )


def check_rules(place: BookmarkState) -> None:
    """Raises RebuildDue if the read models were made by another revision of the rules."""
    due = rebuild_due(place)
    if due is not None:
        raise RebuildDue(due)


def check_policy(place: BookmarkState, policy: Policy) -> None:
    """Raises RebuildDue if the read models were made by another policy than this."""
    check_rules(place)
    if place.position and place.policy != policy:
        raise RebuildDue(
            f"The read models were made with the progress thresholds {place.policy}, the settings "
            f"say {policy}. Run `watchledger rebuild`, or set them as they were."
        )


_NUMBERS = frozenset({int, float})
_table = live_table(Bookmark)
_READ = {
    name: "SELECT position, settings_position, generation, worker, progress_low, progress_high,"  # noqa: S608  # one of our own names
    f" progress_head_seconds, progress_rest_seconds, rules FROM bookmark WHERE name = '{name}'"
    for name in (LIVE, REBUILD)
}

# Takes no snapshot: whoever waits here for a swap sees what it left behind.
_LOCK = "LOCK TABLE bookmark IN ACCESS SHARE MODE"
_BEGIN_READING = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_LOCK}; {_READ[LIVE]}"


def read_bookmark(connection: Connection, name: str = LIVE) -> BookmarkState | None:
    """How far the read models are; None before the first page.

    Asked first in a transaction, it keeps a rebuild from swapping tables until that ends.
    """
    driver = driver_of(connection)
    if connection.dialect.name == "postgresql":
        driver.execute(_LOCK)
    return _place(driver.execute(_READ[name]).fetchall())


def begin_reading(connection: Connection) -> BookmarkState | None:
    """On PostgreSQL, in autocommit: begins a transaction of reads that all see one state.

    The bookmark comes first, as in `read_bookmark`, but in one round trip with the rest: every
    read begins with this.
    """
    driver = driver_of(connection)
    cursor = driver.execute(_BEGIN_READING, prepare=False)
    while cursor.nextset():
        pass
    return _place(cursor.fetchall())


def read_bookmark_optimistically(connection: Connection) -> BookmarkState | None:
    """As `read_bookmark`, but it keeps nobody from anything, and begins no transaction."""
    return _place(driver_of(connection).execute(_READ[LIVE]).fetchall())


def _place(rows: Sequence[Sequence[Any]]) -> BookmarkState | None:
    for position, settings_position, generation, worker, *policy in rows:
        numbers = (position, settings_position, generation, *policy)
        if not _NUMBERS.issuperset(map(type, numbers)):  # SQLite keeps what it is given
            raise BookmarkWrong(f"{', '.join(map(repr, numbers))}, which aren't all numbers")
        return BookmarkState(position, settings_position, Policy(*policy), generation, worker)
    return None


def hold_bookmarks(connection: Connection) -> None:
    """Wait until nobody reads or writes read models, and let nobody until the transaction ends.

    On PostgreSQL for two seconds at most, for all that comes after, too: everybody else waits
    behind this. That is longer than it lets a vacuum stand in the way.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        connection.exec_driver_sql("LOCK TABLE bookmark IN ACCESS EXCLUSIVE MODE")


def put_bookmark(connection: Connection, place: BookmarkState, name: str = LIVE) -> None:
    """Set a bookmark, whatever it was."""
    connection.execute(delete(_table).where(_table.c.name == name))
    connection.execute(insert(_table).values(name=name, **_values(place)))


def begin(connection: Connection, policy: Policy) -> None:
    """Put the bookmark before the first event, unless it is there."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {"name": LIVE, **_values(BookmarkState(0, 0, policy))}
    connection.execute(dialect.insert(_table).values(values).on_conflict_do_nothing())


def remove_bookmark(connection: Connection, name: str) -> None:
    connection.execute(delete(_table).where(_table.c.name == name))


def advance(
    connection: Connection, before: BookmarkState, after: BookmarkState, name: str = LIVE
) -> bool:
    """Move a bookmark, if it still is where it was: False says that another worker moved it.

    Done first in a page's transaction it fences off every other worker until that ends.
    """
    moved = connection.execute(
        update(_table)
        .where(
            _table.c.name == name,
            _table.c.position == before.position,
            _table.c.generation == before.generation,
        )
        .values(**_values(after))
    )
    return moved.rowcount == 1


def release(connection: Connection, worker: str) -> None:
    """Let others take over at once."""
    connection.execute(update(_table).where(_table.c.worker == worker).values(worker=None))


def _values(place: BookmarkState) -> dict[str, Any]:
    return {
        "position": place.position,
        "settings_position": place.settings_position,
        "progress_low": place.policy.low,
        "progress_high": place.policy.high,
        "progress_head_seconds": place.policy.head_seconds,
        "progress_rest_seconds": place.policy.rest_seconds,
        "rules": place.policy.rules,
        "generation": place.generation,
        "worker": place.worker,
    }
