"""Directories: catalog, device users and access as of lately asked positions, one follower for all.

Who writes asks as of the ledger's end, who projects and who reads as of the read models' bookmark.
No version changes once it was handed out: news make a fork, so nobody waits for a reader, nor a
reader for anybody but whoever makes the very version that it asks for.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from sqlalchemy import Connection, Engine

from domain.directory import Directory
from domain.events import UserErased
from infrastructure.database.engine import driver_reading, read_transaction
from infrastructure.ledger.reader import read_settings
from infrastructure.ledger.statements import statements_of

_NO_END = 2**62
_KEPT_MAX = 3
"""Versions kept beside the newest: the readers', the projector's, and one that is just left."""


class CurrentDirectory:
    """The directories of a process, for any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements = statements_of(engine.dialect.name)
        self._newest = Directory()
        self._kept: OrderedDict[int, Directory] = OrderedDict()
        self._looking = Lock()  # for a moment only
        self._making = Lock()  # while a version is made

    def newest(self) -> Directory:
        """The newest directory that anybody in this process has asked for yet."""
        return self._newest

    def latest(self) -> Directory:
        """The directory as of the ledger's end, whoever wrote to it.

        One seek tells whether anything is new, however much activity there is. Raises
        DatabaseProblem, UnreadableEvent.
        """
        newest = self._newest
        with driver_reading(self._engine) as driver:
            is_news = self._statements.has_settings_after(driver, newest.position)
        if not is_news:
            return newest
        with self._making, read_transaction(self._engine) as connection:
            return self._follow(connection, self._newest, _NO_END)

    def as_of(self, position: int, connect: Callable[[], Connection]) -> Directory:
        """The directory as of the position of an event that isn't activity, or before all (0).

        `connect` is called only if that version isn't kept, for a connection that sees the
        position. Raises DatabaseProblem, UnreadableEvent.
        """
        found = self._find(position)
        if found.position == position:
            return found
        with self._making:
            found = self._find(position)
            return self._follow(connect(), found, position)

    def learn(self, directory: Directory) -> None:
        """Keep a version that somebody has made. It mustn't change any more."""
        with self._looking:
            if directory.position > self._newest.position:
                self._newest = directory
            self._kept[directory.position] = directory
            self._kept.move_to_end(directory.position)
            while len(self._kept) > _KEPT_MAX:
                self._kept.popitem(last=False)

    def _forget(self) -> None:
        with self._looking:
            self._newest = Directory()
            self._kept.clear()

    def _find(self, position: int) -> Directory:
        """The newest version that is kept and no newer than a position."""
        with self._looking:
            known = (self._newest, *self._kept.values())
            upto = (each for each in known if each.position <= position)
            found = max(upto, key=lambda each: each.position, default=None)
            if found is None:
                return Directory()
            if found.position in self._kept:
                self._kept.move_to_end(found.position)
            return found

    def _follow(self, connection: Connection, known: Directory, upto: int) -> Directory:
        """The version that has all up to a position, from one that hasn't."""
        news = read_settings(connection, known.position, upto)
        if not news:  # somebody else was quicker
            return known
        made = known.fork()
        if any(isinstance(each.event, UserErased) for each in news):
            # What is known of that user isn't in the ledger any more, nor may it be here.
            made, news = Directory(), read_settings(connection, 0, upto)
            self._forget()
        for recorded in news:
            made.evolve(recorded)
        self.learn(made)
        return made
