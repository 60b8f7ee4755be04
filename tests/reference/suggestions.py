"""What comes next: rule 14, and what rules 24, 27, 28 and 30 add to it."""

from functools import cached_property
from typing import NamedTuple

from domain.events import ItemDismissed, ItemRecalled, ItemRestarted, Recorded
from domain.items import Kind, is_watchable, kind_of
from tests.reference.facts import item_of, order
from tests.reference.plays import Plays


class NextUp(NamedTuple):
    in_progress: list[tuple[str, int]]
    """Item and `at` of its progress."""
    next_episode: list[tuple[str, str | None, int]]
    """Episode, anchor, and `at` of what decides the anchor; after a restart, no anchor and its."""
    unwatched_movie: list[str]
    upcoming: list[str]


class _Entry(NamedTuple):
    """What a show has in the second section, and the event that gives it its place."""

    show: str
    episode: str
    anchor: str | None
    by: Recorded


Place = tuple[int, int, str]


class Suggestions(Plays):
    # Dismissals (rule 27).

    @cached_property
    def _dismissals(self) -> list[Recorded]:
        """Newest first, what takes them back among them."""
        return [r for r in self.said if isinstance(r.event, ItemDismissed | ItemRecalled)]

    def dismissal(self, cduid: str, item: str) -> Recorded | None:
        """What dismissed an item, if it is dismissed for a viewer."""
        group, same = self.group(cduid), self.catalog.work(item)
        said = (r for r in self._dismissals if r.cduid in group and item_of(r) in same)
        newest = next(said, None)
        if newest is None or isinstance(newest.event, ItemRecalled):
            return None
        spoken = self.spoken(group)
        since = (spoken[leaf][0] for leaf in self.catalog.leaves(item) if leaf in spoken)
        return None if any(order(r) > order(newest) for r in since) else newest

    def is_dismissed(self, cduid: str, leaf: str) -> bool:
        """Whether it, or what it or one of its work stands under, is dismissed."""
        paths = (self.catalog.path(twin) for twin in self.catalog.work(leaf))
        at_or_above = sorted({item for path in paths for item in path})
        return any(self.dismissal(cduid, item) is not None for item in at_or_above)

    def dismissed(self, cduid: str) -> list[tuple[str, int]]:
        """Newest first, each work once, as in progress."""
        on = {item_of(r) for r in self._dismissals}
        works = sorted({min(self.catalog.work(item)) for item in on if item is not None})
        found = [(item, r) for item in works if (r := self.dismissal(cduid, item)) is not None]
        found.sort(key=lambda entry: order(entry[1]), reverse=True)
        named = ((self._named_by(cduid, r, item), r.at_us) for item, r in found)
        return [(item, at_us) for item, at_us in named if item is not None]

    def _named_by(self, cduid: str, recorded: Recorded, item: str) -> str | None:
        """What an event is on, if the viewer sees it, else the first of its work that they see."""
        seen, on = self.seen_of(cduid, item), item_of(recorded)
        return on if on in seen else next(iter(seen), None)

    # Restarts (rule 28).

    @cached_property
    def _restarts(self) -> list[Recorded]:
        """Newest first."""
        return [r for r in self.said if isinstance(r.event, ItemRestarted)]

    def newest_restart(self, cduid: str, items: set[str]) -> Recorded | None:
        """The newest restart of the viewer's group on one of some items."""
        group = self.group(cduid)
        found = (r for r in self._restarts if r.cduid in group and item_of(r) in items)
        return next(found, None)

    def counts_as_watched(self, cduid: str, leaf: str) -> bool:
        """Watched since it was last begun anew."""
        group = self.group(cduid)
        if not self.is_watched(group, leaf):
            return False
        paths = (self.catalog.path(twin) for twin in self.catalog.work(leaf))
        restart = self.newest_restart(cduid, {item for path in paths for item in path})
        return restart is None or order(self.marks(group, leaf)[0]) > order(restart)

    def show_restart(self, cduid: str, show: str) -> Recorded | None:
        """On the show, on one of its seasons or, if any of it was ever watched, above it."""
        seasons = self.catalog.children(show)
        above = self.catalog.path(show)[1:] if self._was_ever_watched(cduid, show) else []
        return self.newest_restart(cduid, {show, *seasons, *above})

    def _was_ever_watched(self, cduid: str, show: str) -> bool:
        marks = (self.marks(self.group(cduid), e) for e in self._known_episodes(cduid, show))
        return any(self.claim(r) != "unwatch" for said in marks for r in said)

    # In progress (rules 12 and 14).

    def started(self, cduid: str) -> list[tuple[str, Recorded]]:
        """What is in progress, each work once, and the progress: newest first."""
        group = self.group(cduid)
        works = sorted({min(self.catalog.work(leaf)) for leaf in self.spoken(group)})
        found = [(leaf, r) for leaf in works if (r := self.progress(group, leaf)) is not None]
        found.sort(key=lambda entry: order(entry[1]), reverse=True)
        named = ((self._named_by(cduid, r, leaf), r) for leaf, r in found)
        return [(i, r) for i, r in named if i is not None and not self.is_dismissed(cduid, i)]

    def next_up(self, cduid: str) -> NextUp:
        started = self._not_left_behind(cduid)
        return NextUp(
            [(item, r.at_us) for item, r in started],
            [(e.episode, e.anchor, e.by.at_us) for e in self._next_episodes(cduid, started)],
            self._unwatched_movies(cduid),
            self._upcoming(cduid),
        )

    def _shows_of(self, cduid: str, item: str) -> set[str]:
        """The shows in which a viewer sees an item or another of its work."""
        paths = (self.catalog.path(twin) for twin in self.seen_of(cduid, item))
        return {above for path in paths for above in path if kind_of(above) is Kind.SHOW}

    def _not_left_behind(self, cduid: str) -> list[tuple[str, Recorded]]:
        """The newest of each show, if it is newer than anchor and restart, in all of its shows."""
        started = self.started(cduid)
        newest: dict[str, str] = {}
        for item, _ in started:
            for show in self._shows_of(cduid, item):
                newest.setdefault(show, item)
        return [
            (item, r)
            for item, r in started
            if all(
                newest[show] == item and self._is_going_on(cduid, show, r)
                for show in self._shows_of(cduid, item)
            )
        ]

    def _is_going_on(self, cduid: str, show: str, progress: Recorded) -> bool:
        anchor, restart = self.anchor(cduid, show), self.show_restart(cduid, show)
        decided = None if anchor is None else self._decider(cduid, anchor)
        return all(r is None or order(progress) > order(r) for r in (decided, restart))

    # Next episode.

    def _decider(self, cduid: str, leaf: str) -> Recorded:
        return self.marks(self.group(cduid), leaf)[0]

    def _episodes(self, show: str) -> list[str]:
        return sorted(self.catalog.leaves(show), key=self._place_in_show)

    def _known_episodes(self, cduid: str, show: str) -> list[str]:
        """In order, hidden ones too, without those that rule 15 withholds."""
        return [e for e in self._episodes(show) if self.permits(self.users[cduid], e)]

    def _place_in_show(self, episode: str) -> Place:
        season = self.catalog.path(episode)[1]
        return (self.catalog.order(season)[0], *self.catalog.order(episode)[:2])

    def _regular(self, episodes: list[str]) -> list[str]:
        """Those outside season index 0, if there are any."""
        return [e for e in episodes if self._place_in_show(e)[0] != 0] or episodes

    def anchor(self, cduid: str, show: str) -> str | None:
        known = self._known_episodes(cduid, show)
        watched = self._regular([e for e in known if self.counts_as_watched(cduid, e)])

        def newness(episode: str) -> tuple[tuple[int, int], Place]:
            return order(self._decider(cduid, episode)), self._place_in_show(episode)

        return max(watched, key=newness, default=None)

    def _candidates(self, cduid: str, show: str) -> list[str]:
        seen = (e for e in self._episodes(show) if self.sees(cduid, e))
        unwatched = (e for e in seen if not self.counts_as_watched(cduid, e))
        return self._regular([e for e in unwatched if not self.is_dismissed(cduid, e)])

    def _next_episodes(self, cduid: str, started: list[tuple[str, Recorded]]) -> list[_Entry]:
        """Newest anchor or restart first, each work once."""
        in_progress = {show for item, _ in started for show in self._shows_of(cduid, item)}
        shows = [i for i in self.catalog.items if kind_of(i) is Kind.SHOW and i not in in_progress]
        entries = [e for show in shows if (e := self._next_episode(cduid, show)) is not None]
        entries.sort(key=lambda e: (-e.by.at_us, -e.by.position, self.catalog.order(e.show)))
        firsts = self._firsts_of_works([e.episode for e in entries])
        return [e for e in entries if e.episode in firsts]

    def _firsts_of_works(self, items: list[str]) -> list[str]:
        """Without those that another of their work comes before."""
        works = [self.catalog.work(item) for item in items]
        return [item for n, item in enumerate(items) if works[n] not in works[:n]]

    def _next_episode(self, cduid: str, show: str) -> _Entry | None:
        candidates, anchor = self._candidates(cduid, show), self.anchor(cduid, show)
        restart = self.show_restart(cduid, show)
        decided = None if anchor is None else self._decider(cduid, anchor)
        if not candidates:
            return None
        if restart is not None and (decided is None or order(restart) > order(decided)):
            below = (e for e in candidates if item_of(restart) in self.catalog.path(e))
            return _Entry(show, next(below, candidates[0]), None, restart)
        if anchor is None or decided is None:
            return None
        place = self._place_in_show(anchor)
        after = (e for e in candidates if self._place_in_show(e) > place)
        return _Entry(show, next(after, candidates[0]), anchor, decided)

    # Movies, and what is to come.

    def _unwatched_movies(self, cduid: str) -> list[str]:
        """Last come, first named; of each work the one that came last."""
        group = self.group(cduid)
        movies = [
            item
            for item in self.catalog.items
            if kind_of(item) is Kind.MOVIE
            and self.sees(cduid, item)
            and not self.is_watched(group, item)
            and self.progress(group, item) is None
            and not self.is_dismissed(cduid, item)
        ]
        movies.sort(key=lambda item: -self.catalog.items[item].first)
        return self._firsts_of_works(movies)

    def _upcoming(self, cduid: str) -> list[str]:
        """Soonest first, then in catalog order, each work once (rule 30)."""
        coming = [
            leaf
            for leaf in filter(is_watchable, self.catalog.walk())
            if self.might_see(cduid, leaf)
            and self.is_to_come(cduid, leaf)
            and self._is_waited_for(cduid, leaf)
            and not self.is_dismissed(cduid, leaf)
        ]
        coming.sort(key=lambda leaf: self.catalog.released_us(leaf) or 0)
        return self._firsts_of_works(coming)

    def _is_waited_for(self, cduid: str, leaf: str) -> bool:
        """A movie, or of a show with a watched episode or a restart."""
        shows = [i for i in self.catalog.path(leaf) if kind_of(i) is Kind.SHOW]
        return kind_of(leaf) is Kind.MOVIE or any(
            self._has_watched_episode(cduid, show) or self.show_restart(cduid, show) is not None
            for show in shows
        )

    def _has_watched_episode(self, cduid: str, show: str) -> bool:
        group = self.group(cduid)
        return any(self.is_watched(group, e) for e in self._known_episodes(cduid, show))
