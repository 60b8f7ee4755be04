"""Which keys a page of events will ask for, loaded in a few queries instead of one by one.

Only a matter of speed: what is missing here is loaded when it is asked for.
"""

from collections.abc import Sequence

from domain.directory import Directory
from domain.events import (
    ItemPlaced,
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    Recorded,
)
from domain.items import is_watchable
from domain.keyed import Key
from domain.registers import Policy
from domain.tables import Tables


def prefetch(
    page: Sequence[Recorded], directory: Directory, policy: Policy, tables: Tables
) -> None:
    """Load into `tables` what folding the page is going to read."""
    catalog = directory.catalog
    said = _said(page, policy)
    own = [(cduid, item) for cduid, item in said if is_watchable(item)]
    marks: set[Key] = set(own)
    containers: set[Key] = set()
    tallies: set[Key] = set()
    rows: set[Key] = set()
    for (cduid, item), decides in said.items():
        above = {*catalog.touched_by(item), *catalog.spans(item)}
        containers.update((cduid, container) for container in above)
        for group, members in _groups(directory, cduid) if decides else ():
            tallies.update((group, container) for container in above)
            rows.update((group, container) for container in above)
            containers.update((member, container) for member in members for container in above)
            leaves = catalog.leaves_at(item)
            marks.update((member, leaf) for member in members for leaf in leaves)
            rows.update((group, leaf) for leaf in leaves)
    tables.marks.prefetch(marks)
    tables.containers.prefetch(containers)
    tables.tallies.prefetch(tallies)
    tables.watched.prefetch(rows)
    for table in (tables.progress, tables.completions, tables.watch_counts):
        table.prefetch(own)
    tables.progress.prefetch_owners(cduid for cduid, item in said if not is_watchable(item))
    tables.unplaced.prefetch_owners(
        recorded.event.item for recorded in page if isinstance(recorded.event, ItemPlaced)
    )


def _said(page: Sequence[Recorded], policy: Policy) -> dict[tuple[str, str], bool]:
    """By (cduid, item), whether anything was said that may decide (rule 10)."""
    said: dict[tuple[str, str], bool] = {}
    for recorded in page:
        event = recorded.event
        if not isinstance(event, ItemWatched | ItemUnwatched | ProgressReported):
            continue
        key = recorded.stream[6:], event.item
        decides = not isinstance(event, ProgressReported) or policy.is_complete(event)
        said[key] = said.get(key, False) or decides
    return said


def _groups(directory: Directory, cduid: str) -> list[tuple[str, tuple[str, ...]]]:
    """The groups that see `cduid`; none if it is registered only later in the page."""
    return directory.groups_seeing(cduid) if cduid in directory.device_users else []
