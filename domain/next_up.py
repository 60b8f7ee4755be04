"""Next up: what comes next for a viewer, in three sections (rule 14)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import merge
from typing import NamedTuple

from domain.items import Kind, kind_of
from domain.viewer import Viewer

EpisodeOrder = tuple[int, int, str]
"""Of an episode in its show: season index, episode index, episode key."""


class Section(StrEnum):
    """A section of rule 14, in the order in which a home screen shows them."""

    IN_PROGRESS = "in_progress"
    NEXT_EPISODE = "next_episode"
    UNWATCHED_MOVIE = "unwatched_movie"


class Rank(NamedTuple):
    """Where an entry stands in its section, complete: no two have the same, the least is first.

    Of what is newest first, `newness` is the negative of the instant or the version it goes by.
    `position` is that of the event, negative as well.
    """

    newness: int
    position: int = 0
    show_index: int = 0
    show_key: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item that comes next.

    `at_us` is when its progress was, or when what decides about the anchor was; `anchor` is the
    watched episode that it follows. By which events it came to its rank makes it no other.
    """

    section: Section
    item: str
    rank: Rank = field(compare=False)
    at_us: int | None = None
    anchor: str | None = None


def next_up(viewer: Viewer, section: Section) -> Iterator[Suggestion]:
    """A section of rule 14, in its order."""
    match section:
        case Section.IN_PROGRESS:
            return iter(viewer.remember("in_progress_by_show", lambda: _in_progress(viewer)))
        case Section.NEXT_EPISODE:
            return iter(viewer.remember("next_episode", lambda: _next_episodes(viewer)))
        case Section.UNWATCHED_MOVIE:
            return _unwatched_movies(viewer)


def show_of(viewer: Viewer, item: str) -> str | None:
    """The show that an item is or stands under."""
    if kind_of(item) is Kind.SHOW:
        return item
    above = viewer.catalog.above(item)
    return next((container for container, _ in above if kind_of(container) is Kind.SHOW), None)


def _in_progress(viewer: Viewer) -> Iterator[Suggestion]:
    seen: set[str] = set()
    for leaf, found in viewer.all_in_progress():
        of = show_of(viewer, leaf) or leaf
        if of not in seen:
            seen.add(of)
            at_us, position = found.progress.at_us, found.progress.position
            yield Suggestion(Section.IN_PROGRESS, leaf, Rank(-at_us, -position), at_us)


def _next_episodes(viewer: Viewer) -> Iterator[Suggestion]:
    busy = {show_of(viewer, leaf) for leaf, _ in viewer.all_in_progress()}
    shows = {
        show: episodes
        for show in _shows_with_rows(viewer) - busy
        if (episodes := _Episodes(viewer, show)).candidates and episodes.watched
    }
    viewer.prefetch_marks(leaf for episodes in shows.values() for leaf in episodes.watched)
    found = [_next_episode(viewer, show, episodes) for show, episodes in shows.items()]
    yield from sorted(found, key=lambda each: each.rank)


def _next_episode(viewer: Viewer, show: str, episodes: "_Episodes") -> Suggestion:
    (at_us, position), anchor = episodes.anchor()
    rank = Rank(-at_us, -position, *viewer.catalog.sibling_order(show))
    return Suggestion(Section.NEXT_EPISODE, episodes.after(anchor), rank, at_us, anchor)


def _shows_with_rows(viewer: Viewer) -> set[str]:
    """The shows of which anything is watched, and perhaps some of which nothing is any more."""
    shows: set[str] = set()
    for item in viewer.tables.watched.all_of(viewer.watch_group):
        if kind_of(item) is Kind.SHOW_SHELF:
            shows.update(viewer.catalog.nodes[item].children)
        elif (show := show_of(viewer, item)) is not None:
            shows.add(show)
    return shows


class _Episodes:
    """A show's episodes that matter: `watched` may be the anchor, `candidates` may be next."""

    def __init__(self, viewer: Viewer, show: str | None) -> None:
        self._viewer = viewer
        leaves = viewer.catalog.leaves_at(show) if show is not None else []
        in_order = sorted(leaves, key=self.place)
        watched = {leaf for leaf in in_order if viewer.is_watched(leaf)}
        self.watched = [
            leaf
            for leaf in in_order
            if leaf in watched and viewer.access.permits(viewer.catalog, leaf)
        ]
        unwatched = [leaf for leaf in in_order if leaf not in watched and viewer.sees(leaf)]
        regular = [leaf for leaf in unwatched if self.place(leaf)[0] != 0]
        self.candidates = regular or unwatched

    def place(self, episode: str) -> EpisodeOrder:
        catalog = self._viewer.catalog
        season, _ = catalog.above(episode)[0]
        return catalog.sibling_order(season)[0], *catalog.sibling_order(episode)

    def anchor(self) -> tuple[tuple[int, int], str]:
        """The watched episode whose deciding event is newest, and that event's (at, position)."""
        decided = [
            (decider[:2], self.place(leaf), leaf)
            for leaf in self.watched
            if (decider := self._viewer.decider(leaf)) is not None
        ]
        newest, _, leaf = max(decided)
        return newest, leaf

    def after(self, anchor: str) -> str:
        place = self.place(anchor)
        later = (leaf for leaf in self.candidates if self.place(leaf) > place)
        return next(later, self.candidates[0])


def _unwatched_movies(viewer: Viewer) -> Iterator[Suggestion]:
    catalog = viewer.catalog
    busy = {leaf for leaf, _ in viewer.all_in_progress()}
    viewer.tables.watched.prefetch_owners([viewer.watch_group])
    shelves = [shelf for shelf in catalog.roots if kind_of(shelf) is Kind.MOVIE_SHELF]
    newest_first = merge(
        *(reversed(catalog.leaves(shelf).items) for shelf in shelves),
        key=lambda movie: -catalog.nodes[movie].placed_version,
    )
    for movie in newest_first:
        if movie not in busy and not viewer.is_watched(movie) and viewer.sees(movie):
            rank = Rank(-catalog.nodes[movie].placed_version)
            yield Suggestion(Section.UNWATCHED_MOVIE, movie, rank)
