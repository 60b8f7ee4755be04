"""Access: a user's limits, and what of the catalog they let through (rule 15)."""

from dataclasses import dataclass, field
from functools import lru_cache

from domain.catalog import Catalog
from domain.items import is_watchable


@dataclass(frozen=True, slots=True)
class Access:
    """A user's limits. None is no limit; an empty `allowed_*` set lets nothing through."""

    allowed_shelves: frozenset[str] | None = None
    allowed_tags: frozenset[str] | None = None
    denied_tags: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_limited(self) -> bool:
        """Whether any limit is set; without one everything is let through."""
        return bool(
            self.denied_tags or self.allowed_shelves is not None or self.allowed_tags is not None
        )

    def permits(self, catalog: Catalog, item: str) -> bool:
        """Whether rule 15's lists let this item itself through, hidden or not.

        What the catalog doesn't know no limit lets through: it is answered as what is withheld.
        """
        if not self.is_limited:
            return True
        if item not in catalog:
            return False
        path = [item, *(container for container, _ in catalog.above(item))]
        tags = {tag.casefold() for step in path for tag in catalog.nodes[step].details.tags}
        return (
            (self.allowed_shelves is None or not self.allowed_shelves.isdisjoint(path))
            and (self.allowed_tags is None or not _folded(self.allowed_tags).isdisjoint(tags))
            and _folded(self.denied_tags).isdisjoint(tags)
        )

    def may_see(self, catalog: Catalog, item: str) -> bool:
        """Whether rule 15 withholds neither the item nor all that is watchable under it.

        Hidden ones are as good as any: they are known, and may come back.
        """
        if is_watchable(item) or not self.is_limited:
            return self.permits(catalog, item)
        return any(self.permits(catalog, leaf) for leaf in catalog.leaves_at(item))

    def sees(self, catalog: Catalog, item: str) -> bool:
        """Whether an item exists for the user (rules 5 and 15).

        A container shows while something watchable under it does.
        """
        if not catalog.is_present(item):
            return False
        if is_watchable(item) or not self.is_limited:
            return self.permits(catalog, item)
        return any(self.sees(catalog, leaf) for leaf in catalog.leaves(item).items)


@lru_cache(maxsize=1024)
def _folded(tags: frozenset[str]) -> frozenset[str]:
    """Tags as they are compared: without regard to case (rule 15)."""
    return frozenset(tag.casefold() for tag in tags)


def unmatched(access: Access, catalog: Catalog) -> list[str]:
    """What a limit names that nothing in the catalog is or carries, each in a sentence."""
    shelves = sorted((access.allowed_shelves or frozenset()) - catalog.nodes.keys())
    carried = {tag.casefold() for node in catalog.nodes.values() for tag in node.details.tags}
    return [
        *(f"allowed_shelves: the catalog has no {shelf}" for shelf in shelves),
        *_uncarried("allowed_tags", access.allowed_tags or frozenset(), carried),
        *_uncarried("denied_tags", access.denied_tags, carried),
    ]


def _uncarried(name: str, tags: frozenset[str], carried: set[str]) -> list[str]:
    return [
        f"{name}: nothing in the catalog carries {tag}"
        for tag in sorted(tags)
        if tag.casefold() not in carried
    ]


NO_LIMITS = Access()
