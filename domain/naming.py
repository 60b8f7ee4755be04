"""Naming: what items are called, and which of them are called alike."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from domain.catalog import TITLED, Catalog
from domain.external_ids import NAMESPACES, ids_of
from domain.items import kind_of
from domain.titles import split_title

_YEARS_APART_MAX = 1
"""Two catalogs may date one film by its festival and by its release."""


class Called(NamedTuple):
    """What something is called: its title's key, and its year if that is known."""

    key: str
    year: int | None

    def is_other_than(self, other: "Called") -> bool:
        """Whether both title and year say that they aren't one. Titles alone are translated."""
        return self.key != other.key and not years_agree(self.year, other.year)

    def is_like(self, other: "Called") -> bool:
        """Whether title and year allow that they are one."""
        return self.key == other.key and years_agree(self.year, other.year)


def called(title: str | None, year: int | None) -> Called | None:
    """A title as it is looked up; None without one."""
    if not title:
        return None
    key, year_behind = split_title(title)
    return Called(key, year or year_behind)


def called_in(catalog: Catalog, item: str) -> Called | None:
    """What the catalog calls an item."""
    details = catalog.nodes[item].details
    return called(details.title, details.year)


def years_agree(year: int | None, other: int | None) -> bool:
    """Whether two years may be one work's."""
    return year is None or other is None or abs(year - other) <= _YEARS_APART_MAX


def called_alike(catalog: Catalog, item: str) -> Iterator[str]:
    """The other items of its kind that are called as an item is, and differ in no id."""
    own = called_in(catalog, item) if kind_of(item) in TITLED else None
    if own is None:
        return
    for other in catalog.titled(kind_of(item), own.key):
        known = None if other == item else called_in(catalog, other)
        if known and own.is_like(known) and not _differ(catalog, item, other):
            yield other


def same_shows(catalog: Catalog, show: str) -> list[str]:
    """A show, and what is the same show on another shelf: by an id, or since one stands in."""
    sharing = (
        other
        for namespace, each in _ids(catalog, show).items()
        for other in catalog.known_by(kind_of(show), namespace, each)
        if not _differ(catalog, show, other)
    )
    return list(dict.fromkeys((show, *sharing, *twins(catalog, show))))


def twins(catalog: Catalog, item: str) -> list[str]:
    """What an item stands in for, or what stands in for it: called alike, and of nothing else.

    One that may stand in for two different ones does so for none.
    """
    if catalog.nodes[item].stands_in:
        return _listed_twins(catalog, item)
    return [
        other
        for other in called_alike(catalog, item)
        if catalog.nodes[other].stands_in and item in _listed_twins(catalog, other)
    ]


def _listed_twins(catalog: Catalog, item: str) -> list[str]:
    listed = [each for each in called_alike(catalog, item) if not catalog.nodes[each].stands_in]
    return listed if _are_one(catalog, listed) else []


def _are_one(catalog: Catalog, items: Iterable[str]) -> bool:
    first, *rest = items or [""]
    return all(
        other in catalog.work(first)
        or not _ids(catalog, first).items().isdisjoint(_ids(catalog, other).items())
        for other in rest
    )


def is_known_otherwise(catalog: Catalog, item: str, external_ids: Mapping[str, str]) -> bool:
    """Whether other catalogs know an item by another id than one of these."""
    known = _ids(catalog, item)
    return any(known.get(name, each) != each for name, each in ids_of(external_ids).items())


def _differ(catalog: Catalog, item: str, other: str) -> bool:
    return is_known_otherwise(catalog, item, catalog.nodes[other].details.external_ids)


def _ids(catalog: Catalog, item: str) -> dict[str, str]:
    found = ids_of(catalog.nodes[item].details.external_ids)
    return {name: each for name, each in found.items() if name in NAMESPACES}
