"""Matching: which items become one work by what other catalogs know them by (rule 24).

It is decided once, when items are sent, and recorded: from then on it is a fact like any other,
whatever becomes of the ids.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import cache, partial
from itertools import product

from domain.catalog import Catalog
from domain.events import ItemLinked
from domain.external_ids import ids_of
from domain.items import Kind, is_watchable, kind_of
from domain.naming import twins

WORK_MAX = 100
"""How many items are linked by ids at most: what more of them share is no id of a work."""

Number = tuple[int, int]
"""An episode's season index and its own."""


class Works:
    """The works of a catalog, with what is decided to be joined."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._joined: dict[str, tuple[str, ...]] = {}

    def of(self, item: str) -> tuple[str, ...]:
        """The items that are one work with `item`, itself included."""
        return self._joined.get(item) or self._catalog.work(item)

    def join(self, item: str, other: str) -> None:
        """Makes the works of two items one."""
        work = (*self.of(item), *self.of(other))
        self._joined.update(dict.fromkeys(work, work))


def link_by_ids(
    sent: Iterable[str],
    catalog: Catalog,
    namespaces: Collection[str],
    apart: Collection[str] = (),
) -> list[ItemLinked]:
    """What becomes one work by its ids, of items that were just placed or described as they stand
    in `catalog`; shows and seasons stand for their episodes. `apart` are left as they are.

    Each is joined in turn with what shares an id, in the order of the namespaces and then in which
    the others got it, with what stands in for it, and then with episodes of the same number. Two
    works stay two if an item of the one differs in any namespace from one of the other, or was
    unlinked from it: so of candidates that contradict each other the first one has it.
    """
    return _Linker(catalog, namespaces, apart).links(sent)


class _Linker:
    def __init__(
        self, catalog: Catalog, namespaces: Collection[str], apart: Collection[str]
    ) -> None:
        self._catalog = catalog
        self._namespaces = namespaces
        self._apart = apart
        self._works = Works(catalog)
        # Kept for one call: a season's episodes ask the same of the same shows.
        self._ids = cache(self._find_ids)
        self._same_shows = cache(self._find_same_shows)
        self._numbered = cache(self._find_numbered)

    def links(self, sent: Iterable[str]) -> list[ItemLinked]:
        leaves = dict.fromkeys(leaf for item in sent for leaf in self._at(item))
        return [
            ItemLinked(item=leaf, same_as=other)
            for leaf in leaves
            if leaf not in self._apart
            for other in self._same(leaf)
            if other not in self._apart and self._joined(leaf, other)
        ]

    def _at(self, item: str) -> Iterator[str]:
        """What is linked where an item was sent: itself, or the episodes under it."""
        kind = kind_of(item)
        if is_watchable(item):
            yield item
        elif kind in {Kind.SHOW, Kind.SEASON}:
            for child in self._catalog.nodes[item].children:
                yield from self._at(child)

    def _joined(self, leaf: str, other: str) -> bool:
        """Joins two works if they may be one; whether it did."""
        work, others = self._works.of(leaf), self._works.of(other)
        if other in work or len(work) + len(others) > WORK_MAX:
            return False
        if any(self._differ(*pair) or self._were_parted(*pair) for pair in product(work, others)):
            return False
        self._works.join(leaf, other)
        return True

    def _were_parted(self, item: str, other: str) -> bool:
        return self._catalog.were_parted(item, other)

    def _differ(self, item: str, other: str) -> bool:
        ids, others = self._ids(item), self._ids(other)
        return any(others.get(namespace, each) != each for namespace, each in ids.items())

    def _find_ids(self, item: str) -> dict[str, str]:
        found = ids_of(self._catalog.nodes[item].details.external_ids)
        return {each: found[each] for each in self._namespaces if each in found}

    def _same(self, leaf: str) -> Iterator[str]:
        yield from self._sharing(leaf)
        yield from twins(self._catalog, leaf)
        if kind_of(leaf) is Kind.EPISODE and (number := self._number(leaf)) is not None:
            show = self._show(leaf)
            for other in self._same_shows(show):
                yield from self._numbered(other).get(number, ())
            yield from filter(partial(self._stands_for, leaf), self._numbered(show)[number])

    def _stands_for(self, leaf: str, other: str) -> bool:
        nodes = self._catalog.nodes
        return nodes[leaf].stands_in != nodes[other].stands_in

    def _sharing(self, item: str) -> Iterator[str]:
        """The items of its kind that share an id with an item."""
        for namespace, each in self._ids(item).items():
            holders = self._catalog.known_by(kind_of(item), namespace, each)
            if len(holders) <= WORK_MAX:
                yield from holders

    def _show(self, episode: str) -> str:
        return self._catalog.above(episode)[1][0]

    def _number(self, episode: str) -> Number | None:
        nodes = self._catalog.nodes
        season = nodes[self._catalog.above(episode)[0][0]].details.index
        index = nodes[episode].details.index
        return None if season is None or index is None else (season, index)

    def _find_same_shows(self, show: str) -> list[str]:
        """The shows that are the same by their ids, itself among them if it has any."""
        if show in self._apart:
            return []
        return [
            other
            for other in dict.fromkeys((*self._sharing(show), *twins(self._catalog, show)))
            if other not in self._apart and not self._differ(show, other)
        ]

    def _find_numbered(self, show: str) -> dict[Number, list[str]]:
        """A show's episodes that have a number, by it."""
        found: dict[Number, list[str]] = {}
        for episode in self._at(show):
            if (number := self._number(episode)) is not None:
                found.setdefault(number, []).append(episode)
        return found
