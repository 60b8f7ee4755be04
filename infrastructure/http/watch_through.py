"""`POST /v1/device-users/{cduid}/watch-through`: all of a show was watched, up to an episode."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import TypeAdapter

from infrastructure.commands.results import result_of
from infrastructure.commands.watch_through import WatchThrough
from infrastructure.http.bodies import body_of, described
from infrastructure.http.dependencies import (
    CallerAsked,
    MetricsAsked,
    OwnCduid,
    ServicesAsked,
    problems,
)
from infrastructure.http.events import EventsAnswer, answered
from infrastructure.http.reading import UpToDate
from infrastructure.operations.watch_through import choose, watch_through

router = APIRouter(prefix="/v1/device-users/{cduid}", tags=["write"])


@router.post(
    "/watch-through",
    summary="Watch each unwatched episode of a show, up to one",
    dependencies=[UpToDate],
    response_model=EventsAnswer,
    responses=problems(
        "invalid_body",
        "body_not_json",
        "body_not_utf8",
        "body_too_large",
        "not_an_episode",
        "unknown_device_user",
        "unknown_item",
        "projection_behind",
    ),
    openapi_extra=described("WatchThrough", TypeAdapter(WatchThrough)),
)
def post_watch_through(
    caller: CallerAsked,
    cduid: OwnCduid,
    services: ServicesAsked,
    metrics: MetricsAsked,
    command: Annotated[WatchThrough, Depends(body_of(WatchThrough))],
) -> Response:
    with services.reader.snapshot() as snapshot:
        choice = choose(snapshot, cduid, command)
    taken, position = watch_through(services, caller, choice)
    results = [result_of(each) for each in taken]
    metrics.submissions(result["status"] for result in results)
    return answered(results, position)
