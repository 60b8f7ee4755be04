"""Following the ledger page by page: fold what comes next, and write it with the bookmark.

The two halves are apart so that a page can be folded from a snapshot and written in a short
transaction of its own, or both in one. The bookmark moves by compare-and-set: whoever moved it
meanwhile has done the work, and this page processor drops its own.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from domain.events import Recorded
from domain.fold import Fold
from domain.policy import Policy
from domain.rollup import BY_LEAF_MAX
from infrastructure.database.engine import pipelined
from infrastructure.ledger.bookmarks import check_place
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.reader import read
from infrastructure.ledger.reports import LedgerReports
from projections import bookmark
from projections.bookmark import LIVE, BookmarkState
from projections.keeping import Source
from projections.projection import Page
from projections.read_models import ReadModels

KEPT_MAX = 50_000
"""How many values stay in memory between pages: some 15 MB, however long the ledger."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A page that was folded and not yet written, with the bookmark before it and after."""

    before: BookmarkState
    after: BookmarkState
    page: Page


class PageProcessor:
    """Keeps read models at the bookmark of a name; its fold stays in memory between pages.

    A page has at most `page_size` events. It begins from one of `directories`, and hands them on.
    """

    def __init__(
        self,
        models: ReadModels,
        policy: Policy,
        directories: CurrentDirectory,
        *,
        page_size: int,
        by_leaf_max: int = BY_LEAF_MAX,
        worker: str | None = None,
        name: str = LIVE,
    ) -> None:
        self._models = models
        self._policy = policy
        self._page_size = page_size
        self._by_leaf_max = by_leaf_max
        self._worker = worker
        self._name = name
        self._directories = directories
        self._fold: Fold | None = None
        self._source: Source | None = None
        self._at: tuple[int, int] = (-1, -1)

    def fold_page(
        self, connection: Connection, before: BookmarkState, upto: int | None = None
    ) -> Folded | None:
        """Fold the page behind a bookmark, no farther than `upto`; None if there is none.

        Whoever doesn't write it then has to `drop` what is in memory. Raises UnreadableEvent, and
        BookmarkWrong for a bookmark that doesn't fit the ledger.
        """
        limit = self._page_size
        if upto is not None:
            limit = min(limit, upto - before.position)  # positions have no gap
        try:
            events = read(connection, before.position, limit)
            if not events or not self._goes_on_from(before):
                check_place(connection, before)
            if not events:
                return None
            fold = self._fold_at(before, connection)
            fold.apply(events)
        except BaseException:
            self.drop()
            raise
        return Folded(before, self._after(before, events), Page(events, fold, before.position))

    def write_page(self, connection: Connection, folded: Folded) -> bool:
        """Write a folded page; False if another worker has moved the bookmark.

        If the transaction fails after that, `drop` what is in memory.
        """
        if not bookmark.advance(connection, folded.before, folded.after, self._name):
            self.drop()
            return False
        if self._source is not None:
            self._source.connect = lambda: connection
        with pipelined(connection):
            self._models.write(connection, folded.page)
        self._at = (folded.after.position, folded.after.generation)
        if folded.after.settings_position != folded.before.settings_position:
            self._directories.learn(folded.page.fold.directory.fork())
        return True

    def drop(self) -> None:
        """Forget everything: it may be ahead of what is written."""
        self._fold = self._source = None

    def _goes_on_from(self, place: BookmarkState) -> bool:
        """Whether what is in memory is as of a bookmark."""
        return (
            self._fold is not None
            and self._at == (place.position, place.generation)
            and self._fold.directory.position == place.settings_position
        )

    def _fold_at(self, place: BookmarkState, connection: Connection) -> Fold:
        """The fold as of a bookmark, its memory kept from the page before if that was ours."""
        if self._fold is None or self._source is None or not self._goes_on_from(place):
            self._source = Source(lambda: connection)
            directory = self._directories.as_of(place.settings_position, lambda: connection)
            self._fold = Fold(
                directory.fork(),
                self._policy,
                LedgerReports(self._source.connection),
                self._models.tables(self._source),
                by_leaf_max=self._by_leaf_max,
            )
            self._at = place.position, place.generation
        self._source.connect = lambda: connection
        if self._fold.tables.size() > KEPT_MAX:
            self._fold.tables.evict()
        return self._fold

    def _after(self, before: BookmarkState, events: list[Recorded]) -> BookmarkState:
        settings = [each.position for each in events if each.submission_id is None]
        return replace(
            before,
            position=events[-1].position,
            settings_position=settings[-1] if settings else before.settings_position,
            policy=self._policy,
            worker=self._worker,
        )
