"""A reader's connection: what it reads is one state, and it begins a transaction only if it must.

What was loaded before is often all that is asked for. Then one statement tells whether it still
holds, where beginning and ending a transaction are two round trips more on PostgreSQL.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from domain.policy import Policy
from infrastructure.database.engine import problems_at
from infrastructure.ledger.statements import statements_of
from projections.bookmark import (
    BookmarkState,
    begin_reading,
    read_bookmark,
    read_bookmark_optimistically,
)
from projections.driver import driver_of

_NOTHING = BookmarkState(0, 0, Policy())


class StaleRead(Exception):
    """What was glimpsed has changed before the rest could be read: ask anew."""


def is_unchanged(before: BookmarkState, now: BookmarkState, newest: Callable[[], int]) -> bool:
    """Whether what was true of some streams at one place is true at a later one.

    `newest` is the position of the newest event of these streams, asked for only where it matters.
    """
    if (before.settings_position, before.generation) != (now.settings_position, now.generation):
        return False
    if before.position >= now.position:
        return before.position == now.position  # one that is ahead isn't
    return newest() <= before.position


class Session:
    """A connection that is one reader's. `place` is the state that it reads, once it is known."""

    def __init__(self, connection: Connection) -> None:
        self.place = _NOTHING
        self._connection = connection
        self._statements = statements_of(connection.dialect.name)
        self._optimistic_streams: Collection[str] = ()
        self._is_begun = False

    def read_optimistically(self, streams: Collection[str] = ()) -> None:
        """Reads the place, and nothing but it.

        What is read later must be of the same state as far as these streams are concerned.
        """
        self._optimistic_streams = streams
        self.place = read_bookmark_optimistically(self._connection) or _NOTHING

    def begin(self) -> None:
        """From here on all reads see one state, whose place is read first."""
        self._is_begun = True
        if self._connection.dialect.name == "sqlite":
            self._connection.begin()
            self.place = read_bookmark(self._connection) or _NOTHING
        else:
            self.place = begin_reading(self._connection) or _NOTHING

    def connection(self) -> Connection:
        """The connection, seeing the state of `place`. Raises StaleRead."""
        if not self._is_begun:
            self._begin_late()
        return self._connection

    def newest(self, streams: Collection[str]) -> int:
        """The position of the newest event of these streams; 0 if they have none.

        Outside a transaction it may be newer than the place.
        """
        return self._statements.newest(driver_of(self._connection), streams)

    def end(self) -> None:
        """Ends the transaction, if one was begun."""
        if self._is_begun:
            self._connection.rollback()  # SQLAlchemy's, where it is one of its own
            driver_of(self._connection).rollback()
            self._is_begun = False

    def _begin_late(self) -> None:
        glimpsed, streams = self.place, self._optimistic_streams
        self.begin()
        found, self.place = self.place, glimpsed
        if not is_unchanged(glimpsed, found, lambda: self.newest(streams)):
            self.end()
            raise StaleRead


@contextmanager
def session(engine: Engine) -> Iterator[Session]:
    """A session for as long as the block lasts. Raises DatabaseProblem."""
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    with problems_at(engine), engine.connect().execution_options(**options) as connection:
        opened = Session(connection)
        try:
            yield opened
        finally:
            opened.end()
