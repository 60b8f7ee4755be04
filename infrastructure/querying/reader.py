"""Reading: one consistent state of directory and read models, as far as they are projected."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from domain.directory import Directory
from domain.instants import to_us
from domain.policy import Policy
from domain.viewer import Viewer
from infrastructure.ledger.bookmarks import check_bookmark
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.reader import position_at
from infrastructure.ledger.recorder import now_us
from infrastructure.querying.as_of import Effort, LookingBack, Unbounded
from infrastructure.querying.session import Session, session
from infrastructure.querying.viewer_cache import Checkout, ViewerCache
from projections.bookmark import check_rules
from projections.read_models import ReadModels


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything as of one position: what was folded, and what reads just that."""

    directory: Directory
    session: Session
    lending: Checkout
    past: LookingBack

    @property
    def position(self) -> int:
        return self.session.place.position

    @property
    def policy(self) -> Policy:
        """The one that the read models were made under, whatever the settings say by now."""
        return self.session.place.policy

    @property
    def connection(self) -> Connection:
        """It sees that position. Raises StaleRead in a snapshot of a device user."""
        return self.session.connection()

    def viewer(self, cduid: str) -> Viewer:
        """The answers for a device user. Raises KeyError for one that isn't registered."""
        return self.lending.viewer(cduid)

    def position_as_of(self, as_of: int | datetime | None) -> int:
        """The position that is meant: itself, or the last one recorded up to a time (rule 22)."""
        if as_of is None:
            return self.position
        if isinstance(as_of, datetime):
            as_of = position_at(self.connection, to_us(as_of))
        return min(as_of, self.position)

    def viewer_as_of(self, cduid: str, position: int, effort: Effort | None = None) -> Viewer:
        """The answers that the ledger would have given at a position. Raises KeyError.

        What it takes to look back is bounded by `effort`, if that is given.
        """
        if position == self.position:
            return self.viewer(cduid)
        place, effort = self.session.place, effort or Unbounded()
        return self.past.viewer(self.connection, self.directory, place, cduid, position, effort)


class Reader:
    """Answers from the read models, with the directory as of their bookmark.

    `directories` are the process's, if it has others that follow them. What isn't out yet is asked
    of the clock (rule 30).
    """

    def __init__(
        self,
        engine: Engine,
        directories: CurrentDirectory | None = None,
        clock_us: Callable[[], int] = now_us,
    ) -> None:
        self._engine = engine
        self._viewers = ViewerCache(ReadModels(), clock_us)
        self._directories = directories or CurrentDirectory(engine)
        self._past = LookingBack()
        self._checked: tuple[int, int] | None = None

    def position(self) -> int:
        """How far the read models are."""
        with session(self._engine) as reading:
            reading.read_optimistically()
            return reading.place.position

    @contextmanager
    def snapshot(self, of: str | None = None) -> Iterator[Snapshot]:
        """The present state, for as long as the block lasts.

        With the device user `of` that it is about, one statement may be all that it takes, if what
        is asked of it was asked before; on the other hand the block may end with StaleRead then,
        and has to be done again, without `of`. Raises RebuildDue,
        also for a bookmark that is wrong.
        """
        kept = None if of is None else self._viewers.take(of)
        with session(self._engine) as reading:
            if kept is not None:
                reading.read_optimistically(kept.streams)
                kept = kept if kept.is_right(reading) else None
            if kept is None:
                reading.begin()
            check_rules(reading.place)
            self._check(reading)
            directory = self._directories.as_of(reading.place.settings_position, reading.connection)
            with self._viewers.lending(reading, directory, kept) as lending:
                yield Snapshot(directory, reading, lending, self._past)

    def _check(self, reading: Session) -> None:
        """Looks whether the bookmark fits the ledger, once for each version of the settings."""
        found = reading.place.settings_position, reading.place.generation
        if found != self._checked:
            check_bookmark(reading.connection(), reading.place)
            self._past.drop_older(reading.place.generation)
            self._checked = found
