"""Puts the HTTP application together."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware

from infrastructure.http import (
    catalog,
    changes,
    device_users,
    dismissed,
    events,
    histories,
    hooks,
    listings,
    next_up,
    now_playing,
    operate,
    sources,
    stats,
    trakt_clients,
    viewing,
    watch_through,
)
from infrastructure.http.bodies import described_schemas
from infrastructure.http.change_feed import ChangeFeed
from infrastructure.http.dependencies import POSITION_HEADER
from infrastructure.http.docs import add_docs
from infrastructure.http.links import add_links
from infrastructure.http.looking_back import LookBacks
from infrastructure.http.position_watch import PositionWatch
from infrastructure.http.problem_details import ProblemDetails, handle_problems
from infrastructure.http.server.head import HeadAsGet
from infrastructure.http.server.limiting import RateLimit
from infrastructure.http.server.limits import Limits
from infrastructure.http.server.middleware import REQUEST_ID_HEADER, RequestLog
from infrastructure.http.server.trakt_paths import TRAKT, TraktPaths
from infrastructure.http.trakt.app import trakt_app
from infrastructure.operations.metrics import Metrics
from infrastructure.services import Services
from infrastructure.settings.settings import listed

_ROUTERS = (
    events.router,
    watch_through.router,
    catalog.router,
    device_users.router,
    sources.router,
    hooks.router,
    trakt_clients.router,
    viewing.router,
    dismissed.router,
    next_up.router,
    histories.router,
    now_playing.router,
    changes.router,
    listings.router,
    stats.router,
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
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    app.state.metrics = metrics = Metrics(services)
    app.state.position_watch = watch = PositionWatch(services.reader.position)
    app.state.change_feed = ChangeFeed(watch, services.reader, services.settings.streams_max)
    app.state.look_backs = LookBacks(
        services.settings.look_backs_max, services.settings.token_look_backs_max
    )
    if services.projector is not None:
        services.projector.on_page = watch.tell
    for router in _ROUTERS:
        app.include_router(router)
    app.mount(TRAKT, trakt_app(services, watch))
    add_docs(app)
    handle_problems(app)
    _surround(app, services, metrics)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # as the library has it
    return app


def _surround(app: FastAPI, services: Services, metrics: Metrics) -> None:
    """What is around every route; the last is the outermost."""
    settings = services.settings
    limits = Limits(
        devices=settings.requests_per_second,
        admin=settings.admin_requests_per_second,
        strangers=settings.stranger_requests_per_second,
        hooks=settings.hook_requests_per_second,
    )
    app.add_middleware(RateLimit, limits=limits, authentication=services.authentication)
    if origins := listed(settings.cors_origins):
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Last-Event-ID", REQUEST_ID_HEADER],
            expose_headers=[POSITION_HEADER, REQUEST_ID_HEADER, "Retry-After"],
        )
    app.add_middleware(TraktPaths, hosts=listed(settings.trakt_hosts))
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestLog, metrics=metrics)


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
        add_links(document)
        app.openapi_schema = document
    return app.openapi_schema
