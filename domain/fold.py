"""The one fold: from the ledger's events to everything that the read models hold.

Live projection, rebuild, verification and looking back all run this and nothing else. It takes
events in order of position and never asks for a clock; what it keeps, it reads through a
`CachedTable`, and what has to be heard again, through its `reports`.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import assert_never

from domain.catalog import Catalog
from domain.claims import MARKS, Says, claim, container_mark
from domain.directory import Directory
from domain.events import (
    AccessChanged,
    AccountMapped,
    AccountUnmapped,
    ActivityRetracted,
    CatalogEvent,
    DeviceDescribed,
    DeviceUserReassigned,
    DeviceUserRegistered,
    DeviceUserReinstated,
    DeviceUserRetired,
    Erased,
    IsolationModeChanged,
    ItemDescribed,
    ItemDismissed,
    ItemHidden,
    ItemLinked,
    ItemMoved,
    ItemPlaced,
    ItemRecalled,
    ItemRestarted,
    ItemRestored,
    ItemUnlinked,
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    Recorded,
    SourceConfigured,
    SourceRemoved,
    SourceSecretIssued,
    SpokenFact,
    TokenIssued,
    TokenRevoked,
    UserErased,
)
from domain.items import is_watchable
from domain.plays import ItemCompletion, count_plays
from domain.policy import Policy
from domain.registers import Registers, that_count
from domain.replay import Reports, Said, hex_of, order, replay, sources, unretracted
from domain.rollup import BY_LEAF_MAX, Group, Rollup
from domain.state.cached_table import Key
from domain.state.compaction import compact
from domain.state.prefetch import prefetch
from domain.state.tables import ContainerMark, ContainerRegister, Dismissal, Mark, Restart, Tables
from domain.watch_time import WatchTime, playheads_of

_TIMES_BY_LEAF = 40
"""How many times `by_leaf_max` the marks on containers of one page are followed one by one. Beyond
that each group is derived once, and what may be late below them is found once: the same rows, and a
page costs no more however often a shelf is marked in it.
"""


class Fold:
    """Folds events into registers, roll-up and counts; `directory` is as of the last event folded.

    `reports` finds again what was said. `seen_us` is when the newest event of each cduid was
    recorded, of those that were folded here. Of the last page, `counted` are the (cduid, item)
    whose plays were counted anew, `reheard` those that were heard anew; `watch_time` is what it
    added to the time watched, or all that was taken.

    With `derives_late` the roll-up of each group is derived once, when `settle` is called, instead
    of following every event: the same rows, and the faster way where there are none to begin with.
    What is said on more than `by_leaf_max` leaves at once is decided from all that a group has: the
    same rows again. Unless it `adds_time`, nobody will ask how long was watched.
    `spoken` are the cduids whose groups the tables that it begins with don't have yet.
    """

    def __init__(
        self,
        directory: Directory,
        policy: Policy,
        reports: Reports,
        tables: Tables | None = None,
        *,
        derives_late: bool = False,
        by_leaf_max: int = BY_LEAF_MAX,
        adds_time: bool = True,
        spoken: Iterable[str] = (),
    ) -> None:
        self.directory = directory
        self.tables = tables or Tables()
        self.registers = Registers(self.tables)
        self.rollup = Rollup(directory.catalog, self.registers, self.tables, by_leaf_max)
        self.seen_us: dict[str, int] = {}
        self.counted: set[Key] = set()
        self.reheard: set[Key] = set()
        self._policy = policy
        self._reports = reports
        self._derives_late = derives_late
        self._by_leaf_max = by_leaf_max
        self._adds_time = adds_time
        self._position = 0
        self.watch_time = WatchTime(self.tables.playheads)
        self._late: set[Key] = set()
        self._broad: dict[Key, Mark] = {}
        self._marked_count = 0
        self._mistimed: set[Key] = set()
        self._stale: set[str] = set()
        self._spoken = set(spoken)

    def apply(self, page: Sequence[Recorded]) -> None:
        """Fold a page of events and settle."""
        self.counted.clear()
        self.reheard.clear()
        self.watch_time.clear()
        telling = compact(page, self._policy, self.directory.catalog)
        prefetch(telling, self.directory, self._policy, self.tables, self._by_leaf_max)
        self._take(page, telling)
        self.settle()

    def take(self, page: Sequence[Recorded]) -> None:
        """Fold a page of events. What came late, plays, and rows are right only after `settle`."""
        self._take(page, compact(page, self._policy, self.directory.catalog))

    def _take(self, page: Sequence[Recorded], telling: Sequence[Recorded]) -> None:
        for recorded in telling:
            self._position = recorded.position
            try:
                self._evolve(recorded)
            except Exception as error:
                error.add_note(f"while folding event {recorded.position} ({recorded.stream})")
                raise
        if page:
            self._position = page[-1].position
        self._marked_count = 0
        newest = {recorded.stream: recorded for recorded in page}
        cduids = []
        for recorded in newest.values():
            if (cduid := recorded.cduid) is not None:
                self.seen_us[cduid] = recorded.recorded_at_us
                cduids.append(cduid)
        if not self._adds_time:
            return
        standing = self._standing(page, cduids)
        self._mistimed.update(self.watch_time.take(playheads_of(standing, self.directory.catalog)))

    def _evolve(self, recorded: Recorded) -> None:
        event, cduid = recorded.event, recorded.cduid
        match event:
            case (
                ItemWatched()
                | ItemUnwatched()
                | ProgressReported()
                | ActivityRetracted()
                | ItemDismissed()
                | ItemRecalled()
                | ItemRestarted()
            ):
                if cduid is not None:  # in any other stream it would be nobody's
                    self._say(cduid, recorded, event)
            case (
                ItemPlaced()
                | ItemMoved()
                | ItemDescribed()
                | ItemHidden()
                | ItemRestored()
                | ItemLinked()
                | ItemUnlinked()
            ):
                self._evolve_catalog(recorded, event)
            case DeviceUserRegistered() | IsolationModeChanged() if cduid is not None:
                self._evolve_groups(recorded, cduid, event)
            case DeviceUserReassigned() if cduid is not None:
                self._reassign(recorded, cduid, event)
            case (
                DeviceUserRegistered()
                | IsolationModeChanged()
                | DeviceDescribed()
                | TokenIssued()
                | TokenRevoked()
                | DeviceUserReassigned()
                | DeviceUserRetired()
                | DeviceUserReinstated()
                | AccessChanged()
                | AccountMapped()
                | AccountUnmapped()
                | SourceConfigured()
                | SourceSecretIssued()
                | SourceRemoved()
            ):
                self.directory.evolve(recorded)
            case Erased() | UserErased():
                if recorded.submission_id is None:  # what was activity isn't the directory's
                    self.directory.evolve(recorded)
            case _:
                assert_never(event)

    def settle(self) -> None:
        """Hear anew what came late, count plays anew where they may have changed, and derive the
        groups that a change of mode, a move, a link or a late placing has left behind.
        """
        self.settle_registers()
        self._derive_later(self._spoken)
        stale = [Group(each, self.directory.members(each)) for each in sorted(self._stale)]
        self._spoken.clear()
        self._stale.clear()
        self.rollup.prefetch(stale)
        for group in stale:
            self.rollup.derive(group)

    def settle_registers(self) -> None:
        """As `settle`, but leave the groups for later."""
        self._find_late_below()
        self._hear_late()
        if self._adds_time:
            self._time_anew()
        for key in sorted(self.counted):
            self._count(*key)

    # What a viewer's device says.

    def _say(
        self,
        cduid: str,
        recorded: Recorded,
        event: ItemWatched
        | ItemUnwatched
        | ProgressReported
        | ActivityRetracted
        | ItemDismissed
        | ItemRecalled
        | ItemRestarted,
    ) -> None:
        if isinstance(event, ActivityRetracted):
            self._retract(cduid, recorded, event)
        elif self._is_retracted(cduid, recorded):
            self._forget(cduid, recorded)
        elif isinstance(event, ItemDismissed | ItemRecalled):
            self._dismiss(cduid, recorded, event)
        elif isinstance(event, ItemRestarted):
            self._restart(cduid, recorded, event)
        elif is_watchable(event.item):
            self._say_of_leaf(cduid, recorded, event)
        elif not isinstance(event, ProgressReported):
            self._mark_container(cduid, recorded, event)

    def _say_of_leaf(
        self, cduid: str, recorded: Recorded, event: ItemWatched | ItemUnwatched | ProgressReported
    ) -> None:
        catalog, item = self.directory.catalog, event.item
        said = claim(self._policy, catalog, recorded, event)
        if item not in catalog:
            self.tables.unplaced.put(item, cduid, value=True)
        before = self._left_by(cduid, item, is_mark=said.says in MARKS)
        is_late = self.registers.is_late(catalog, cduid, item, said, before)
        if is_late or (cduid, item) in self._late:
            self._late.update((cduid, each) for each in catalog.work(item))
            return
        is_new = said.says is not Says.UNWATCH and self.tables.landmarks.get(cduid, item) is None
        decided = said.mark if said.says in MARKS and not said.is_idle(before) else None
        unsettled = self._groups_to_refresh(cduid, item, decided) if decided or is_new else []
        if self.registers.hear(catalog, cduid, item, said, before) is not None:
            self._recount(cduid, item)
        work = catalog.work(item)
        touched = catalog.above_any(work) if is_new else ()
        for group, is_overruled in unsettled:
            leaves = work if is_overruled else ()
            self.rollup.refresh(group, leaves, touched, said.catalog_version)

    def _left_by(self, cduid: str, leaf: str, *, is_mark: bool) -> Mark | None:
        """What a cduid's own word left a work. What is in progress is newer than every mark of it,
        so a tick need ask for none.
        """
        if not is_mark and self.tables.progress.get(cduid, leaf) is not None:
            return None
        return self.registers.decider(self.directory.catalog, (cduid,), leaf)

    def _mark_container(
        self, cduid: str, recorded: Recorded, event: ItemWatched | ItemUnwatched
    ) -> None:
        catalog, item = self.directory.catalog, event.item
        said = container_mark(catalog, recorded, event)
        if said is None:
            return
        version = recorded.catalog_version
        first_version = self.registers.mark_container(catalog, cduid, item, said, version)
        mark, cut_us = said
        self._marked_count += len(catalog.leaves_at(item))
        if self._marked_count > _TIMES_BY_LEAF * self._by_leaf_max:
            oldest = self._broad.setdefault((cduid, item), mark)
            self._broad[cduid, item] = min(oldest, mark)
            self._derive_later([cduid])
            return
        leaves = catalog.with_works(catalog.leaves_meant(item, mark.catalog_version, cut_us))
        landmarks = self.tables.landmarks
        landmarks.prefetch((cduid, leaf) for leaf in leaves)
        for leaf in leaves:
            landmark = landmarks.get(cduid, leaf)
            if landmark is not None and mark[:2] < landmark[:2]:
                self._late.update((cduid, each) for each in catalog.work(leaf))
        touched = catalog.above_any(leaves)
        for group, _ in self._groups_to_refresh(cduid, item, mark):
            self.rollup.refresh(group, leaves, touched, first_version)

    def _dismiss(self, cduid: str, recorded: Recorded, event: ItemDismissed | ItemRecalled) -> None:
        said = Dismissal(*order(recorded), isinstance(event, ItemDismissed))
        known = self.tables.dismissals.get(cduid, event.item)
        if known is None or said > known:
            self.tables.dismissals.put(cduid, event.item, said)

    def _restart(self, cduid: str, recorded: Recorded, event: ItemRestarted) -> None:
        said = Restart(*order(recorded))
        known = self.tables.restarts.get(cduid, event.item)
        if known is None or said > known:
            self.tables.restarts.put(cduid, event.item, said)

    def _groups_to_refresh(
        self, cduid: str, item: str, mark: Mark | None
    ) -> list[tuple[Group, bool]]:
        """The groups whose roll-up an event may change, and whether its mark overrules what decided
        there, if it is one. Asked before the registers take it in.

        A player's ticks beyond `high` repeat what is known already: they change none.
        """
        if self._derives_late:
            self._spoken.add(cduid)
            return []
        groups = [
            Group(*group)
            for group in self.directory.groups_seeing(cduid)
            if group[0] not in self._stale
        ]
        if not is_watchable(item):
            return [(group, True) for group in groups]
        return [
            (group, mark is not None and self._overrules(group, item, mark)) for group in groups
        ]

    def _overrules(self, group: Group, leaf: str, mark: Mark) -> bool:
        known = self.registers.decider(self.directory.catalog, group.cduids, leaf)
        return known is None or known[2:] != mark[2:]

    # What has to be heard anew.

    def _is_retracted(self, cduid: str, recorded: Recorded) -> bool:
        own = self.tables.retractions.rows[cduid]
        if not own.is_whole:
            self.tables.retractions.prefetch_owners([cduid])
        return bool(own) and own[hex_of(recorded)] is not None

    def _retract(self, cduid: str, recorded: Recorded, event: ActivityRetracted) -> None:
        retracted = event.retracts.hex
        if self.tables.retractions.get(cduid, retracted) is not None:
            return
        self.tables.retractions.put(cduid, retracted, recorded.position)
        for each in self._reports.under_id(cduid, event.retracts, self._position):
            self._forget(cduid, each)

    def _forget(self, cduid: str, retracted: Recorded) -> None:
        """Let what an event said be heard anew without it."""
        event = retracted.event
        if isinstance(event, SpokenFact):
            if event.item not in self.directory.catalog:
                self.tables.unplaced.put(event.item, cduid, value=True)
            if is_watchable(event.item):
                self._mistimed.add((cduid, event.item))
                self._late.update((cduid, each) for each in self.directory.catalog.work(event.item))
            else:
                self._hear_container_anew(cduid, event.item)
        elif isinstance(event, ItemDismissed | ItemRecalled):
            self.tables.dismissals.put(cduid, event.item, None)
            for each in self._said(cduid, [event.item]):
                if isinstance(each.event, ItemDismissed | ItemRecalled):
                    self._dismiss(cduid, each, each.event)
        elif isinstance(event, ItemRestarted):
            self.tables.restarts.put(cduid, event.item, None)
            for each in self._said(cduid, [event.item]):
                if isinstance(each.event, ItemRestarted):
                    self._restart(cduid, each, each.event)

    def _hear_container_anew(self, cduid: str, container: str) -> None:
        catalog = self.directory.catalog
        marks, versions = list[ContainerMark](), list[int]()
        for each in self._said(cduid, [container]):
            if isinstance(each.event, ItemWatched | ItemUnwatched):
                mark = container_mark(catalog, each, each.event)
                if mark is not None:
                    marks.append(mark)
                    versions.append(each.catalog_version)
        kept = that_count(catalog, container, marks)
        register = ContainerRegister(min(versions), kept) if versions else None
        self.tables.containers.put(cduid, container, register)
        own = self.registers.own_under(catalog, cduid, container)
        self._late.update((cduid, each) for leaf in own for each in catalog.work(leaf))
        self._derive_later([cduid])

    def _said(self, cduid: str, items: Iterable[str]) -> list[Recorded]:
        """What a cduid said on some items and didn't take back, in rule 2's order."""
        self.tables.retractions.prefetch_owners([cduid])
        found = self._reports.on(cduid, set(items), self._position)
        return unretracted(found, self.tables.retractions.all_of(cduid))

    def _find_late_below(self) -> None:
        """What was said later on works under containers than the oldest mark on these is."""
        catalog, landmarks = self.directory.catalog, self.tables.landmarks
        for cduid in sorted({cduid for cduid, _ in self._broad}):
            for leaf, landmark in landmarks.all_of(cduid).items():
                marks = (self._broad.get((cduid, each)) for each in sources(catalog, leaf))
                if any(mark is not None and mark[:2] < landmark[:2] for mark in marks):
                    self._late.update((cduid, each) for each in catalog.work(leaf))
        self._broad.clear()

    def _hear_late(self) -> None:
        """Hear works anew of which something came late, each cduid's together."""
        late, catalog = sorted(self._late), self.directory.catalog
        self._late.clear()
        by_cduid: dict[str, dict[tuple[str, ...], None]] = {}
        for cduid, leaf in late:
            by_cduid.setdefault(cduid, {})[catalog.work(leaf)] = None
        for cduid, works in by_cduid.items():
            asked = {item for work in works for item in sources(catalog, work[0])}
            said = Said(self._said(cduid, asked))
            for work in works:
                self._put_replayed(cduid, work, said)
            self._refresh(cduid, [item for work in works for item in work])

    def _put_replayed(self, cduid: str, work: tuple[str, ...], said: Said) -> None:
        catalog, tables = self.directory.catalog, self.tables
        found, _ = replay(self._policy, catalog, cduid, work[0], said.about(catalog, work[0]))
        for item in work:
            before, anew = tables.landmarks.get(cduid, item), found.landmarks.get(cduid, item)
            if (before and before.first_version) != (anew and anew.first_version):
                self._derive_later([cduid])
            tables.marks.take_over(found.marks, cduid, item)
            tables.progress.take_over(found.progress, cduid, item)
            tables.landmarks.take_over(found.landmarks, cduid, item)
            tables.completions.take_over(found.completions, cduid, item)
            self.reheard.add((cduid, item))
            self._recount(cduid, item)

    def _refresh(self, cduid: str, leaves: list[str]) -> None:
        if self._derives_late:
            self._spoken.add(cduid)
            return
        for group, members in self.directory.groups_seeing(cduid):
            if group not in self._stale:
                self.rollup.refresh(Group(group, members), leaves, (), 0)

    def _recount(self, cduid: str, leaf: str) -> None:
        self.counted.update((cduid, item) for item in self.directory.catalog.work(leaf))

    def _count(self, cduid: str, leaf: str) -> None:
        catalog, completions = self.directory.catalog, self.tables.completions
        said = sorted(
            ItemCompletion(completion, item, cduid)
            for item in catalog.work(leaf)
            for completion in completions.get(cduid, item) or ()
        )
        runtime_seconds = catalog.runtime_seconds(leaf)
        plays = count_plays(said, lambda _: runtime_seconds) or None
        if self.tables.watch_counts.get(cduid, leaf) != plays:
            self.tables.watch_counts.put(cduid, leaf, plays)

    # What was watched, by every report of a page.

    def _standing(self, page: Sequence[Recorded], cduids: list[str]) -> Sequence[Recorded]:
        """What of a page wasn't taken back; `cduids` are all that spoke in it."""
        retractions = self.tables.retractions
        retractions.prefetch_owners(cduids)
        if not any(retractions.rows[cduid] for cduid in cduids):
            return page
        return [
            each
            for each in page
            if each.cduid is None or retractions.get(each.cduid, hex_of(each)) is None
        ]

    def _time_anew(self) -> None:
        """Add up anew where something came late or was taken back, each cduid's together."""
        items: dict[str, list[str]] = {}
        for cduid, item in sorted(self._mistimed):
            items.setdefault(cduid, []).append(item)
        self._mistimed.clear()
        for cduid, own in items.items():
            reported = playheads_of(self._said(cduid, own), self.directory.catalog)
            for item in own:
                self.watch_time.replace((cduid, item), reported.get((cduid, item), []))

    # What media servers say of the catalog, and the operator of device users.

    def _evolve_catalog(self, recorded: Recorded, event: CatalogEvent) -> None:
        catalog, item = self.directory.catalog, event.item
        runtime_before = catalog.runtime_seconds(item)
        left = [container for container, _ in catalog.above(item)]
        works_before = _works(catalog, event)
        self.directory.evolve(recorded)
        match event:
            case ItemPlaced():
                self._learn(item)
            case ItemMoved():
                self._look_again_around(item, left)
            case ItemDescribed():
                if catalog.runtime_seconds(item) != runtime_before:
                    cduids = self.tables.completions.owners(list(catalog.work(item)))
                    self.counted.update((cduid, item) for cduid in cduids)
            case ItemLinked() | ItemUnlinked():
                self._hear_works_anew(works_before | _works(catalog, event))
            case ItemHidden() | ItemRestored():
                pass
            case _:
                assert_never(event)

    def _learn(self, item: str) -> None:
        """The catalog learns of an item: whoever spoke about it before is looked at again."""
        for cduid in self.tables.unplaced.all_of(item):
            self.tables.unplaced.put(item, cduid, None)
            self._derive_later([cduid])
            if is_watchable(item) and self.tables.completions.get(cduid, item):
                self._recount(cduid, item)

    def _hear_works_anew(self, items: set[str]) -> None:
        """Items were linked or unlinked: whoever said anything about them is heard anew."""
        catalog = self.directory.catalog
        self._late.update((cduid, item) for cduid in self._speakers(items) for item in items)
        about = {source for item in items for source in sources(catalog, item)}
        self._derive_later(self._speakers(about))

    def _look_again_around(self, item: str, left: list[str]) -> None:
        """An item moved: groups that watched what it brought along are derived anew, and those that
        watched what has stood longest in a container that it left or joined.
        """
        catalog = self.directory.catalog
        around = {*left, *(container for container, _ in catalog.above(item))}
        longest_there = (catalog.leaves(container).items[:1] for container in around)
        leaves = {*catalog.leaves_at(item), *chain.from_iterable(longest_there)}
        about = {source for leaf in leaves for source in sources(catalog, leaf)}
        self._derive_later(self._speakers(about))

    def _speakers(self, items: set[str]) -> set[str]:
        """Who ever said anything on any of some items."""
        if not self._derives_late:
            return self._reports.speakers(items, self._position)
        tables, asked = self.tables, list(items)
        return set().union(
            *(table.owners(asked) for table in (tables.marks, tables.landmarks, tables.containers))
        )

    def _derive_later(self, cduids: Iterable[str]) -> None:
        self._stale.update(
            group for cduid in cduids for group, _ in self.directory.groups_seeing(cduid)
        )

    def _reassign(self, recorded: Recorded, cduid: str, event: DeviceUserReassigned) -> None:
        """A cduid becomes another user's: the groups of both are derived anew, and what is judged
        over all device users of either is counted anew.
        """
        users = (self.directory.device_users[cduid].user, event.user)
        before = [self.directory.groups(user) for user in users]
        self.directory.evolve(recorded)
        after = [self.directory.groups(user) for user in users]
        for old, new in zip(before, after, strict=True):
            self._stale.update(each for each in old.keys() | new if old.get(each) != new.get(each))
        of_both = (cduid, *self.directory.cduids(users[0])[:1])  # one stands for all of its user's
        for item in self.tables.completions.all_of(cduid):
            for each in of_both:
                self._recount(each, item)

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


def _works(catalog: Catalog, event: CatalogEvent) -> set[str]:
    """The items of the works that are linked or unlinked."""
    if not isinstance(event, ItemLinked | ItemUnlinked):
        return set()
    other = event.same_as if isinstance(event, ItemLinked) else event.item
    return {*catalog.work(event.item), *catalog.work(other)}
