"""What is watched: all films and all shows at once, as sync programs read it."""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from domain.items import Kind, is_watchable, kind_of
from domain.values import UNDATED_AT_US
from domain.viewer import Viewer
from infrastructure.http.trakt.asking import ViewOfClient
from infrastructure.http.trakt.shapes import moment, season_of, shape, show_of

router = APIRouter()


class Watched(NamedTuple):
    """A watched item. What is watched by a mark on what it stands under counts as one play."""

    item: str
    plays: int
    last_us: int


def watched_of(viewer: Viewer, kind: Kind) -> list[Watched]:
    """All that is watched of a kind, in no order; found by the rows, however large the catalog."""
    viewer.tables.watched.prefetch_owners([viewer.watch_group])
    viewer.tables.completions.prefetch_owners(viewer.cduids)
    leaves = {leaf for leaf in _covered(viewer) if kind_of(leaf) is kind and viewer.sees(leaf)}
    found, marked = [], []
    for leaf in leaves:
        plays, last_us = viewer.played(leaf)
        if plays:
            found.append(Watched(leaf, plays, last_us or UNDATED_AT_US))
        else:
            marked.append(leaf)
    viewer.prefetch_marks(marked)
    for leaf in marked:
        decider = viewer.decider(leaf)
        found.append(Watched(leaf, 1, decider.at_us if decider else UNDATED_AT_US))
    return found


def _covered(viewer: Viewer) -> Iterator[str]:
    """The watchable items that the viewer's rows say are watched (rule 16)."""
    for item, version in viewer.tables.watched.all_of(viewer.watch_group).items():
        if is_watchable(item):
            yield item
        elif item in viewer.catalog:
            leaves = viewer.catalog.leaves(item)
            yield from leaves.items[: leaves.count_up_to(version)]


@router.get("/sync/watched/movies")
def get_movies(asked: ViewOfClient) -> Response:
    return _written(_movies(asked))


@router.get("/users/{_user}/watched/movies")
def get_users_movies(asked: ViewOfClient, _user: str) -> Response:
    return _written(_movies(asked))


@router.get("/sync/watched/shows")
def get_shows(asked: ViewOfClient, extended: Annotated[str, Query()] = "") -> Response:
    return _written(_shows(asked, extended))


@router.get("/users/{_user}/watched/shows")
def get_users_shows(
    asked: ViewOfClient, _user: str, extended: Annotated[str, Query()] = ""
) -> Response:
    return _written(_shows(asked, extended))


def _written(found: list[dict[str, Any]]) -> Response:
    """Written as it is: of a long life, looking it through once more takes longest."""
    return Response(to_json(found), media_type="application/json")


def _movies(asked: ViewOfClient) -> list[dict[str, Any]]:
    with asked.opened() as (viewer, _):
        return [
            {**_summed([each]), "movie": shape(viewer.catalog, each.item)}
            for each in sorted(watched_of(viewer, Kind.MOVIE), key=_newest_first)
        ]


def _shows(asked: ViewOfClient, extended: str) -> list[dict[str, Any]]:
    with asked.opened() as (viewer, _):
        catalog = viewer.catalog
        shows: dict[str, list[Watched]] = {}
        for each in watched_of(viewer, Kind.EPISODE):
            shows.setdefault(show_of(catalog, each.item), []).append(each)
        newest_first = sorted(shows.items(), key=lambda each: min(map(_newest_first, each[1])))
        return [_show(viewer, show, watched, extended) for show, watched in newest_first]


def _show(viewer: Viewer, show: str, watched: list[Watched], extended: str) -> dict[str, Any]:
    restart = viewer.restarts().get(show)
    told = {
        **_summed(watched),
        "reset_at": None if restart is None else moment(restart.at_us),
        "show": shape(viewer.catalog, show),
    }
    if "noseasons" not in extended:
        told["seasons"] = _seasons(viewer, watched)
    return told


def _seasons(viewer: Viewer, watched: list[Watched]) -> list[dict[str, Any]]:
    catalog, seasons = viewer.catalog, dict[str, list[Watched]]()
    for each in watched:
        seasons.setdefault(season_of(catalog, each.item), []).append(each)
    return [
        {
            "number": catalog.nodes[season].details.index,
            "episodes": [
                {
                    "number": catalog.nodes[each.item].details.index,
                    "plays": each.plays,
                    "last_watched_at": moment(each.last_us),
                }
                for each in sorted(found, key=lambda each: catalog.sibling_order(each.item))
            ],
        }
        for season, found in sorted(
            seasons.items(), key=lambda each: catalog.sibling_order(each[0])
        )
    ]


def _summed(watched: list[Watched]) -> dict[str, Any]:
    newest = moment(max(each.last_us for each in watched))
    return {
        "plays": sum(each.plays for each in watched),
        "last_watched_at": newest,
        "last_updated_at": newest,
    }


def _newest_first(watched: Watched) -> tuple[int, str]:
    return -watched.last_us, watched.item
