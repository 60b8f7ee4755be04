"""The Watched rows: rules 16 and 17 stated directly, and `domain/rollup.py`'s function worked out.

The two are independent of each other: any rows may be held against the first, while the second
says which rows a ledger has where the rules leave a choice (rule 19).
"""

from collections.abc import Collection

from domain.events import Recorded
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
    for container in touched(reference, group):
        _check_rolled_up(reference, group, rows, container)


def covers(reference: Reference, row: Row, item: str) -> bool:
    """Rule 16: no placement between the two is newer than the row."""
    container, version = row
    catalog = reference.catalog
    if container == item:
        return True
    under = catalog.stands_under(item, container)
    return under and max(catalog.placements(item, container)) <= version


def touched(reference: Reference, group: frozenset[str]) -> set[str]:
    """The containers that an event of the group was on, or below, or above (rule 17)."""
    return {
        container
        for container in reference.catalog.items
        if not is_watchable(container) and base(reference, group, container) is not None
    }


def base(reference: Reference, group: frozenset[str], container: str) -> int | None:
    """The version at which the group first said anything at, above or under a container."""
    versions = (
        r.catalog_version
        for r in reference.log
        if r.cduid in group and reference.claim(r) and _touches(reference, r, container)
    )
    return min(versions, default=None)


def _touches(reference: Reference, recorded: Recorded, container: str) -> bool:
    item = item_of(recorded)
    assert item is not None
    at_the_time = reference.catalog_at(recorded.catalog_version)
    return container in at_the_time.path(item) or item in at_the_time.path(container)


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
        for container in touched(reference, group)
        if (date := _date(reference, group, container)) is not None
    }
    containers = {(x, date) for x, date in dates.items() if not _covered(reference, dates, x, date)}
    leaves = {
        (leaf, reference.marks(group, leaf)[0].catalog_version)
        for leaf in reference.spoken(group)
        if reference.is_watched(group, leaf) and not _covered(reference, dates, leaf, 0)
    }
    return containers | leaves


def _date(reference: Reference, group: frozenset[str], container: str) -> int | None:
    """The newest placement older than any unwatched leaf's, if all up to the base is watched."""
    since = {
        leaf: max(reference.catalog.placements(leaf, container))
        for leaf in reference.catalog.leaves(container)
    }
    unwatched = [v for leaf, v in since.items() if not reference.is_watched(group, leaf)]
    first_said = base(reference, group, container)
    if first_said is None or any(v <= first_said for v in unwatched):
        return None
    return max((v for v in since.values() if all(v < u for u in unwatched)), default=None)


def _covered(reference: Reference, dates: dict[str, int], item: str, date: int) -> bool:
    """Whether a container above the item has a date that makes the item's own (or it) needless."""
    return any(
        dates[above] >= date and covers(reference, (above, dates[above]), item)
        for above in reference.catalog.path(item)[1:]
        if above in dates
    )
