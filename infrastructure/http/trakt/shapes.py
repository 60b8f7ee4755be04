"""Items as Trakt's clients read them: a title, a year or numbers, and ids."""

from datetime import datetime
from typing import Any

from domain.catalog import Catalog
from domain.external_ids import ids_of
from domain.instants import from_us
from domain.items import Kind, kind_of
from domain.values import UNDATED_AT_US
from infrastructure.trakt.slugs import slug_of

_NUMBERS = frozenset({"tmdb", "tvdb", "tvrage"})
_NAMESPACES = {
    Kind.MOVIE: ("imdb", "tmdb"),
    Kind.SHOW: ("tvdb", "imdb", "tmdb"),
    Kind.SEASON: ("tvdb", "tmdb"),
    Kind.EPISODE: ("tvdb", "imdb", "tmdb"),
}
_EPOCH = "1970-01-01T00:00:00.000Z"


def ids(catalog: Catalog, item: str) -> dict[str, Any]:
    """The ledger's own number and slug of an item, and what other catalogs know it by."""
    node = catalog.nodes[item]
    found: dict[str, Any] = {"trakt": node.number}
    if kind_of(item) in {Kind.MOVIE, Kind.SHOW}:
        found["slug"] = slug_of(catalog, item)
    known = ids_of(node.details.external_ids)
    for namespace in _NAMESPACES[kind_of(item)]:
        found[namespace] = _id(namespace, known.get(namespace))
    return found


def _id(namespace: str, known: str | None) -> str | int | None:
    if known is not None and namespace in _NUMBERS:
        return int(known) if known.isascii() and known.isdigit() else None
    return known


def shape(catalog: Catalog, item: str, *, is_full: bool = False) -> dict[str, Any]:
    """A film, show, season or episode; `is_full`: with what else is known of it."""
    details = catalog.nodes[item].details
    found: dict[str, Any] = {"title": details.title, "ids": ids(catalog, item)}
    if kind_of(item) in {Kind.MOVIE, Kind.SHOW}:
        found["year"] = details.year
    else:
        found["number"] = details.index
    if kind_of(item) is Kind.EPISODE:
        found["season"] = catalog.nodes[season_of(catalog, item)].details.index
    if is_full:
        seconds, released_at = details.runtime_seconds, details.released_at
        found["runtime"] = None if seconds is None else round(seconds / 60)
        found["first_aired"] = None if released_at is None else stamp(released_at)
    return found


def named(catalog: Catalog, item: str, *, is_full: bool = False) -> dict[str, Any]:
    """An item under the name of its kind, and the show of an episode or a season beside it."""
    kind = kind_of(item)
    found = {str(kind): shape(catalog, item, is_full=is_full)}
    if kind in {Kind.SEASON, Kind.EPISODE}:
        found["show"] = shape(catalog, show_of(catalog, item))
    return found


def season_of(catalog: Catalog, episode: str) -> str:
    return catalog.above(episode)[0][0]


def show_of(catalog: Catalog, item: str) -> str:
    """The show that a season or an episode is in."""
    return catalog.above(item)[0 if kind_of(item) is Kind.SEASON else 1][0]


def stamp(instant: datetime) -> str:
    """A time as Trakt writes it."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(instant_us: int | None) -> str:
    """An instant; what nobody knows the time of is Trakt's first second of 1970."""
    if instant_us is None or instant_us == UNDATED_AT_US:
        return _EPOCH
    return stamp(from_us(instant_us))
