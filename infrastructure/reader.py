"""Reading: one consistent state of directory and read models, as far as they are projected."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from domain.directory import Directory
from domain.instants import to_us
from domain.registers import Policy
from domain.viewer import Viewer
from infrastructure.database import read_transaction
from infrastructure.gate import Gate
from infrastructure.ledger.reader import position_at, read_settings
from infrastructure.looking_back import look_back
from infrastructure.problems import problems_named
from infrastructure.recent import Lending, RecentViewers
from projections.bookmark import Place, begin_reading, read_bookmark
from projections.read_models import ReadModels

_NOTHING = Place(0, 0, Policy())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything as of one position: what was folded, and a connection that sees just that.

    `policy` is the one that the read models were made under, whatever the settings say by now.
    """

    position: int
    policy: Policy
    directory: Directory
    connection: Connection
    lending: Lending

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

    def viewer_as_of(self, cduid: str, position: int) -> Viewer:
        """The answers that the ledger would have given at a position. Raises KeyError."""
        if position == self.position:
            return self.viewer(cduid)
        return look_back(self.connection, self.directory, self.policy, cduid, position)


@contextmanager
def _reading(engine: Engine) -> Iterator[tuple[Connection, Place]]:
    """A connection whose reads all see one and the same state, and the bookmark of that state.

    Raises DatabaseProblem.
    """
    if engine.dialect.name == "sqlite":
        with read_transaction(engine) as connection:
            yield connection, read_bookmark(connection) or _NOTHING
        return
    options = {"isolation_level": "AUTOCOMMIT"}
    with problems_named(), engine.connect().execution_options(**options) as connection:
        try:
            yield connection, begin_reading(connection) or _NOTHING
        finally:
            driver: Any = connection.connection.driver_connection
            driver.rollback()


class Reader:
    """Answers from the read models; keeps a directory in memory and lets it follow them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._recent = RecentViewers(ReadModels())
        self._gate = Gate()
        self._directory = Directory()

    def position(self) -> int:
        """How far the read models are."""
        with _reading(self._engine) as (_, place):
            return place.position

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The present state, for as long as the block lasts."""
        while True:
            with self._gate.shared(), _reading(self._engine) as (connection, place):
                if place.settings_position == self._directory.position:
                    with self._recent.lending(connection, self._directory, place) as lending:
                        yield Snapshot(
                            place.position, place.policy, self._directory, connection, lending
                        )
                    return
            self._follow()

    def _follow(self) -> None:
        """Let the directory follow the read models. They only ever go on, so readers that come
        after see them as far or farther.
        """
        with self._gate.alone(), _reading(self._engine) as (connection, place):
            upto = place.settings_position
            for recorded in read_settings(connection, self._directory.position, upto):
                self._directory.evolve(recorded)
