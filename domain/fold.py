"""The one fold: from the ledger's events to everything that the read models hold.

Live projection, rebuild, verification and looking back all run this and nothing else. It takes
events in order of position and never asks for a clock; what it keeps, it reads through a
`CachedTable`.
"""

from collections.abc import Sequence
from typing import assert_never

from domain.claims import claim, completion
from domain.directory import Directory
from domain.events import (
    AccessChanged,
    Activity,
    ActivityFact,
    CatalogEvent,
    DeviceDescribed,
    DeviceUserRegistered,
    IsolationModeChanged,
    ItemDescribed,
    ItemHidden,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
    Recorded,
    TokenIssued,
    TokenRevoked,
)
from domain.items import is_watchable
from domain.plays import count_plays
from domain.policy import Policy
from domain.registers import Registers
from domain.rollup import BY_LEAF_MAX, Group, Rollup
from domain.state.cached_table import Key
from domain.state.compaction import compact
from domain.state.prefetch import prefetch
from domain.state.tables import Mark, Progress, Tables


class Fold:
    """Folds events into registers, roll-up and counts; `directory` is as of the last event folded.

    `seen_us` is when the newest event of each cduid was recorded, of those that were folded here;
    `counted` are the (cduid, item) whose plays were counted anew by the last page.

    With `derives_late` the roll-up of each group is derived once, when `settle` is called, instead
    of following every event: the same rows, and the faster way where there are none to begin with.
    What is said on more than `by_leaf_max` leaves at once is decided from all that a group has: the
    same rows again.
    """

    def __init__(
        self,
        directory: Directory,
        policy: Policy,
        tables: Tables | None = None,
        *,
        derives_late: bool = False,
        by_leaf_max: int = BY_LEAF_MAX,
    ) -> None:
        self.directory = directory
        self.tables = tables or Tables()
        self.registers = Registers(self.tables)
        self.rollup = Rollup(directory.catalog, self.registers, self.tables, by_leaf_max)
        self.seen_us: dict[str, int] = {}
        self.counted: set[Key] = set()
        self._policy = policy
        self._derives_late = derives_late
        self._by_leaf_max = by_leaf_max
        self._stale: set[str] = set()
        self._spoken: set[str] = set()

    def apply(self, page: Sequence[Recorded]) -> None:
        """Fold a page of events and settle."""
        self.counted.clear()
        telling = compact(page, self._policy)
        prefetch(telling, self.directory, self._policy, self.tables, self._by_leaf_max)
        self._take(page, telling)
        self.settle()

    def take(self, page: Sequence[Recorded]) -> None:
        """Fold a page of events. Plays, and rows of groups, are right only after `settle`."""
        self._take(page, compact(page, self._policy))

    def _take(self, page: Sequence[Recorded], telling: Sequence[Recorded]) -> None:
        for recorded in telling:
            try:
                self._evolve(recorded)
            except Exception as error:
                error.add_note(f"while folding event {recorded.position} ({recorded.stream})")
                raise
        newest = {recorded.stream: recorded for recorded in page}
        for recorded in newest.values():
            if (cduid := recorded.cduid) is not None:
                self.seen_us[cduid] = recorded.recorded_at_us

    def _evolve(self, recorded: Recorded) -> None:
        event, cduid = recorded.event, recorded.cduid
        match event:
            case ActivityFact():
                if cduid is not None:  # in any other stream it would be nobody's
                    self._say(cduid, recorded, event)
            case ItemPlaced() | ItemMoved() | ItemDescribed() | ItemHidden() | ItemRestored():
                self._evolve_catalog(recorded, event)
            case DeviceUserRegistered() | IsolationModeChanged() if cduid is not None:
                self._evolve_groups(recorded, cduid, event)
            case (
                DeviceUserRegistered()
                | IsolationModeChanged()
                | DeviceDescribed()
                | TokenIssued()
                | TokenRevoked()
                | AccessChanged()
            ):
                self.directory.evolve(recorded)
            case _:
                assert_never(event)

    def settle(self) -> None:
        """Count plays anew where they may have changed, and derive the groups that a change of
        mode, a move or a late placing has left behind.
        """
        for key in sorted(self.counted):
            self._count(*key)
        for cduid in self._spoken:
            self._stale.update(group for group, _ in self.directory.groups_seeing(cduid))
        stale = [Group(each, self.directory.members(each)) for each in sorted(self._stale)]
        self._spoken.clear()
        self._stale.clear()
        self.rollup.prefetch(stale)
        for group in stale:
            self.rollup.derive(group)

    def _say(self, cduid: str, recorded: Recorded, event: Activity) -> None:
        catalog, item, version = self.directory.catalog, event.item, recorded.catalog_version
        claimed = claim(self._policy, catalog, recorded, event)
        if claimed is None:
            return
        touched = self._touch(cduid, item, version)
        if item not in catalog:
            self.tables.unplaced.put(item, cduid, value=True)
        unsettled = self._groups_to_refresh(cduid, item, claimed, grows=bool(touched))
        if isinstance(claimed, Mark):
            self.registers.say(catalog, cduid, item, claimed)
            if claimed.watched and is_watchable(item):
                self.registers.complete(cduid, item, completion(recorded, event))
                self.counted.add((cduid, item))
        else:
            self.registers.start(catalog, cduid, item, claimed)
        leaves = catalog.leaves_at(item) if isinstance(claimed, Mark) else []
        for group in unsettled:
            self.rollup.refresh(group, leaves, touched, version)

    def _touch(self, cduid: str, item: str, version: int) -> list[str]:
        """Note the containers at, above and below an item; answers those that are new to it."""
        touched = self.directory.catalog.touched_by(item)
        registers = self.tables.containers.rows[cduid]
        fresh = [container for container in touched if registers[container] is None]
        for container in fresh:
            self.registers.touch(cduid, container, version)
        return fresh

    def _groups_to_refresh(
        self, cduid: str, item: str, claimed: Mark | Progress, *, grows: bool
    ) -> list[Group]:
        """The groups whose roll-up the event may change. Asked before the registers take it in.

        A player's ticks behind the upper threshold repeat what is known already: they change none.
        """
        if self._derives_late:
            self._spoken.add(cduid)
            return []
        if not (grows or isinstance(claimed, Mark)):
            return []
        groups = [
            Group(*group)
            for group in self.directory.groups_seeing(cduid)
            if group[0] not in self._stale
        ]
        if grows or not isinstance(claimed, Mark) or not is_watchable(item):
            return groups
        return [group for group in groups if self._overrules(group, item, claimed)]

    def _overrules(self, group: Group, leaf: str, mark: Mark) -> bool:
        known = self.registers.decider(self.directory.catalog, group.cduids, leaf)
        return known is None or known[2:] != mark[2:]

    def _count(self, cduid: str, leaf: str) -> None:
        node = self.directory.catalog.nodes.get(leaf)
        runtime_seconds = node.details.runtime_seconds if node else None
        completions = self.tables.completions.get(cduid, leaf) or ()
        plays = count_plays(completions, runtime_seconds)
        if self.tables.watch_counts.get(cduid, leaf) != plays:
            self.tables.watch_counts.put(cduid, leaf, plays)

    def _evolve_catalog(self, recorded: Recorded, event: CatalogEvent) -> None:
        catalog, item = self.directory.catalog, event.item
        runtime_before = catalog.nodes[item].details.runtime_seconds if item in catalog else None
        left = [container for container, _ in catalog.above(item)]
        self.directory.evolve(recorded)
        match event:
            case ItemPlaced():
                self._learn(item)
            case ItemMoved():
                self._look_again_around(item, left)
            case ItemDescribed():
                if event.details.runtime_seconds != runtime_before:
                    cduids = self.tables.completions.owners([item])
                    self.counted.update((cduid, item) for cduid in cduids)
            case ItemHidden() | ItemRestored():
                pass
            case _:
                assert_never(event)

    def _learn(self, item: str) -> None:
        """The catalog learns of an item: whoever spoke about it before is looked at again."""
        for cduid in self.tables.unplaced.all_of(item):
            self.tables.unplaced.put(item, cduid, None)
            self._stale.update(group for group, _ in self.directory.groups_seeing(cduid))
            if is_watchable(item) and self.tables.completions.get(cduid, item):
                self.counted.add((cduid, item))

    def _look_again_around(self, item: str, left: list[str]) -> None:
        """An item moved: groups that touched anything it left, joined or brought along."""
        catalog = self.directory.catalog
        containers = {*left, *(container for container, _ in catalog.above(item))}
        if not is_watchable(item):
            containers |= {item, *catalog.containers_under(item)}
        self._stale.update(self.tables.watermarks.owners(sorted(containers)))

    def _evolve_groups(
        self, recorded: Recorded, cduid: str, event: DeviceUserRegistered | IsolationModeChanged
    ) -> None:
        """A device user comes or changes its mode: groups whose members changed are derived."""
        if isinstance(event, DeviceUserRegistered):
            user = event.user
        else:
            user = self.directory.device_users[cduid].user
        before = self.directory.groups(user)
        self.directory.evolve(recorded)
        after = self.directory.groups(user)
        changed = (
            group for group in before.keys() | after if before.get(group) != after.get(group)
        )
        self._stale.update(changed)
