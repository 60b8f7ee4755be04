"""The catalog as it stood at one version, walked item by item (rules 4 to 6).

Nothing is kept but each item's parent; every question walks upwards from the items.
"""

from collections.abc import Iterable
from typing import NamedTuple

from domain.events import (
    CATALOG_STREAM,
    Details,
    ItemDescribed,
    ItemHidden,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
    Recorded,
)
from domain.items import Kind, is_watchable, key_of, kind_of


class Standing(NamedTuple):
    """Where an item stands, and since which version."""

    parent: str | None
    since: int
    details: Details
    hidden: bool


class Catalog:
    def __init__(self, log: Iterable[Recorded], version: int) -> None:
        self.items: dict[str, Standing] = {}
        for recorded in log:
            if recorded.stream == CATALOG_STREAM and recorded.version <= version:
                self._evolve(recorded)

    def _evolve(self, recorded: Recorded) -> None:
        items, version = self.items, recorded.version
        match recorded.event:
            case ItemPlaced(item=item, parent=parent, details=details):
                items[item] = Standing(parent, version, details, hidden=False)
            case ItemMoved(item=item, parent=parent):
                items[item] = items[item]._replace(parent=parent, since=version)
            case ItemDescribed(item=item, details=details):
                items[item] = items[item]._replace(details=details)
            case ItemHidden(item=item):
                items[item] = items[item]._replace(hidden=True)
            case ItemRestored(item=item):
                items[item] = items[item]._replace(hidden=False)
            case other:
                raise AssertionError(f"not a catalog event: {other!r}")

    def path(self, item: str) -> list[str]:
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

    def children(self, parent: str | None) -> list[str]:
        """All that is placed right under `parent`, hidden or not, in order."""
        return sorted((i for i in self.items if self.items[i].parent == parent), key=self.order)

    def walk(self, top: str | None = None) -> list[str]:
        """All that stands under `top`, parents first."""
        return [i for child in self.children(top) for i in (child, *self.walk(child))]

    def leaves(self, item: str) -> list[str]:
        """The watchable items that a mark on `item` speaks about, hidden or not (rule 7)."""
        if is_watchable(item):
            return [item]
        return [i for i in self.items if is_watchable(i) and self.stands_under(i, item)]

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
