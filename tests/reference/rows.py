"""The Watched rows: rules 16 and 17 stated directly, and `domain/rollup.py`'s function worked out.

The two are independent of each other: any rows may be held against the first, while the second
says which rows a ledger has where the rules leave a choice (rule 19).
"""

from collections.abc import Collection
from itertools import filterfalse

from domain.events import SPOKEN, ItemWatched, ProgressReported, Recorded
from domain.items import is_watchable
from tests.reference.facts import item_of
from tests.reference.model import Reference

Row = tuple[str, int]
"""Item and catalog version."""


def check_rows(reference: Reference, group: frozenset[str], rows: Collection[Row]) -> None:
    """Raises AssertionError for rows of a watch group that break rule 16 or 17."""
    assert len(rows) == len(set(rows)), f"a row stands twice: {sorted(rows)}"
    catalog = reference.catalog
    for leaf in {*filter(is_watchable, catalog.items), *reference.spoken(group), *_leaf_rows(rows)}:
        _check_covered_if_watched(reference, group, rows, leaf)
    for container in filterfalse(is_watchable, catalog.items):
        _check_rolled_up(reference, group, rows, container)


def covers(reference: Reference, row: Row, item: str) -> bool:
    """Rule 16: no placement between the two is newer than the row."""
    container, version = row
    catalog = reference.catalog
    if container == item:
        return True
    under = catalog.stands_under(item, container)
    return under and max(catalog.placements(item, container)) <= version


def _leaf_rows(rows: Collection[Row]) -> set[str]:
    return {item for item, _ in rows if is_watchable(item)}


def _check_covered_if_watched(
    reference: Reference, group: frozenset[str], rows: Collection[Row], leaf: str
) -> None:
    covering = [row for row in rows if covers(reference, row, leaf)]
    if reference.is_watched(group, leaf):
        assert covering, f"rule 16: {leaf} is watched, but no row covers it: {sorted(rows)}"
    else:
        assert not covering, f"rule 16: {leaf} isn't watched, but covered by {covering}"


def _check_rolled_up(
    reference: Reference, group: frozenset[str], rows: Collection[Row], container: str
) -> None:
    leaves = reference.catalog.leaves(container)
    if not leaves or not all(reference.is_watched(group, leaf) for leaf in leaves):
        return
    above = [row for row in rows if row[0] in reference.catalog.path(container)]
    covering = [row for row in above if all(covers(reference, row, leaf) for leaf in leaves)]
    assert covering, f"rule 17: all under {container} is watched, but no one row says so: {above}"
    below = [row for row in rows if reference.catalog.stands_under(row[0], container)]
    assert not below, f"rule 17: {container} is covered by {covering}, and yet there are {below}"


def rolled_up(reference: Reference, group: frozenset[str]) -> set[Row]:
    """All rows of a watch group, as a pure function of the ledger, as `domain/rollup.py` says."""
    dates = {
        container: date
        for container in filterfalse(is_watchable, reference.catalog.items)
        if (date := _date(reference, group, container)) is not None
    }
    containers = {(x, date) for x, date in dates.items() if not _covered(reference, dates, x, date)}
    leaves = {
        (leaf, _decided_version(reference, group, leaf))
        for leaf in reference.spoken(group)
        if reference.is_watched(group, leaf) and not _covered(reference, dates, leaf, 0)
    }
    return containers | leaves


def first_version(reference: Reference, group: frozenset[str], container: str) -> int | None:
    """The least version at which the group said anything of what stands under a container now.

    What stands there may have been meant by an event on another container, or on another item of
    its work; an unwatch of an item alone says nothing here. Marks of one device user on one
    container all count from the first of them.
    """
    leaves = set(reference.catalog.leaves(container))
    marks: dict[tuple[str | None, str], list[Recorded]] = {}
    versions: list[int] = []
    for r in reference.said:
        item = item_of(r)
        if r.cduid not in group or item is None or not isinstance(r.event, SPOKEN):
            continue
        if not is_watchable(item):
            if item in reference.catalog_at(r.catalog_version).items:
                marks.setdefault((r.cduid, item), []).append(r)
        elif _says_more_than_unwatched(reference, r) and not leaves.isdisjoint(reference.about(r)):
            versions.append(r.catalog_version)
    versions += [
        min(r.catalog_version for r in said)
        for said in marks.values()
        if any(not leaves.isdisjoint(reference.about(r)) for r in said)
    ]
    return min(versions, default=None)


def _says_more_than_unwatched(reference: Reference, recorded: Recorded) -> bool:
    event = recorded.event
    if isinstance(event, ProgressReported):
        return reference.is_tracked(recorded)
    return isinstance(event, ItemWatched)


def _date(reference: Reference, group: frozenset[str], container: str) -> int | None:
    """The newest placement older than any unwatched leaf's, if all up to the first is watched."""
    first_said = first_version(reference, group, container)
    if first_said is None:
        return None
    since = {
        leaf: max(reference.catalog.placements(leaf, container))
        for leaf in reference.catalog.leaves(container)
    }
    unwatched = [v for leaf, v in since.items() if not reference.is_watched(group, leaf)]
    if any(v <= first_said for v in unwatched):
        return None
    return max((v for v in since.values() if all(v < u for u in unwatched)), default=None)


def _decided_version(reference: Reference, group: frozenset[str], leaf: str) -> int:
    """The version that what decides a leaf means, if it is on a container, else was recorded at."""
    decider = reference.marks(group, leaf)[0]
    if is_watchable(item_of(decider) or ""):
        return decider.catalog_version
    return reference.meant_version(decider)


def _covered(reference: Reference, dates: dict[str, int], item: str, date: int) -> bool:
    """Whether a container above the item has a date that makes the item's own (or it) needless."""
    return any(
        dates[above] >= date and covers(reference, (above, dates[above]), item)
        for above in reference.catalog.path(item)[1:]
        if above in dates
    )
