"""How far a show was watched and what comes next; begun anew, hidden and dropped.

A show that is reset is restarted (rule 28), one that is hidden or dropped dismissed (rule 27).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from domain.events import ItemDismissed, ItemRecalled, ItemRestarted
from domain.items import Kind, kind_of
from domain.next_up import Section, next_up
from domain.viewer import Viewer
from infrastructure.http.trakt.asking import Client, ClientAsked, ViewOfClient, sent
from infrastructure.http.trakt.lookup import item_at, seen_children
from infrastructure.http.trakt.saying import say
from infrastructure.http.trakt.shapes import moment, named, shape, show_of
from infrastructure.trakt.finding import Media

router = APIRouter()

_ENTRIES_MAX = 1_000
_SECTIONS = (Section.IN_PROGRESS, Section.NEXT_EPISODE)

Entries = Annotated[list[Media], Field(max_length=_ENTRIES_MAX)]


class _Hidden(BaseModel):
    movies: Entries = []
    shows: Entries = []
    seasons: Entries = []


@router.get("/shows/{id_}/progress/watched")
def get_progress(asked: ViewOfClient, id_: str) -> dict[str, Any]:
    with asked.opened() as (viewer, _):
        show = item_at(viewer, Kind.SHOW, id_)
        leaves = viewer.leaves(show)
        viewer.prefetch_rows([show])
        viewer.prefetch_completions(leaves)
        viewer.prefetch_marks(leaves)
        seasons = [_season(viewer, season) for season in seen_children(viewer, show)]
        restart = viewer.restarts().get(show)
        return {
            "aired": sum(each["aired"] for each in seasons),
            "completed": sum(each["completed"] for each in seasons),
            "last_watched_at": max(filter(None, map(_last_of, seasons)), default=None),
            "reset_at": None if restart is None else moment(restart.at_us),
            "seasons": seasons,
            "hidden_seasons": [],
            "next_episode": _next(viewer, show),
            "last_episode": _last(viewer, leaves),
        }


@router.post("/shows/{id_}/progress/watched/reset")
def reset(asked: ViewOfClient, id_: str) -> dict[str, Any]:
    with asked.opened() as (viewer, _):
        show = item_at(viewer, Kind.SHOW, id_)
    say(asked.client, ItemRestarted(item=show))
    return {"reset_at": moment(asked.client.services.activity.clock_us())}


@router.get("/users/hidden/{_section}")
def get_hidden(asked: ViewOfClient, _section: str) -> list[dict[str, Any]]:
    with asked.opened() as (viewer, _):
        return [
            {
                "hidden_at": moment(since[0]),
                "type": str(kind_of(item)),
                **named(viewer.catalog, item),
            }
            for item, since in viewer.dismissed_items()
            if kind_of(item) in {Kind.MOVIE, Kind.SHOW, Kind.SEASON}
        ]


@router.post("/users/hidden/{_section}", status_code=201)
def hide(
    client: ClientAsked, _section: str, body: Annotated[_Hidden, Depends(sent(_Hidden))]
) -> dict[str, Any]:
    return {"added": _said(client, body, ItemDismissed)}


@router.post("/users/hidden/{_section}/remove")
def unhide(
    client: ClientAsked, _section: str, body: Annotated[_Hidden, Depends(sent(_Hidden))]
) -> dict[str, Any]:
    return {"deleted": _said(client, body, ItemRecalled)}


def _said(
    client: Client, body: _Hidden, event: type[ItemDismissed | ItemRecalled]
) -> dict[str, int]:
    """How many of each are in the catalog, of each of which the event is said."""
    finder, counts = client.services.trakt.finder, {}
    groups = {"movies": body.movies, "shows": body.shows, "seasons": body.seasons}
    kinds = {"movies": Kind.MOVIE, "shows": Kind.SHOW, "seasons": Kind.SEASON}
    for name, entries in groups.items():
        references = [finder.reference(kinds[name], each, None) for each in entries]
        found = [each for each in finder.items(client.user, references, places=False) if each]
        for item in found:
            say(client, event(item=item))
        counts[name] = len(found)
    return counts


def _season(viewer: Viewer, season: str) -> dict[str, Any]:
    nodes = viewer.catalog.nodes
    episodes = [
        {
            "number": nodes[each].details.index,
            "completed": viewer.is_watched(each),
            "last_watched_at": _watched_at(viewer, each),
        }
        for each in seen_children(viewer, season)
    ]
    return {
        "number": nodes[season].details.index,
        "aired": len(episodes),
        "completed": sum(bool(each["completed"]) for each in episodes),
        "episodes": episodes,
    }


def _watched_at(viewer: Viewer, episode: str) -> str | None:
    if not viewer.is_watched(episode):
        return None
    _, last_us = viewer.played(episode)
    decider = viewer.decider(episode)
    return moment(last_us or (decider.at_us if decider else None))


def _last_of(season: dict[str, Any]) -> str | None:
    found = [each["last_watched_at"] for each in season["episodes"] if each["last_watched_at"]]
    return max(found, default=None)


def _next(viewer: Viewer, show: str) -> dict[str, Any] | None:
    """What comes next of a show (rule 14); of one that nobody has begun its first."""
    for section in _SECTIONS:
        for each in next_up(viewer, section):
            is_episode = kind_of(each.item) is Kind.EPISODE
            if is_episode and show_of(viewer.catalog, each.item) == show:
                return shape(viewer.catalog, each.item)
    leaves = sorted(viewer.leaves(show), key=viewer.catalog.order)
    if not leaves or any(map(viewer.is_watched, leaves)):
        return None
    return shape(viewer.catalog, leaves[0])


def _last(viewer: Viewer, leaves: list[str]) -> dict[str, Any] | None:
    watched = [(each[:2], leaf) for leaf in leaves if (each := viewer.decider(leaf))]
    found = [each for each in watched if viewer.is_watched(each[1])]
    return shape(viewer.catalog, max(found)[1]) if found else None
