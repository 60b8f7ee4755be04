"""What is in progress, and what changed last.

What a client takes off this list is dismissed (rule 27): it is left out until it is played again,
and what was said of it stays.
"""

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import func, select

from domain.events import ItemDismissed, device_user_stream
from domain.items import Kind, kind_of
from infrastructure.http.trakt.asking import ViewOfClient
from infrastructure.http.trakt.errors import not_found
from infrastructure.http.trakt.saying import say
from infrastructure.http.trakt.shapes import moment, named
from infrastructure.ledger.schema import ledger_event

router = APIRouter()

_KINDS = {"movies": {Kind.MOVIE}, "episodes": {Kind.EPISODE}}
_ALL = {Kind.MOVIE, Kind.EPISODE}
_ACTIVITIES = {
    "movies": ("watched_at", "collected_at", "rated_at", "watchlisted_at", "paused_at"),
    "episodes": ("watched_at", "collected_at", "rated_at", "watchlisted_at", "paused_at"),
    "shows": ("rated_at", "watchlisted_at", "hidden_at"),
    "seasons": ("rated_at", "watchlisted_at", "hidden_at"),
}
_OURS = frozenset({"watched_at", "paused_at", "hidden_at"})


@router.get("/sync/playback")
@router.get("/sync/playback/{type_}")
def get_playback(asked: ViewOfClient, type_: str | None = None) -> list[dict[str, Any]]:
    kinds = _ALL if type_ is None else _KINDS.get(type_, set())
    with asked.opened() as (viewer, _):
        return [
            {
                "id": found.progress.position,
                "progress": round((found.progress.share or 0) * 100, 5),
                "paused_at": moment(found.progress.at_us),
                "type": str(kind_of(item)),
                **named(viewer.catalog, item),
            }
            for item, found in viewer.all_in_progress()
            if kind_of(item) in kinds
        ]


@router.delete("/sync/playback/{id_}", status_code=204)
def remove_playback(asked: ViewOfClient, id_: int) -> Response:
    with asked.opened() as (viewer, _):
        found = [item for item, each in viewer.all_in_progress() if each.progress.position == id_]
    if not found:
        raise not_found()
    say(asked.client, ItemDismissed(item=found[0]))
    return Response(status_code=204)


@router.get("/sync/last_activities")
def get_last_activities(asked: ViewOfClient) -> dict[str, Any]:
    """When anything was last said that the viewer sees: whoever asks reads again what changed."""
    event = ledger_event.c
    with asked.opened() as (viewer, snapshot):
        streams = [device_user_stream(cduid) for cduid in viewer.cduids]
        query = select(func.max(event.position)).where(event.originator_id.in_(streams))
        newest = select(event.recorded_at_us).where(event.position == query.scalar_subquery())
        changed = moment(snapshot.connection.scalar(newest))
    never = moment(None)
    return {
        "all": changed,
        **{
            group: {name: changed if name in _OURS else never for name in names}
            for group, names in _ACTIVITIES.items()
        },
    }
