"""Prefetching: what a page of events will ask for, loaded in a few queries, not one by one.

Only a matter of speed: what is missing here is loaded when it is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from domain.catalog import Catalog, Leaves
from domain.claims import MARKS, claim
from domain.directory import Directory
from domain.events import ItemPlaced, ProgressReported, Recorded, SpokenFact
from domain.items import is_watchable
from domain.policy import Policy
from domain.rollup import PREFETCH_FIRST
from domain.state.cached_table import Key
from domain.state.tables import Tables


def prefetch(
    page: Sequence[Recorded],
    directory: Directory,
    policy: Policy,
    tables: Tables,
    by_leaf_max: int,
) -> None:
    """Load into `tables` what folding the page is going to read.

    What is said on more than `by_leaf_max` leaves at once asks for all that a group has.
    """
    said = _said(page, policy, directory.catalog)
    tables.retractions.prefetch_owners(
        dict.fromkeys(recorded.stream[6:] for recorded in page if recorded.submission_id)
    )
    _prefetch_own(said, directory.catalog, tables)
    spoken = list(_spoken_in_groups(said, directory, tables))
    _prefetch_groups(spoken, directory.catalog, tables, by_leaf_max)
    _prefetch_next(spoken, directory.catalog, tables)
    tables.progress.prefetch_owners(cduid for cduid, item in said if not is_watchable(item))
    tables.unplaced.prefetch_owners(
        recorded.event.item for recorded in page if isinstance(recorded.event, ItemPlaced)
    )


class _Spoken(NamedTuple):
    """A watch group in which something was said on an item that its roll-up may change by."""

    group: str
    members: tuple[str, ...]
    item: str


def _prefetch_own(said: Mapping[Key, bool], catalog: Catalog, tables: Tables) -> None:
    """What is kept by the very device user that spoke."""
    own = [
        (cduid, each) for cduid, item in said if is_watchable(item) for each in catalog.work(item)
    ]
    for table in (tables.marks, tables.progress, tables.landmarks):
        table.prefetch(own)
    decided = [
        (cduid, each)
        for (cduid, item), decides in said.items()
        if decides and is_watchable(item)
        for each in catalog.work(item)
    ]
    tables.completions.prefetch(decided)
    tables.watch_counts.prefetch(decided)
    tables.containers.prefetch(
        (cduid, container) for cduid, item in said for container in _over(catalog, item)
    )


def _spoken_in_groups(
    said: Mapping[Key, bool], directory: Directory, tables: Tables
) -> Iterator[_Spoken]:
    """What was said that may decide, or is the first of an item, for each group that merges it.

    Landmarks must have been loaded.
    """
    for (cduid, item), decides in said.items():
        if cduid not in directory.device_users:  # it is registered only later in the page
            continue
        if decides or tables.landmarks.get(cduid, item) is None:
            for group, members in directory.groups_seeing(cduid):
                yield _Spoken(group, members, item)


def _prefetch_groups(
    spoken: Sequence[_Spoken], catalog: Catalog, tables: Tables, by_leaf_max: int
) -> None:
    """What is kept by watch group, and what their members said about the same."""
    marks: set[Key] = set()
    containers: set[Key] = set()
    watermarks: set[Key] = set()
    rows: set[Key] = set()
    marked: dict[str, tuple[str, ...]] = {}
    for group, members, item in spoken:
        around, leaves = _around(catalog, item), catalog.with_works(catalog.leaves_at(item))
        watermarks.update((group, container) for container in around)
        rows.update((group, container) for container in around)
        over = around | _over(catalog, item)
        containers.update((member, container) for member in members for container in over)
        if len(leaves) > by_leaf_max:
            marked[group] = members
            continue
        rows.update((group, leaf) for leaf in leaves)
        marks.update((member, leaf) for member in members for leaf in leaves)
    marking = [member for members in marked.values() for member in members]
    tables.watched.prefetch_owners(marked)
    tables.marks.prefetch_owners(marking)
    tables.containers.prefetch_owners(marking)
    tables.marks.prefetch(marks)
    tables.containers.prefetch(containers)
    tables.watermarks.prefetch(watermarks)
    tables.watched.prefetch(rows)


def _prefetch_next(spoken: Sequence[_Spoken], catalog: Catalog, tables: Tables) -> None:
    """The leaves on which watermarks will stop: groups' watermarks must have been loaded."""
    marks: set[Key] = set()
    containers: set[Key] = set()
    stops = {
        (group, container): members
        for group, members, item in spoken
        for container in _around(catalog, item)
    }
    for (group, container), members in stops.items():
        watermark = tables.watermarks.get(group, container)
        through = watermark.through if watermark is not None else 0
        leaves = catalog.with_works(_next_leaves(catalog.leaves(container), through))
        over = {above for leaf in leaves for above in catalog.spans(leaf)}
        marks.update((member, leaf) for member in members for leaf in leaves)
        containers.update((member, above) for member in members for above in over)
    tables.marks.prefetch(marks)
    tables.containers.prefetch(containers)


def _next_leaves(leaves: Leaves, through: int) -> list[str]:
    """What is looked at when a watermark gets on."""
    start = leaves.count_up_to(through)
    return leaves.items[start : start + 1 + PREFETCH_FIRST]


def _over(catalog: Catalog, item: str) -> set[str]:
    """The containers on which something may have been said about an item or its work."""
    over = {container for each in catalog.work(item) for container in catalog.spans(each)}
    return over if is_watchable(item) else over | {item}


def _around(catalog: Catalog, item: str) -> set[str]:
    """The containers that stand at, above and below an item, and above the others of its work."""
    around = {container for each in catalog.work(item) for container, _ in catalog.above(each)}
    if is_watchable(item) or item not in catalog:
        return around
    return {*around, item, *catalog.containers_under(item)}


def _said(page: Sequence[Recorded], policy: Policy, catalog: Catalog) -> dict[Key, bool]:
    """By (cduid, item), whether anything was said that may decide (rule 10)."""
    said: dict[Key, bool] = {}
    for recorded in page:
        event = recorded.event
        if isinstance(event, SpokenFact):
            key = recorded.stream[6:], event.item
            said[key] = said.get(key, False) or _decides(policy, catalog, recorded, event)
    return said


def _decides(policy: Policy, catalog: Catalog, recorded: Recorded, event: SpokenFact) -> bool:
    if not isinstance(event, ProgressReported):
        return True
    return claim(policy, catalog, recorded, event).says in MARKS
