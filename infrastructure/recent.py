"""Viewers that were lately asked about, kept with what was loaded of them while nothing changes.

A home screen asks for much of what its viewer ever said, and asks again and again. So a viewer
stays for the next reader until anybody of its watch group says something, the catalog, a mode or a
limit changes, or a rebuild is swapped in: one seek per device user tells.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import Connection

from domain.directory import Directory
from domain.events import device_user_stream
from domain.viewer import Viewer
from infrastructure.ledger.statements import statements_of
from projections.bookmark import Place
from projections.keeping import Source
from projections.read_models import ReadModels

_VALUES_MOST = 200_000
"""How many loaded values are kept of all of them together: some 40 MB."""

_VIEWERS_MOST = 200


@dataclass(slots=True)
class _Kept:
    """A viewer, what its tables are read through, and the place up to which nothing has changed.

    `values` is how many were loaded of it when it was put aside.
    """

    viewer: Viewer
    source: Source
    place: Place
    values: int = 0


class Lending:
    """The viewers of one snapshot: each is nobody else's until the snapshot ends."""

    def __init__(
        self, recent: "RecentViewers", connection: Connection, directory: Directory, place: Place
    ) -> None:
        self._recent = recent
        self._connection = connection
        self._directory = directory
        self._place = place
        self.lent: dict[str, _Kept] = {}

    def viewer(self, cduid: str) -> Viewer:
        """Raises KeyError for a device user that isn't registered."""
        kept = self.lent.get(cduid)
        if kept is None:
            kept = self._recent.take(cduid)
            if kept is None or not self._is_right(kept):
                kept = self._fresh(cduid)
            kept.source.connection, kept.place = self._connection, self._place
            self.lent[cduid] = kept
        return kept.viewer

    def _fresh(self, cduid: str) -> _Kept:
        source = Source(self._connection)
        viewer = Viewer(self._directory, self._recent.models.tables(source), cduid)
        return _Kept(viewer, source, self._place)

    def _is_right(self, kept: _Kept) -> bool:
        """Whether nothing has changed since for this viewer."""
        before, now = kept.place, self._place
        if (before.settings_position, before.generation) != (now.settings_position, now.generation):
            return False
        if before.position >= now.position:
            return before.position == now.position  # one that is ahead of this snapshot isn't
        streams = [device_user_stream(cduid) for cduid in kept.viewer.cduids]
        statements = statements_of(self._connection.dialect.name)
        return statements.newest(self._connection, streams) <= before.position


class RecentViewers:
    """Lends viewers to snapshots, in any thread; the one asked about last stays longest."""

    def __init__(self, models: ReadModels) -> None:
        self.models = models
        self._kept: dict[str, _Kept] = {}
        self._values = 0
        self._lock = Lock()

    @contextmanager
    def lending(
        self, connection: Connection, directory: Directory, place: Place
    ) -> Iterator[Lending]:
        """Lends viewers as of a place for as long as the block lasts."""
        lending = Lending(self, connection, directory, place)
        yield lending
        with self._lock:
            for cduid, kept in lending.lent.items():
                self._take(cduid)
                self._kept[cduid] = kept
                kept.values = kept.viewer.tables.size()
                self._values += kept.values
            while self._values > _VALUES_MOST or len(self._kept) > _VIEWERS_MOST:
                self._take(next(iter(self._kept)))

    def take(self, cduid: str) -> _Kept | None:
        """What was put aside of a device user; nobody else has it then."""
        with self._lock:
            return self._take(cduid)

    def _take(self, cduid: str) -> _Kept | None:
        kept = self._kept.pop(cduid, None)
        self._values -= kept.values if kept else 0
        return kept
