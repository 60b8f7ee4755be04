"""What a viewer has played, newest first, a page at a time however long the life (rule 13)."""

from collections.abc import Iterator
from itertools import chain, islice

from sqlalchemy import Connection

from domain.plays import ItemCompletion
from domain.viewer import Moment, Play, Viewer
from projections.plays import completions_newest_first

_LEAVES_BY_KEY_MAX = 500
"""Of items with more under them, everything that was played is looked through instead."""
_CHUNK = 250


def plays(
    viewer: Viewer, item: str | None, before: Moment | None, connection: Connection | None
) -> Iterator[Play]:
    """The plays of an item, of what is under it, or of everything, newest first.

    Hidden items are among them (rule 5). `connection` is there if the viewer's tables are those of
    the database it sees; one that looks back has all of its own in memory.
    """
    leaves = None if item is None else list(filter(viewer.may_see, viewer.catalog.leaves_at(item)))
    if leaves is not None and len(leaves) <= _LEAVES_BY_KEY_MAX:
        return _behind(before, _of_leaves(viewer, leaves))
    if connection is not None:
        completions = completions_newest_first(connection, viewer.cduids, before)
    else:
        completions = iter(sorted(_in_memory(viewer, before), reverse=True))
    wanted = None if leaves is None else set(leaves)
    return _opened(viewer, completions, wanted)


def _of_leaves(viewer: Viewer, leaves: list[str]) -> Iterator[Play]:
    viewer.prefetch_completions(leaves)
    found = chain.from_iterable(viewer.plays(leaf) for leaf in leaves)
    return iter(sorted(set(found), reverse=True))


def _behind(before: Moment | None, found: Iterator[Play]) -> Iterator[Play]:
    return (play for play in found if before is None or play[:2] < before)


def _in_memory(viewer: Viewer, before: Moment | None) -> Iterator[ItemCompletion]:
    for cduid in viewer.cduids:
        for item, completions in viewer.tables.completions.all_of(cduid).items():
            for completion in completions:
                if before is None or completion[:2] < before:
                    yield ItemCompletion(completion, item, cduid)


def _opened(
    viewer: Viewer, completions: Iterator[ItemCompletion], wanted: set[str] | None
) -> Iterator[Play]:
    """Those that open a play of what is wanted, None being all that the viewer may see.

    Whether one does depends on all before it, so the completions of its work are looked at, once.
    """
    positions: dict[str, dict[int, Play]] = {}
    while chunk := list(islice(completions, _CHUNK)):
        viewer.prefetch_completions(found.item for found in chunk)
        for completion, item, _ in chunk:
            if item not in positions:
                opened = {play.position: play for play in viewer.plays_of_work(item)}
                for each in viewer.catalog.work(item):
                    positions[each] = opened
            play = positions[item].get(completion.position)
            if play is not None and _is_shown(viewer, item, wanted):
                yield play


def _is_shown(viewer: Viewer, item: str, wanted: set[str] | None) -> bool:
    work = viewer.catalog.work(item)
    if wanted is None:
        return any(map(viewer.may_see, work))
    return any(each in wanted for each in work)
