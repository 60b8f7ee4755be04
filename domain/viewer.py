"""The viewer: what one device user sees, by its group and limits (rules 10 to 13, 15, 24, 27, 28
and 30).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from domain.access import Access
from domain.catalog import Catalog
from domain.directory import Directory
from domain.items import Kind, is_watchable, kind_of
from domain.plays import ItemCompletion, Judged, Verdict, judged, openings
from domain.registers import Registers
from domain.state.tables import Dismissal, Mark, Progress, Restart, Tables
from domain.values import UNDATED_AT_US

R = TypeVar("R")

Moment = tuple[int, int]
"""An instant in microseconds and a position: a place in rule 2's order."""

_ROWS_BY_KEY_MAX = 2_000
"""Under a container with more leaves, all of a group's rows are loaded instead of single ones."""


class InProgress(NamedTuple):
    """The newest started progress on a work, on which device user, and on which of its items."""

    progress: Progress
    cduid: str
    item: str


class Play(NamedTuple):
    """A completion that opens a play. Compares by rule 2's order."""

    at_us: int
    position: int
    item: str
    cduid: str


class Rewatch(NamedTuple):
    """Since when a container is watched anew, and how much of it was since (rule 28)."""

    since_us: int
    watched_leaves: int


@dataclass(slots=True)  # freezing would make it take three times as long to make
class ItemAnswer:
    """All there is to say about an item for a viewer. Counts are of what the viewer may see.

    `number` is its own for good, the position of the event that placed it first. `work` are the
    other items of its work that the viewer sees, in catalog order.
    """

    item: str
    kind: Kind
    parent: str | None
    index: int | None
    title: str | None
    number: int
    leaves: int
    watched_leaves: int
    in_progress: InProgress | None
    plays: int
    last_played_at_us: int | None
    work: list[str]
    rewatch: Rewatch | None

    @property
    def watched(self) -> bool:
        """Rule 11."""
        return 0 < self.leaves == self.watched_leaves


class Viewer:
    """Answers for one device user from a directory and the fold's tables, all as of one position,
    and as of a moment: the clock, or when that position was recorded.

    `tables` may read through to a database; what a list needs is then asked for in a few queries
    by calling `prefetch` first. Long lists that were put together once are `remembered` by name.
    """

    def __init__(self, directory: Directory, tables: Tables, cduid: str, moment_us: int) -> None:
        device_user = directory.device_users[cduid]
        self.cduid = cduid
        self.watch_group = device_user.watch_group
        self.cduids = directory.members(self.watch_group)
        self.catalog: Catalog = directory.catalog
        self.access: Access = directory.access(device_user.user)
        self.tables = tables
        self.moment_us = moment_us
        self.remembered: dict[str, Any] = {}
        self._registers = Registers(tables)

    def move_to(self, moment_us: int) -> None:
        """Answer as of a later moment: nothing else has changed."""
        if self.catalog.comes_out_between(self.moment_us, moment_us):
            self.remembered.clear()
        self.moment_us = moment_us

    def remember(self, name: str, make: Callable[[], R]) -> R:
        """Something that is put together when it is first asked for."""
        if name not in self.remembered:
            self.remembered[name] = make()
        found: R = self.remembered[name]
        return found

    # What there is for the viewer.

    def sees(self, item: str) -> bool:
        """Whether the item exists for this viewer (rules 5, 15 and 30)."""
        if not self.not_out:
            return self.access.sees(self.catalog, item)
        if is_watchable(item) or not self.access.is_limited:
            return item not in self.not_out and self.access.sees(self.catalog, item)
        return any(map(self.sees, self.catalog.leaves_at(item)))

    def may_see(self, item: str) -> bool:
        """Whether the viewer's limits let the item through, hidden or not (rule 15)."""
        if is_watchable(item) or not self.access.is_limited:
            return self.access.permits(self.catalog, item)
        return any(map(self.may_see, self.catalog.leaves_at(item)))

    def knows(self, item: str) -> bool:
        """Whether the viewer is told what became of an item, hidden or not (rules 5 and 15)."""
        return item in self.catalog and self.may_see(item)

    def leaves(self, item: str) -> list[str]:
        """The watchable items at or under `item` that the viewer sees, in no particular order."""
        leaves = self.catalog.leaves_at(item)
        if not self.access.is_limited and not self.catalog.hidden and not self.not_out:
            return leaves
        return [leaf for leaf in leaves if self.sees(leaf)]

    @property
    def not_out(self) -> frozenset[str]:
        """What isn't out yet, and of which nobody in the group has said anything (rule 30)."""
        return self.remember("not_out", self._find_not_out)

    def _find_not_out(self) -> frozenset[str]:
        coming = [item for _, item in self.catalog.released_after(self.moment_us)]
        if not coming:
            return frozenset()
        own = [(cduid, each) for cduid in self.cduids for each in self.catalog.with_works(coming)]
        self.tables.landmarks.prefetch(own)
        self.prefetch_marks(coming)
        return frozenset(item for item in coming if not self._is_spoken_of(item))

    def _is_spoken_of(self, leaf: str) -> bool:
        return self.decider(leaf) is not None or any(
            self.tables.landmarks.get(cduid, item) is not None
            for item in self.catalog.work(leaf)
            for cduid in self.cduids
        )

    # Watched and in progress.

    def is_watched(self, leaf: str) -> bool:
        """Rule 10, by the rows that cover the item (rule 16)."""
        rows, group = self.tables.watched, self.watch_group
        if rows.get(group, leaf) is not None:
            return True
        for container, since in self.catalog.above(leaf):
            version = rows.get(group, container)
            if version is not None and version >= since:
                return True
        return False

    def decider(self, leaf: str) -> Mark | None:
        """The mark that decides whether a watchable item is watched (rule 10)."""
        return self._registers.decider(self.catalog, self.cduids, leaf)

    def was_ever_watched(self, leaf: str) -> bool:
        """Whether the group ever said of a watchable item that it is watched."""
        return self._registers.was_ever_watched(self.catalog, self.cduids, leaf)

    def in_progress(self, leaf: str) -> InProgress | None:
        """Rule 12."""
        newest = self._newest_progress(leaf)
        if newest is None:
            return None
        decider = self.decider(leaf)
        is_over = decider is not None and decider[:2] > newest.progress[:2]
        return None if is_over else newest

    def _newest_progress(self, leaf: str) -> InProgress | None:
        return max(
            (
                InProgress(progress, cduid, item)
                for item in self.catalog.work(leaf)
                for cduid in self.cduids
                if (progress := self.tables.progress.get(cduid, item)) is not None
            ),
            default=None,
        )

    def all_in_progress(self) -> list[tuple[str, InProgress]]:
        """Every work that is in progress, newest first, by the item that it is named by."""
        return self.remember("in_progress", self._find_in_progress)

    def _find_in_progress(self) -> list[tuple[str, InProgress]]:
        self.tables.progress.prefetch_owners(self.cduids)
        started = {leaf for cduid in self.cduids for leaf in self.tables.progress.all_of(cduid)}
        self.prefetch_marks(started)
        works = {self.catalog.work(leaf)[0] for leaf in started}
        found = {
            self.name_of(progress.item): progress
            for leaf in works
            if (progress := self.in_progress(leaf)) is not None and not self.is_dismissed(leaf)
        }
        present = [(item, progress) for item, progress in found.items() if item is not None]
        return sorted(present, key=lambda each: each[1].progress, reverse=True)

    def name_of(self, item: str) -> str | None:
        """By which item the viewer knows its work: this one, else the first that they see."""
        if self.sees(item):
            return item
        return next(iter(self.work(item)), None)

    def work(self, item: str) -> list[str]:
        """The other items of an item's work that the viewer sees, in catalog order."""
        work = self.catalog.work(item)
        if len(work) == 1:
            return []
        others = (each for each in work if each != item and self.sees(each))
        return sorted(others, key=self.catalog.order)

    # Dismissed, and watched anew.

    def dismissed(self) -> dict[str, Moment]:
        """What is left out of next up, and since when (rule 27)."""
        return self.remember("dismissed", self._find_dismissed)

    def dismissed_items(self) -> list[tuple[str, Moment]]:
        """What is dismissed, newest first, each work once by the item that it is named by."""
        on = {
            said.position: item
            for cduid in self.cduids
            for item, said in self.tables.dismissals.all_of(cduid).items()
        }
        newest_first = sorted(set(self.dismissed().values()), reverse=True)
        named = ((self.name_of(on[since[1]]), since) for since in newest_first)
        return [(item, since) for item, since in named if item is not None]

    def _find_dismissed(self) -> dict[str, Moment]:
        newest = newest_of(self._dismissals_of(cduid) for cduid in self.cduids)
        asked = {item: said[:2] for item, said in newest.items() if said.is_dismissed}
        leaves = {item: self.catalog.leaves_at(item) for item in asked}
        spoken_of = self.catalog.with_works([leaf for below in leaves.values() for leaf in below])
        self.prefetch_marks(spoken_of)
        self.tables.progress.prefetch((cduid, leaf) for cduid in self.cduids for leaf in spoken_of)
        return {
            item: since
            for item, since in asked.items()
            if not any(self._newest_word(leaf) > since for leaf in leaves[item])
        }

    def _dismissals_of(self, cduid: str) -> dict[str, Dismissal]:
        """What a device user dismissed and recalled: of one of a work, of all of it."""
        said = self.tables.dismissals.all_of(cduid).items()
        work = self.catalog.work
        return newest_of(dict.fromkeys(work(item), found) for item, found in said)

    def _newest_word(self, leaf: str) -> Moment:
        """When the group last marked or started a work, before all times if never."""
        decider, progress = self.decider(leaf), self._newest_progress(leaf)
        said = [each[:2] for each in (decider, progress and progress.progress) if each is not None]
        return max(said, default=(-(2**62), 0))

    def is_dismissed(self, leaf: str) -> bool:
        """Whether a watchable item, or another of its work, is or stands under a dismissed one."""
        dismissed = self.dismissed()
        return bool(dismissed) and any(
            item in dismissed or any(above in dismissed for above, _ in self.catalog.above(item))
            for item in self.catalog.work(leaf)
        )

    def restarts(self) -> dict[str, Restart]:
        """The newest restart of the group on each item that has one (rule 28)."""
        return self.remember(
            "restarts",
            lambda: newest_of(self.tables.restarts.all_of(cduid) for cduid in self.cduids),
        )

    def restarted(self, leaf: str) -> Restart | None:
        """The newest restart above a watchable item, or above another of its work."""
        restarts = self.restarts()
        if not restarts:
            return None
        over = (
            restarts[above]
            for item in self.catalog.work(leaf)
            for above, _ in self.catalog.above(item)
            if above in restarts
        )
        return max(over, default=None)

    def counts_as_watched(self, leaf: str) -> bool:
        """Whether it was watched since it was begun anew, if it was (rule 28)."""
        if not self.is_watched(leaf):
            return False
        restart = self.restarted(leaf)
        decider = self.decider(leaf) if restart is not None else None
        return restart is None or (decider is not None and decider[:2] > restart)

    # Plays.

    def completions(self, leaf: str) -> list[ItemCompletion]:
        """The group's completions of a work in rule 2's order."""
        return sorted(
            ItemCompletion(completion, item, cduid)
            for item in self.catalog.work(leaf)
            for cduid in self.cduids
            for completion in self.tables.completions.get(cduid, item) or ()
        )

    def judged(self, leaf: str) -> list[Judged]:
        """What each completion of a work comes to, in order, as is asked about `leaf` (rule 13)."""
        runtime_seconds = self.catalog.runtime_seconds(leaf)
        return list(judged(self.completions(leaf), lambda _: runtime_seconds))

    def plays(self, leaf: str) -> list[Play]:
        """The plays of an item, newest first (rule 13)."""
        opened = (found for found, verdict in self.judged(leaf) if verdict is Verdict.OPENS)
        return [self._play(found) for found in opened][::-1]

    def plays_of_work(self, leaf: str) -> list[Play]:
        """The plays of a work, each judged by the running time of the item it was on."""
        opened = openings(self.completions(leaf), self.catalog.runtime_seconds)
        return [self._play(found) for found in opened]

    def _play(self, opened: ItemCompletion) -> Play:
        (at_us, position, *_), item, cduid = opened
        return Play(at_us, position, self._known_as(item), cduid)

    def _known_as(self, item: str) -> str:
        if self.may_see(item) or item not in self.catalog:
            return item
        others = (each for each in self.catalog.work(item) if self.may_see(each))
        return min(others, key=self.catalog.order, default=item)

    def played(self, leaf: str) -> tuple[int, int | None]:
        """How many plays an item has, and when its newest completion was, if that is known."""
        memory: dict[str, tuple[int, int | None]] = self.remember("played", dict)
        if leaf not in memory:
            completions = self.judged(leaf)
            plays = sum(1 for _, verdict in completions if verdict is Verdict.OPENS)
            last = completions[-1].found.completion.at_us if completions else UNDATED_AT_US
            memory[leaf] = plays, None if last == UNDATED_AT_US else last
        return memory[leaf]

    # Answers.

    def answer(self, item: str) -> ItemAnswer | None:
        """What there is to say about an item; None if it doesn't exist for the viewer."""
        if not self.sees(item):
            return None
        is_leaf = is_watchable(item)
        node = self.catalog.nodes[item]
        leaves = [item] if is_leaf else self.leaves(item)
        plays, last_played_at_us = self._played_under(leaves)
        return ItemAnswer(
            item=item,
            kind=kind_of(item),
            parent=node.parent,
            index=node.details.index,
            title=node.details.title,
            number=node.number,
            leaves=len(leaves),
            watched_leaves=sum(map(self.is_watched, leaves)),
            in_progress=self.in_progress(item) if is_leaf else None,
            plays=plays,
            last_played_at_us=last_played_at_us,
            work=self.work(item) if is_leaf else [],
            rewatch=None if is_leaf else self._rewatch(item, leaves),
        )

    def _played_under(self, leaves: list[str]) -> tuple[int, int | None]:
        """The sum of the plays, and when the newest completion was."""
        if len(leaves) == 1:
            return self.played(leaves[0])
        played = self._all_played()
        found = [self.played(leaf) for leaf in leaves if leaf in played]
        newest = max((last for _, last in found if last is not None), default=None)
        return sum(plays for plays, _ in found), newest

    def _all_played(self) -> set[str]:
        """Everything that the group ever completed, with the others of its works."""
        return self.remember("all_played", self._find_all_played)

    def _find_all_played(self) -> set[str]:
        self.tables.completions.prefetch_owners(self.cduids)
        found = {leaf for cduid in self.cduids for leaf in self.tables.completions.all_of(cduid)}
        return set(self.catalog.with_works(list(found)))

    def _rewatch(self, container: str, leaves: list[str]) -> Rewatch | None:
        restarts = self.restarts()
        path = (container, *(above for above, _ in self.catalog.above(container)))
        since = max((restarts[each] for each in path if each in restarts), default=None)
        if since is None:
            return None
        self.prefetch_marks(leaves)
        return Rewatch(since.at_us, sum(map(self.counts_as_watched, leaves)))

    def answers(self, items: Iterable[str]) -> Iterator[ItemAnswer]:
        """Answers for those of the items that exist for the viewer."""
        asked = list(items)
        self.prefetch(asked)
        return (answer for item in asked if (answer := self.answer(item)) is not None)

    def prefetch(self, items: Iterable[str]) -> None:
        """Load what answering these items takes."""
        asked = list(items)
        self.prefetch_rows(asked)
        leaves = self.catalog.with_works([item for item in asked if is_watchable(item)])
        own = [(cduid, leaf) for cduid in self.cduids for leaf in leaves]
        self.tables.progress.prefetch(own)
        self.tables.completions.prefetch(own)
        started = [leaf for cduid, leaf in own if self.tables.progress.get(cduid, leaf)]
        self.prefetch_marks(started)

    def prefetch_completions(self, leaves: Iterable[str]) -> None:
        """Load what was completed of these items and of their works."""
        asked = self.catalog.with_works(list(leaves))
        self.tables.completions.prefetch((cduid, leaf) for cduid in self.cduids for leaf in asked)

    def prefetch_rows(self, items: Iterable[str]) -> None:
        """Load the watched rows that say whether these items are watched."""
        wanted: set[str] = set()
        for item in items:
            leaves = self.catalog.leaves_at(item)
            if len(leaves) > _ROWS_BY_KEY_MAX:
                self.tables.watched.prefetch_owners([self.watch_group])
                return
            wanted.update(leaves)
            wanted.update(above for leaf in leaves for above, _ in self.catalog.above(leaf))
        self.tables.watched.prefetch((self.watch_group, item) for item in wanted)

    def prefetch_marks(self, leaves: Iterable[str]) -> None:
        """Load the registers that decide about these items."""
        asked = self.catalog.with_works(list(leaves))
        above = {container for leaf in asked for container in self.catalog.spans(leaf)}
        self.tables.marks.prefetch((cduid, leaf) for cduid in self.cduids for leaf in asked)
        self.tables.containers.prefetch((cduid, item) for cduid in self.cduids for item in above)


N = TypeVar("N", bound=tuple[Any, ...])


def newest_of(said: Iterable[dict[str, N]]) -> dict[str, N]:
    """Of what several device users have by item, the newest of each."""
    found: dict[str, N] = {}
    for each in said:
        for item, value in each.items():
            if item not in found or value > found[item]:
                found[item] = value
    return found
