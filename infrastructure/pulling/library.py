"""The library's side of a pull: items are placed as they are listed, those that are gone hidden.

An item's key is the source's name and the server's own key, `movie:plex.4711`: a title or an id
that is corrected changes neither. A season's is its show's with its number. Where a server gives a
key to another item, as after its database was made anew, no id of other catalogs is the same any
more; that one gets a key of its own, so nobody has watched it who watched the old one.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256

from pydantic import ValidationError

from domain.commands import PlaceItem
from domain.external_ids import ids_of
from domain.items import ID_PATTERN, Kind, key_of, kind_of
from domain.references import Reference
from domain.rejection import Rejection
from domain.source import Source
from infrastructure.commands.validation import faults, in_words
from infrastructure.pulling.ledgers import Target
from infrastructure.pulling.listed import Library, Listed
from infrastructure.pulling.problems import PullProblem
from infrastructure.pulling.report import Report

_PAGE = 2_000
_HASH_LENGTH = 12
_PULLED = frozenset({Kind.MOVIE, Kind.SHOW, Kind.SEASON, Kind.EPISODE})
_is_id = re.compile(ID_PATTERN).fullmatch


class LibraryPull:
    """Takes what one pull lists of a source, and knows what item that is."""

    def __init__(self, source: Source, target: Target, report: Report) -> None:
        self._source = source
        self._target = target
        self._report = report
        self._page: dict[str, PlaceItem] = {}
        self._listed: set[str] = set()
        self._shows: dict[str, str] = {}
        self._otherwise: dict[tuple[Kind, str], tuple[str, ...]] = {}
        self._emptied: set[str] = set()

    def check_server(self, kind: str, server: str) -> None:
        """Raises PullProblem if the source's items are another server's."""
        own = f"{kind}.{server}"
        for item in self._known():
            ids = self._target.catalog.nodes[item].details.external_ids
            others = [name for name in ids if name.startswith(f"{kind}.")]
            if others and own not in others:
                raise PullProblem(
                    f"{self._source.name} was pulled from another server before. Add a source of "
                    "its own for this one: watchledger source add NAME --kind …"
                )

    def take(self, library: Library, listed: Listed) -> None:
        """Has an item placed, with the next page at the latest."""
        keys = [listed.key, *(f"{listed.key}.{n}" for n in range(2, len(listed.references) + 1))]
        items: list[str] = []
        if not listed.references:
            self._leave_out(f"{listed.kind}:{self._source.name}.{listed.key}", "it has no name")
        for key, reference in zip(keys, listed.references, strict=True):
            if (parent := self._parent(library, listed, reference)) is None:
                item = f"{listed.kind}:{self._source.name}.{key}"
                self._leave_out(item, "its show isn't listed")
                continue
            item = self._item(listed, key, reference)
            items.append(item)
            self._put(item, parent, reference)
        if items != [f"{listed.kind}:{self._source.name}.{listed.key}"]:
            self._otherwise[listed.kind, listed.key] = tuple(items)
        if listed.kind is Kind.SHOW and items:
            self._shows[listed.key] = items[0]

    def is_empty(self, library: Library) -> None:
        """A library has nothing, so what was on its shelves may be only out of reach."""
        self._emptied |= {self._shelf(library, kind) for kind in library.kinds}

    def items(self, kind: Kind, key: str) -> tuple[str, ...]:
        """The items that a server means by a key; none if it hasn't listed it."""
        found = self._otherwise.get((kind, key))
        if found is not None:
            return found
        item = f"{kind}:{self._source.name}.{key}"
        return (item,) if item in self._listed else ()

    def finish(self, *, hides_all: bool) -> None:
        """Places what is left and hides what wasn't listed; see `_is_doubtful`."""
        self._place()
        gone: dict[str, list[str]] = {}
        counts: dict[str, int] = {}
        for item in self._known():
            shelf = self._stands_on(item)
            counts[shelf] = counts.get(shelf, 0) + 1
            if item not in self._listed:
                gone.setdefault(shelf, []).append(item)
        hidden: list[str] = []
        for shelf, items in gone.items():
            if not hides_all and self._is_doubtful(shelf, len(items), counts[shelf]):
                self._report.withheld[shelf] = len(items)
            else:
                hidden += items
        self._hide(hidden)

    def _is_doubtful(self, shelf: str, gone: int, count: int) -> bool:
        """Whether a disk that isn't mounted may be why so much is gone."""
        return shelf in self._emptied or gone * 2 > count

    def _hide(self, items: list[str]) -> None:
        """Hides what is gone, by the highest: what stands under it is hidden with it."""
        gone, nodes = set(items), self._target.catalog.nodes
        for item in items:
            self._report.hidden += 1
            self._report.tell(f"hidden {item}: {nodes[item].details.title or ''}")
        self._target.hide([item for item in items if nodes[item].parent not in gone])

    def _known(self) -> Iterator[str]:
        """The items of the source that are there now."""
        catalog, beginning = self._target.catalog, f"{self._source.name}."
        for item in catalog.nodes:
            is_its_own = kind_of(item) in _PULLED and key_of(item).startswith(beginning)
            if is_its_own and catalog.is_present(item):
                yield item

    def _stands_on(self, item: str) -> str:
        return self._target.catalog.above(item)[-1][0]

    def _shelf(self, library: Library, kind: Kind) -> str:
        """The shelf of a library, which may be set by its name or by its key."""
        by_name = library.title in self._source.shelves
        return self._source.shelf(kind, library.title if by_name else library.key)

    def _parent(self, library: Library, listed: Listed, reference: Reference) -> str | None:
        if listed.kind in {Kind.MOVIE, Kind.SHOW}:
            return self._top(library, listed.kind)
        show = self._shows.get(listed.show or "")
        if show is None or listed.kind is Kind.SEASON:
            return show
        season = _season(show, reference.season)
        if season not in self._listed:
            self._queue(PlaceItem(item=season, parent=show, index=reference.season))
        return season

    def _top(self, library: Library, kind: Kind) -> str:
        shelf = self._shelf(library, kind)
        if shelf not in self._listed and shelf not in self._target.catalog:
            self._queue(PlaceItem(item=shelf, title=self._source.name))
        self._listed.add(shelf)
        return shelf

    def _item(self, listed: Listed, key: str, reference: Reference) -> str:
        if listed.kind is Kind.SEASON:
            return _season(self._shows[listed.show or ""], reference.season)
        item = f"{listed.kind}:{self._source.name}.{key}"
        if not _is_id(key_of(item)):
            raise PullProblem(f"The server has a key that is none: {key[:100]!r}. See its log.")
        if (other := self._contradicted(item, reference.ids)) is None:
            return item
        if item in self._listed:
            raise PullProblem(
                f"The server lists two different items under the key {key}. Nothing was hidden; "
                "see what it shows of them, and pull again when it isn't scanning."
            )
        return f"{item}~{sha256(other.encode()).hexdigest()[:_HASH_LENGTH]}"

    def _contradicted(self, item: str, ids: Mapping[str, str]) -> str | None:
        """An id of what is listed if it is another item than what was known by the key.

        Of what both have ids of, at least one id would be the same.
        """
        if item in self._page:
            before = ids_of(self._page[item].external_ids or {})
        elif item in self._target.catalog:
            before = ids_of(self._target.catalog.nodes[item].details.external_ids)
        else:
            return None
        shared = sorted(name for name in ids if name in before and "." not in name)
        if not shared or any(ids[name] == before[name] for name in shared):
            return None
        return f"{shared[0]}:{ids[shared[0]]}"

    def _put(self, item: str, parent: str, reference: Reference) -> None:
        index = {Kind.SEASON: reference.season, Kind.EPISODE: reference.episode}
        facts = {
            "index": index.get(reference.kind),
            "title": reference.title,
            "year": reference.year,
            "runtime_seconds": reference.runtime_seconds,
            "external_ids": dict(reference.ids) or None,
        }
        given = {name: each for name, each in facts.items() if each is not None}
        try:
            self._queue(PlaceItem.model_validate({"item": item, "parent": parent, **given}))
        except ValidationError as error:
            self._leave_out(item, in_words(faults(error)))

    def _leave_out(self, item: str, why: str) -> None:
        """It isn't placed; if it was before, it isn't gone."""
        self._listed.add(item)
        self._report.placed["rejected"] += 1
        self._report.tell(f"left out {item}: {why}")

    def _queue(self, command: PlaceItem) -> None:
        if command.item in self._page:  # a page of the server's that begins before the last ended
            return
        if len(self._page) >= _PAGE:
            self._place()
        self._page[command.item] = command
        self._listed.add(command.item)

    def _place(self) -> None:
        commands, self._page = list(self._page.values()), {}
        if not commands:
            return
        for command, result in zip(commands, self._target.place(commands), strict=True):
            status = "rejected" if isinstance(result, Rejection) else result
            self._report.placed[status] += 1
            if isinstance(result, Rejection):
                self._report.tell(f"left out {command.item}: {result.detail}")
            elif status != "unchanged":
                self._report.tell(f"{status} {command.item}: {command.title or ''}")


def _season(show: str, number: int | None) -> str:
    return f"season:{key_of(show)}.{'other' if number is None else f's{number:02}'}"
