"""`POST /v1/events`: players report what was watched.

The busiest route: the body is validated once, from its bytes, and the answer is written as JSON
without a model in between. `EventsAnswer` describes it.
"""

from asyncio import wrap_future
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from infrastructure.commands.activity import ActivityHandler, Submitted, Taken, Warned
from infrastructure.commands.authentication import Caller
from infrastructure.commands.results import rejected, result_of
from infrastructure.commands.submissions import EVENTS_BODY, Submission, Unreadable, parse_events
from infrastructure.http.bodies import described, read_body, unreadable
from infrastructure.http.dependencies import (
    POSITION_HEADER,
    CallerAsked,
    MetricsAsked,
    ServicesAsked,
    problems,
)

router = APIRouter(tags=["write"])


class Error(BaseModel):
    code: str
    detail: str


class EventResult(BaseModel):
    """What became of one event.

    A duplicate has the position of the first time; a progress that tells nothing new is unchanged,
    and has the position of the one that it repeats.
    """

    id: str | None
    status: Literal["recorded", "duplicate", "unchanged", "rejected"]
    position: int | None = None
    positions: list[int] | None = Field(
        default=None, description="Where others watched along: one for each, the sender's first."
    )
    idle: Literal[True] | None = Field(
        default=None, description="The item was watched already, and the mark gives no time."
    )
    item: str | None = Field(default=None, description="What a ref was found to mean.")
    error: Error | None = None
    warning: Warned | None = Field(
        default=None,
        description="The user sees no such item, or the player's clock was never set, so that the "
        "event counts as of its recording.",
    )


class EventsAnswer(BaseModel):
    results: list[EventResult]
    position: int


@router.post(
    "/v1/events",
    summary="Report what was watched, by the device itself or by the admin",
    response_model=EventsAnswer,
    responses=problems("invalid_body", "body_not_json", "body_not_utf8", "body_too_large"),
    openapi_extra=described("EventsBody", EVENTS_BODY),
)
async def post_events(
    caller: CallerAsked,
    services: ServicesAsked,
    metrics: MetricsAsked,
    body: Annotated[bytes, Depends(read_body)],
) -> Response:
    parsed, submitted = await run_in_threadpool(_handed_over, services.activity, caller, body)
    with metrics.appending():
        # No thread waits for the disk: there are few, and reads need them.
        answer = await wrap_future(submitted.answer)
    if submitted.asks_ledger:
        taken = await run_in_threadpool(services.activity.taken, submitted, answer)
    else:
        taken = submitted.taken(answer)
    results = _results(parsed, taken)
    metrics.submissions(result["status"] for result in results)
    return answered(results, answer.position)


def answered(results: list[dict[str, Any]], position: int) -> Response:
    """The answer to events that were sent, as `EventsAnswer` describes it."""
    told = {"results": results, "position": position}
    return Response(to_json(told), 200, {POSITION_HEADER: str(position)}, "application/json")


def _handed_over(
    activity: ActivityHandler, caller: Caller, body: bytes
) -> tuple[list[Submission | Unreadable], Submitted]:
    try:
        parsed = parse_events(body, activity.clock_us())
    except ValueError as error:
        raise unreadable(body, error) from None
    readable = [each for each in parsed if isinstance(each, Submission)]
    return parsed, activity.hand_over(caller, readable)


def _results(parsed: list[Submission | Unreadable], taken: list[Taken]) -> list[dict[str, Any]]:
    if len(taken) == len(parsed):
        return [result_of(each) for each in taken]
    rest = iter(taken)
    return [
        result_of(next(rest)) if isinstance(each, Submission) else rejected(*each)
        for each in parsed
    ]
