"""The catalog's tree, now and at every version it ever had (rules 4 to 6).

Titles, tags and the like are kept as they are now; places are kept for ever, since what an event
on a container spoke about is asked of the catalog as it was when the ledger took that event in.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from domain.events import (
    CatalogEvent,
    Details,
    ItemDescribed,
    ItemHidden,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
)
from domain.items import Kind, is_watchable, key_of, kind_of
from domain.state.forked import ForkedDict

FOR_EVER = 2**62

Span = tuple[int, int]
"""Catalog versions from the first up to, without, the second."""


@dataclass(slots=True)
class Node:
    """One item. `places` are (version, parent) in order, the last of them the present one."""

    item: str
    details: Details
    places: list[tuple[int, str | None]]
    children: list[str] = field(default_factory=list)

    @property
    def parent(self) -> str | None:
        """What it stands under now; None for what stands at the top."""
        return self.places[-1][1]

    @property
    def placed_version(self) -> int:
        """The catalog version that put it where it stands now."""
        return self.places[-1][0]


@dataclass(slots=True)
class Leaves:
    """The watchable items under a container, hidden ones too, the longest there first.

    `versions[i]` is the catalog version since which `items[i]` has stood under the container.
    """

    versions: list[int]
    items: list[str]

    def count_up_to(self, version: int) -> int:
        """How many have stood here since `version` or before."""
        return bisect_right(self.versions, version)

    def first_after(self, version: int) -> int | None:
        """The oldest of their versions that is newer than `version`."""
        count = self.count_up_to(version)
        return self.versions[count] if count < len(self.versions) else None

    def newest_up_to(self, version: int) -> int:
        """The newest of their versions that is no newer than `version`; 0 if there is none."""
        count = self.count_up_to(version)
        return self.versions[count - 1] if count else 0


def _copy_of_node(node: Node) -> Node:
    return replace(node, places=list(node.places), children=list(node.children))


def _copy_of_leaves(leaves: Leaves) -> Leaves:
    return Leaves(list(leaves.versions), list(leaves.items))


class Catalog:
    """A fold of the catalog's stream. `version` is that of the last event folded.

    What was asked once is kept: `_above` and `_spans` say where items stand and stood, and forks
    share them until something moves; `_leaves` and `_in_order` what stands below.
    """

    def __init__(self) -> None:
        self.version = 0
        self.nodes: ForkedDict[Node] = ForkedDict(_copy_of_node)
        self.roots: list[str] = []
        self.hidden: set[str] = set()
        self._tracking: ForkedDict[list[tuple[int, bool]]] = ForkedDict(list)
        self._left: ForkedDict[set[str]] = ForkedDict(set)
        self._above: dict[str, tuple[tuple[str, int], ...]] = {}
        self._spans: dict[str, dict[str, tuple[Span, ...]]] = {}
        self._leaves: ForkedDict[Leaves] = ForkedDict(_copy_of_leaves)
        self._in_order: dict[str | None, list[str]] = {}

    def fork(self) -> "Catalog":
        """A catalog as this one is; from here on each of the two goes its own way.

        Takes time by the number of items, but little: they themselves stay shared until changed.
        """
        other = Catalog()
        other.version = self.version
        other.nodes = self.nodes.fork()
        other.roots = list(self.roots)
        other.hidden = set(self.hidden)
        other._tracking = self._tracking.fork()
        other._left = self._left.fork()
        other._above, other._spans = self._above, self._spans
        other._leaves = self._leaves.fork()
        other._in_order = dict(self._in_order)
        return other

    def __contains__(self, item: object) -> bool:
        return item in self.nodes

    def evolve(self, event: CatalogEvent, version: int) -> None:
        """Take in the catalog's event number `version`."""
        match event:
            case ItemPlaced():
                self._place(event, version)
                self._note_tracking(event.item, event.details, version)
            case ItemMoved():
                self._move(event, version)
            case ItemDescribed():
                node = self.nodes.own(event.item)
                node.details = event.details
                self._in_order.pop(node.parent, None)
                self._note_tracking(event.item, event.details, version)
            case ItemHidden():
                self.hidden.add(event.item)
            case ItemRestored():
                self.hidden.discard(event.item)
            case _:
                assert_never(event)
        self.version = version

    def _place(self, event: ItemPlaced, version: int) -> None:
        self.nodes[event.item] = Node(event.item, event.details, [(version, event.parent)])
        self._siblings(event.parent).append(event.item)
        self._in_order.pop(event.parent, None)
        if is_watchable(event.item):
            for container, _ in self.above(event.item):
                if container in self._leaves:
                    leaves = self._leaves.own(container)
                    leaves.versions.append(version)
                    leaves.items.append(event.item)

    def _move(self, event: ItemMoved, version: int) -> None:
        node = self.nodes.own(event.item)
        for container, _ in self.above(event.item):
            self._left.setdefault(container, set())
            self._left.own(container).add(event.item)
        self._siblings(node.parent).remove(event.item)
        self._siblings(event.parent).append(event.item)
        node.places.append((version, event.parent))
        self._above, self._spans = {}, {}  # the old ones may be another fork's, too
        self._in_order.clear()
        self._leaves.clear()

    def _note_tracking(self, item: str, details: Details, version: int) -> None:
        if kind_of(item) is Kind.STREAM_SOURCE:
            tracks = details.tracks_progress is not False
            self._tracking.setdefault(item, [])
            self._tracking.own(item).append((version, tracks))

    def tracks_progress(self, item: str, version: int) -> bool:
        """Whether progress on `item` counted at a catalog version (rule 8).

        It doesn't for a streamable that stood under a source of which that was said.
        """
        if kind_of(item) is not Kind.STREAMABLE:
            return True
        sources = (x for x in self.spans(item) if self.stood_under(item, x, version))
        return all(self._tracked(source, version) for source in sources)

    def _tracked(self, source: str, version: int) -> bool:
        said = self._tracking[source]
        return said[bisect_right(said, version, key=lambda each: each[0]) - 1][1]

    def _siblings(self, parent: str | None) -> list[str]:
        """The items right under `parent`, to be changed."""
        return self.roots if parent is None else self.nodes.own(parent).children

    def above(self, item: str) -> tuple[tuple[str, int], ...]:
        """The containers that `item` stands under, from its parent up, with since when it has.

        Since when is a catalog version. Nothing stands above an item that isn't known.
        """
        if item not in self.nodes:
            return ()
        found = self._above.get(item)
        if found is None:
            found = self._above[item] = tuple(self._climb(item))
        return found

    def _climb(self, item: str) -> Iterator[tuple[str, int]]:
        node = self.nodes.get(item)
        since = 0
        while node is not None and node.parent is not None:
            since = max(since, node.placed_version)
            yield node.parent, since
            node = self.nodes[node.parent]

    def since(self, item: str, container: str) -> int | None:
        """The version since which `item` has stood under `container`; None if it doesn't."""
        return next((since for above, since in self.above(item) if above == container), None)

    def spans(self, item: str) -> dict[str, tuple[Span, ...]]:
        """For every container that `item` ever stood under, during which versions it did."""
        if item not in self.nodes:
            return {}
        found = self._spans.get(item)
        if found is None:
            found = self._spans[item] = self._find_spans(item)
        return found

    def _find_spans(self, item: str) -> dict[str, tuple[Span, ...]]:
        found: dict[str, tuple[Span, ...]] = {}
        places = self.nodes[item].places
        ends = [version for version, _ in places[1:]] + [FOR_EVER]
        for (start, parent), end in zip(places, ends, strict=True):
            if parent is None:
                continue
            found[parent] = (*found.get(parent, ()), (start, end))
            for container, spans in self.spans(parent).items():
                within = tuple(
                    (max(start, first), min(end, last))
                    for first, last in spans
                    if first < end and start < last
                )
                if within:
                    found[container] = (*found.get(container, ()), *within)
        return found

    def stood_under(self, item: str, container: str, version: int) -> bool:
        """Whether `item` stood under `container` at a catalog version (rule 6)."""
        return any(start <= version < end for start, end in self.spans(item).get(container, ()))

    def leaves(self, container: str) -> Leaves:
        """The watchable items under a container. CacheEntry up to date as the catalog evolves."""
        found = self._leaves.get(container)
        if found is None:
            found = self._leaves[container] = self._collect_leaves(container)
        return found

    def _collect_leaves(self, container: str) -> Leaves:
        rows: list[tuple[int, str]] = []
        pending = [(child, 0) for child in self.nodes[container].children]
        while pending:
            item, since = pending.pop()
            node = self.nodes[item]
            since = max(since, node.placed_version)
            if is_watchable(item):
                rows.append((since, item))
            else:
                pending.extend((child, since) for child in node.children)
        rows.sort()
        return Leaves([since for since, _ in rows], [item for _, item in rows])

    def ever_under(self, item: str) -> set[str]:
        """An item, and all that stands or once stood under it, with or without anything below."""
        found, pending = {item}, [item]
        while pending:
            each = pending.pop()
            if each in self.nodes:
                below = {*self.nodes[each].children, *self._left.get(each, ())} - found
                found |= below
                pending.extend(below)
        return found

    def leaves_then(self, container: str, version: int) -> list[str]:
        """The watchable items that stood under a container at a catalog version."""
        if container not in self._left:
            leaves = self.leaves(container)
            return leaves.items[: leaves.count_up_to(version)]
        return [
            item
            for item in self.ever_under(container)
            if is_watchable(item) and self.stood_under(item, container, version)
        ]

    def has_left(self, container: str) -> bool:
        """Whether anything ever moved out from under a container."""
        return container in self._left

    def containers_under(self, container: str) -> Iterator[str]:
        """All containers below a container, itself left out."""
        for child in self.nodes[container].children:
            if not is_watchable(child):
                yield child
                yield from self.containers_under(child)

    def leaves_at(self, item: str) -> list[str]:
        """The watchable items that stand at or under `item`, known or not."""
        if is_watchable(item):
            return [item]
        return self.leaves(item).items if item in self else []

    def touched_by(self, item: str) -> list[str]:
        """The containers that something said on `item` touches: at, above and below it."""
        touched = [container for container, _ in self.above(item)]
        if not is_watchable(item):
            touched.append(item)
            if item in self:
                touched.extend(self.containers_under(item))
        return touched

    def is_present(self, item: str) -> bool:
        """Whether the catalog knows `item` and neither it nor anything above it is hidden."""
        if item not in self.nodes:
            return False
        if not self.hidden:
            return True
        return item not in self.hidden and all(
            container not in self.hidden for container, _ in self.above(item)
        )

    def sibling_order(self, item: str) -> tuple[int, str]:
        """What siblings are sorted by: index, then key by code point (rule 6)."""
        return self.nodes[item].details.index or 0, key_of(item)

    def order(self, item: str) -> tuple[tuple[int, str], ...]:
        """What items of one tree are sorted by: parents first, then as siblings are."""
        path = [container for container, _ in self.above(item)]
        return tuple(self.sibling_order(step) for step in (*reversed(path), item))

    def children(self, parent: str | None) -> list[str]:
        """The items right under `parent` in order, hidden ones too; None: those at the top."""
        found = self._in_order.get(parent)
        if found is None:
            siblings = self.roots if parent is None else self.nodes[parent].children
            found = sorted(siblings, key=self.sibling_order)
            self._in_order[parent] = found
        return found

    def tree(self, parent: str | None = None) -> Iterator[str]:
        """Everything under `parent`, parents first, siblings in order, hidden ones too."""
        for item in self.children(parent):
            yield item
            if not is_watchable(item):
                yield from self.tree(item)
