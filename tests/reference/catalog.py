"""The catalog as it stood at one version, walked item by item (rules 4 to 6, works by rule 24).

Nothing is kept but each item's parent and work; every question walks upwards from the items, and
what is remembered are only answers, since a catalog at a version never changes.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from domain.events import (
    CATALOG_STREAM,
    Details,
    ItemDescribed,
    ItemHidden,
    ItemLinked,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
    ItemUnlinked,
    Recorded,
)
from domain.instants import to_us
from domain.items import Kind, is_watchable, key_of, kind_of


class Standing(NamedTuple):
    """Where an item stands, since which version, and at which it came to the catalog."""

    parent: str | None
    since: int
    details: Details
    hidden: bool
    first: int


class Catalog:
    def __init__(self, log: Iterable[Recorded], version: int) -> None:
        self.items: dict[str, Standing] = {}
        self._works: dict[str, frozenset[str]] = {}
        self.path = cache(self._path)
        self.children = cache(self._children)
        self.leaves = cache(self._leaves)
        self.walk = cache(self._walk)
        for recorded in log:
            if recorded.stream == CATALOG_STREAM and recorded.version <= version:
                self._evolve(recorded)

    def _evolve(self, recorded: Recorded) -> None:
        items, version = self.items, recorded.version
        match recorded.event:
            case ItemPlaced(item=item, parent=parent, details=details):
                items[item] = Standing(parent, version, details, False, version)
            case ItemMoved(item=item, parent=parent):
                items[item] = items[item]._replace(parent=parent, since=version)
            case ItemDescribed(item=item, details=details):
                items[item] = items[item]._replace(details=details)
            case ItemHidden(item=item):
                items[item] = items[item]._replace(hidden=True)
            case ItemRestored(item=item):
                items[item] = items[item]._replace(hidden=False)
            case ItemLinked(item=item, same_as=other):
                work = self.work(item) | self.work(other)
                self._works |= dict.fromkeys(work, work)
            case ItemUnlinked(item=item):
                rest = self.work(item) - {item}
                self._works |= {item: frozenset({item}), **dict.fromkeys(rest, rest)}
            case other:
                raise AssertionError(f"not a catalog event: {other!r}")

    def work(self, item: str) -> frozenset[str]:
        """The items that are one work with an item, itself among them (rule 24)."""
        return self._works.get(item, frozenset({item}))

    def _path(self, item: str) -> list[str]:
        """The item and all above it, nearest first; an unknown item stands alone."""
        standing = self.items.get(item)
        above = [] if standing is None or standing.parent is None else self.path(standing.parent)
        return [item, *above]

    def stands_under(self, item: str, container: str) -> bool:
        return container in self.path(item)[1:]

    def present(self, item: str) -> bool:
        return item in self.items and not any(self.items[i].hidden for i in self.path(item))

    def order(self, item: str) -> tuple[int, str, str]:
        """What siblings are sorted by; the kind settles equal keys at the top."""
        return (self.items[item].details.index or 0, key_of(item), kind_of(item))

    def _children(self, parent: str | None) -> list[str]:
        """All that is placed right under `parent`, hidden or not, in order."""
        return sorted((i for i in self.items if self.items[i].parent == parent), key=self.order)

    def _walk(self, top: str | None = None) -> list[str]:
        """All that stands under `top`, parents first."""
        return [i for child in self.children(top) for i in (child, *self.walk(child))]

    def _leaves(self, item: str) -> list[str]:
        """The watchable items at or under `item`, hidden or not."""
        if is_watchable(item):
            return [item]
        return [i for i in self.items if is_watchable(i) and self.stands_under(i, item)]

    def in_order(self, items: Iterable[str]) -> list[str]:
        """Those of some items that the catalog knows: parents first, siblings by rule 6."""
        wanted = set(items)
        return [item for item in self.walk() if item in wanted]

    def placements(self, item: str, container: str) -> list[int]:
        """The versions of the placements between an item and what it stands under."""
        path = self.path(item)
        return [self.items[i].since for i in path[: path.index(container)]]

    def tags(self, item: str) -> set[str]:
        """All tags at or above the item."""
        return {t for i in self.path(item) if i in self.items for t in self.items[i].details.tags}

    def tracks_progress(self, item: str) -> bool:
        """False under a source that doesn't track progress: live television (rule 8)."""
        sources = (i for i in self.path(item) if kind_of(i) == Kind.STREAM_SOURCE)
        return all(self.items[i].details.tracks_progress is not False for i in sources)

    def runtime_seconds(self, item: str) -> float | None:
        return self.items[item].details.runtime_seconds if item in self.items else None

    def released_us(self, item: str) -> int | None:
        """When an item comes out, if that is known (rule 30)."""
        released_at = self.items[item].details.released_at if item in self.items else None
        return None if released_at is None else to_us(released_at)
