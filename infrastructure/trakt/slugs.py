"""Slugs: films and shows by title and year, for addresses. Unique, and of the ledger's own making.

The first that has a title and year is called by them, any other with its number behind.
"""

from domain.catalog import Catalog
from domain.items import Kind, kind_of
from domain.titles import folded, split_title

_APOSTROPHES = dict.fromkeys((0x27, 0x60, 0x2BC, 0x2018, 0x2019))


def slug_of(catalog: Catalog, item: str) -> str:
    """What a film or a show is called in addresses."""
    base, node = _base(catalog, item), catalog.nodes[item]
    alike = catalog.titled(kind_of(item), split_title(node.details.title or "").key)
    is_first = all(
        catalog.nodes[other].number >= node.number
        for other in alike
        if _base(catalog, other) == base
    )
    return base if base and is_first else f"{base}-{node.number}".lstrip("-")


def slugged(catalog: Catalog, kind: Kind, slug: str) -> str | None:
    """The film or show that is called so."""
    words = slug.lower().split("-")
    for count in range(len(words), max(len(words) - 3, 0), -1):
        for item in catalog.titled(kind, split_title(" ".join(words[:count])).key):
            if slug_of(catalog, item) == slug.lower():
                return item
    number = words[-1]
    found = catalog.numbered(int(number)) if number.isascii() and number.isdigit() else None
    if found is None or kind_of(found) is not kind:
        return None
    return found if slug_of(catalog, found) == slug.lower() else None


def _base(catalog: Catalog, item: str) -> str:
    details = catalog.nodes[item].details
    said = folded(details.title or "").translate(_APOSTROPHES).replace("&", " and ")
    words = "".join(each if each.isalnum() else " " for each in said).split()
    year = str(details.year or "")
    if year and words[-1:] != [year]:
        words.append(year)
    return "-".join(words)
