"""Next up: what comes next for a viewer, in four sections (rules 14, 24, 27, 28 and 30)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from domain.items import Kind, kind_of
from domain.viewer import Moment, Viewer

EpisodeOrder = tuple[int, int, str]
"""Of an episode in its show: season index, episode index, episode key."""

_BEFORE_ALL: Moment = (-(2**62), 0)


class Section(StrEnum):
    """A section of rule 14, in the order in which a home screen shows them."""

    IN_PROGRESS = "in_progress"
    NEXT_EPISODE = "next_episode"
    UNWATCHED_MOVIE = "unwatched_movie"
    UPCOMING = "upcoming"


class Rank(NamedTuple):
    """Where an entry stands in its section, complete: no two have the same, the least is first.

    Of what is newest first, `newness` is the negative of the instant or the version it goes by.
    `position` is that of the event, negative as well, or counts what comes out at the same time.
    """

    newness: int
    position: int = 0
    show_index: int = 0
    show_key: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item that comes next.

    `at_us` is when its progress was, when what decides about the anchor was, when its show was
    begun anew, or when it comes out; `anchor` is the watched episode that it follows. By which
    events it came to its rank makes it no other.
    """

    section: Section
    item: str
    rank: Rank = field(compare=False)
    at_us: int | None = None
    anchor: str | None = None


def next_up(viewer: Viewer, section: Section) -> Iterator[Suggestion]:
    """A section of rule 14, in its order."""
    if section is Section.UNWATCHED_MOVIE:
        return _unwatched_movies(viewer)  # of many, only the first are asked for
    find = _LISTS[section]
    return iter(viewer.remember(f"next up: {section}", lambda: list(find(viewer))))


def show_of(viewer: Viewer, item: str) -> str | None:
    """The show that an item is or stands under."""
    if kind_of(item) is Kind.SHOW:
        return item
    above = viewer.catalog.above(item)
    return next((container for container, _ in above if kind_of(container) is Kind.SHOW), None)


def _shows_of(viewer: Viewer, leaf: str) -> set[str]:
    """The shows in which the viewer sees an item of a work."""
    shows = (show_of(viewer, item) for item in viewer.catalog.work(leaf) if viewer.sees(item))
    return {show for show in shows if show is not None}


def show(viewer: Viewer, name: str) -> "Show":
    """What matters of a show for a viewer, found once."""
    found: Show = viewer.remember(f"show {name}", lambda: Show(viewer, name))
    return found


class Restarted(NamedTuple):
    """By which restart a show is watched anew, and on what it was said (rule 28)."""

    moment: Moment
    item: str


class Show:
    """A show for a viewer: what of it was watched, what comes next, and whence."""

    def __init__(self, viewer: Viewer, name: str) -> None:
        self._viewer = viewer
        self._name = name
        self.episodes = sorted(viewer.catalog.leaves_at(name), key=self.place)
        viewer.prefetch_rows([name])

    def place(self, episode: str) -> EpisodeOrder:
        """What the show's episodes are sorted by."""
        catalog = self._viewer.catalog
        season, _ = catalog.above(episode)[0]
        return catalog.sibling_order(season)[0], *catalog.sibling_order(episode)

    @cached_property
    def watched(self) -> set[str]:
        """The episodes that count as watched, since the show was begun anew if it was."""
        viewer = self._viewer
        if viewer.restarts():
            viewer.prefetch_marks(self.episodes)
        return {leaf for leaf in self.episodes if viewer.counts_as_watched(leaf)}

    @cached_property
    def _known(self) -> list[str]:
        """The episodes that the viewer may know of, hidden ones too."""
        viewer = self._viewer
        return [leaf for leaf in self.episodes if viewer.access.permits(viewer.catalog, leaf)]

    @property
    def has_watched(self) -> bool:
        """Whether any episode is watched, whether the show was begun anew since or not."""
        return any(map(self._viewer.is_watched, self._known))

    @cached_property
    def anchor(self) -> tuple[Moment, str] | None:
        """The episode that was watched last, and when what decides about it was said."""
        viewer = self._viewer
        known = [leaf for leaf in self._known if leaf in self.watched]
        viewer.prefetch_marks(known)
        decided = [
            (decider[:2], self.place(leaf), leaf)
            for leaf in self._regular(known)
            if (decider := viewer.decider(leaf)) is not None
        ]
        if not decided:
            return None
        moment, _, leaf = max(decided)
        return moment, leaf

    @cached_property
    def candidates(self) -> list[str]:
        """What may come next, in order."""
        viewer = self._viewer
        return self._regular(
            [
                leaf
                for leaf in self.episodes
                if leaf not in self.watched and viewer.sees(leaf) and not viewer.is_dismissed(leaf)
            ]
        )

    def _regular(self, episodes: list[str]) -> list[str]:
        """Those outside season index 0, or if there are none, all."""
        return [leaf for leaf in episodes if self.place(leaf)[0] != 0] or episodes

    @cached_property
    def restart(self) -> Restarted | None:
        """The restart that the show is watched anew by (rule 28)."""
        restarts, catalog = self._viewer.restarts(), self._viewer.catalog
        if not restarts:
            return None
        on = {self._name, *catalog.nodes[self._name].children} & restarts.keys()
        above = {each for each, _ in catalog.above(self._name)} & restarts.keys()
        if above and self._was_ever_watched():
            on |= above
        found = (Restarted(restarts[item][:2], item) for item in on)
        return max(found, default=None)

    def _was_ever_watched(self) -> bool:
        viewer = self._viewer
        viewer.prefetch_marks(self.episodes)
        viewer.prefetch_completions(self.episodes)
        return any(map(viewer.was_ever_watched, self._known))

    @property
    def gone_on_at(self) -> Moment:
        """When the viewer last went on with the show; what was started before is left behind."""
        anchor, restart = self.anchor, self.restart
        return max(
            anchor[0] if anchor is not None else _BEFORE_ALL,
            restart.moment if restart is not None else _BEFORE_ALL,
        )

    def next(self) -> Suggestion | None:
        """The episode that comes next, if the show was begun."""
        if not self.candidates:
            return None
        anchor, restart = self.anchor, self.restart
        if restart is not None and (anchor is None or restart.moment > anchor[0]):
            under = (leaf for leaf in self.candidates if self._is_under(leaf, restart.item))
            return self._suggestion(next(under, self.candidates[0]), restart.moment, None)
        if anchor is None:
            return None
        moment, leaf = anchor
        place = self.place(leaf)
        later = (each for each in self.candidates if self.place(each) > place)
        return self._suggestion(next(later, self.candidates[0]), moment, leaf)

    def _is_under(self, leaf: str, container: str) -> bool:
        return any(above == container for above, _ in self._viewer.catalog.above(leaf))

    def _suggestion(self, episode: str, moment: Moment, anchor: str | None) -> Suggestion:
        at_us, position = moment
        rank = Rank(-at_us, -position, *self._viewer.catalog.sibling_order(self._name))
        return Suggestion(Section.NEXT_EPISODE, episode, rank, at_us, anchor)


def _in_progress(viewer: Viewer) -> Iterator[Suggestion]:
    met: set[str] = set()
    for leaf, found in viewer.all_in_progress():
        at_us, position = moment = found.progress[:2]
        shows = _shows_of(viewer, leaf)
        is_newest = met.isdisjoint(shows)
        met |= shows
        if is_newest and all(moment > show(viewer, each).gone_on_at for each in shows):
            yield Suggestion(Section.IN_PROGRESS, leaf, Rank(-at_us, -position), at_us)


def _next_episodes(viewer: Viewer) -> Iterator[Suggestion]:
    started = next_up(viewer, Section.IN_PROGRESS)
    busy = {each for entry in started for each in _shows_of(viewer, entry.item)}
    shows = [show(viewer, name) for name in _begun_shows(viewer) - busy]
    viewer.prefetch_marks(leaf for each in shows if each.candidates for leaf in each.watched)
    begun = (each.next() for each in shows)
    met: set[str] = set()
    for found in sorted((each for each in begun if each is not None), key=lambda each: each.rank):
        work = viewer.catalog.work(found.item)[0]
        if work not in met:
            met.add(work)
            yield found


def _begun_shows(viewer: Viewer) -> set[str]:
    """The shows of which anything is watched or begun anew, and perhaps some others."""
    shows: set[str] = set()
    for item, version in viewer.tables.watched.all_of(viewer.watch_group).items():
        if kind_of(item) is Kind.SHOW_SHELF:
            shows.update(_covered_shows(viewer, item, version))
        elif (of := show_of(viewer, item)) is not None:
            shows.add(of)
    for item in viewer.restarts():
        if item not in viewer.catalog:
            continue
        if kind_of(item) is Kind.SHOW_SHELF:
            shows.update(viewer.catalog.nodes[item].children)
        elif (of := show_of(viewer, item)) is not None:
            shows.add(of)
    return shows


def _covered_shows(viewer: Viewer, shelf: str, version: int) -> Iterator[str]:
    """The shows of which a row on their shelf covers anything."""
    catalog = viewer.catalog
    for each in catalog.nodes[shelf].children:
        longest_there = catalog.leaves(each).versions[:1]
        if longest_there and max(longest_there[0], catalog.nodes[each].placed_version) <= version:
            yield each


def _unwatched_movies(viewer: Viewer) -> Iterator[Suggestion]:
    catalog = viewer.catalog
    met = {catalog.work(leaf)[0] for leaf, _ in viewer.all_in_progress()}
    viewer.tables.watched.prefetch_owners([viewer.watch_group])
    for movie in reversed(catalog.movies):
        work = catalog.work(movie)[0]
        if work in met or viewer.is_watched(movie) or not viewer.sees(movie):
            continue
        met.add(work)
        if not viewer.is_dismissed(movie):
            rank = Rank(-catalog.nodes[movie].first_version)
            yield Suggestion(Section.UNWATCHED_MOVIE, movie, rank)


def _upcoming(viewer: Viewer) -> Iterator[Suggestion]:
    catalog, met = viewer.catalog, set[str]()
    coming = [
        (released_us, catalog.order(item), item)
        for released_us, item in catalog.released_after(viewer.moment_us)
        if item in viewer.not_out and viewer.access.sees(catalog, item)
    ]
    for number, (released_us, _, item) in enumerate(sorted(coming)):
        work = catalog.work(item)[0]
        if work in met or viewer.is_dismissed(item) or not _is_awaited(viewer, item):
            continue
        met.add(work)
        yield Suggestion(Section.UPCOMING, item, Rank(released_us, number), released_us)


def _is_awaited(viewer: Viewer, item: str) -> bool:
    """Whether it is a movie, or an episode of a show that was begun."""
    name = show_of(viewer, item)
    if name is None:
        return kind_of(item) is Kind.MOVIE
    awaited = show(viewer, name)
    return awaited.has_watched or awaited.restart is not None


_LISTS: dict[Section, Callable[[Viewer], Iterator[Suggestion]]] = {
    Section.IN_PROGRESS: _in_progress,
    Section.NEXT_EPISODE: _next_episodes,
    Section.UPCOMING: _upcoming,
}
