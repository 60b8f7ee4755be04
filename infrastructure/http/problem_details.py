"""Every error that a client can meet, as RFC 9457 problem details, mapped in one table.

`code` is stable and for programs; `detail` says what to do.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from domain.rejection import Refused
from infrastructure.commands.validation import Fault, faults_of
from infrastructure.database.problems import DatabaseProblem
from projections.bookmark import RebuildDue

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_SECONDS = 1

_log = structlog.get_logger()

STATUS_OF = {
    "token_missing": 401,
    "token_unknown": 401,
    "admin_only": 403,
    "unknown_device_user": 404,
    "unknown_item": 404,
    "unknown_user": 404,
    "unknown_source": 404,
    "unknown_code": 404,
    "not_found": 404,
    "device_user_differs": 409,
    "device_user_retired": 409,
    "source_differs": 409,
    "source_reserved": 409,
    "rebuild_running": 409,
    "body_too_large": 413,
    "too_many_requests": 429,
    "bookmark_wrong": 503,
    "database_locked": 503,
    "projection_behind": 503,
    "rebuild_due": 503,
    "too_many_look_backs": 503,
    "too_many_streams": 503,
}
"""Statuses by code; what isn't here is a bad request."""


class FieldFault(BaseModel):
    """One thing that is wrong with the request."""

    detail: str
    pointer: str | None = Field(default=None, description="A JSON pointer into the body.")
    parameter: str | None = Field(default=None, description="A parameter's name.")


class ProblemDetails(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="What is wrong and what to do about it.")
    errors: list[FieldFault] | None = None
    request_id: str | None = None


class Problem(Exception):
    """An answer that is a problem, with the status of its code."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: list[FieldFault] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}


def body_problem(found: list[Fault]) -> Problem:
    """A body that can't be taken."""
    errors = [FieldFault(detail=each.detail, pointer=each.pointer) for each in found]
    return Problem("invalid_body", "The body can't be read; see errors.", errors=errors)


def parameter_problem(parameter: str, detail: str) -> Problem:
    """A parameter that can't be used, by its name."""
    return _parameter_problem([FieldFault(detail=detail, parameter=parameter)])


def _parameter_problem(errors: Iterable[FieldFault]) -> Problem:
    detail = "A parameter can't be used; see errors."
    return Problem("invalid_parameter", detail, errors=list(errors))


def respond(
    request_id: str | None,
    status: int,
    code: str,
    detail: str,
    errors: list[FieldFault] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The response of a problem."""
    details = ProblemDetails(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        errors=errors,
        request_id=request_id,
    )
    body = details.model_dump_json(exclude_none=True)
    return Response(body, status, headers, MEDIA_TYPE)


def _id_of(request: Request) -> str | None:
    found: str | None = request.scope.get("state", {}).get("request_id")
    return found


def response_of(problem: Problem, request_id: str | None) -> Response:
    """The response of a problem that was raised."""
    status = STATUS_OF.get(problem.code, 400)
    headers = {**problem.headers, **_extra_headers(status)}
    return respond(request_id, status, problem.code, problem.detail, problem.errors, headers)


async def _problem(request: Request, error: Problem) -> Response:
    return response_of(error, _id_of(request))


def _extra_headers(status: int) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(_RETRY_AFTER_SECONDS)}
    return {}


async def _refused(request: Request, error: Refused) -> Response:
    return await _problem(request, Problem(*error.rejection))


async def _parameters(request: Request, error: RequestValidationError) -> Response:
    # A fault's first two steps are where the parameter stands, such as the query, and its name;
    # what comes after tells where in its value the fault is, or by which of its types.
    return await _problem(
        request,
        _parameter_problem(
            FieldFault(detail=fault.detail, parameter=fault.pointer.split("/")[2])
            for fault in faults_of(error.errors())
        ),
    )


async def _database(request: Request, error: DatabaseProblem) -> Response:
    # The message holds hosts and paths: it is the operator's, and in the log.
    _log.error("database problem", code=error.code, detail=str(error))
    detail = (
        "The ledger can't be reached or written just now; its log says more. Send it again later: "
        "what was recorded after all is answered as a duplicate."
    )
    return respond(_id_of(request), 503, error.code, detail, headers=_extra_headers(503))


async def _rebuild_due(request: Request, due: RebuildDue) -> Response:
    _log.error("the read models can't be used", code=due.code, detail=str(due))
    return respond(_id_of(request), 503, due.code, str(due), headers=_extra_headers(503))


_PLAIN = {
    404: ("not_found", "There is nothing at this path; /openapi.json lists what there is."),
    405: ("method_not_allowed", "This path doesn't take that method; see the header Allow."),
}


async def _http(request: Request, error: HTTPException) -> Response:
    code, detail = _PLAIN.get(error.status_code, ("http_error", str(error.detail)))
    headers = dict(error.headers or {})
    if "GET" in headers.get("Allow", ""):
        headers["Allow"] += ", HEAD"
    return respond(_id_of(request), error.status_code, code, detail, headers=headers)


async def _gone(_: Request, __: ClientDisconnect) -> Response:
    return Response(status_code=400)  # nobody reads it: the client hung up


def handle_problems(app: FastAPI) -> None:
    """Has every error answered as a problem."""
    handlers: dict[type[Exception], Any] = {
        Problem: _problem,
        Refused: _refused,
        RequestValidationError: _parameters,
        DatabaseProblem: _database,
        RebuildDue: _rebuild_due,
        HTTPException: _http,
        ClientDisconnect: _gone,
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)
