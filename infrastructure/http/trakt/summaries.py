"""Shows, seasons, episodes and films by number, slug or IMDb's id."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from domain.items import Kind
from infrastructure.http.trakt.asking import ViewOfClient
from infrastructure.http.trakt.lookup import child_at, item_at, seen_children
from infrastructure.http.trakt.shapes import shape

router = APIRouter()

Extended = Annotated[str, Query()]


@router.get("/movies/{id_}")
def get_movie(asked: ViewOfClient, id_: str, extended: Extended = "") -> dict[str, Any]:
    with asked.opened() as (viewer, _):
        return shape(viewer.catalog, item_at(viewer, Kind.MOVIE, id_), is_full=_full(extended))


@router.get("/shows/{id_}")
def get_show(asked: ViewOfClient, id_: str, extended: Extended = "") -> dict[str, Any]:
    with asked.opened() as (viewer, _):
        return shape(viewer.catalog, item_at(viewer, Kind.SHOW, id_), is_full=_full(extended))


@router.get("/shows/{id_}/seasons")
def get_seasons(asked: ViewOfClient, id_: str, extended: Extended = "") -> list[dict[str, Any]]:
    with asked.opened() as (viewer, _):
        catalog, found = viewer.catalog, []
        for season in seen_children(viewer, item_at(viewer, Kind.SHOW, id_)):
            told = shape(catalog, season, is_full=_full(extended))
            if "episodes" in extended:
                told["episodes"] = [
                    shape(catalog, each, is_full=_full(extended))
                    for each in seen_children(viewer, season)
                ]
            found.append(told)
        return found


@router.get("/shows/{id_}/seasons/{season}")
def get_season(
    asked: ViewOfClient, id_: str, season: int, extended: Extended = ""
) -> list[dict[str, Any]]:
    with asked.opened() as (viewer, _):
        found = child_at(viewer, item_at(viewer, Kind.SHOW, id_), season)
        return [
            shape(viewer.catalog, each, is_full=_full(extended))
            for each in seen_children(viewer, found)
        ]


@router.get("/shows/{id_}/seasons/{season}/episodes/{number}")
def get_episode(
    asked: ViewOfClient, id_: str, season: int, number: int, extended: Extended = ""
) -> dict[str, Any]:
    with asked.opened() as (viewer, _):
        found = child_at(viewer, item_at(viewer, Kind.SHOW, id_), season)
        episode = child_at(viewer, found, number)
        return shape(viewer.catalog, episode, is_full=_full(extended))


def _full(extended: str) -> bool:
    return "full" in extended
