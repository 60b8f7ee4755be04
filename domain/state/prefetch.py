"""Prefetching: what a page of events will ask for, loaded in a few queries, not one by one.

Only a matter of speed: what is missing here is loaded when it is asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from domain.catalog import Catalog, Leaves
from domain.directory import Directory
from domain.events import ActivityFact, ItemPlaced, ProgressReported, Recorded
from domain.items import is_watchable
from domain.policy import Policy
from domain.rollup import PREFETCH_FIRST
from domain.state.cached_table import Key
from domain.state.tables import Tables, Watermark


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
    said = _said(page, policy)
    _prefetch_own(said, directory, tables)
    spoken = list(_spoken_in_groups(said, directory, tables))
    _prefetch_groups(spoken, directory, tables, by_leaf_max)
    _prefetch_next(spoken, directory, tables)
    tables.progress.prefetch_owners(cduid for cduid, item in said if not is_watchable(item))
    tables.unplaced.prefetch_owners(
        recorded.event.item for recorded in page if isinstance(recorded.event, ItemPlaced)
    )


class _Spoken(NamedTuple):
    """A watch group in which something was said on an item that its roll-up may change by."""

    group: str
    members: tuple[str, ...]
    item: str


def _prefetch_own(said: Iterable[Key], directory: Directory, tables: Tables) -> None:
    """What is kept by the very device user that spoke."""
    catalog = directory.catalog
    own = [key for key in said if is_watchable(key[1])]
    for table in (tables.marks, tables.progress, tables.completions, tables.watch_counts):
        table.prefetch(own)
    tables.containers.prefetch(
        (cduid, container) for cduid, item in said for container in _around(catalog, item)
    )


def _spoken_in_groups(
    said: Mapping[Key, bool], directory: Directory, tables: Tables
) -> Iterator[_Spoken]:
    """What was said, for each group that merges it; own registers must have been loaded."""
    containers = tables.containers
    for (cduid, item), decides in said.items():
        if cduid not in directory.device_users:  # it is registered only later in the page
            continue
        if decides or any(
            containers.get(cduid, container) is None
            for container in directory.catalog.touched_by(item)
        ):
            for group, members in directory.groups_seeing(cduid):
                yield _Spoken(group, members, item)


def _prefetch_groups(
    spoken: Sequence[_Spoken], directory: Directory, tables: Tables, by_leaf_max: int
) -> None:
    """What is kept by watch group, and what their members said about the same."""
    catalog = directory.catalog
    marks: set[Key] = set()
    containers: set[Key] = set()
    watermarks: set[Key] = set()
    rows: set[Key] = set()
    marked: dict[str, tuple[str, ...]] = {}
    for group, members, item in spoken:
        around, leaves = _around(catalog, item), catalog.leaves_at(item)
        watermarks.update((group, container) for container in around)
        rows.update((group, container) for container in around)
        containers.update((member, container) for member in members for container in around)
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


def _prefetch_next(spoken: Sequence[_Spoken], directory: Directory, tables: Tables) -> None:
    """The leaves on which watermarks will stop: groups' watermarks must have been loaded."""
    catalog = directory.catalog
    marks: set[Key] = set()
    containers: set[Key] = set()
    for group, members, item in spoken:
        for container in catalog.touched_by(item) if item in catalog else ():
            watermark = tables.watermarks.get(group, container)
            for leaf in _next_leaves(catalog.leaves(container), watermark, item):
                marks.update((member, leaf) for member in members)
                containers.update(
                    (member, each) for member in members for each in catalog.spans(leaf)
                )
    tables.marks.prefetch(marks)
    tables.containers.prefetch(containers)


def _next_leaves(leaves: Leaves, watermark: Watermark | None, item: str) -> list[str]:
    """What a watermark looks at: its first leaf when it begins, the next ones when it gets on."""
    start = leaves.count_up_to(watermark.through) if watermark is not None else 0
    if item in leaves.items[start : start + 1] or not is_watchable(item):
        return leaves.items[start : start + 1 + PREFETCH_FIRST]
    return leaves.items[:1] if watermark is None else []


def _around(catalog: Catalog, item: str) -> set[str]:
    """The containers that something said on an item touches or may be overruled by."""
    return {*catalog.touched_by(item), *catalog.spans(item)}


def _said(page: Sequence[Recorded], policy: Policy) -> dict[Key, bool]:
    """By (cduid, item), whether anything was said that may decide (rule 10)."""
    said: dict[Key, bool] = {}
    for recorded in page:
        event = recorded.event
        if not isinstance(event, ActivityFact):
            continue
        key = recorded.stream[6:], event.item
        decides = not isinstance(event, ProgressReported) or policy.is_complete(event)
        said[key] = said.get(key, False) or decides
    return said
