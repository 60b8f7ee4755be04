"""Errors as Trakt's clients know them: the status says it, and a little JSON why."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from domain.rejection import Refused
from infrastructure.database.problems import DatabaseProblem
from infrastructure.http.problem_details import STATUS_OF, Problem
from projections.bookmark import RebuildDue

_LATER = {"Retry-After": "1"}


class TraktError(Exception):
    """An answer that is an error. `more` is told beside what is wrong."""

    def __init__(self, status: int, error: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"error": error, "error_description": detail, **more}


def not_found() -> TraktError:
    return TraktError(404, "not_found", "There is no such thing here.")


async def _trakt(_: Request, error: TraktError) -> JSONResponse:
    return JSONResponse(error.body, error.status)


async def _problem(_: Request, error: Problem) -> JSONResponse:
    status = STATUS_OF.get(error.code, 400)
    body = {"error": error.code, "error_description": error.detail}
    return JSONResponse(body, status, error.headers)


async def _refused(request: Request, error: Refused) -> JSONResponse:
    return await _problem(request, Problem(*error.rejection))


async def _parameter(_: Request, __: RequestValidationError) -> JSONResponse:
    body = {"error": "invalid_parameter", "error_description": "A parameter can't be used."}
    return JSONResponse(body, 400)


async def _http(_: Request, error: HTTPException) -> JSONResponse:
    body = {"error": "not_found", "error_description": str(error.detail)}
    return JSONResponse(body, error.status_code, error.headers)


async def _later(_: Request, __: DatabaseProblem | RebuildDue) -> JSONResponse:
    detail = "The ledger can't be reached or read just now; its log says more. Ask again later."
    return JSONResponse({"error": "unavailable", "error_description": detail}, 503, _LATER)


def handle_errors(app: FastAPI) -> None:
    """Has every error answered as Trakt does."""
    handlers: dict[type[Exception], Any] = {
        TraktError: _trakt,
        Problem: _problem,
        Refused: _refused,
        RequestValidationError: _parameter,
        HTTPException: _http,
        DatabaseProblem: _later,
        RebuildDue: _later,
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)
