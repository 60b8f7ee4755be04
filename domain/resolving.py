"""Resolving: which item of the catalog a client means by what it calls it.

Its own number and ids come first, then, for an episode or a season, its show with the numbers, then
title and year. Nothing is guessed: what fits two works is ambiguous, and what fits none unresolved.
Everything is looked up in an index of the catalog, however large that is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from domain.catalog import TITLED, Catalog
from domain.external_ids import ids_of
from domain.items import Kind, is_watchable, kind_of
from domain.naming import called, called_in, is_known_otherwise, same_shows
from domain.references import OWN_NAMESPACE, Named, Reference
from domain.rejection import Rejection

_NAMED_MAX = 5


class Resolver:
    """Resolves references in a catalog, of which `sees` lets the items through that the sender may
    know of. Of a work, the item under one of the `shelves` is taken, else the first in order.
    """

    def __init__(
        self,
        catalog: Catalog,
        sees: Callable[[str], bool] = lambda _: True,
        shelves: Collection[str] = (),
    ) -> None:
        self._catalog = catalog
        self._sees = sees
        self._shelves = shelves

    def resolve(self, reference: Reference) -> str | Rejection:
        """The item that is meant: `unresolved` if there is none, `ambiguous` if there are more."""
        numbered = self._own_number(reference, reference.kind)
        if numbered is not None and not self._is_contradicted(numbered, reference):
            return numbered
        by_ids = self._by_ids(reference)
        if by_ids:
            return self._one_of(by_ids, reference)
        if reference.kind in TITLED:
            return self._one_of(self._titled(reference, reference.kind), reference)
        return self._by_show(reference)

    def show(self, reference: Reference) -> str | Rejection:
        """The show that a season or an episode is said to be in."""
        show = self._as_reference(reference)
        return self._one_of(self._shows(show), show)

    def seasons(self, show: str, number: int | None) -> list[str]:
        """The seasons of a show that have a number, on whatever shelf."""
        shows = filter(self._sees, same_shows(self._catalog, show))
        return [season for each in shows for season in self._children(each, number)]

    def _as_reference(self, reference: Reference) -> Reference:
        show = reference.show or Named()
        return Reference.model_construct(
            kind=Kind.SHOW, ids=show.ids, title=show.title, year=show.year
        )

    def _shows(self, named: Named) -> list[str]:
        number = self._own_number(named, Kind.SHOW)
        if number is not None:
            return [number]
        by_ids = self._holders(named, Kind.SHOW)
        fitting = [show for show in by_ids if not self._is_called_otherwise(show, named)]
        return fitting or self._titled(named, Kind.SHOW)

    def _own_number(self, named: Named, kind: Kind) -> str | None:
        text = named.ids.get(OWN_NAMESPACE, "")
        item = self._catalog.numbered(int(text)) if text.isascii() and text.isdigit() else None
        if item is None or kind_of(item) is not kind or not self._sees(item):
            return None
        # Somebody else's number, such as Trakt's own, may be that of another item here.
        return None if is_known_otherwise(self._catalog, item, named.ids) else item

    def _holders(self, named: Named, kind: Kind) -> list[str]:
        """The items that have one of its ids, in the ids' order."""
        found = (
            item
            for namespace, each in ids_of(named.ids).items()
            for item in self._catalog.known_by(kind, namespace, each)
        )
        return [item for item in dict.fromkeys(found) if self._sees(item)]

    def _by_ids(self, reference: Reference) -> list[str]:
        """What its ids say, without those that the rest contradicts."""
        holders = self._holders(reference, reference.kind)
        found = [item for item in holders if not self._is_contradicted(item, reference)]
        if len(self._works(found)) > 1:
            found = [item for item in found if self._fits(item, reference)] or found
        return found

    def _is_contradicted(self, item: str, reference: Reference) -> bool:
        """Whether an item that has one of the ids is another than the rest speaks of."""
        if reference.kind in TITLED:
            return self._is_called_otherwise(item, reference)
        show = reference.show
        if show is None:
            return False
        if named := self._shows(show):
            return not any(self._show(item) in same_shows(self._catalog, each) for each in named)
        # Of a show that isn't known: an episode of it would be called or numbered as this one is.
        said, known = called(show.title, show.year), called_in(self._catalog, self._show(item))
        is_other = said is not None and known is not None and said.key != known.key
        return is_other and not self._is_numbered(item, reference)

    def _is_called_otherwise(self, item: str, named: Named) -> bool:
        said, known = called(named.title, named.year), called_in(self._catalog, item)
        return said is not None and known is not None and said.is_other_than(known)

    def _fits(self, item: str, reference: Reference) -> bool:
        """Whether all that is said besides ids is true of an item."""
        if reference.kind not in TITLED:
            return self._is_numbered(item, reference)
        said, known = called(reference.title, reference.year), called_in(self._catalog, item)
        return said is not None and known is not None and said.is_like(known)

    def _is_numbered(self, item: str, reference: Reference) -> bool:
        nodes = self._catalog.nodes
        index = nodes[item].details.index
        if kind_of(item) is Kind.SEASON:
            return index == reference.season
        season, _ = self._catalog.above(item)[0]
        return (nodes[season].details.index, index) == (reference.season, reference.episode)

    def _titled(self, named: Named, kind: Kind) -> list[str]:
        """The items of its title and year; a year beside it counts where none has the year itself.

        None of them differs from it in an id, unless that is somebody else's id and so is wrong.
        """
        said = called(named.title, named.year)
        if said is None:
            return []
        like: dict[str, int | None] = {}
        for item in filter(self._sees, self._catalog.titled(kind, said.key)):
            known = called_in(self._catalog, item)
            if known and said.is_like(known) and not self._differs(item, named, kind):
                like[item] = known.year
        exactly = [item for item, year in like.items() if year is not None and year == said.year]
        return exactly or list(like)

    def _differs(self, item: str, named: Named, kind: Kind) -> bool:
        free = {
            namespace: each
            for namespace, each in ids_of(named.ids).items()
            if not self._catalog.known_by(kind, namespace, each)
        }
        return is_known_otherwise(self._catalog, item, free)

    def _by_show(self, reference: Reference) -> str | Rejection:
        if reference.show is None or reference.season is None:
            return self._one_of([], reference)
        show = self.show(reference)
        if isinstance(show, Rejection):
            return show if show.code == "ambiguous" else self._one_of([], reference)
        found = self.seasons(show, reference.season)
        if reference.kind is Kind.EPISODE:
            found = [each for season in found for each in self._children(season, reference.episode)]
        return self._one_of(list(filter(self._sees, found)), reference)

    def _children(self, container: str, number: int | None) -> list[str]:
        nodes = self._catalog.nodes
        found = [] if number is None else self._catalog.children(container)
        return [each for each in found if nodes[each].details.index == number]

    def _show(self, item: str) -> str:
        return self._catalog.above(item)[0 if kind_of(item) is Kind.SEASON else 1][0]

    def _works(self, items: Iterable[str]) -> list[set[str]]:
        """Items by what is one: a work, or a container on several shelves."""
        works: list[set[str]] = []
        for item in items:
            same = set(self._same(item))
            joined = [work for work in works if not work.isdisjoint(same)]
            works = [work for work in works if work.isdisjoint(same)]
            works.append(same.union(*joined))
        return works

    def _same(self, item: str) -> Iterator[str]:
        if is_watchable(item):
            yield from self._catalog.work(item)
        elif kind_of(item) is Kind.SHOW:
            yield from same_shows(self._catalog, item)
        else:
            index = self._catalog.nodes[item].details.index
            yield item
            for show in same_shows(self._catalog, self._show(item)):
                yield from self._children(show, index)

    def _one_of(self, found: Sequence[str], reference: Reference) -> str | Rejection:
        """The item to take where all that was found is one work."""
        works = self._works(found)
        if not works:
            return Rejection("unresolved", f"The catalog has no {described(reference)}.")
        if len(works) > 1:
            names = ", ".join(sorted(found)[:_NAMED_MAX])
            return Rejection(
                "ambiguous",
                f"There are several of {described(reference)}: {names}. Send an id that only one "
                "of them has, or the item itself.",
            )
        return min(filter(self._sees, works[0]), key=self._rank)

    def _rank(self, item: str) -> tuple[bool, bool, tuple[tuple[int, str], ...]]:
        catalog = self._catalog
        is_elsewhere = not any(above in self._shelves for above, _ in catalog.above(item))
        return not catalog.is_present(item), is_elsewhere, catalog.order(item)


def described(reference: Reference) -> str:
    """A reference in words, for people."""
    name = _name(reference)
    show = reference.show
    if show is None:
        return f"{reference.kind} {name}"
    numbers = f"season {reference.season}"
    if reference.episode is not None:
        numbers += f", episode {reference.episode}"
    of_show = f"{reference.kind} of {_name(show) or 'a show'}, {numbers}"
    return f"{of_show} ({name})" if name else of_show


def _name(named: Named) -> str:
    name = named.title or next((f"{key} {each}" for key, each in named.ids.items()), "")
    return f"{name} ({named.year})" if name and named.year else name
