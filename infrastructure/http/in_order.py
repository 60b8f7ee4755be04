"""The catalog a page at a time: in its order, from wherever the page before ended.

A cursor holds the place in the order, not the item, which may have moved or been edited since.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

from pydantic import Field, TypeAdapter

from domain.catalog import Catalog
from domain.items import Kind, is_watchable, kind_of


class Step(NamedTuple):
    """An item's place among its siblings. Only at the top are there several kinds."""

    order: int
    key: str
    kind: Kind


_DEPTH_MAX = 4
Path = Annotated[tuple[Step, ...], Field(min_length=1, max_length=_DEPTH_MAX)]
"""The steps from the top down to an item; paths compare as the items are listed."""

PATH: TypeAdapter[tuple[Step, ...]] = TypeAdapter(Path)


def path_of(catalog: Catalog, item: str) -> Path:
    """Where an item stands in the order."""
    above = [container for container, _ in catalog.above(item)]
    return tuple(_step(catalog, each) for each in (*reversed(above), item))


def listed(catalog: Catalog, parent: str | None, after: Path | None) -> Iterator[str]:
    """The children of a parent in order, or everything, parents first; what comes after a path."""
    if parent is None:
        return _tree(catalog, None, after or ())
    children = _children(catalog, parent)
    return iter(children[_past(catalog, children, after[-1]) :] if after else children)


def _tree(catalog: Catalog, parent: str | None, after: Sequence[Step]) -> Iterator[str]:
    """Everything under a parent that comes after a path, which begins there."""
    children = _children(catalog, parent)
    start = 0
    if after:
        start = _past(catalog, children, after[0])
        last = children[start - 1] if start else None
        if last is not None and _step(catalog, last) == after[0]:
            yield from _under(catalog, last, after[1:])
    for item in children[start:]:
        yield item
        yield from _under(catalog, item, ())


def _under(catalog: Catalog, item: str, after: Sequence[Step]) -> Iterator[str]:
    return iter(()) if is_watchable(item) else _tree(catalog, item, after)


def _children(catalog: Catalog, parent: str | None) -> list[str]:
    children = catalog.children(parent)
    if parent is not None:
        return children
    return sorted(children, key=lambda root: _step(catalog, root))


def _past(catalog: Catalog, children: list[str], step: Step) -> int:
    """How many of the children come up to a place and no later."""
    return bisect_right(children, step, key=lambda child: _step(catalog, child))


def _step(catalog: Catalog, item: str) -> Step:
    return Step(*catalog.sibling_order(item), kind_of(item))
