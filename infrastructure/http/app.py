"""Puts the HTTP application together."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from infrastructure.bootstrap import Services
from infrastructure.http import (
    catalog,
    device_users,
    events,
    histories,
    listings,
    operate,
    suggesting,
    viewing,
)
from infrastructure.http.bodies import described_schemas
from infrastructure.http.middleware import RequestLog
from infrastructure.http.problems import ProblemDetails, handle_problems

_ROUTERS = (
    events.router,
    catalog.router,
    device_users.router,
    viewing.router,
    suggesting.router,
    histories.router,
    listings.router,
    operate.router,
)
_DESCRIPTION = (
    "What was watched, what is in progress, what comes next, and why. Every write answers with the "
    "position it reached; a read with `after` of that position sees it."
)


def make_app(services: Services) -> FastAPI:
    """The application over services, which stay the caller's to open and close."""
    app = FastAPI(
        title="Watchledger",
        version="1",
        description=_DESCRIPTION,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    for router in _ROUTERS:
        app.include_router(router)
    handle_problems(app)
    app.add_middleware(RequestLog)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # as the library has it
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The document, with the bodies that routes read themselves and without the library's 422."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs"))
        schemas["ProblemDetails"] = problem
        schemas.update(described_schemas())
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        app.openapi_schema = document
    return app.openapi_schema
