"""The catalog's tree, now and at every version it ever had (rules 4 to 6).

Titles, tags and the like are kept as they are now. What an event meant is asked of the catalog as
it was: so places, running times and release dates are kept for ever, and when each version was
recorded.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, assert_never

from domain.events import (
    CatalogEvent,
    Details,
    ItemDescribed,
    ItemHidden,
    ItemLinked,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
    ItemUnlinked,
)
from domain.external_ids import ids_of
from domain.instants import to_us
from domain.items import Kind, is_watchable, key_of, kind_of
from domain.state.forked import ForkedDict
from domain.titles import split_title

FOR_EVER = 2**62

TITLED = frozenset({Kind.MOVIE, Kind.SHOW, Kind.STREAMABLE})
"""The kinds whose items are known by their title alone."""

Span = tuple[int, int]
"""Catalog versions from the first up to, without, the second."""


@dataclass(slots=True)
class Node:
    """One item. `places` are (version, parent) in order, the last of them the present one.

    `number` is the position of the event that placed it first: its own for good, and unique. One
    that `stands_in` was placed for a client that told of it, and no library has listed it.
    """

    item: str
    details: Details
    places: list[tuple[int, str | None]]
    number: int = 0
    stands_in: bool = False
    children: list[str] = field(default_factory=list)

    @property
    def parent(self) -> str | None:
        """What it stands under now; None for what stands at the top."""
        return self.places[-1][1]

    @property
    def placed_version(self) -> int:
        """The catalog version that put it where it stands now."""
        return self.places[-1][0]

    @property
    def first_version(self) -> int:
        """The catalog version that knew it first."""
        return self.places[0][0]


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


class _Dating(NamedTuple):
    """How long an item runs and when it comes out, from a catalog version on."""

    version: int
    runtime_seconds: float | None
    released_us: int | None


def _copy_of_node(node: Node) -> Node:
    return replace(node, places=list(node.places), children=list(node.children))


def _copy_of_leaves(leaves: Leaves) -> Leaves:
    return Leaves(list(leaves.versions), list(leaves.items))


def _when(release: tuple[int, str]) -> int:
    return release[0]


def _dating(version: int, details: Details) -> _Dating:
    released_at = details.released_at
    return _Dating(
        version, details.runtime_seconds, None if released_at is None else to_us(released_at)
    )


class Catalog:
    """A fold of the catalog's stream. `version` is that of the last event folded.

    `movies` are in the order in which they came. What was asked once is kept: `_above` and `_spans`
    say where items stand and stood, and forks share them until something moves; `_leaves` and
    `_in_order` what stands below.
    """

    def __init__(self) -> None:
        self.version = 0
        self.nodes: ForkedDict[Node] = ForkedDict(_copy_of_node)
        self.roots: list[str] = []
        self.hidden: set[str] = set()
        self._tracking: ForkedDict[list[tuple[int, bool]]] = ForkedDict(list)
        self._left: ForkedDict[set[str]] = ForkedDict(set)
        self._left_at: ForkedDict[list[int]] = ForkedDict(list)
        self._recorded_us: list[int] = []
        self._datings: ForkedDict[list[_Dating]] = ForkedDict(list)
        self._dated: set[str] = set()
        self._redated: list[int] = []
        self._releases: list[tuple[int, str]] | None = None
        self.movies: list[str] = []
        self._by_id: ForkedDict[dict[str, tuple[str, ...]]] = ForkedDict(dict)
        self._by_title: ForkedDict[dict[str, tuple[str, ...]]] = ForkedDict(dict)
        self._by_number: dict[int, str] = {}
        self._works: dict[str, tuple[str, ...]] = {}
        self._parted: set[frozenset[str]] = set()
        self._above: dict[str, tuple[tuple[str, int], ...]] = {}
        self._spans: dict[str, dict[str, tuple[Span, ...]]] = {}
        self._leaves: ForkedDict[Leaves] = ForkedDict(_copy_of_leaves)
        self._in_order: dict[str | None, list[str]] = {}

    def fork(self, *, tries: bool = False) -> "Catalog":
        """A catalog as this one is; from here on each of the two goes its own way.

        Takes time by the number of items, but little: they themselves stay shared until changed.
        One that `tries` may go another way than the ledger, and so shares nothing that is kept.
        """
        other = Catalog()
        other.version = self.version
        other.nodes = self.nodes.fork()
        other.roots = list(self.roots)
        other.hidden = set(self.hidden)
        other._tracking = self._tracking.fork()
        other._left = self._left.fork()
        other._left_at = self._left_at.fork()
        other._recorded_us = list(self._recorded_us)
        other._datings = self._datings.fork()
        other._dated = set(self._dated)
        other._redated = list(self._redated)
        other._releases = self._releases
        other.movies = list(self.movies)
        other._by_id = self._by_id.fork()
        other._by_title = self._by_title.fork()
        other._by_number = dict(self._by_number)
        other._works = dict(self._works)
        other._parted = set(self._parted)
        if not tries:
            other._above, other._spans = self._above, self._spans
        other._leaves = self._leaves.fork()
        other._in_order = dict(self._in_order)
        return other

    def after(self, events: Sequence[CatalogEvent]) -> "Catalog":
        """A catalog as this one would be after events that may never be recorded."""
        other = self.fork(tries=True)
        for version, event in enumerate(events, start=self.version + 1):
            other.evolve(event, version, recorded_at_us=0)
        return other

    def __contains__(self, item: object) -> bool:
        return item in self.nodes

    def evolve(
        self, event: CatalogEvent, version: int, recorded_at_us: int, position: int = 0
    ) -> None:
        """Take in the catalog's event number `version`; one that isn't recorded has position 0."""
        match event:
            case ItemPlaced():
                self._place(event, version, position)
                self._note_tracking(event.item, event.details, version)
            case ItemMoved():
                self._move(event, version)
            case ItemDescribed():
                self._describe(event, version)
                self._note_tracking(event.item, event.details, version)
            case ItemHidden():
                self.hidden.add(event.item)
            case ItemRestored():
                self.hidden.discard(event.item)
                self.nodes.own(event.item).stands_in = False
            case ItemLinked():
                self._link(event)
            case ItemUnlinked():
                self._unlink(event)
            case _:
                assert_never(event)
        self.version = version
        self._recorded_us.append(recorded_at_us)

    def _place(self, event: ItemPlaced, version: int, position: int) -> None:
        places: list[tuple[int, str | None]] = [(version, event.parent)]
        self.nodes[event.item] = Node(
            event.item, event.details, places, number=position, stands_in=event.stands_in
        )
        if position:
            self._by_number[position] = event.item
        if kind_of(event.item) is Kind.MOVIE:
            self.movies.append(event.item)
        if event.details.released_at is not None:
            self._dated.add(event.item)
            self._releases = None
        self._index_ids(event.item, {}, ids_of(event.details.external_ids))
        self._index_title(event.item, None, event.details)
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
        node.stands_in = False  # a library has it now
        for container, _ in self.above(event.item):
            self._left.setdefault(container, set())
            self._left.own(container).add(event.item)
            self._left_at.setdefault(container, [])
            self._left_at.own(container).append(version)
        self._siblings(node.parent).remove(event.item)
        self._siblings(event.parent).append(event.item)
        node.places.append((version, event.parent))
        self._above, self._spans = {}, {}  # the old ones may be another fork's, too
        self._in_order.clear()
        self._leaves.clear()

    def _describe(self, event: ItemDescribed, version: int) -> None:
        node = self.nodes.own(event.item)
        before = _dating(node.first_version, node.details)
        after = _dating(version, event.details)
        if before[1:] != after[1:]:
            self._datings.setdefault(event.item, [before])
            self._datings.own(event.item).append(after)
        if before.released_us != after.released_us:
            self._dated.add(event.item)
            self._redated.append(version)
            self._releases = None
        if node.details.external_ids != event.details.external_ids:
            known_by = ids_of(node.details.external_ids)
            self._index_ids(event.item, known_by, ids_of(event.details.external_ids))
        if node.details.title != event.details.title:
            self._index_title(event.item, node.details, event.details)
        node.details, node.stands_in = event.details, False
        self._in_order.pop(node.parent, None)

    def _index_ids(self, item: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        for namespace, each in before.items() - after.items():
            holders = self._holders(item, namespace)
            holders[each] = tuple(other for other in holders[each] if other != item)
        for namespace, each in after.items() - before.items():
            holders = self._holders(item, namespace)
            holders[each] = (*holders.get(each, ()), item)

    def _index_title(self, item: str, before: Details | None, after: Details) -> None:
        """Note what an item is called, if it is of a kind that is found by its title."""
        kind = kind_of(item)
        if kind not in TITLED:
            return
        self._by_title.setdefault(kind, {})
        called = self._by_title.own(kind)
        if before is not None and before.title:
            key = split_title(before.title).key
            called[key] = tuple(other for other in called[key] if other != item)
        if after.title:
            key = split_title(after.title).key
            called[key] = (*called.get(key, ()), item)

    def _holders(self, item: str, namespace: str) -> dict[str, tuple[str, ...]]:
        """Who has which id in a namespace, of an item's kind, to be changed."""
        key = f"{kind_of(item)}:{namespace}"
        self._by_id.setdefault(key, {})
        return self._by_id.own(key)

    def known_by(self, kind: Kind, namespace: str, external_id: str) -> tuple[str, ...]:
        """The items of a kind that another catalog has under an id, in the order in which they got
        it. Namespaces are in small letters here.
        """
        return self._by_id.get(f"{kind}:{namespace}", {}).get(external_id, ())

    def titled(self, kind: Kind, key: str) -> tuple[str, ...]:
        """The films, shows or streamables of a title's key, in the order in which they got it."""
        return self._by_title.get(kind, {}).get(key, ())

    def numbered(self, number: int) -> str | None:
        """The item that has a number."""
        return self._by_number.get(number)

    def _link(self, event: ItemLinked) -> None:
        work = tuple(sorted({*self.work(event.item), *self.work(event.same_as)}))
        self._works.update(dict.fromkeys(work, work))

    def _unlink(self, event: ItemUnlinked) -> None:
        rest = tuple(each for each in self._works.pop(event.item, ()) if each != event.item)
        self._parted.update(frozenset((event.item, each)) for each in rest)
        for each in rest:
            if len(rest) > 1:
                self._works[each] = rest
            else:
                del self._works[each]

    def work(self, item: str) -> tuple[str, ...]:
        """The items that are one work with `item`, itself included, by name (rule 24)."""
        return self._works.get(item) or (item,)

    def with_works(self, leaves: list[str]) -> list[str]:
        """Watchable items, and all that are one work with any of them."""
        if self._works.keys().isdisjoint(leaves):
            return leaves
        return list(dict.fromkeys(item for leaf in leaves for item in self.work(leaf)))

    def parted_from(self, item: str) -> set[str]:
        """What was one work with an item once, and isn't by somebody's word."""
        return {each for pair in self._parted if item in pair for each in pair if each != item}

    def were_parted(self, item: str, other: str) -> bool:
        """Whether two items were one work once, and somebody unlinked one of them (rule 24)."""
        return frozenset((item, other)) in self._parted

    def runtime_seconds(self, item: str, version: int = FOR_EVER) -> float | None:
        """How long an item runs, by the catalog as of a version; None where that isn't known."""
        node = self.nodes.get(item)
        if node is None or node.first_version > version:
            return None
        if item not in self._datings:
            return node.details.runtime_seconds
        return self._dating(item, version).runtime_seconds

    def released_us(self, item: str, version: int = FOR_EVER) -> int | None:
        """When an item comes out, by the catalog as of a version (rule 30)."""
        if item not in self._dated or self.nodes[item].first_version > version:
            return None
        return self._dating(item, version).released_us

    def released_after(self, instant_us: int) -> list[tuple[int, str]]:
        """The watchable items that come out later than an instant, soonest first, with when."""
        releases = self._in_time()
        return releases[bisect_right(releases, instant_us, key=_when) :]

    def comes_out_between(self, first_us: int, last_us: int) -> bool:
        """Whether anything comes out between two instants, whichever of them is the earlier."""
        releases = self._in_time()
        return bisect_right(releases, first_us, key=_when) != bisect_right(
            releases, last_us, key=_when
        )

    def _in_time(self) -> list[tuple[int, str]]:
        if self._releases is None:
            dated = ((self.released_us(item), item) for item in self._dated if is_watchable(item))
            self._releases = sorted((at_us, item) for at_us, item in dated if at_us is not None)
        return self._releases

    def _dating(self, item: str, version: int) -> _Dating:
        if item not in self._datings:
            node = self.nodes[item]
            return _dating(node.first_version, node.details)
        said = self._datings[item]
        return said[bisect_right(said, version, key=lambda each: each.version) - 1]

    def meant_version(self, container: str, at_us: int, version: int) -> int:
        """The version that a mark on a container means, made at an instant and recorded at
        `version` (rule 7): the last recorded by then, if it knew the container.
        """
        meant = min(bisect_right(self._recorded_us, at_us), version)
        node = self.nodes.get(container)
        return version if node is None or node.first_version > meant else meant

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
        """The watchable items under a container. Kept up to date as the catalog evolves."""
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

    def is_meant(self, item: str, container: str, version: int, cut_us: int) -> bool:
        """Whether a mark on a container that means `version` speaks about a watchable item: it
        stood there, and wasn't yet to come out after `cut_us` (rules 7 and 30).
        """
        return self.stood_under(item, container, version) and (
            not self._dated or self._is_out(item, version, cut_us)
        )

    def _is_out(self, item: str, version: int, cut_us: int) -> bool:
        released_us = self.released_us(item, version)
        return released_us is None or released_us <= cut_us

    def leaves_meant(self, container: str, version: int, cut_us: int) -> list[str]:
        """The watchable items that a mark on a container speaks about."""
        leaves = self.leaves_then(container, version) if container in self else []
        if not self._dated:
            return leaves
        return [leaf for leaf in leaves if self._is_out(leaf, version, cut_us)]

    def kept_all(self, container: str, first: int, last: int) -> bool:
        """Whether a mark that means version `last` speaks about all that one of version `first`
        does, if neither is cut short: nothing left since, and no release date changed.
        """
        return first <= last and not any(
            bisect_right(changed, first) < bisect_right(changed, last)
            for changed in (self._left_at.get(container, ()), self._redated)
        )

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

    def above_any(self, items: Iterable[str]) -> set[str]:
        """The containers that any of some items stands under."""
        return {container for item in items for container, _ in self.above(item)}

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
