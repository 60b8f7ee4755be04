"""What a viewer has played, newest first, a page at a time however long the life (rule 13)."""

from collections.abc import Iterator
from itertools import chain

from sqlalchemy import Connection

from domain.plays import ItemCompletion, openings_newest_first
from domain.viewer import Play, Viewer
from projections.plays import completions_newest_first

_LEAVES_BY_KEY_MAX = 500
"""Of items with more under them, everything that was played is looked through instead."""

Moment = tuple[int, int]
"""An instant in microseconds and a position: a place in rule 2's order."""


def plays(
    viewer: Viewer, item: str | None, before: Moment | None, connection: Connection | None
) -> Iterator[Play]:
    """The plays of an item, of what is under it, or of everything, newest first.

    `connection` is there if the viewer's tables are those of the database it sees; one that looks
    back has all of its own in memory.
    """
    leaves = None if item is None else viewer.leaves(item)
    if leaves is not None and len(leaves) <= _LEAVES_BY_KEY_MAX:
        return _behind(before, _of_leaves(viewer, leaves))
    if connection is not None:
        completions = completions_newest_first(connection, viewer.cduids, before)
    else:
        completions = iter(sorted(_in_memory(viewer, before), reverse=True))
    wanted = None if leaves is None else set(leaves)
    return _opened(viewer, completions, wanted)


def _of_leaves(viewer: Viewer, leaves: list[str]) -> Iterator[Play]:
    viewer.tables.completions.prefetch((cduid, leaf) for cduid in viewer.cduids for leaf in leaves)
    found = chain.from_iterable(viewer.plays(leaf) for leaf in leaves)
    return iter(sorted(found, reverse=True))


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
    def is_shown(item: str) -> bool:
        return viewer.sees(item) if wanted is None else item in wanted

    nodes = viewer.catalog.nodes
    shown = (found for found in completions if is_shown(found.item))
    for (at_us, position, _), item, cduid in openings_newest_first(
        shown, lambda item: nodes[item].details.runtime_seconds
    ):
        yield Play(at_us, position, item, cduid)
