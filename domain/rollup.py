"""The roll-up: what a watch group has watched in as few rows as it can be said (rules 16 to 19).

A row is dated: it says that all that stood under its item at that catalog version, and has stood
there since, is watched. So an item that is placed later isn't covered and touches no row.

For a container of which the group has said anything, let `first_version` be the least catalog
version at which it did, and `through` the greatest version below that of the first unwatched leaf,
leaves taken in the order in which they came to stand there. If `through` takes in every leaf that
stood there at `first_version`, it is the container's *date*. A container with a date has a row
unless one above covers that row; a watched leaf that no date covers has a row of its own. All of
that is a pure function of registers and catalog, however it was arrived at.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from domain.catalog import Catalog
from domain.items import is_watchable
from domain.registers import Registers
from domain.state.tables import Mark, Tables, Watermark

PREFETCH_FIRST, _PREFETCH_MAX = 2, 512
BY_LEAF_MAX = 500
"""What is said on more leaves at once is decided from all that the group has, not leaf by leaf."""


class Group(NamedTuple):
    """A watch group's id and the cduids whose activity it merges."""

    id: str
    cduids: tuple[str, ...]


class _Asked(dict[str, Mark | None]):
    """What decides about each leaf for a group; asked for once, while no register changes."""

    __slots__ = ("_catalog", "_group", "_registers")

    def __init__(self, registers: Registers, catalog: Catalog, group: Group) -> None:
        super().__init__()
        self._registers = registers
        self._catalog = catalog
        self._group = group

    def __missing__(self, leaf: str) -> Mark | None:
        found = self._registers.decider(self._catalog, self._group.cduids, leaf)
        self[leaf] = found
        return found


class _Known(dict[str, Mark | None]):
    """What decides about each leaf that was spoken about; nothing does about the others."""

    def __missing__(self, leaf: str) -> None:
        return None


class Rollup:
    """Keeps the watched rows, and how far each group has come with each container."""

    def __init__(
        self, catalog: Catalog, registers: Registers, tables: Tables, by_leaf_max: int
    ) -> None:
        self._catalog = catalog
        self._by_leaf_max = by_leaf_max
        self._registers = registers
        self.watermarks = tables.watermarks
        self.rows = tables.watched
        self._deciders: dict[str, Mark | None] = {}  # of the group at hand
        self._dates: dict[str, int] = {}

    def refresh(
        self,
        group: Group,
        leaves: Collection[str],
        touched: Collection[str],
        first_version: int,
    ) -> None:
        """Bring a group's rows up to date after its registers changed about some leaves.

        `touched` are the containers of which something was said for the first time by a cduid, at
        `first_version`.
        """
        if len(leaves) <= self._by_leaf_max:
            self._deciders = _Asked(self._registers, self._catalog, group)
        else:
            self._deciders = _Known(self._registers.deciders(self._catalog, group.cduids))
        before: dict[str, int] = {}
        for container in touched:
            self._touch(group, container, first_version, before)
        for leaf in leaves:
            self._advance(group, leaf, before)
        examined = dict.fromkeys(leaves)
        for container, date in before.items():
            if between := dict.fromkeys(self._between(group, container, date)):
                self._prefetch_between(group, between)
                examined.update(between)
        self._settle_rows(group, examined)

    def prefetch(self, groups: Sequence[Group]) -> None:
        """Load what deriving these groups takes."""
        cduids = [cduid for group in groups for cduid in group.cduids]
        self._registers.marks.prefetch_owners(cduids)
        self._registers.containers.prefetch_owners(cduids)
        self._registers.landmarks.prefetch_owners(cduids)
        self.watermarks.prefetch_owners(group.id for group in groups)
        self.rows.prefetch_owners(group.id for group in groups)

    def derive(self, group: Group) -> None:
        """Bring all of a group's rows up to date, whatever changed.

        A group without cduids loses them.
        """
        deciders = self._registers.deciders(self._catalog, group.cduids)
        self._deciders = _Known(deciders)
        containers = self._touched(group)
        for container in self.watermarks.all_of(group.id).keys() - containers.keys():
            self.watermarks.put(group.id, container, None)
        for container, first_version in containers.items():
            watermark = Watermark(first_version, self._scan(group, container, 0))
            if self.watermarks.get(group.id, container) != watermark:
                self.watermarks.put(group.id, container, watermark)
        rows = self.rows.all_of(group.id)
        self._settle_rows(group, rows.keys() | deciders.keys() | containers.keys())

    def _touched(self, group: Group) -> dict[str, int]:
        """The containers of which the group said anything, with the least version at which it did.

        That is said of what stands under them now, be it on another item of its work, on another
        container that it stood under, or where it stood before.
        """
        found: dict[str, int] = {}
        for leaf, version in self._registers.first_versions(self._catalog, group.cduids):
            for container, _ in self._catalog.above(leaf):
                found[container] = min(found.get(container, version), version)
        return found

    def _touch(
        self, group: Group, container: str, first_version: int, before: dict[str, int]
    ) -> None:
        known = self.watermarks.get(group.id, container)
        if known is not None and known.first_version <= first_version:
            return
        before.setdefault(container, self._date(group.id, container))
        through = self._scan(group, container, 0) if known is None else known.through
        self.watermarks.put(group.id, container, Watermark(first_version, through))

    def _is_watched(self, leaf: str) -> bool:
        decider = self._deciders[leaf]
        return decider is not None and decider.watched

    def _scan(self, group: Group, container: str, start: int) -> int:
        """`through`, knowing that every leaf up to version `start` is watched."""
        leaves = self._catalog.leaves(container)
        through, index = start, leaves.count_up_to(start)
        prefetched, chunk = index + 1, PREFETCH_FIRST  # most get no further than the first
        while index < len(leaves.items):
            version = leaves.versions[index]
            end = bisect_right(leaves.versions, version, lo=index)
            if end > prefetched:
                prefetched = max(end, index + chunk)
                self._prefetch(group, leaves.items[index:prefetched])
                chunk = min(2 * chunk, _PREFETCH_MAX)
            if not all(map(self._is_watched, leaves.items[index:end])):
                break
            through, index = version, end
        return through

    def _prefetch(self, group: Group, leaves: list[str]) -> None:
        self._registers.marks.prefetch((cduid, leaf) for cduid in group.cduids for leaf in leaves)

    def _advance(self, group: Group, leaf: str, before: dict[str, int]) -> None:
        """Let the watermarks above a leaf follow it, noting in `before` the dates that they had."""
        watched = self._is_watched(leaf)
        for container, since in self._catalog.above(leaf):
            watermark = self.watermarks.get(group.id, container)
            if watermark is None or watched == (since <= watermark.through):
                continue
            leaves = self._catalog.leaves(container)
            if not watched:
                through = leaves.newest_up_to(since - 1)
            elif since == leaves.first_after(watermark.through):
                through = self._scan(group, container, watermark.through)
            else:  # what stands in the way is unwatched as before, or its own turn comes
                continue
            if through != watermark.through:
                before.setdefault(container, self._date(group.id, container))
                self.watermarks.put(group.id, container, watermark._replace(through=through))

    def _date(self, group_id: str, container: str) -> int:
        """The version of which a row on the container would be true; 0 if there is none."""
        watermark = self.watermarks.get(group_id, container)
        if watermark is None or not watermark.through:
            return 0
        needed = self._catalog.leaves(container).newest_up_to(watermark.first_version)
        return watermark.through if watermark.through >= needed else 0

    def _between(self, group: Group, container: str, date_before: int) -> Iterator[str]:
        """What may have another row since the container's date changed.

        Itself, the leaves between both dates, and the containers between those leaves and itself.
        """
        date = self._date(group.id, container)
        if date == date_before:
            return
        yield container
        leaves = self._catalog.leaves(container)
        first, last = sorted((date, date_before))
        for leaf in leaves.items[leaves.count_up_to(first) : leaves.count_up_to(last)]:
            yield leaf
            for above, _ in self._catalog.above(leaf):
                if above == container:
                    break
                yield above

    def _prefetch_between(self, group: Group, items: Iterable[str]) -> None:
        leaves = [item for item in items if is_watchable(item)]
        above = {container for leaf in leaves for container, _ in self._catalog.above(leaf)}
        self._prefetch(group, leaves)
        self.watermarks.prefetch((group.id, container) for container in above)

    def _settle_rows(self, group: Group, items: Collection[str]) -> None:
        if len(items) > 1:
            self.rows.prefetch((group.id, item) for item in items)
        self._dates.clear()
        for item in items:
            version = self._row(group, item)
            if self.rows.get(group.id, item) != version:
                self.rows.put(group.id, item, version)

    def _row(self, group: Group, item: str) -> int | None:
        """The version of the row that an item should have; None if it should have none."""
        if not is_watchable(item):
            date = self._date(group.id, item)
            return date if date and not self._is_covered(group, item, date) else None
        if self._is_covered(group, item, 0):
            return None
        decider = self._deciders[item]
        return decider.catalog_version if decider is not None and decider.watched else None

    def _is_covered(self, group: Group, item: str, date: int) -> bool:
        """Whether a container above says all that a row of that date on the item would."""
        dates = self._dates
        for container, since in self._catalog.above(item):
            settled = dates.get(container)
            if settled is None:
                settled = dates[container] = self._date(group.id, container)
            if settled >= since and settled >= date:
                return True
        return False
