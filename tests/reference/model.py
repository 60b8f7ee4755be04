"""The reference model: `domain/RULES.md` by brute force, to hold everything else against."""

from collections.abc import Callable
from typing import NamedTuple, TypedDict

from domain.events import ACTIVITY, CATALOG_STREAM, ProgressReported, Recorded
from domain.items import Kind, kind_of
from tests.reference.facts import Facts, item_of, order


class InProgress(TypedDict):
    played_seconds: float
    duration_seconds: float
    at_us: int
    cduid: str


class ItemAnswer(TypedDict):
    """What `/v1/device-users/{cduid}/items/{item}` says, times in microseconds."""

    item: str
    kind: Kind
    parent: str | None
    index: int | None
    title: str | None
    watched: bool
    leaves: int
    watched_leaves: int
    in_progress: InProgress | None
    plays: int
    last_played_at_us: int | None


class Play(NamedTuple):
    item: str
    at_us: int
    cduid: str
    position: int


class NextUp(NamedTuple):
    in_progress: list[tuple[str, int]]
    """Item and `at` of its progress."""
    next_episode: list[tuple[str, str, int]]
    """Episode, anchor, and `at` of what decides the anchor."""
    unwatched_movie: list[str]


class Why(NamedTuple):
    decider: Recorded | None
    overruled: list[Recorded]
    """Newest first."""


class Reference(Facts):
    """All answers that a ledger gives at its end."""

    def decider(self, cduid: str, leaf: str) -> Recorded | None:
        return next(iter(self.marks(self.group(cduid), leaf)), None)

    def watched(self, cduid: str, leaf: str) -> bool:
        return self.is_watched(self.group(cduid), leaf)

    def item(self, cduid: str, item: str) -> ItemAnswer | None:
        """None for whoever may not see it."""
        if not self.sees(cduid, item):
            return None
        leaves = [leaf for leaf in self.catalog.leaves(item) if self.sees(cduid, leaf)]
        watched = [leaf for leaf in leaves if self.watched(cduid, leaf)]
        completions = self.completions(self.group(cduid), item)
        standing = self.catalog.items[item]
        return ItemAnswer(
            item=item,
            kind=kind_of(item),
            parent=standing.parent,
            index=standing.details.index,
            title=standing.details.title,
            watched=len(leaves) > 0 and leaves == watched,
            leaves=len(leaves),
            watched_leaves=len(watched),
            in_progress=self._in_progress(cduid, item),
            plays=len(self.openings(self.group(cduid), item)),
            last_played_at_us=completions[-1].at_us if completions else None,
        )

    def _in_progress(self, cduid: str, leaf: str) -> InProgress | None:
        recorded = self.progress(self.group(cduid), leaf)
        if recorded is None or recorded.cduid is None:
            return None
        event = recorded.event
        assert isinstance(event, ProgressReported)
        return InProgress(
            played_seconds=event.played_seconds,
            duration_seconds=event.duration_seconds,
            at_us=recorded.at_us,
            cduid=recorded.cduid,
        )

    def items(self, cduid: str) -> list[str]:
        """All that a viewer sees: each item right after its parent's earlier children."""
        return [item for item in self.catalog.walk() if self.sees(cduid, item)]

    def children(self, cduid: str, parent: str) -> list[str]:
        return [item for item in self.catalog.children(parent) if self.sees(cduid, item)]

    def in_progress(self, cduid: str) -> list[tuple[str, InProgress]]:
        """Newest first."""
        group = self.group(cduid)
        found = ((leaf, self.progress(group, leaf)) for leaf in self.spoken(group))
        seen = [(leaf, r) for leaf, r in found if r is not None and self.sees(cduid, leaf)]
        seen.sort(key=lambda entry: order(entry[1]), reverse=True)
        answers = ((leaf, self._in_progress(cduid, leaf)) for leaf, _ in seen)
        return [(leaf, answer) for leaf, answer in answers if answer is not None]

    def plays(self, cduid: str, item: str | None = None) -> list[Play]:
        """Newest first."""
        group = self.group(cduid)
        opened = [
            (leaf, recorded)
            for leaf in self.spoken(group)
            if item in {None, leaf} and self.sees(cduid, leaf)
            for recorded in self.openings(group, leaf)
        ]
        opened.sort(key=lambda entry: order(entry[1]), reverse=True)
        return [Play(leaf, r.at_us, r.cduid or "", r.position) for leaf, r in opened]

    def why(self, cduid: str, leaf: str) -> Why | None:
        """Rule 21, without what rule 15 withholds; None for whoever may not see the item."""
        if not self.sees(cduid, leaf):
            return None
        user = self.users[cduid]
        marks = self.marks(self.group(cduid), leaf)
        told = [r for r in marks if self.permits(user, item_of(r) or leaf)]
        decider = next((r for r in told if r is marks[0]), None)
        return Why(decider, [r for r in told if r is not decider])

    # Next up (rule 14).

    def next_up(self, cduid: str) -> NextUp:
        shows = (i for i in self.catalog.items if kind_of(i) == Kind.SHOW)
        found = [entry for show in shows for entry in self._next_episode(cduid, show)]
        found.sort(key=lambda entry: entry[0])
        return NextUp(
            self._newest_in_progress(cduid),
            [(episode, anchor, -newest[0]) for (newest, _), episode, anchor in found],
            self._unwatched_movies(cduid),
        )

    def _newest_in_progress(self, cduid: str) -> list[tuple[str, int]]:
        newest: dict[str, tuple[str, int]] = {}
        for leaf, progress in self.in_progress(cduid):
            of = next((i for i in self.catalog.path(leaf) if kind_of(i) == Kind.SHOW), leaf)
            newest.setdefault(of, (leaf, progress["at_us"]))
        return list(newest.values())

    def _next_episode(
        self, cduid: str, show: str
    ) -> list[tuple[tuple[tuple[int, int], tuple[int, str, str]], str, str]]:
        """None or one: what the section is sorted by, the episode, the anchor."""
        episodes = sorted(self.catalog.leaves(show), key=self._place_in_show)
        seen = [e for e in episodes if self.sees(cduid, e)]
        watched = [e for e in episodes if self.watched(cduid, e)]
        anchors = [e for e in watched if self.permits(self.users[cduid], e)]
        unwatched = [e for e in seen if e not in watched]
        regular = [e for e in unwatched if self._place_in_show(e)[0] != 0]
        candidates = regular or unwatched
        if not anchors or not candidates or any(self._in_progress(cduid, e) for e in seen):
            return []
        anchor = max(anchors, key=lambda e: (self._decided(cduid, e), self._place_in_show(e)))
        place = self._place_in_show(anchor)
        after = (e for e in candidates if self._place_in_show(e) > place)
        at_us, position = self._decided(cduid, anchor)
        rank = ((-at_us, -position), self.catalog.order(show))
        return [(rank, next(after, candidates[0]), anchor)]

    def _decided(self, cduid: str, leaf: str) -> tuple[int, int]:
        return order(self.marks(self.group(cduid), leaf)[0])

    def _place_in_show(self, episode: str) -> tuple[int, int, str]:
        season = self.catalog.path(episode)[1]
        return (self.catalog.order(season)[0], *self.catalog.order(episode)[:2])

    def _unwatched_movies(self, cduid: str) -> list[str]:
        movies = [
            item
            for item in self.items(cduid)
            if kind_of(item) == Kind.MOVIE
            and not self.watched(cduid, item)
            and self._in_progress(cduid, item) is None
        ]
        return sorted(movies, key=lambda item: -self.catalog.items[item].since)

    # One device user alone: what the tables `progress` and `watch_count` hold, hidden and all.

    def watch_count(self, cduid: str, item: str) -> int:
        return len(self.openings(frozenset({cduid}), item))

    def watch_counts(self, cduid: str) -> dict[str, int]:
        counts = {leaf: self.watch_count(cduid, leaf) for leaf in self.spoken(frozenset({cduid}))}
        return {leaf: count for leaf, count in counts.items() if count}

    def progress_rows(self, cduid: str) -> dict[str, tuple[float, float, int]]:
        """Played and duration in seconds, and `at`, of what rule 12 finds for this one alone."""
        alone = frozenset({cduid})
        found = ((leaf, self.progress(alone, leaf)) for leaf in self.spoken(alone))
        return {
            leaf: (r.event.played_seconds, r.event.duration_seconds, r.at_us)
            for leaf, r in found
            if r is not None and isinstance(r.event, ProgressReported)
        }

    # Audit (rules 20 and 22).

    def history(
        self,
        viewer: str | None = None,
        *,
        group: bool = False,
        item: str | None = None,
        under: str | None = None,
        where: Callable[[Recorded], bool] = lambda _: True,
    ) -> set[int]:
        """Positions: a viewer's own (or its group's), or with no viewer everybody's."""
        return {
            r.position
            for r in self.log
            if (viewer is None or self._may_read(viewer, r, item, group=group))
            and (item is None or self.concerns(r, item))
            and (under is None or self.lies_under(r, under))
            and where(r)
        }

    def _may_read(self, viewer: str, r: Recorded, item: str | None, *, group: bool) -> bool:
        """Hidden items are named in a history, withheld ones aren't, nor unknown to the limited."""
        user = self.users[viewer]
        asked = [i for i in (item, item_of(r)) if i is not None]
        whose = self.group(viewer) if group else frozenset({viewer})
        return r.cduid in whose and all(self.permits(user, i) for i in asked)

    def concerns(self, recorded: Recorded, item: str) -> bool:
        """Whether an event is on an item, or on what the item stood under when it was recorded."""
        on = item_of(recorded)
        if on is None or on == item or not isinstance(recorded.event, ACTIVITY):
            return on == item
        return self.catalog_at(recorded.catalog_version).stands_under(item, on)

    def lies_under(self, recorded: Recorded, container: str) -> bool:
        """Whether an event is on a container or on what stood under it when it was recorded."""
        on = item_of(recorded)
        at_the_time = self.catalog_at(recorded.catalog_version)
        return on is not None and container in at_the_time.path(on)

    def as_of(self, position: int) -> "Reference":
        """Facts and catalog as of then; modes and access as they are now (rule 22)."""
        then = [r for r in self.log if r.position <= position or not self._dated(r)]
        return Reference(then, self.low, self.high)

    @staticmethod
    def _dated(recorded: Recorded) -> bool:
        return recorded.stream == CATALOG_STREAM or isinstance(recorded.event, ACTIVITY)
