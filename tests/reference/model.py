"""The reference model: `domain/RULES.md` by brute force, to hold everything else against."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypedDict

from domain.events import ACTIVITY, CATALOG_STREAM, SPOKEN, ItemLinked, Recorded
from domain.items import Kind, is_watchable, kind_of
from tests.reference.facts import item_of, order
from tests.reference.plays import Play, Verdict
from tests.reference.suggestions import NextUp, Suggestions
from tests.reference.times import UNDATED_AT_US

__all__ = ["InProgress", "ItemAnswer", "Judged", "NextUp", "Play", "Reference", "Rewatch", "Why"]


class InProgress(TypedDict):
    """The seconds are there where they were sent or follow (rule 26), the share where rule 8 has
    one.
    """

    played_seconds: float | None
    duration_seconds: float | None
    share: float | None
    at_us: int
    cduid: str


class Rewatch(TypedDict):
    """Since when a container is watched anew, and how much of it was since (rule 28)."""

    since_us: int
    watched_leaves: int


class ItemAnswer(TypedDict):
    """What `/v1/device-users/{cduid}/items/{item}` says, times in microseconds.

    `work` are the others of the item's work that the viewer sees, in catalog order.
    """

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
    work: list[str]
    rewatch: Rewatch | None


class Judged(NamedTuple):
    """A completion, and whether it opened a play or which clause of rule 13 it continues one by."""

    position: int
    verdict: Verdict


class Why(NamedTuple):
    decider: Recorded | None
    overruled: list[Recorded]
    """Newest first."""
    in_progress: Recorded | None
    """The progress that the item is in progress by."""
    ended_by: Recorded | None
    """The first event after the newest started progress, which ended it."""
    completions: list[Judged]
    """Newest first."""


class Reference(Suggestions):
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
            in_progress=self._in_progress(self.progress(self.group(cduid), item)),
            plays=sum(len(self.openings(self.group(cduid), leaf)) for leaf in leaves),
            last_played_at_us=self._last_played_us(cduid, leaves),
            work=[twin for twin in self.seen_of(cduid, item) if twin != item],
            rewatch=self._rewatch(cduid, item, leaves),
        )

    def _last_played_us(self, cduid: str, leaves: list[str]) -> int | None:
        """None if nothing was played, or who knows when (rule 25)."""
        found = (self.completions(self.group(cduid), leaf)[-1:] for leaf in leaves)
        dated = (r.at_us for newest in found for r in newest if r.at_us != UNDATED_AT_US)
        return max(dated, default=None)

    def _rewatch(self, cduid: str, item: str, leaves: list[str]) -> Rewatch | None:
        restart = self.newest_restart(cduid, set(self.catalog.path(item)))
        if is_watchable(item) or restart is None:
            return None
        anew = [leaf for leaf in leaves if self.counts_as_watched(cduid, leaf)]
        return Rewatch(since_us=restart.at_us, watched_leaves=len(anew))

    def _in_progress(self, recorded: Recorded | None) -> InProgress | None:
        if recorded is None or recorded.cduid is None:
            return None
        return InProgress(
            played_seconds=self.played_seconds(recorded),
            duration_seconds=self.duration_seconds(recorded),
            share=self.share(recorded),
            at_us=recorded.at_us,
            cduid=recorded.cduid,
        )

    def items(self, cduid: str) -> list[str]:
        """All that a viewer sees: each item right after its parent's earlier children."""
        return [item for item in self.catalog.walk() if self.sees(cduid, item)]

    def children(self, cduid: str, parent: str) -> list[str]:
        return [item for item in self.catalog.children(parent) if self.sees(cduid, item)]

    def in_progress(self, cduid: str) -> list[tuple[str, InProgress]]:
        """Newest first, each work once."""
        answers = ((item, self._in_progress(r)) for item, r in self.started(cduid))
        return [(item, answer) for item, answer in answers if answer is not None]

    def why(self, cduid: str, leaf: str) -> Why | None:
        """Rule 21, without what rule 15 withholds; None for whoever may not see the item."""
        if not self.sees(cduid, leaf):
            return None
        group = self.group(cduid)
        marks, judged = self.marks(group, leaf), self.judged(group, leaf)
        return Why(
            next(iter(self._told(cduid, leaf, marks[:1])), None),
            self._told(cduid, leaf, marks[1:]),
            next(iter(self._told(cduid, leaf, [self.progress(group, leaf)])), None),
            next(iter(self._told(cduid, leaf, [self._ended_by(group, leaf)])), None),
            [
                Judged(r.position, verdict)
                for r, verdict in reversed(judged)
                if self._told(cduid, leaf, [r])
            ],
        )

    def _told(self, cduid: str, leaf: str, found: Iterable[Recorded | None]) -> list[Recorded]:
        user = self.users[cduid]
        return [r for r in found if r is not None and self.permits(user, item_of(r) or leaf)]

    def _ended_by(self, cduids: frozenset[str], leaf: str) -> Recorded | None:
        said = self.spoken(cduids).get(leaf, [])
        started = next((r for r in said if self.claim(r) == "started"), None)
        since = (r for r in reversed(said) if started is not None and order(r) > order(started))
        return next(since, None)

    # One device user alone: what the table `progress` holds, hidden and all.

    def progress_rows(
        self, cduid: str
    ) -> dict[str, tuple[float | None, float | None, float | None, int]]:
        """Played and duration in seconds, share and `at` of what was started last on each item and
        not ended since, by what this one alone said about its work.
        """
        alone = frozenset({cduid})
        found = ((leaf, self._started_on(alone, leaf)) for leaf in self.spoken(alone))
        return {
            leaf: (self.played_seconds(r), self.duration_seconds(r), self.share(r), r.at_us)
            for leaf, r in found
            if r is not None
        }

    def _started_on(self, cduids: frozenset[str], leaf: str) -> Recorded | None:
        said = self.spoken(cduids)[leaf]
        started = next((r for r in said if self.claim(r) == "started" and item_of(r) == leaf), None)
        marks = self.marks(cduids, leaf)
        is_over = started is None or (marks and order(marks[0]) > order(started))
        return None if is_over else started

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
        """Whether an event is on an item, or on what the item stood under as the event meant it.

        What is said of a watchable item is said of its whole work (rule 24).
        """
        on, event = item_of(recorded), recorded.event
        if on is None or on == item or not isinstance(event, ACTIVITY):
            return on == item or (isinstance(event, ItemLinked) and event.same_as == item)
        if not isinstance(event, SPOKEN):
            then = self.catalog_at(recorded.catalog_version)
            return any(on in then.path(twin) for twin in self.catalog.work(item))
        if is_watchable(item):
            return item in self.about(recorded)
        return self.catalog_at(self.meant_version(recorded)).stands_under(item, on)

    def lies_under(self, recorded: Recorded, container: str) -> bool:
        """Whether an event is on a container or on what stood under it when it was recorded."""
        on = item_of(recorded)
        at_the_time = self.catalog_at(recorded.catalog_version)
        return on is not None and container in at_the_time.path(on)

    def as_of(self, position: int) -> "Reference":
        """Facts and catalog as of then; modes and access as they are now (rule 22)."""
        then = [r for r in self.log if r.position <= position]
        settings = [r for r in self.log if r.position > position and not self._dated(r)]
        return Reference(
            [*then, *settings],
            self.low,
            self.high,
            self.head_seconds,
            self.rest_seconds,
            moment_us=then[-1].recorded_at_us if then else 0,
        )

    @staticmethod
    def _dated(recorded: Recorded) -> bool:
        return recorded.stream == CATALOG_STREAM or isinstance(recorded.event, ACTIVITY)
