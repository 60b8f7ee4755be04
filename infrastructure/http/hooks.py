"""`POST /in/{source}/{secret}`: media servers tell by themselves, in their own formats.

They can't send headers, so the secret stands in the path, which is in no log and no metric. To
whoever hasn't got it nothing is there.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from domain.source import Source
from infrastructure.commands.authentication import Hook
from infrastructure.http.bodies import read_body
from infrastructure.http.dependencies import MetricsAsked, ServicesAsked, problems, services_of
from infrastructure.http.server.hook_paths import TEMPLATE
from infrastructure.sources.deliveries import Status
from infrastructure.sources.heard import Delivery

router = APIRouter(tags=["write"])

_NOT_FOUND = 404
_UNAUTHORIZED = 401


class HookAnswer(BaseModel):
    """What became of it, and the positions of the events that it led to.

    Whatever the server can't mend is answered so, too, since it would only send it again: what is
    held or failed is kept, and tried again from here.
    """

    status: Status
    reason: str | None
    positions: tuple[int, ...]


async def _source(
    request: Request,
    source: Annotated[str, Path(description="A source.")],
    secret: Annotated[str, Path(description="The secret of its address.")],
) -> Source:
    """The source whose address it is: 404 if it is none, as if there were nothing."""
    found = await run_in_threadpool(
        services_of(request).authentication.source_behind, source, secret
    )
    if found is None:
        raise HTTPException(_NOT_FOUND)
    request.state.vouched = Hook(found.name)
    request.state.caller = f"source:{found.name}"
    return found


_problems = problems("not_found", "body_too_large")
_problems.pop(_UNAUTHORIZED)


@router.post(
    TEMPLATE,
    summary="What a media server tells, in any of its formats",
    responses=_problems,
    openapi_extra={"requestBody": {"content": {"*/*": {"schema": {"type": "string"}}}}},
)
async def post_delivery(
    request: Request,
    source: Annotated[Source, Depends(_source)],
    services: ServicesAsked,
    metrics: MetricsAsked,
) -> HookAnswer:
    body = await read_body(request)
    delivery = Delivery(request.headers.get("content-type", ""), body)
    result = await services.taker.take(source, delivery)
    metrics.delivery(source.name, result.status)
    return HookAnswer(status=result.status, reason=result.reason, positions=result.positions)
