"""How the ledger and the projections stand: what an operator and a monitor look at."""

from typing import NamedTuple

from sqlalchemy import Engine, bindparam, select

from infrastructure.database.engine import read_transaction
from infrastructure.ledger.bookmarks import check_bookmark
from infrastructure.ledger.reader import head
from infrastructure.ledger.schema import ledger_event
from infrastructure.projecting.rebuilding.lock import is_locked
from projections.bookmark import REBUILD, read_bookmark

_RECORDED_AT = select(ledger_event.c.recorded_at_us).where(
    ledger_event.c.position == bindparam("position")
)


class Standing(NamedTuple):
    """Positions, and how long the oldest event that isn't projected yet has been waiting.

    `rebuilt_position` is how far a rebuild has folded, None while none is running.
    """

    position: int
    recorded_at_us: int
    projected_position: int
    lag_seconds: float
    rebuilt_position: int | None

    @property
    def lag_events(self) -> int:
        return max(0, self.position - self.projected_position)


def check_read_models(engine: Engine) -> None:
    """Raises BookmarkWrong where the read models' bookmark doesn't fit the ledger."""
    with read_transaction(engine) as connection:
        check_bookmark(connection, read_bookmark(connection))


def standing(engine: Engine, now_us: int) -> Standing:
    """How all stands. Raises DatabaseProblem, BookmarkWrong."""
    with read_transaction(engine) as connection:
        place = read_bookmark(connection)
        rebuilding = read_bookmark(connection, REBUILD)
        end = head(connection)
        projected = place.position if place else 0
        asked = {"position": projected + 1}
        waiting_since_us = connection.execute(_RECORDED_AT, asked).scalar_one_or_none()
    waited_us = 0 if waiting_since_us is None else max(0, now_us - waiting_since_us)
    # One that was killed leaves its bookmark, but not its lock.
    is_rebuilding = rebuilding is not None and is_locked(engine)
    return Standing(
        position=end.position,
        recorded_at_us=end.recorded_at_us,
        projected_position=projected,
        lag_seconds=waited_us / 1_000_000,
        rebuilt_position=rebuilding.position if rebuilding and is_rebuilding else None,
    )
