"""History: plays, newest first, each by the position of the event that opened it."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import PlainValidator
from sqlalchemy import Connection, select

from domain.events import ProgressReported, topics_of
from domain.instants import to_us
from domain.items import Kind, is_watchable, kind_of
from domain.viewer import Play, Viewer
from infrastructure.http.trakt.asking import ViewOfClient
from infrastructure.http.trakt.errors import not_found
from infrastructure.http.trakt.lookup import item_at
from infrastructure.http.trakt.paging import Page, PageAsked
from infrastructure.http.trakt.shapes import moment, named
from infrastructure.ledger.schema import ledger_event
from infrastructure.querying.plays import plays

router = APIRouter()

_KINDS = {
    "movies": Kind.MOVIE,
    "shows": Kind.SHOW,
    "seasons": Kind.SEASON,
    "episodes": Kind.EPISODE,
}
_PROGRESS = topics_of([ProgressReported])


def _time(value: Any) -> datetime:
    """A time in UTC, whether or not it says so."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError("isn't a time such as 2026-01-31T20:15:00Z") from None
    if found.tzinfo is None:
        raise ValueError("has no time zone; end it with Z")
    return found


Time = Annotated[datetime | None, PlainValidator(_time), Query()]


@router.get("/sync/history")
@router.get("/sync/history/{type_}")
@router.get("/sync/history/{type_}/{id_}")
def get_history(
    asked: ViewOfClient,
    page: PageAsked,
    response: Response,
    type_: str | None = None,
    id_: str | None = None,
    start_at: Time = None,
    end_at: Time = None,
) -> list[dict[str, Any]]:
    return _history(asked, page, response, _wanted(type_, id_), _between(start_at, end_at))


@router.get("/users/{_user}/history")
@router.get("/users/{_user}/history/{type_}")
@router.get("/users/{_user}/history/{type_}/{id_}")
def get_users_history(
    asked: ViewOfClient,
    page: PageAsked,
    response: Response,
    _user: str,
    type_: str | None = None,
    id_: str | None = None,
    start_at: Time = None,
    end_at: Time = None,
) -> list[dict[str, Any]]:
    return _history(asked, page, response, _wanted(type_, id_), _between(start_at, end_at))


Wanted = Callable[[Viewer, Play], bool]


def _wanted(type_: str | None, id_: str | None) -> Wanted:
    kind = None if type_ is None else _KINDS.get(type_)
    if type_ is not None and kind is None:
        raise not_found()

    def is_wanted(viewer: Viewer, play: Play) -> bool:
        if kind is None:
            return True
        if id_ is None:
            return kind_of(play.item) is (kind if is_watchable(f"{kind}:") else Kind.EPISODE)
        asked = item_at(viewer, kind, id_)
        return play.item == asked or viewer.catalog.since(play.item, asked) is not None

    return is_wanted


def _between(start_at: datetime | None, end_at: datetime | None) -> Wanted:
    first_us = None if start_at is None else to_us(start_at)
    end_us = None if end_at is None else to_us(end_at)

    def is_between(_: Viewer, play: Play) -> bool:
        return (first_us is None or play.at_us >= first_us) and (
            end_us is None or play.at_us < end_us
        )

    return is_between


def _history(
    asked: ViewOfClient, page: Page, response: Response, *conditions: Wanted
) -> list[dict[str, Any]]:
    with asked.opened() as (viewer, snapshot):
        found = [
            play
            for play in all_plays(viewer, snapshot.connection)
            if all(is_met(viewer, play) for is_met in conditions)
        ]
        shown = page.of(found, response)
        reported = _reported(snapshot.connection, [play.position for play in shown])
        return [
            {
                "id": play.position,
                "watched_at": moment(play.at_us),
                "action": "scrobble" if play.position in reported else "watch",
                "type": str(kind_of(play.item)),
                **named(viewer.catalog, play.item),
            }
            for play in shown
        ]


def all_plays(viewer: Viewer, connection: Connection) -> list[Play]:
    """What the viewer played of films and episodes, newest first, put together once."""
    return viewer.remember(
        "trakt plays",
        lambda: [
            play
            for play in plays(viewer, None, None, connection)
            if play.item in viewer.catalog and kind_of(play.item) is not Kind.STREAMABLE
        ],
    )


def _reported(connection: Connection, positions: list[int]) -> set[int]:
    """Those of the positions at which a player reported progress."""
    event = ledger_event.c
    query = select(event.position).where(event.position.in_(positions), event.topic.in_(_PROGRESS))
    return set(connection.scalars(query))
