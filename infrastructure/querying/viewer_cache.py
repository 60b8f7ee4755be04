"""Viewers that were lately asked about, kept with what was loaded of them while nothing changes.

A home screen asks for much of what its viewer ever said, and asks again and again. So a viewer
stays for the next reader until anybody of its watch group says something, the catalog, a mode or a
limit changes, or a rebuild is swapped in: one seek per device user tells.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock

from domain.directory import Directory
from domain.events import device_user_stream
from domain.viewer import Viewer
from infrastructure.querying.session import Session, is_unchanged
from projections.bookmark import BookmarkState
from projections.keeping import Source
from projections.read_models import ReadModels

_VALUES_MAX = 200_000
"""How many loaded values are kept of all of them together: some 40 MB."""

_VIEWERS_MAX = 200


@dataclass(slots=True)
class CacheEntry:
    """A viewer, what its tables are read through, and the place up to which nothing has changed.

    `values` is how many were loaded of it when it was put aside.
    """

    viewer: Viewer
    source: Source
    place: BookmarkState
    values: int = 0

    @property
    def streams(self) -> list[str]:
        """All that is said by whom it sees."""
        return [device_user_stream(cduid) for cduid in self.viewer.cduids]

    def is_right(self, session: Session) -> bool:
        """Whether it is as fresh as the session's place."""
        return is_unchanged(self.place, session.place, partial(session.newest, self.streams))


class Checkout:
    """The viewers of one snapshot: each is nobody else's until the snapshot ends."""

    def __init__(self, recent: "ViewerCache", session: Session, directory: Directory) -> None:
        self._viewers = recent
        self._session = session
        self._directory = directory
        self.lent: dict[str, CacheEntry] = {}

    def lend(self, kept: CacheEntry) -> None:
        """Lends one that is right as of the session's place."""
        kept.source.connect, kept.place = self._session.connection, self._session.place
        kept.viewer.move_to(self._viewers.clock_us())
        self.lent[kept.viewer.cduid] = kept

    def viewer(self, cduid: str) -> Viewer:
        """Raises KeyError for a device user that isn't registered."""
        if cduid not in self.lent:
            kept = self._viewers.take(cduid)
            self.lend(kept if kept and kept.is_right(self._session) else self._fresh(cduid))
        return self.lent[cduid].viewer

    def _fresh(self, cduid: str) -> CacheEntry:
        source = Source(self._session.connection)
        tables = self._viewers.models.tables(source)
        viewer = Viewer(self._directory, tables, cduid, self._viewers.clock_us())
        return CacheEntry(viewer, source, self._session.place)


class ViewerCache:
    """Lends viewers to snapshots, in any thread; the one asked about last stays longest."""

    def __init__(self, models: ReadModels, clock_us: Callable[[], int]) -> None:
        self.models = models
        self.clock_us = clock_us
        self._kept: dict[str, CacheEntry] = {}
        self._values = 0
        self._settings_position = 0
        self._lock = Lock()

    @contextmanager
    def lending(
        self, session: Session, directory: Directory, known: CacheEntry | None
    ) -> Iterator[Checkout]:
        """Lends viewers as of the session's place for as long as the block lasts.

        `known` is one that was taken before, and is right.
        """
        lending = Checkout(self, session, directory)
        if known is not None:
            lending.lend(known)
        yield lending
        with self._lock:
            self._drop_older(session.place)
            for cduid, kept in lending.lent.items():
                self._take(cduid)
                self._kept[cduid] = kept
                kept.values = kept.viewer.tables.size()
                self._values += kept.values
            while self._values > _VALUES_MAX or len(self._kept) > _VIEWERS_MAX:
                self._take(next(iter(self._kept)))

    def _drop_older(self, place: BookmarkState) -> None:
        """Let go of viewers of earlier settings: none can be used, and each holds a directory."""
        if place.settings_position > self._settings_position:
            self._settings_position = place.settings_position
            self._kept.clear()
            self._values = 0

    def take(self, cduid: str) -> CacheEntry | None:
        """What was put aside of a device user; nobody else has it then."""
        with self._lock:
            return self._take(cduid)

    def _take(self, cduid: str) -> CacheEntry | None:
        kept = self._kept.pop(cduid, None)
        self._values -= kept.values if kept else 0
        return kept
