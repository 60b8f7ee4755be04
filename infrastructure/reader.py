"""Reading: one consistent state of directory and read models, as far as they are projected."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from domain.directory import Directory
from domain.tables import Tables
from domain.viewer import Viewer
from infrastructure.database import read_transaction
from infrastructure.gate import Gate
from infrastructure.ledger.reader import read_settings
from projections.bookmark import read_bookmark
from projections.keeping import Source
from projections.read_models import ReadModels


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything as of one position: what was folded, and a connection that sees just that."""

    position: int
    directory: Directory
    connection: Connection
    tables: Tables

    def viewer(self, cduid: str) -> Viewer:
        """The answers for a device user. Raises KeyError for one that isn't registered."""
        return Viewer(self.directory, self.tables, cduid)


class Reader:
    """Answers from the read models; keeps a directory in memory and lets it follow them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._models = ReadModels()
        self._gate = Gate()
        self._directory = Directory()

    def position(self) -> int:
        """How far the read models are."""
        with read_transaction(self._engine) as connection:
            place = read_bookmark(connection)
        return place.position if place else 0

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The present state, for as long as the block lasts."""
        while True:
            with self._gate.shared(), read_transaction(self._engine) as connection:
                place = read_bookmark(connection)
                position, settings = (place.position, place.settings_position) if place else (0, 0)
                if settings == self._directory.position:
                    tables = self._models.tables(Source(connection))
                    yield Snapshot(position, self._directory, connection, tables)
                    return
            self._follow()

    def _follow(self) -> None:
        """Let the directory follow the read models. They only ever go on, so readers that come
        after see them as far or farther.
        """
        with self._gate.alone(), read_transaction(self._engine) as connection:
            place = read_bookmark(connection)
            upto = place.settings_position if place else 0
            for recorded in read_settings(connection, self._directory.position, upto):
                self._directory.evolve(recorded)
