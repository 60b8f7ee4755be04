"""Changes as they happen, for screens that would else have to ask again and again."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from infrastructure.commands.authentication import Caller
from infrastructure.commands.tokens import hash_of
from infrastructure.http.change_feed import ChangeFeed
from infrastructure.http.dependencies import (
    AdminAsked,
    CallerAsked,
    OwnCduid,
    problems,
    services_of,
)
from infrastructure.http.event_stream import MEDIA_TYPE, EventStream, Listener
from infrastructure.http.reading import Position, check_projected
from infrastructure.http.server.bearer import bearer_token
from infrastructure.services import Services

router = APIRouter(prefix="/v1", tags=["changes"])

_DESCRIPTION = """
A stream of server-sent events. After each projected page that changed anything for whoever listens
comes an event `changed` with the position as its id and the data `{"position", "items": [at most
500, with the containers above them], "more": whether there are others, "next_up": whether what
comes next may be another, "history": whether there is something new in it}`; every 15 seconds a
comment. With `Last-Event-ID` or `since` comes first what changed since then, or, if that is too
much to tell, an event `reset`: ask for everything anew. Who doesn't take what comes is hung up on.
"""

_STREAM: dict[int | str, dict[str, object]] = {
    200: {"description": "Events.", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}

SinceAsked = Annotated[
    Position | None, Query(description="Tell first what changed since this position.")
]
LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=2**62,
        description="The id of the last event that came; wins over since.",
    ),
]


@router.get(
    "/device-users/{cduid}/changes",
    summary="What changes for a viewer, as it happens",
    description=_DESCRIPTION,
    response_class=Response,
    responses={
        **_STREAM,
        **problems("unknown_device_user", "projection_behind", "too_many_streams"),
    },
)
async def get_viewer_changes(
    request: Request,
    caller: CallerAsked,
    cduid: OwnCduid,
    since: SinceAsked = None,
    last_event_id: LastEventId = None,
) -> EventStream:
    await run_in_threadpool(_check_known, services_of(request), cduid)
    return _stream(request, caller, cduid, since if last_event_id is None else last_event_id)


@router.get(
    "/changes",
    summary="What changes for anybody, as it happens",
    description=_DESCRIPTION,
    response_class=Response,
    responses={**_STREAM, **problems("admin_only", "too_many_streams")},
)
async def get_changes(
    request: Request,
    caller: AdminAsked,
    since: SinceAsked = None,
    last_event_id: LastEventId = None,
) -> EventStream:
    return _stream(request, caller, None, since if last_event_id is None else last_event_id)


def _check_known(services: Services, cduid: str) -> None:
    with services.reader.snapshot() as snapshot:
        check_projected(services, snapshot, cduid)


def _stream(request: Request, caller: Caller, cduid: str | None, since: int | None) -> EventStream:
    feed: ChangeFeed = request.app.state.change_feed
    token = None if caller.cduid is None else bearer_token(request.scope)
    listener = Listener(cduid, None if token is None else hash_of(token))
    return EventStream(listener, feed.listening, partial(feed.missed, since=since))
