"""Which items an event touches, for whoever shows them: the item, what is above it, and below.

Activity touches the item that it is on, all items of its work, and the containers above these,
whose counts may be others now; on a container all that stands under it. An event of the catalog
touches its item and what is above, and what is below where that comes, goes or moves with it.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple, assert_never

from domain.access import Access
from domain.catalog import Catalog
from domain.events import (
    CatalogEvent,
    ItemDescribed,
    ItemHidden,
    ItemLinked,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
    ItemUnlinked,
)
from domain.items import is_watchable

ITEMS_MAX = 500
"""So many items are named; whoever is told that there are more asks for everything anew."""


class Sight(NamedTuple):
    """What somebody may be told of, by their limits; None is the admin, who is told everything.

    `before` is the catalog as it was when all was told last, None where nobody remembers it.
    """

    catalog: Catalog
    before: Catalog | None
    access: Access | None

    @property
    def is_limited(self) -> bool:
        return self.access is not None and self.access.is_limited

    def shows(self, item: str) -> bool:
        return self.access is None or self.access.sees(self.catalog, item)

    def lets_through(self, item: str) -> bool:
        """Whether it may be shown, hidden or not."""
        return self.access is None or self.access.may_see(self.catalog, item)

    def has_lost(self, item: str) -> bool:
        """Whether it was shown, as far as anybody knows, and isn't any more."""
        if self.access is None or self.access.sees(self.catalog, item):
            return False
        return self.before is None or self.access.sees(self.before, item)


class TouchedItems:
    """Items in the order in which they were touched, as far as somebody may be told of them."""

    def __init__(self) -> None:
        self._items: dict[str, None] = {}
        self.is_full = False
        self.is_more = False

    @property
    def items(self) -> list[str]:
        return list(self._items)

    def __bool__(self) -> bool:
        return bool(self._items) or self.is_more

    def update(self, other: "TouchedItems") -> None:
        """Adds all of another's."""
        self.add(other.items, lambda _: True)
        self.is_more |= other.is_more

    def add(self, items: Iterable[str], is_told: Callable[[str], bool]) -> None:
        """Adds those that are told; once there is no more room, says that there are more."""
        if self.is_full:
            return
        for item in items:
            if item in self._items or not is_told(item):
                continue
            if len(self._items) == ITEMS_MAX:
                self.is_full = self.is_more = True
                return
            self._items[item] = None


def touched_by_activity(catalog: Catalog, item: str) -> Iterator[str]:
    """What something said on an item touches: what is above first, so that no cut leaves it out."""
    yield from _with_above(catalog, item)
    if item not in catalog:
        return
    for leaf in [item] if is_watchable(item) else _under(catalog, item):
        yield leaf
        for other in catalog.work(leaf):
            if other != leaf:
                yield from _with_above(catalog, other)


def _with_above(catalog: Catalog, item: str) -> Iterator[str]:
    yield item
    yield from (container for container, _ in catalog.above(item))


def _under(catalog: Catalog, item: str) -> Iterator[str]:
    return iter(()) if is_watchable(item) else catalog.tree(item)


def add_catalog_event(
    touched: TouchedItems, sight: Sight, event: CatalogEvent, version: int
) -> None:
    """Adds what an event of the catalog touches.

    What is hidden now is named nevertheless, since it was shown. What the limits withhold by now
    isn't named; that something is gone is said.
    """
    catalog, item = sight.catalog, event.item
    is_moved_or_described = isinstance(event, ItemMoved | ItemDescribed)
    if not sight.lets_through(item):
        touched.is_more |= is_moved_or_described and sight.has_lost(item)
        return
    match event:
        case ItemHidden() | ItemMoved():
            touched.add(_with_above(catalog, item), sight.lets_through)
            touched.add(_above_before(catalog, item, version), sight.lets_through)
            touched.add(_under(catalog, item), sight.lets_through)
        case ItemRestored():
            touched.add(_with_above(catalog, item), sight.shows)
            touched.add(_under(catalog, item), sight.shows)
        case ItemPlaced():
            touched.add(_with_above(catalog, item), sight.shows)
        case ItemDescribed():
            touched.add(_with_above(catalog, item), sight.shows)
            if sight.is_limited:  # what stands below has its tags, too
                touched.add(_under(catalog, item), sight.shows)
        case ItemLinked():
            touched.add(touched_by_activity(catalog, item), sight.shows)
        case ItemUnlinked():
            touched.add(_with_above(catalog, item), sight.shows)
            # Nothing says any more what it was one work with.
            touched.is_more |= sight.shows(item)
        case _:
            assert_never(event)
    if sight.is_limited and is_moved_or_described:
        touched.is_more |= any(map(sight.has_lost, (item, *_under(catalog, item))))


def _above_before(catalog: Catalog, item: str, version: int) -> Iterator[str]:
    """What stands above the place that an item left at a version."""
    for (_, parent), (since, _) in pairwise(catalog.nodes[item].places):
        if since == version and parent is not None:
            yield from _with_above(catalog, parent)
