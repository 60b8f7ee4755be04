"""Search: by an id of another catalog, or by a title."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from domain.items import Kind, kind_of
from domain.naming import called_in
from domain.titles import folded, split_title
from domain.viewer import Viewer
from infrastructure.http.trakt.asking import ViewOfClient
from infrastructure.http.trakt.errors import TraktError
from infrastructure.http.trakt.paging import PageAsked
from infrastructure.http.trakt.shapes import named

router = APIRouter()

_KINDS = (Kind.MOVIE, Kind.SHOW, Kind.EPISODE)
_EXACT, _PART = 1000.0, 1.0
"""Some clients take the first if its score is five or more: only what is called so has that."""
_SOURCES = frozenset({"trakt", "imdb", "tmdb", "tvdb"})
_TEXT_MAX = 200

Text = Annotated[str, Query(max_length=_TEXT_MAX)]


@router.get("/search/{source}/{id_}")
def search_id(
    asked: ViewOfClient,
    page: PageAsked,
    response: Response,
    source: str,
    id_: str,
    type_: Annotated[Text, Query(alias="type")] = "",
) -> list[dict[str, Any]]:
    if source not in _SOURCES:
        raise TraktError(404, "not_found", "Search by trakt, imdb, tmdb or tvdb.")
    wanted = _kinds(type_) or _KINDS
    with asked.opened() as (viewer, _):
        found = [item for item in _by_id(viewer, source, id_) if kind_of(item) in wanted]
        return [_told(viewer, item, _EXACT) for item in page.of(found, response)]


@router.get("/search/{types}")
def search_title(
    asked: ViewOfClient,
    page: PageAsked,
    response: Response,
    types: str,
    query: Text = "",
    years: Text = "",
    field: Text = "",
) -> list[dict[str, Any]]:
    kinds = _kinds(types)
    with asked.opened() as (viewer, _):
        found = [
            (score, item)
            for kind in kinds
            for item, score in _titled(viewer, kind, query)
            if _is_of(viewer, item, years)
        ]
        if not found and field == "title" and page.limit == 1 and not years:
            # Who asks so takes "none" for an answer, and never asks again.
            raise TraktError(404, "not_found", "The catalog has no such title, yet.")
        found.sort(key=lambda each: (-each[0], viewer.catalog.nodes[each[1]].number))
        return [_told(viewer, item, score) for score, item in page.of(found, response)]


def _kinds(types: str) -> list[Kind]:
    return [kind for kind in _KINDS if kind in types.split(",")]


def _by_id(viewer: Viewer, source: str, id_: str) -> Iterator[str]:
    catalog = viewer.catalog
    if source != "trakt":
        found = [item for kind in _KINDS for item in catalog.known_by(kind, source, id_)]
        yield from filter(viewer.sees, found)
        return
    item = catalog.numbered(int(id_)) if id_.isascii() and id_.isdigit() else None
    if item is not None and viewer.sees(item):
        yield item


def _titled(viewer: Viewer, kind: Kind, query: str) -> Iterator[tuple[str, float]]:
    """What is called so, or has it in its title, with its score."""
    key, part = split_title(query).key, folded(query)
    if not part:
        return
    exact = set(viewer.catalog.titled(kind, key))
    yield from ((item, _EXACT) for item in exact if viewer.sees(item))
    for item, node in viewer.catalog.nodes.items():
        if not item.startswith(f"{kind}:") or item in exact:
            continue
        if part in folded(node.details.title or "") and viewer.sees(item):
            yield item, _PART


def _is_of(viewer: Viewer, item: str, years: str) -> bool:
    """Whether an item is of a year, or of a span of years; two catalogs may be a year apart."""
    ends = [int(each) for each in years.split("-") if each.isascii() and each.isdigit()]
    known = called_in(viewer.catalog, item)
    if not ends or known is None or known.year is None:
        return True
    return min(ends) - 1 <= known.year <= max(ends) + 1


def _told(viewer: Viewer, item: str, score: float) -> dict[str, Any]:
    return {"type": str(kind_of(item)), "score": score, **named(viewer.catalog, item)}
