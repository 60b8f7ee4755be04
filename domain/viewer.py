"""The viewer: what one device user sees, by its group and limits (rules 10 to 13 and 15)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from domain.access import Access
from domain.catalog import Catalog
from domain.directory import Directory
from domain.items import Kind, is_watchable, kind_of
from domain.plays import Completion, count_plays, openings
from domain.registers import Registers
from domain.state.tables import Mark, Progress, Tables

R = TypeVar("R")

_ROWS_BY_KEY_MAX = 2_000
"""Under a container with more leaves, all of a group's rows are loaded instead of single ones."""


class InProgress(NamedTuple):
    """The newest started progress on an item, and on which device user it was said."""

    progress: Progress
    cduid: str


class Play(NamedTuple):
    """A completion that opens a play. Compares by rule 2's order."""

    at_us: int
    position: int
    item: str
    cduid: str


@dataclass(slots=True)  # freezing would make it take three times as long to make
class ItemAnswer:
    """All there is to say about an item for a viewer. Counts are of what the viewer may see."""

    item: str
    kind: Kind
    parent: str | None
    index: int | None
    title: str | None
    leaves: int
    watched_leaves: int
    in_progress: InProgress | None
    plays: int
    last_played_at_us: int | None

    @property
    def watched(self) -> bool:
        """Rule 11."""
        return 0 < self.leaves == self.watched_leaves


class Viewer:
    """Answers for one device user from a directory and the fold's tables, all as of one position.

    `tables` may read through to a database; what a list needs is then asked for in a few queries
    by calling `prefetch` first. Long lists that were put together once are `remembered` by name.
    """

    def __init__(self, directory: Directory, tables: Tables, cduid: str) -> None:
        device_user = directory.device_users[cduid]
        self.cduid = cduid
        self.watch_group = device_user.watch_group
        self.cduids = directory.members(self.watch_group)
        self.catalog: Catalog = directory.catalog
        self.access: Access = directory.access(device_user.user)
        self.tables = tables
        self.remembered: dict[str, list[Any]] = {}
        self._registers = Registers(tables)

    def sees(self, item: str) -> bool:
        """Whether the item exists for this viewer (rules 5 and 15)."""
        return self.access.sees(self.catalog, item)

    def may_see(self, item: str) -> bool:
        """Whether the viewer's limits let the item through, hidden or not (rule 15)."""
        if is_watchable(item) or not self.access.is_limited:
            return self.access.permits(self.catalog, item)
        return any(map(self.may_see, self.catalog.leaves_at(item)))

    def leaves(self, item: str) -> list[str]:
        """The watchable items at or under `item` that the viewer sees, in no particular order."""
        leaves = self.catalog.leaves_at(item)
        if not self.access.is_limited and not self.catalog.hidden:
            return leaves
        return [leaf for leaf in leaves if self.sees(leaf)]

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

    def in_progress(self, leaf: str) -> InProgress | None:
        """Rule 12."""
        newest = max(
            (
                InProgress(progress, cduid)
                for cduid in self.cduids
                if (progress := self.tables.progress.get(cduid, leaf)) is not None
            ),
            default=None,
        )
        if newest is None:
            return None
        decider = self.decider(leaf)
        is_over = decider is not None and decider[:2] > newest.progress[:2]
        return None if is_over else newest

    def remember(self, name: str, make: Callable[[], Iterable[R]]) -> list[R]:
        """A list, put together when it is first asked for."""
        if name not in self.remembered:
            self.remembered[name] = list(make())
        return self.remembered[name]

    def all_in_progress(self) -> list[tuple[str, InProgress]]:
        """Every item that is in progress, newest first."""
        return self.remember("in_progress", self._find_in_progress)

    def _find_in_progress(self) -> list[tuple[str, InProgress]]:
        self.tables.progress.prefetch_owners(self.cduids)
        started = {leaf for cduid in self.cduids for leaf in self.tables.progress.all_of(cduid)}
        self.prefetch_marks(started)
        found = [(leaf, self.in_progress(leaf)) for leaf in started if self.sees(leaf)]
        present = [(leaf, progress) for leaf, progress in found if progress is not None]
        return sorted(present, key=lambda each: each[1].progress, reverse=True)

    def completions(self, leaf: str) -> list[tuple[Completion, str]]:
        """The group's completions of an item in rule 2's order, each with its cduid."""
        return sorted(
            (completion, cduid)
            for cduid in self.cduids
            for completion in self.tables.completions.get(cduid, leaf) or ()
        )

    def plays(self, leaf: str) -> list[Play]:
        """The plays of an item, newest first (rule 13)."""
        completions = self.completions(leaf)
        cduid_of = {completion.position: cduid for completion, cduid in completions}
        opened = openings((each for each, _ in completions), self._runtime_seconds(leaf))
        plays = [Play(each.at_us, each.position, leaf, cduid_of[each.position]) for each in opened]
        return plays[::-1]

    def answer(self, item: str) -> ItemAnswer | None:
        """What there is to say about an item; None if it doesn't exist for the viewer."""
        if not self.sees(item):
            return None
        is_leaf = is_watchable(item)
        node = self.catalog.nodes[item]
        leaves = [item] if is_leaf else self.leaves(item)
        completions = [each for each, _ in self.completions(item)] if is_leaf else []
        return ItemAnswer(
            item=item,
            kind=kind_of(item),
            parent=node.parent,
            index=node.details.index,
            title=node.details.title,
            leaves=len(leaves),
            watched_leaves=sum(map(self.is_watched, leaves)),
            in_progress=self.in_progress(item) if is_leaf else None,
            plays=count_plays(completions, node.details.runtime_seconds),
            last_played_at_us=completions[-1].at_us if completions else None,
        )

    def answers(self, items: Iterable[str]) -> Iterator[ItemAnswer]:
        """Answers for those of the items that exist for the viewer."""
        asked = list(items)
        self.prefetch(asked)
        return (answer for item in asked if (answer := self.answer(item)) is not None)

    def prefetch(self, items: Iterable[str]) -> None:
        """Load what answering these items takes."""
        asked = list(items)
        self.prefetch_rows(asked)
        leaves = [item for item in asked if is_watchable(item)]
        own = [(cduid, leaf) for cduid in self.cduids for leaf in leaves]
        self.tables.progress.prefetch(own)
        self.tables.completions.prefetch(own)
        started = [leaf for cduid, leaf in own if self.tables.progress.get(cduid, leaf)]
        self.prefetch_marks(started)

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
        asked = list(leaves)
        above = {container for leaf in asked for container in self.catalog.spans(leaf)}
        self.tables.marks.prefetch((cduid, leaf) for cduid in self.cduids for leaf in asked)
        self.tables.containers.prefetch((cduid, item) for cduid in self.cduids for item in above)

    def _runtime_seconds(self, leaf: str) -> float | None:
        return self.catalog.nodes[leaf].details.runtime_seconds
