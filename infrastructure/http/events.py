"""`POST /v1/events`: players report what was watched.

The busiest route: the body is validated once, from its bytes, and the answer is written as JSON
without a model in between. `EventsAnswer` describes it.
"""

from asyncio import wrap_future
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from domain.rejection import Rejection
from infrastructure.commands.activity import ActivityHandler, Submitted, Taken, conflict
from infrastructure.commands.authentication import Caller
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

_UNKNOWN_ITEM = "unknown_item"


class Error(BaseModel):
    code: str
    detail: str


class EventResult(BaseModel):
    """What became of one event. A duplicate has the position of the first time."""

    id: str | None
    status: Literal["recorded", "duplicate", "rejected"]
    position: int | None = None
    error: Error | None = None
    warning: Literal["unknown_item"] | None = None


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
    taken, position = submitted.taken(answer)
    results = _results(parsed, taken)
    metrics.submissions(result["status"] for result in results)
    told = {"results": results, "position": position}
    return Response(to_json(told), 200, {POSITION_HEADER: str(position)}, "application/json")


def _handed_over(
    activity: ActivityHandler, caller: Caller, body: bytes
) -> tuple[list[Submission | Unreadable], Submitted]:
    try:
        parsed = parse_events(body)
    except ValidationError as error:
        raise unreadable(body, error) from None
    readable = [each for each in parsed if isinstance(each, Submission)]
    return parsed, activity.hand_over(caller, readable)


def _results(parsed: list[Submission | Unreadable], taken: list[Taken]) -> list[dict[str, Any]]:
    if len(taken) == len(parsed):
        return [_result(each) for each in taken]
    rest = iter(taken)
    return [
        _result(next(rest)) if isinstance(each, Submission) else _rejected(*each) for each in parsed
    ]


def _result(taken: Taken) -> dict[str, Any]:
    submission_id, result, is_unseen = taken
    if isinstance(result, Rejection):
        return _rejected(str(submission_id), result)
    if result.status == "conflict":
        return _rejected(str(submission_id), conflict(result))
    answer = {"id": str(submission_id), "status": result.status, "position": result.position}
    return {**answer, "warning": _UNKNOWN_ITEM} if is_unseen else answer


def _rejected(name: str | None, rejection: Rejection) -> dict[str, Any]:
    return {"id": name, "status": "rejected", "error": rejection._asdict()}
