"""Keeps a directory in memory that is as new as the ledger, whoever writes to it.

One query over what is new before each use: an index holds everything but activity, so it costs
the same however much activity there is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Engine

from domain.directory import Directory
from infrastructure.database.engine import read_transaction
from infrastructure.ledger import reader

_NO_END = 2**62


class CurrentDirectory:
    """A directory that several threads share, one at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._directory = Directory()
        self._lock = Lock()

    @contextmanager
    def latest(self) -> Iterator[Directory]:
        """The directory as of the ledger's end, and nobody else's meanwhile.

        Raises DatabaseProblem, UnreadableEvent.
        """
        with self._lock:
            self._catch_up()
            yield self._directory

    def _catch_up(self) -> None:
        with read_transaction(self._engine) as connection:
            news = reader.read_settings(connection, self._directory.position, _NO_END)
        for recorded in news:
            self._directory.evolve(recorded)
