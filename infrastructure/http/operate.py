"""What an operator's tools ask: whether the process lives, and whether it can serve."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from infrastructure.http.asking import ServicesAsked
from infrastructure.problems import DatabaseProblem

router = APIRouter(tags=["operate"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """`database` is "ok" or the code of its problem."""

    status: Literal["ready", "not_ready"]
    database: str
    position: int | None = None


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> Health:
    return Health()


@router.get(
    "/readyz",
    summary="Whether the service can do its work",
    responses={503: {"model": Readiness, "description": "Not now; the answer says why."}},
)
def readyz(services: ServicesAsked, response: Response) -> Readiness:
    try:
        head = services.ledger.head()
    except DatabaseProblem as problem:
        response.status_code = 503
        return Readiness(status="not_ready", database=problem.code)
    return Readiness(status="ready", database="ok", position=head.position)
