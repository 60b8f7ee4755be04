"""The rebuild: from the ledger into new tables while the service runs, then one swap.

Until the swap commits nothing of what is in use has changed, so it may be interrupted at any
moment; the next one clears away what is left. After the bulk of it the new tables follow the
ledger by the very code that keeps those in use, and the last page, the swap and the bookmark are
one transaction in which nobody reads or writes read models.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic, sleep

from sqlalchemy import Connection, Engine

from domain.directory import Directory
from domain.fold import Fold
from domain.policy import Policy
from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.database.problems import DatabaseLocked
from infrastructure.database.synchronous import Synchronous
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.reader import REPLAY_PAGE, head, read_settings
from infrastructure.ledger.reports import LedgerReports
from infrastructure.projecting.page_processor import PageProcessor
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.rebuilding.lock import rebuild_lock
from infrastructure.projecting.rebuilding.shadow_tables import (
    ShadowTables,
    clear_away,
    last_generation,
)
from infrastructure.projecting.rebuilding.user_range import load_common, user_ranges
from infrastructure.projecting.rebuilding.workers import Job, started
from projections import bookmark
from projections.bookmark import LIVE, REBUILD, BookmarkState, BookmarkWrong, RebuildDue
from projections.read_models import PROJECTIONS, ReadModels

_NOTED_EVERY_SECONDS = 1.0
_PAUSE_SECONDS = 3.0
_PATIENCE_SECONDS = 900.0
"""How long a rebuild that is done waits for those who read for long, and how often it asks."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to rebuild: projections by name, in how many processes, by which policy."""

    projections: frozenset[str]
    policy: Policy
    jobs: int = 1
    synchronous: Synchronous = "FULL"

    @property
    def is_whole(self) -> bool:
        return len(self.projections) == len(PROJECTIONS)


def rebuild(
    engine: Engine,
    plan: Plan,
    on_total: Callable[[int], None] = lambda _: None,
    on_events: Callable[[int], None] = lambda _: None,
) -> int:
    """Rebuild projections and swap them in; answers the position that they hold.

    `on_total` hears how many events there are, `on_events` how many more were folded. Raises
    RebuildRunning, RebuildDue, UnreadableEvent and DatabaseProblem; nothing has changed then.
    """
    with rebuild_lock(engine):
        upto, generation = _begin(engine, plan)
        on_total(upto)
        shadow = ShadowTables(generation)
        try:
            noted = _Noted(engine, BookmarkState(0, 0, plan.policy, generation), on_events)
            directory = _fill(engine, plan, shadow, upto, noted)
            return _Catching(engine, plan, shadow, directory).up()
        except BaseException:
            _clear(engine)
            raise


def _begin(engine: Engine, plan: Plan) -> tuple[int, int]:
    """How far to fold in bulk, and the new generation's number."""
    _clear(engine)
    if not plan.is_whole:
        # What isn't rebuilt stays where it is, so the two have to meet at one position.
        Projector(engine, plan.policy, page_size=REPLAY_PAGE).catch_up()
    with read_transaction(engine) as connection:
        place = _place(connection, LIVE, plan.policy)
        upto = head(connection).position if plan.is_whole else place.position
        return upto, max(place.generation, last_generation(connection)) + 1


def _place(connection: Connection, name: str, policy: Policy) -> BookmarkState:
    with suppress(BookmarkWrong):  # which a rebuild mends
        if (found := bookmark.read_bookmark(connection, name)) is not None:
            return found
    return BookmarkState(0, 0, policy)


def _clear(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        clear_away(connection)
        bookmark.remove_bookmark(connection, REBUILD)


def _fill(
    engine: Engine, plan: Plan, shadow: ShadowTables, upto: int, on_events: Callable[[int], None]
) -> Directory:
    """Answers what was said of catalog, device users and access."""
    url = engine.url.render_as_string(hide_password=False)
    fold = Fold(Directory(), plan.policy, LedgerReports(engine.connect))
    with started(plan.jobs) as jobs:
        with write_transaction(engine) as connection:
            shadow.create(connection)
        with read_transaction(engine) as connection:
            for recorded in read_settings(connection, 0, upto):
                fold.directory.evolve(recorded)
            ranges = user_ranges(connection, fold.directory, plan.jobs, upto)
        fold.seen_us = jobs.run(
            [Job(url, plan.synchronous, plan.policy, shadow.generation, each) for each in ranges],
            on_events,
        )
    load_common(engine, shadow, fold)
    shadow.create_indexes(engine)
    place = BookmarkState(upto, fold.directory.position, plan.policy, shadow.generation)
    with write_transaction(engine) as connection:
        bookmark.put_bookmark(connection, place, REBUILD)
    return fold.directory


class _Noted:
    """Hears how many events were folded, and notes it for whoever watches the service."""

    def __init__(
        self, engine: Engine, start: BookmarkState, on_events: Callable[[int], None]
    ) -> None:
        self._engine = engine
        self._place = start
        self._on_events = on_events
        self._next_at = 0.0

    def __call__(self, events: int) -> None:
        self._on_events(events)
        self._place = replace(self._place, position=self._place.position + events)
        if monotonic() >= self._next_at:
            self._next_at = monotonic() + _NOTED_EVERY_SECONDS
            with write_transaction(self._engine) as connection:
                bookmark.put_bookmark(connection, self._place, REBUILD)


class _Catching:
    """Lets the new tables follow the ledger until they can take the place of the others."""

    def __init__(
        self, engine: Engine, plan: Plan, shadow: ShadowTables, directory: Directory
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._shadow = shadow
        models = ReadModels(shadow.table_of)
        directories = CurrentDirectory(engine)
        directories.learn(directory)
        self._processor = PageProcessor(
            models, plan.policy, directories, page_size=REPLAY_PAGE, name=REBUILD
        )

    def up(self) -> int:
        give_up_at = monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                self._catch_up()
                return self._swapped()
            except DatabaseLocked:
                # Somebody reads for long. Whoever comes later shouldn't have to wait behind us.
                self._processor.drop()
                if monotonic() > give_up_at:
                    raise
                sleep(_PAUSE_SECONDS)

    def _catch_up(self) -> None:
        progressed = True
        while progressed:
            with write_transaction(self._engine) as connection:
                progressed = self._follow(connection)

    def _swapped(self) -> int:
        with write_transaction(self._engine) as connection:
            bookmark.hold_bookmarks(connection)
            while self._follow(connection):
                pass
            return self._swap(connection)

    def _follow(self, connection: Connection) -> bool:
        """One more page, up to where the tables in use are."""
        place = self._place(connection, REBUILD)
        folded = self._processor.fold_page(connection, place, self._target(connection, place))
        return folded is not None and self._processor.write_page(connection, folded)

    def _target(self, connection: Connection, place: BookmarkState) -> int:
        return max(self._place(connection, LIVE).position, place.position)

    def _place(self, connection: Connection, name: str) -> BookmarkState:
        return _place(connection, name, self._plan.policy)

    def _swap(self, connection: Connection) -> int:
        place = self._place(connection, REBUILD)
        if not self._plan.is_whole and self._place(connection, LIVE).policy != self._plan.policy:
            raise RebuildDue("The policy has changed. Rebuild all projections at once.")
        models = [
            model
            for projection in PROJECTIONS
            if projection.name in self._plan.projections
            for model in projection.models
        ]
        self._shadow.put_in_place(connection, models)
        bookmark.remove_bookmark(connection, REBUILD)
        bookmark.put_bookmark(connection, replace(place, worker=None), LIVE)
        return place.position


def projection_names(names: Sequence[str]) -> frozenset[str]:
    """All projections' names, or those given. Raises ValueError for an unknown one."""
    known = [projection.name for projection in PROJECTIONS]
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"{', '.join(unknown)}: no such projection; there are {', '.join(known)}.")
    return frozenset(names or known)
