"""Standing in: what a client tells of and no library has listed is placed all the same.

Show, season and episode, or a film, are placed by a key made of their best id. Once a library lists
them, by whatever key, the two are linked (rule 24) and what stood in is hidden.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from domain.catalog import Catalog
from domain.events import CatalogEvent, Details, ItemHidden, ItemLinked, ItemPlaced
from domain.external_ids import NAMESPACES, ids_of
from domain.items import Kind, is_watchable, key_of
from domain.naming import called
from domain.references import OWN_NAMESPACE, Named, Reference
from domain.rejection import Rejection
from domain.resolving import Resolver, described

_KEY_MAX = 128
_HASH_LENGTH = 12
_is_key = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*").fullmatch
_not_in_keys = re.compile(r"[^a-z0-9]+")


class Shelf(NamedTuple):
    """A shelf, and what it is called if it isn't there yet."""

    item: str
    title: str | None = None


class Shelving(NamedTuple):
    """Where a client's films and shows stand, and whether what the catalog doesn't have is placed
    there.
    """

    movies: Shelf
    shows: Shelf
    places: bool = True


class StoodIn(NamedTuple):
    """The item that was meant, and the events that place it, if it had to be."""

    item: str
    events: list[CatalogEvent]


def stand_in(reference: Reference, catalog: Catalog, shelving: Shelving) -> StoodIn | Rejection:
    """Resolves what a client tells of, and places what the catalog lacks of it.

    `ambiguous` stays so; `unresolved` is what names no film, and no show with the numbers.
    """
    resolver = Resolver(catalog, shelves=(shelving.movies.item, shelving.shows.item))
    found = resolver.resolve(reference)
    if isinstance(found, str):
        return StoodIn(found, [])
    if found.code != "unresolved":
        return found
    return _Placement(catalog, resolver, shelving).place(reference)


def stand_in_all(
    references: Sequence[Reference], catalog: Catalog, shelving: Shelving
) -> tuple[list[CatalogEvent], list[str | Rejection]]:
    """As `stand_in`, of many, where what was placed for one is there for the next: the events, and
    for each in order the item.
    """
    events: list[CatalogEvent] = []
    items: list[str | Rejection] = []
    tried = catalog
    for reference in references:
        found = stand_in(reference, tried, shelving)
        if isinstance(found, Rejection):
            items.append(found)
            continue
        items.append(found.item)
        if found.events and not events:
            tried = catalog.fork(tries=True)
        for event in found.events:
            tried.evolve(event, tried.version + 1, recorded_at_us=0)
        events += found.events
    return events, items


class _Placement:
    def __init__(self, catalog: Catalog, resolver: Resolver, shelving: Shelving) -> None:
        self._catalog = catalog
        self._resolver = resolver
        self._shelving = shelving
        self._events: list[CatalogEvent] = []

    def place(self, reference: Reference) -> StoodIn | Rejection:
        match reference.kind:
            case Kind.MOVIE:
                item: str | Rejection = self._under(self._shelving.movies, "movie", reference)
            case Kind.SHOW:
                item = self._under(self._shelving.shows, "show", reference)
            case Kind.SEASON | Kind.EPISODE:
                item = self._in_show(reference)
            case _:
                item = _unplaceable(reference)
        return item if isinstance(item, Rejection) else StoodIn(item, self._events)

    def _in_show(self, reference: Reference) -> str | Rejection:
        named, number = reference.show, reference.season
        if named is None or number is None:
            return _unplaceable(reference)
        if reference.kind is Kind.EPISODE and reference.episode is None:
            return _unplaceable(reference)
        show = self._resolver.show(reference)
        if isinstance(show, Rejection):
            if show.code != "unresolved":
                return show
            show = self._under(self._shelving.shows, "show", named)
        return self._numbered(show, number, reference)

    def _numbered(self, show: str, number: int, reference: Reference) -> str:
        is_known = show in self._catalog
        seasons = self._resolver.seasons(show, number) if is_known else []
        key = f"{key_of(show)}.s{number:02}"
        of_season = reference if reference.kind is Kind.SEASON else None
        season = seasons[0] if seasons else self._put("season", key, show, number, of_season)
        if reference.kind is Kind.SEASON:
            return season
        key = f"{key}e{reference.episode:02}"
        return self._put("episode", key, season, reference.episode, reference)

    def _under(self, shelf: Shelf, kind: str, named: Named) -> str:
        if shelf.item not in self._catalog:
            self._events.append(ItemPlaced(item=shelf.item, details=Details(title=shelf.title)))
        return self._put(kind, _key_of(named), shelf.item, None, named)

    def _put(self, kind: str, key: str, parent: str, index: int | None, named: Named | None) -> str:
        item = f"{kind}:{_short(key)}"
        if item in self._catalog:  # somebody's, who is called otherwise
            item = f"{kind}:{_short(key, repr(named))}"
        details = Details(index=index) if named is None else _details(named, index)
        self._events.append(ItemPlaced(item=item, parent=parent, details=details, stands_in=True))
        return item


def _details(named: Named, index: int | None) -> Details:
    ids = {name: each for name, each in named.ids.items() if name != OWN_NAMESPACE}
    return Details(
        index=index,
        title=named.title,
        year=named.year,
        external_ids=ids,
        runtime_seconds=getattr(named, "runtime_seconds", None),
    )


def _key_of(named: Named) -> str:
    """What two clients who tell of one thing agree on: its best id, else what it is called."""
    ids = ids_of(named.ids)
    for namespace in NAMESPACES:
        each = ids.get(namespace)
        if each and _is_key(each):
            return f"{namespace}-{each}"
    said = called(named.title, named.year)
    if said is None:
        return f"id-{_hash(repr(sorted(ids.items())))}"
    words = _not_in_keys.sub("-", said.key).strip("-") or _hash(said.key)
    return f"{words}-{said.year}" if said.year else words


def _short(key: str, other: str = "") -> str:
    """A key that isn't too long; one that says `other`, too, if that key is somebody else's."""
    if len(key) <= _KEY_MAX and not other:
        return key
    return f"{key[: _KEY_MAX - _HASH_LENGTH - 1]}~{_hash(key + other)}"


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_HASH_LENGTH]


def _unplaceable(reference: Reference) -> Rejection:
    return Rejection(
        "unresolved",
        f"The catalog has no {described(reference)}, and that is too little to place it by. Send "
        "a film's title or id, or an episode's show with the numbers of season and episode.",
    )


def replaced(links: Iterable[ItemLinked], catalog: Catalog) -> list[ItemHidden]:
    """What stood in for something that a library lists now and that it is linked with, hidden; and
    the containers in which nothing else is left.
    """
    hidden: dict[str, None] = {}
    for link in links:
        one, other = catalog.nodes[link.item], catalog.nodes[link.same_as]
        if one.stands_in != other.stands_in:
            hidden[one.item if one.stands_in else other.item] = None
    for item in list(hidden):
        hidden.update(dict.fromkeys(_emptied(item, catalog, hidden)))
    return [ItemHidden(item=item) for item in hidden if item not in catalog.hidden]


def _emptied(item: str, catalog: Catalog, hidden: dict[str, None]) -> Iterator[str]:
    """The containers above an item that stand in, too, and hold nothing that isn't hidden."""
    for container, _ in catalog.above(item):
        leaves = catalog.leaves_at(container)
        if not catalog.nodes[container].stands_in or not all(
            leaf in hidden or leaf in catalog.hidden for leaf in leaves if is_watchable(leaf)
        ):
            return
        yield container
