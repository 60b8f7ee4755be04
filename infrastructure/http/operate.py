"""What an operator's tools ask: whether the process lives, can serve, and its metrics."""

from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from infrastructure.commands.authentication import Caller
from infrastructure.database.problems import DatabaseProblem
from infrastructure.http.dependencies import (
    BearerToken,
    MetricsAsked,
    ServicesAsked,
    admin_of,
    problems,
    services_of,
)
from infrastructure.ledger.recorder import now_us
from infrastructure.operations.status import check_read_models, standing
from infrastructure.services import Services
from projections.bookmark import BookmarkWrong

router = APIRouter(tags=["operate"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """`database` is "ok" or the code of its problem, `problem` that of what else stands in the way.

    `lag_events` is how many events the projections are behind the ledger, `lag_seconds` how long
    the oldest of them has been waiting.
    """

    status: Literal["ready", "not_ready"]
    database: str
    projector: Literal["running", "stopped", "elsewhere"]
    problem: str | None = None
    position: int | None = None
    projected_position: int | None = None
    lag_events: int | None = None
    lag_seconds: float | None = None


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> Health:
    return Health()


@router.get(
    "/readyz",
    summary="Whether the service can do its work, and how far the projections are",
    responses={503: {"model": Readiness, "description": "Not now; the answer says why."}},
)
def readyz(services: ServicesAsked, response: Response) -> Readiness:
    found = _readiness(services)
    if found.status == "not_ready":
        response.status_code = 503
    return found


def _readiness(services: Services) -> Readiness:
    projector = services.projector
    problem = projector.problem if projector else None
    state: Literal["running", "stopped", "elsewhere"] = "running" if projector else "elsewhere"
    if problem is not None:
        state = "stopped"
    try:
        services.ledger.check()
        check_read_models(services.engine)
        found = standing(services.engine, now_us())
    except DatabaseProblem as unusable:
        return Readiness(status="not_ready", database=unusable.code, projector=state)
    except BookmarkWrong as wrong:
        return Readiness(status="not_ready", database="ok", projector=state, problem=wrong.code)
    return Readiness(
        status="ready" if problem is None else "not_ready",
        database="ok",
        projector=state,
        problem=None if problem is None else getattr(problem, "code", type(problem).__name__),
        position=found.position,
        projected_position=found.projected_position,
        lag_events=found.lag_events,
        lag_seconds=found.lag_seconds,
    )


class _MonitorsToken(BearerToken):
    """The admin's token, unless the settings let everybody in."""

    async def __call__(self, request: Request) -> Caller:
        is_public = services_of(request).settings.metrics_public
        return Caller(None) if is_public else await admin_of(await super().__call__(request))


@router.get(
    "/metrics",
    summary="Metrics, in Prometheus's text format",
    response_class=PlainTextResponse,
    responses=problems("admin_only"),
    dependencies=[Depends(_MonitorsToken())],
)
def get_metrics(metrics: MetricsAsked) -> Response:
    return Response(metrics.exposed(), media_type=CONTENT_TYPE_LATEST)
