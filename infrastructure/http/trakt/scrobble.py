"""Scrobbling: a client says what it plays. At 80 % or more what stops is watched.

That is Trakt's threshold; what is answered `scrobble` is a watch, whatever the ledger's own is.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from domain.events import (
    ItemWatched,
    PlayerState,
    ProgressReported,
)
from domain.instants import from_us
from domain.items import Kind
from domain.references import Reference
from infrastructure.http.trakt.asking import Client, ClientAsked, sent
from infrastructure.http.trakt.errors import TraktError, not_found
from infrastructure.http.trakt.saying import say
from infrastructure.http.trakt.shapes import moment, named
from infrastructure.trakt.finding import Media
from infrastructure.trakt.just_watched import just_watched_us

router = APIRouter()

_WATCHED_PERCENT = 80
_NOTHING_PERCENT = 1
_WINDOW_SECONDS = 1800.0
_SECOND_US = 1_000_000
_STATES = {
    "start": PlayerState.PLAYING,
    "pause": PlayerState.PAUSED,
    "stop": PlayerState.STOPPED,
}

Percent = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Played(BaseModel):
    """What is played: a film, or an episode with or without its show."""

    movie: Media | None = None
    show: Media | None = None
    episode: Media | None = None


class _Scrobble(_Played):
    progress: Percent = 0.0


@router.post("/scrobble/{action}", status_code=201)
def scrobble(
    client: ClientAsked,
    action: Literal["start", "pause", "stop"],
    body: Annotated[_Scrobble, Depends(sent(_Scrobble))],
) -> dict[str, Any]:
    reference, item = _found(client, body)
    if action == "stop" and body.progress < _NOTHING_PERCENT:
        raise TraktError(422, "progress", "Less than 1 % was played, which is nothing.")
    is_watched = action == "stop" and body.progress >= _WATCHED_PERCENT
    if is_watched:
        _check_is_news(client, item)
        position = say(client, _watch(client, item, reference))
    else:
        share = min(body.progress, 100) / 100
        position = say(client, _progress(item, reference, share, _STATES[action]))
    answered = "scrobble" if is_watched else "pause" if action == "stop" else action
    return {
        "id": position,
        "action": answered,
        "progress": body.progress,
        "sharing": _SHARING,
        **named(client.services.trakt.finder.catalog, item),
    }


_SHARING = {"twitter": False, "mastodon": False, "tumblr": False}


@router.post("/checkin", status_code=201)
def check_in(
    client: ClientAsked, body: Annotated[_Played, Depends(sent(_Played))]
) -> dict[str, Any]:
    reference, item = _found(client, body)
    position = say(client, _progress(item, reference, 0.0, PlayerState.PLAYING))
    return {
        "id": position,
        "watched_at": moment(client.services.activity.clock_us()),
        "sharing": _SHARING,
        **named(client.services.trakt.finder.catalog, item),
    }


@router.delete("/checkin", status_code=204)
def check_out(_: ClientAsked) -> Response:
    """What was checked in has barely begun, and so decides nothing: there is nothing to undo."""
    return Response(status_code=204)


def _found(client: Client, body: _Played) -> tuple[Reference, str]:
    """What is named, and the item that it is. Raises TraktError."""
    finder = client.services.trakt.finder
    if body.movie is not None:
        reference = finder.reference(Kind.MOVIE, body.movie, None)
    else:
        reference = finder.reference(Kind.EPISODE, body.episode, body.show)
    if reference is None:
        raise not_found()
    [item] = finder.items(client.user, [reference])
    if item is None:
        raise not_found()
    return reference, item


def _watch(client: Client, item: str, reference: Reference) -> ItemWatched:
    now = from_us(client.services.activity.clock_us())
    return ItemWatched(item=item, ref=reference, occurred_at=now)


def _progress(
    item: str, reference: Reference, share: float, state: PlayerState
) -> ProgressReported:
    return ProgressReported(item=item, ref=reference, share=share, state=state)


def _check_is_news(client: Client, item: str) -> None:
    """Raises TraktError for what this client has just said, and nothing of the item since."""
    services = client.services
    seconds = services.trakt.finder.catalog.runtime_seconds(item) or _WINDOW_SECONDS
    watched_us = just_watched_us(services.engine, client.cduid, item)
    now_us = services.activity.clock_us()
    if watched_us is None or now_us - watched_us >= seconds * _SECOND_US:
        return
    raise TraktError(
        409,
        "just_scrobbled",
        "It was scrobbled just now.",
        watched_at=moment(watched_us),
        expires_at=moment(watched_us + int(seconds * _SECOND_US)),
    )
