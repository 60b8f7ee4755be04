"""What an operator's tools ask: whether the process lives, and whether it can serve."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from infrastructure.bootstrap import Services
from infrastructure.http.asking import ServicesAsked
from infrastructure.problems import DatabaseProblem

router = APIRouter(tags=["operate"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """`database` is "ok" or the code of its problem, `projector` what stopped it, if anything did.

    `lag_events` is how many events the projections are behind the ledger.
    """

    status: Literal["ready", "not_ready"]
    database: str
    projector: Literal["running", "stopped", "elsewhere"]
    problem: str | None = None
    position: int | None = None
    projected_position: int | None = None
    lag_events: int | None = None


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
        position, projected = services.ledger.head().position, services.reader.position()
    except DatabaseProblem as unusable:
        return Readiness(status="not_ready", database=unusable.code, projector=state)
    return Readiness(
        status="ready" if problem is None else "not_ready",
        database="ok",
        projector=state,
        problem=None if problem is None else getattr(problem, "code", type(problem).__name__),
        position=position,
        projected_position=projected,
        lag_events=max(0, position - projected),
    )
