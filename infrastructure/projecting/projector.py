"""The projector: follows the ledger and keeps the read models up to date.

Any number of projectors may run, and one that was stopped or frozen at any instant does no harm:
the bookmark fences them. Which of them works is a matter of speed only: others wait while one gets
on.
"""

from collections.abc import Callable
from threading import Event
from time import monotonic
from uuid import uuid4

import structlog
from sqlalchemy import Engine

from domain.policy import Policy
from domain.rollup import BY_LEAF_MAX
from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.database.problems import DatabaseProblem
from infrastructure.ledger.bookmarks import check_bookmark
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.projecting.garbage import without_garbage_collection
from infrastructure.projecting.page_processor import Folded, PageProcessor
from projections import bookmark
from projections.bookmark import BookmarkState, RebuildDue
from projections.read_models import ReadModels

_log = structlog.get_logger()


class Projector:
    """Projects pages of `page_size` events.

    What is said on more than `by_leaf_max` leaves at once is decided in one go. It takes work over
    from another worker that hasn't moved for `takeover_seconds`. `on_page` hears the position
    reached after each page; it mustn't raise or block. `directories` are the process's, if it has
    others that read them.
    """

    def __init__(
        self,
        engine: Engine,
        policy: Policy,
        *,
        page_size: int,
        directories: CurrentDirectory | None = None,
        by_leaf_max: int = BY_LEAF_MAX,
        takeover_seconds: float = 2.0,
        on_page: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._takeover_seconds = takeover_seconds
        self.on_page = on_page
        self._worker = uuid4().hex
        self._processor = PageProcessor(
            ReadModels(),
            policy,
            directories or CurrentDirectory(engine),
            page_size=page_size,
            by_leaf_max=by_leaf_max,
            worker=self._worker,
        )
        self._other_moved = (-1, 0.0)
        self._woken = Event()
        self._stopping = Event()
        self.problem: Exception | None = None

    def run(self, poll_seconds: float) -> None:
        """Project until `stop`, looking for new events every `poll_seconds` and when woken.

        What can be mended from outside is waited for, a database that is away and a rebuild that is
        due: `problem` says so meanwhile. Raises UnreadableEvent, naming the event.
        """
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                if not self._try_page():
                    self._woken.wait(poll_seconds)
            self._release()
        except Exception as error:
            self.problem = error
            _log.exception("projector stopped")
            raise

    def _try_page(self) -> bool:
        try:
            progressed = self.project_page(yields=True)
        except (DatabaseProblem, RebuildDue) as problem:
            if str(problem) != str(self.problem):
                _log.warning("projector waits", problem=str(problem))
            self.problem = problem
            return False
        self.problem = None
        return progressed

    def _release(self) -> None:
        try:
            with write_transaction(self._engine) as connection:
                bookmark.release(connection, self._worker)
        except DatabaseProblem as problem:
            # Others take over all the same, a little later.
            _log.warning("projector couldn't release its work", problem=str(problem))

    def wake(self, _: int = 0) -> None:
        """There is something new."""
        self._woken.set()

    def stop(self) -> None:
        """Finish the page at hand, then end."""
        self._stopping.set()
        self._woken.set()

    def catch_up(self) -> None:
        """Project all there is, whoever else is at it. For use without `run`."""
        while self.project_page():
            pass

    def project_page(self, *, yields: bool = False) -> bool:
        """Project the next page, if there is one and, with `yields`, no other worker is at it.

        False if there was nothing to do; a page that another worker was quicker with is done, too.
        """
        with without_garbage_collection():  # the page's own garbage is gone by its end
            return self._write_next(yields=yields)

    def _write_next(self, *, yields: bool) -> bool:
        try:
            folded = self._fold_page(yields=yields)
            if folded is None:
                return False
            with write_transaction(self._engine) as connection:
                written = self._processor.write_page(connection, folded)
        except BaseException:
            # Also where reading ended badly: what is in memory may be ahead of what is written.
            self._processor.drop()
            raise
        if written:
            self.on_page(folded.after.position)
        return True

    def _fold_page(self, *, yields: bool) -> Folded | None:
        with read_transaction(self._engine) as connection:
            before = bookmark.read_bookmark(connection)
            if before is not None:
                bookmark.check_policy(before, self._policy)
                if yields and self._is_anothers(before):
                    return None
                return self._processor.fold_page(connection, before)
        with write_transaction(self._engine) as connection:
            check_bookmark(connection, bookmark.read_bookmark(connection))
            bookmark.begin(connection, self._policy)
        return self._fold_page(yields=yields)

    def _is_anothers(self, place: BookmarkState) -> bool:
        """Whether another worker wrote last and has got on lately."""
        if place.worker in (None, self._worker):
            return False
        position, since = self._other_moved
        if position != place.position:
            self._other_moved = (place.position, monotonic())
            return True
        return monotonic() - since < self._takeover_seconds
