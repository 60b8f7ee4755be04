"""The orders in which a viewer's items are listed, each from wherever the page before ended.

Every order is a total one, and a cursor holds the place in it. What the catalog alone says is put
in order once for each of its versions; what the viewer played, as long as nothing is said anew.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Annotated, Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from pydantic import StringConstraints, TypeAdapter

from domain.catalog import Catalog
from domain.items import ItemId
from domain.titles import folded
from domain.viewer import Viewer
from infrastructure.http.in_order import Path, listed, path_of
from infrastructure.http.paging import Place

_TITLE_MAX = 200
"""As much of a title as a cursor has room for; items whose titles begin alike follow by name."""

_PLAYED = "played_in_order"


class Sort(StrEnum):
    """`placed` and `last_played` have the newest first, and then what was never played."""

    ORDER = "order"
    TITLE = "title"
    PLACED = "placed"
    LAST_PLAYED = "last_played"


class TitlePlace(NamedTuple):
    title: Annotated[str, StringConstraints(max_length=_TITLE_MAX)]
    item: ItemId


class TimePlace(NamedTuple):
    """The newest is the first: a version or an instant, less than zero."""

    age: Place
    item: ItemId


PLACES: dict[Sort, TypeAdapter[Any]] = {
    Sort.ORDER: TypeAdapter(Path),
    Sort.TITLE: TypeAdapter(TitlePlace),
    Sort.PLACED: TypeAdapter(TimePlace),
    Sort.LAST_PLAYED: TypeAdapter(TimePlace | Path),
}
"""What a cursor of each order holds."""


class Listing(Protocol):
    """Items in an order: those behind a place in it, and the place of each."""

    def behind(self, place: Any) -> Iterator[str]: ...
    def place_of(self, item: str) -> Any: ...


def listing(viewer: Viewer, sort: Sort, parent: str | None) -> Listing:
    """The children of a parent, or everything, seen or not, in an order."""
    if sort is Sort.ORDER:
        return _InCatalogOrder(viewer.catalog, parent)
    if sort is Sort.LAST_PLAYED:
        return _ByLastPlayed(viewer, parent)
    return _ByKey(viewer.catalog, sort, parent)


class _InCatalogOrder:
    def __init__(self, catalog: Catalog, parent: str | None) -> None:
        self._catalog = catalog
        self._parent = parent

    def behind(self, place: Any) -> Iterator[str]:
        return listed(self._catalog, self._parent, place)

    def place_of(self, item: str) -> Any:
        return path_of(self._catalog, item)


class _ByKey:
    def __init__(self, catalog: Catalog, sort: Sort, parent: str | None) -> None:
        self._key = _orders(catalog).key(sort)
        self._places = _orders(catalog).in_order(catalog, sort, parent)

    def behind(self, place: Any) -> Iterator[str]:
        start = 0 if place is None else bisect_right(self._places, place)
        return (self._places[number][1] for number in range(start, len(self._places)))

    def place_of(self, item: str) -> Any:
        return self._key(item)


class _ByLastPlayed:
    def __init__(self, viewer: Viewer, parent: str | None) -> None:
        self._viewer = viewer
        self._never = _InCatalogOrder(viewer.catalog, parent)
        self._parent = parent
        self._places: dict[str, TimePlace] = viewer.remember(_PLAYED, lambda: _played(viewer))

    def behind(self, place: Any) -> Iterator[str]:
        is_played = place is None or isinstance(place, TimePlace)
        played = self._played(place) if is_played else ()
        never = self._never.behind(None if is_played else place)
        return chain(played, (item for item in never if item not in self._places))

    def _played(self, after: TimePlace | None) -> Iterator[str]:
        nodes = self._viewer.catalog.nodes
        return (
            item
            for item, place in self._places.items()
            if (after is None or place > after) and self._parent in {None, nodes[item].parent}
        )

    def place_of(self, item: str) -> Any:
        return self._places.get(item) or self._never.place_of(item)


def _played(viewer: Viewer) -> dict[str, TimePlace]:
    """All that was ever played, and what that stands under, the newest first (rule 13)."""
    completions = viewer.tables.completions
    completions.prefetch_owners(viewer.cduids)
    completed = {item for cduid in viewer.cduids for item in completions.all_of(cduid)}
    newest: dict[str, int] = {}
    for leaf in viewer.catalog.with_works(list(completed)):
        at_us = viewer.played(leaf)[1] if viewer.sees(leaf) else None
        if at_us is not None:
            for item in (leaf, *(above for above, _ in viewer.catalog.above(leaf))):
                newest[item] = max(at_us, newest.get(item, at_us))
    places = sorted(TimePlace(-at_us, item) for item, at_us in newest.items())
    return {place.item: place for place in places}


def titled(catalog: Catalog, text: str) -> Callable[[str], bool]:
    """Whether a text is any part of an item's title, without regard to case and accents."""
    titles, wanted = _orders(catalog).titles, folded(text)
    return lambda item: wanted in titles[item]


class _Orders:
    """What is worked out of one version of a catalog, each thing when it is first asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self.version = catalog.version
        self._nodes = catalog.nodes
        self._lists: dict[tuple[Sort, str | None], list[Any]] = {}

    @cached_property
    def titles(self) -> dict[str, str]:
        """All titles, folded."""
        return {item: folded(node.details.title or "") for item, node in self._nodes.items()}

    def key(self, sort: Sort) -> Callable[[str], Any]:
        """What gives the place of an item in an order."""
        return self._by_title if sort is Sort.TITLE else self._by_placing

    def _by_title(self, item: str) -> TitlePlace:
        return TitlePlace(self.titles[item][:_TITLE_MAX], item)

    def _by_placing(self, item: str) -> TimePlace:
        return TimePlace(-self._nodes[item].first_version, item)  # a move doesn't count

    def in_order(self, catalog: Catalog, sort: Sort, parent: str | None) -> list[Any]:
        """The places of a parent's children, or of everything."""
        if (sort, parent) not in self._lists:
            items: Iterable[str] = self._nodes if parent is None else catalog.children(parent)
            self._lists[sort, parent] = sorted(map(self.key(sort), items))
        return self._lists[sort, parent]


_ORDERS: WeakKeyDictionary[Catalog, _Orders] = WeakKeyDictionary()


def _orders(catalog: Catalog) -> _Orders:
    found = _ORDERS.get(catalog)
    if found is None or found.version != catalog.version:
        found = _ORDERS[catalog] = _Orders(catalog)
    return found
